package testbed

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// grace is how long a process has to end by itself before it is killed.
const grace = 10 * time.Second

// A process is one program of a bed, as its folder remembers it.
type process struct {
	Name string `json:"name"`
	PID  int    `json:"pid"`
	// Began tells this process from a later one with the same ID: the kernel's start time, in ticks since boot.
	Began string `json:"began"`
	log   string
	gone  chan struct{} // closed when it has ended; nil when another program started it
}

// start runs args as the leader of its own session, so that its group can be ended whole and a terminal's Ctrl-C does not reach
// it. What it says goes to dir/log/name.log. A nil stdin is an empty one.
func start(dir, name string, stdin *os.File, args ...string) (*process, error) {
	path := filepath.Join(dir, "log", name+".log")
	out, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir = dir
	if stdin != nil {
		cmd.Stdin = stdin
	}
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	began, _, _ := stat(cmd.Process.Pid)
	p := &process{Name: name, PID: cmd.Process.Pid, Began: began, log: path, gone: make(chan struct{})}
	go func() {
		_ = cmd.Wait() // how it ended is in its log
		close(p.gone)
	}()
	return p, nil
}

// running says whether the process has not ended. A zombie has.
func (p *process) running() bool {
	began, state, ok := stat(p.PID)
	return ok && began == p.Began && state != "Z"
}

// end asks the process to stop, kills it after the grace, and in both cases kills what is left of its group.
func (p *process) end() error {
	if p.running() {
		_ = syscall.Kill(p.PID, syscall.SIGTERM)
		if !waitFor(grace, func() bool { return !p.running() }) {
			_ = syscall.Kill(-p.PID, syscall.SIGKILL)
		}
		// What the leader started and left behind is in its group, whose number is not given away while any of it lives.
		_ = syscall.Kill(-p.PID, syscall.SIGKILL)
	}
	if !waitFor(grace, func() bool { return !p.running() }) {
		return fmt.Errorf("%s (process %d) does not end", p.Name, p.PID)
	}
	if p.gone != nil {
		<-p.gone
	}
	return nil
}

// tail is the end of the process's log, for the error that says why it is not there.
func (p *process) tail() string {
	text, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	lines := bytes.Split(bytes.TrimSpace(text), []byte("\n"))
	return string(bytes.Join(lines[max(0, len(lines)-5):], []byte("\n")))
}

// stat reads the start time and the state letter of a process from /proc/PID/stat (proc(5), fields 22 and 3).
func stat(pid int) (began, state string, ok bool) {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return "", "", false
	}
	// The name, field 2, is in brackets and may hold anything, brackets and spaces among it.
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	if len(fields) < 20 {
		return "", "", false
	}
	return fields[19], fields[0], true
}

// waitFor asks every 50 ms until done or the time is over, and says whether it was done.
func waitFor(limit time.Duration, done func() bool) bool {
	for deadline := time.Now().Add(limit); ; time.Sleep(50 * time.Millisecond) {
		if done() {
			return true
		}
		if time.Now().After(deadline) {
			return false
		}
	}
}
