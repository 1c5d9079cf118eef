package lifecycle

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// scripts are forms of a script whose program is sleep 61, and what becomes of the SIGTERM that the shell gets.
var scripts = []struct {
	script string
	fate   fate
}{
	{"sleep 61", mayStay},
	{"cd / && sleep 61", mayStay},
	{"cd /\nsleep 61\n", mayStay},
	{"export A=$(echo 'a;b' | cat); sleep 61 # the program", mayStay},
	{"true \\\n  && sleep \\\n  61", mayStay},
	{"exec sleep 61", passesOn},
	{"cd / && exec sleep 61", passesOn},
	{"sleep 61 | cat", stays},
	{"cd /; sleep 61 2>&1 | cat", stays},
	{"while true; do sleep 61; done", stays},
	{"sleep 61 & wait", stays},
	{"sleep 61 &\nwait\n", stays},
}

func TestLastCommand(t *testing.T) {
	for _, x := range append(scripts, []struct {
		script string
		fate   fate
	}{
		{"", passesOn},
		{"# nothing", passesOn},
		{"trap 'kill $!' TERM; sleep 61 & wait", passesOn},
		{"if true; then sleep 61; fi", passesOn},      // shells differ
		{"(cd / && sleep 61)", passesOn},              // likewise
		{"main() { sleep 61; }\nmain", mayStay},       // a function
		{"sleep 61 &", passesOn},                      // ends at once
		{"echo 'unclosed", passesOn},                  // nobody can tell
		{"cat <<EOF | sh\nsleep 61\nEOF\n", passesOn}, // likewise
		{`server --filter "a|b" --sep ';'`, mayStay},
		{"server >/dev/null 2>&1", mayStay},
		{"server; echo done", passesOn},
	}...) {
		if got := lastCommand(x.script); got != x.fate {
			t.Errorf("%q: %d, want %d", x.script, got, x.fate)
		}
	}
}

// TestShells runs the scripts in the shells that are there and looks who has become the first process.
func TestShells(t *testing.T) {
	if _, err := os.Stat("/proc/self/comm"); err != nil {
		t.Skip("without /proc nobody says what a process is called")
	}
	ran := 0
	for _, command := range [][]string{{"dash", "-c"}, {"bash", "-c"}, {"busybox", "sh", "-c"}} {
		path, err := exec.LookPath(command[0])
		if err != nil {
			continue
		}
		ran++
		for _, x := range scripts {
			t.Run(command[0]+"/"+x.script, func(t *testing.T) {
				t.Parallel()
				cmd := exec.CommandContext(t.Context(), path, append(command[1:], x.script)...)
				cmd.SysProcAttr = ownGroup()
				if err := cmd.Start(); err != nil {
					t.Fatal(err)
				}
				defer func() { endGroup(cmd.Process.Pid); _ = cmd.Wait() }()
				replaced, ok := false, false
				for range 200 {
					if replaced = comm(cmd.Process.Pid) == "sleep"; replaced || child(cmd.Process.Pid, "sleep") {
						ok = true
						break
					}
					time.Sleep(10 * time.Millisecond)
				}
				switch {
				case !ok:
					t.Fatal("the program did not start")
				case x.fate == passesOn && !replaced, x.fate == stays && replaced, x.fate == mayStay && command[0] == "bash" && !replaced:
					t.Errorf("the program took the shell's place: %v", replaced)
				}
			})
		}
	}
	if ran == 0 {
		t.Skip("none of dash, bash and busybox is here")
	}
}

func comm(pid int) string {
	data, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
	return strings.TrimSpace(string(data))
}

// child reports whether a process has a child of that name.
func child(pid int, name string) bool {
	files, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, f := range files {
		data, _ := os.ReadFile(f)
		for _, c := range strings.Fields(string(data)) {
			n := 0
			if _, err := fmt.Sscan(c, &n); err == nil && comm(n) == name {
				return true
			}
		}
	}
	return false
}
