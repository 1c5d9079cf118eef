//go:build unix

package probeverify

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/fairway-k8s/fairway/internal/problem"
)

// gone waits until no process has the word in its command line.
func gone(t *testing.T, word string) {
	t.Helper()
	var left []string
	for range 100 {
		if left = running(t, word); len(left) == 0 {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Errorf("still there: %q", left)
}

// running lists the command lines of processes that hold a word.
func running(t *testing.T, word string) (all []string) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("processes are listed in /proc")
	}
	files, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, f := range files {
		line, err := os.ReadFile(f)
		if pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(f))); err == nil && pid != os.Getpid() && strings.Contains(string(line), word) {
			all = append(all, fmt.Sprintf("%d %s", pid, strings.ReplaceAll(string(line), "\x00", " ")))
		}
	}
	return all
}

// Whoever is told to stop leaves nothing behind, whatever row it is in: not the application, not its children, not a control group.
func TestStopsInEveryRow(t *testing.T) {
	soon := map[string]bool{"booting": true, "sigterm": true, "deadlock": true, "overload": true} // over by themselves; without a request, overload
	for i, row := range Rows() {
		if row.Kind != Truth {
			continue
		}
		t.Run(row.ID, func(t *testing.T) {
			t.Parallel()
			o := sample(t, "")
			o.Only, o.Load, o.Grace = []string{row.ID}, nil, time.Minute
			mark := fmt.Sprintf("%dh%dm", 1000+i, os.Getpid()) // stands in the command lines of the shell and its two children
			o.Command = append([]string{"sh", "-c", `"$0" sample -listen :0 -health :0 -work ` + mark + ` & "$@"`, o.Command[0]}, append(o.Command, "-work", mark)...)
			long := time.Minute
			o.Times.Boot, o.Times.Healthy, o.Times.Fault, o.Times.Starve, o.Times.Stop = long, long, long, long, long
			ctx, cancel := context.WithCancel(t.Context())
			var stopped time.Time
			time.AfterFunc(1500*time.Millisecond, func() { stopped = time.Now(); cancel() })
			_, err := Run(ctx, o)
			if p, ok := errors.AsType[*problem.Problem](err); ok && p.Exit == problem.ExitIncomplete {
				if took := time.Since(stopped); took > 2*time.Second {
					t.Errorf("it took %s to stop, and the command ends 3 s after a signal whatever it does", took)
				}
			} else if err != nil || !soon[row.ID] {
				t.Errorf("error %v, want a problem of exit code %d", err, problem.ExitIncomplete)
			}
			gone(t, mark)
			for _, dir := range groups() {
				if row.ID == "cpu-starved" && empty(dir) { // those of other tests hold a process
					t.Errorf("a control group is left: %s", dir)
				}
			}
		})
	}
}

// A daemon leaves its group, its session and its parent, and ends with the application all the same.
func TestDaemonEnds(t *testing.T) {
	if _, err := exec.LookPath("setsid"); err != nil || runtime.GOOS != "linux" {
		t.Skip("needs Linux with setsid")
	}
	mark := fmt.Sprintf("2000h%dm", os.Getpid())
	p, err := launch([]string{"sh", "-c", "(setsid sh -c 'kill -STOP $$' " + mark + " &) & (setsid sh -c 'sleep 1000; :' " + mark + " &) & wait; sleep 1000"}, os.Environ())
	if err != nil {
		t.Fatal(err)
	}
	there := false
	for range 200 {
		if there = len(running(t, mark)) == 3; there {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	if !there {
		t.Errorf("running: %q, want the shell and its two daemons", running(t, mark))
	}
	time.Sleep(50 * time.Millisecond) // until one has stopped itself
	p.kill()
	gone(t, mark)
}

// A starved process and its children get a twentieth of a CPU together, and all of it again afterwards.
func TestStarve(t *testing.T) {
	p, err := launch([]string{"sh", "-c", "while :; do :; done & while :; do :; done"}, os.Environ())
	if err != nil {
		t.Fatal(err)
	}
	defer p.kill()
	time.Sleep(100 * time.Millisecond) // until the child is there
	const percent = 5
	g, err := starve(p.pid, percent)
	if err != nil {
		t.Skip("CPU cannot be taken away here: ", err)
	}
	time.Sleep(200 * time.Millisecond)
	start, before := time.Now(), spent(t, p.pid)
	time.Sleep(2 * time.Second)
	got := 100 * float64(spent(t, p.pid)-before) / float64(time.Since(start))
	t.Logf("%.1f %% of a CPU", got)
	if got > 2*percent {
		t.Errorf("it got %.1f %% of a CPU, want %d", got, percent)
	}
	if n := len(family(p.pid)); n != 2 {
		t.Errorf("%d processes, want the shell and its child", n)
	}
	g.lift()
	if _, err := os.Stat(g.dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the group is still there: %v", err)
	}
	if _, own, _, err := cpuGroups(p.pid); err != nil || filepath.Join(filepath.Dir(g.dir), own) != g.home {
		t.Errorf("it is in %s, want %s (%v)", own, g.home, err)
	}
}

// spent is the CPU time of a process and its children.
func spent(t *testing.T, leader int) (d time.Duration) {
	t.Helper()
	for _, pid := range family(leader) {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			t.Fatal(err)
		}
		f := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
		for _, ticks := range f[11:13] { // user and system time, in hundredths of a second
			n, err := strconv.Atoi(ticks)
			if err != nil {
				t.Fatal(err)
			}
			d += time.Duration(n) * 10 * time.Millisecond
		}
	}
	return d
}

// Where no control group can be had, signals take as much CPU away, and give it back.
func TestPulse(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux tells what a process has used")
	}
	p, err := launch([]string{"sh", "-c", "while :; do :; done & while :; do :; done"}, os.Environ())
	if err != nil {
		t.Fatal(err)
	}
	defer p.kill()
	time.Sleep(100 * time.Millisecond) // until the child is there
	share := func() float64 {
		start, before := time.Now(), spent(t, p.pid)
		time.Sleep(2 * time.Second)
		return 100 * float64(spent(t, p.pid)-before) / float64(time.Since(start))
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- p.pulse(ctx, 5*time.Millisecond, 100*time.Millisecond) }()
	starved := share()
	cancel()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	free := share()
	t.Logf("%.1f %% of a CPU with pulses, %.1f %% without", starved, free)
	if starved > 20 || free < 2*starved { // two loops, 5 ms each of 100, and what a busy machine adds
		t.Errorf("%.1f %% of a CPU with pulses, %.1f %% without; want about 10 %%, and much more", starved, free)
	}
}

// A verifier that is killed takes the application with it, even one that is stopped.
func TestKilledTakesAllWithIt(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux ends a process with its parent")
	}
	for _, row := range []string{"stopped", "cpu-starved"} {
		t.Run(row, func(t *testing.T) {
			self, err := os.Executable()
			if err != nil {
				t.Fatal(err)
			}
			port := freePort(t)
			cmd := exec.Command(self, "verify", row, strconv.Itoa(port))
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			mark := fmt.Sprintf("-health\x00:%d", port)
			for start := time.Now(); len(running(t, mark)) == 0; time.Sleep(10 * time.Millisecond) {
				if time.Since(start) > 10*time.Second {
					t.Fatal("the application was not started")
				}
			}
			time.Sleep(700 * time.Millisecond) // into the fault
			if err := cmd.Process.Signal(syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
			_ = cmd.Wait()
			gone(t, mark)
			for _, dir := range groups() { // what a killed process cannot remove
				if empty(dir) {
					os.Remove(dir)
				}
			}
		})
	}
}

// groups lists the control groups of verifiers.
func groups() []string {
	v2, _ := filepath.Glob("/sys/fs/cgroup/fairway-*")
	v1, _ := filepath.Glob("/sys/fs/cgroup/*/fairway-*")
	return append(v2, v1...)
}

func empty(group string) bool {
	procs, err := os.ReadFile(filepath.Join(group, "cgroup.procs"))
	return err == nil && len(procs) == 0
}
