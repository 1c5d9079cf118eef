package probeverify

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// process is the application, running.
type process struct {
	pid     int
	started time.Time
	ended   chan struct{} // closed when it is gone
	state   *os.ProcessState
	at      time.Time // when it was gone
	said    *tail
	asked   bool   // to end, by a row
	mark    string // in the environment of it and all its children
}

// markName is the environment variable by which what the application leaves behind is known, also a daemon that left its group and its parent.
const markName = "FAIRWAY_PROBE_VERIFY"

// launch starts a command in a process group of its own. Its standard input is empty; the end of what it prints is kept.
func launch(argv, env []string) (*process, error) {
	p := &process{ended: make(chan struct{}), said: &tail{}, mark: markName + "=" + rand.Text()}
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Env = append(slices.Clip(env), p.mark)
	cmd.Stdout, cmd.Stderr = p.said, p.said
	cmd.SysProcAttr = attributes()
	cmd.WaitDelay = time.Second // a child of its that kept the output open
	begun := make(chan error)
	go func() {
		// The kernel ends the process with the thread that started it, so this one stays to the end.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		p.started = time.Now()
		err := cmd.Start()
		if err == nil {
			p.pid = cmd.Process.Pid
		}
		begun <- err
		if err != nil {
			return
		}
		_ = cmd.Wait() // the state says it
		p.state, p.at = cmd.ProcessState, time.Now()
		close(p.ended)
	}()
	if err := <-begun; err != nil {
		return nil, err
	}
	return p, nil
}

// alive reports whether it has not ended.
func (p *process) alive() bool {
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

// group sends a signal to the process and its children.
func (p *process) group(s syscall.Signal) error { return send(-p.pid, s) }

// kill continues what was stopped, ends the group and what has left it, and waits for the process to be gone.
func (p *process) kill() {
	p.asked = true
	_ = p.group(sigKill) // also ends what is stopped; a group that is gone already is no error
	for range 10 {       // what it starts meanwhile
		left := marked(p.mark)
		for _, pid := range left {
			_ = send(pid, sigKill)
		}
		if len(left) == 0 {
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	<-p.ended
}

// end says how it ended, such as "exit code 1" or "signal: terminated", with the last lines that it printed.
func (p *process) end() string {
	how := ""
	if code, signal := endedBy(p.state); signal != "" {
		how = "ended by signal " + signal
	} else {
		how = fmt.Sprintf("ended with exit code %d", code)
	}
	if last := p.said.last(3); last != "" {
		how += "; it said: " + last
	}
	return how
}

// pulse lets the group run for part of each period only, until ctx ends: what a small share of CPU looks like from outside. It leaves it running.
func (p *process) pulse(ctx context.Context, run, period time.Duration) error {
	defer p.group(sigCont)
	for {
		if err := p.group(sigStop); err != nil {
			return err
		}
		if !sleep(ctx, period-run) {
			return nil
		}
		if err := p.group(sigCont); err != nil {
			return err
		}
		if !sleep(ctx, run) {
			return nil
		}
	}
}

// tail keeps the end of what a process prints.
type tail struct {
	mu   sync.Mutex
	text []byte
}

// tailBytes is enough for a stack trace's first lines.
const tailBytes = 16 << 10

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, b...)
	if n := len(t.text); n > 2*tailBytes {
		t.text = append(t.text[:0], t.text[n-tailBytes:]...)
	}
	return len(b), nil
}

// last returns the last lines, joined by " / ".
func (t *tail) last(n int) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	lines := strings.Split(strings.TrimSpace(string(t.text)), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], " / ")
}
