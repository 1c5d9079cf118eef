package probeverify

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// throttle is a control group with little CPU. Version 2 of control groups has cpu.max, version 1 the two files of a hierarchy of its own.
type throttle struct {
	dir  string // of the group
	home string // of the group that the process came from
	pid  int
}

// starve moves a process and its children into a new group that gets a share of one CPU, in percent, in slices of 100 ms as kubelets
// configure it. The error says why that cannot be done here: no Linux, no rights, no CPU controller.
func starve(pid, percent int) (*throttle, error) {
	const period = 100 * time.Millisecond
	quota := period * time.Duration(percent) / 100
	root, own, v2, err := cpuGroups(pid)
	if err != nil {
		return nil, err
	}
	t := &throttle{dir: filepath.Join(root, fmt.Sprintf("fairway-%d", pid)), home: filepath.Join(root, own), pid: pid}
	if v2 {
		// A group's children have the controllers that it hands down.
		if err := put(filepath.Join(root, "cgroup.subtree_control"), "+cpu"); err != nil {
			return nil, err
		}
	}
	if err := os.Mkdir(t.dir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	if v2 {
		err = put(filepath.Join(t.dir, "cpu.max"), fmt.Sprintf("%d %d", quota.Microseconds(), period.Microseconds()))
	} else if err = put(filepath.Join(t.dir, "cpu.cfs_period_us"), strconv.FormatInt(period.Microseconds(), 10)); err == nil {
		err = put(filepath.Join(t.dir, "cpu.cfs_quota_us"), strconv.FormatInt(quota.Microseconds(), 10))
	}
	if err == nil {
		err = t.move(t.dir)
	}
	if err != nil {
		t.lift()
		return nil, err
	}
	return t, nil
}

// move moves the process and its descendants into a group.
func (t *throttle) move(dir string) error {
	for _, pid := range family(t.pid) {
		if err := put(filepath.Join(dir, "cgroup.procs"), strconv.Itoa(pid)); err != nil && pid == t.pid {
			return err
		}
	}
	return nil
}

// lift gives the process back what it had and removes the group.
func (t *throttle) lift() {
	_ = t.move(t.home) // it may be gone
	if left, err := os.ReadFile(filepath.Join(t.dir, "cgroup.procs")); err == nil {
		for pid := range strings.FieldsSeq(string(left)) {
			_ = put(filepath.Join(t.home, "cgroup.procs"), pid)
		}
	}
	for range 50 { // the kernel lets go of ended processes a moment later
		if err := os.Remove(t.dir); err == nil || errors.Is(err, fs.ErrNotExist) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// put writes to a file that is there: the kernel's.
func put(file, text string) error {
	f, err := os.OpenFile(file, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}

// cpuGroups returns the folder that the hierarchy with the CPU controller is mounted at, the path in it of the group that a process is in, and
// whether it is one of version 2.
func cpuGroups(pid int) (root, own string, v2 bool, err error) {
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		return "", "", false, errors.New("control groups are there on Linux only")
	}
	groups, err := os.ReadFile(fmt.Sprintf("/proc/%d/cgroup", pid))
	if err != nil {
		return "", "", false, err
	}
	for line := range strings.Lines(string(mounts)) {
		f := strings.Fields(line)
		if len(f) < 4 {
			continue
		}
		switch f[2] {
		case "cgroup2":
			if has, err := os.ReadFile(filepath.Join(f[1], "cgroup.controllers")); err != nil || !word(string(has), " \n", "cpu") {
				continue
			}
			root, v2 = f[1], true
		case "cgroup":
			if !word(f[3], ",", "cpu") {
				continue
			}
			root = f[1]
		}
	}
	if root == "" {
		return "", "", false, errors.New("no control groups with a CPU controller are mounted")
	}
	for line := range strings.Lines(string(groups)) { // hierarchy:controllers:path
		f := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(f) == 3 && (v2 && f[0] == "0" || !v2 && word(f[1], ",", "cpu")) {
			return root, f[2], v2, nil
		}
	}
	return "", "", false, errors.New("the process is in no control group with a CPU controller")
}

// word reports whether a list holds a word.
func word(list, separators, want string) bool {
	for w := range strings.FieldsFuncSeq(list, func(r rune) bool { return strings.ContainsRune(separators, r) }) {
		if w == want {
			return true
		}
	}
	return false
}

// family returns a process and its descendants, itself first.
func family(pid int) []int {
	children := map[int][]int{}
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, file := range stats {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // gone meanwhile
		}
		// pid (name) state parent ..., and the name may hold anything
		head, rest, ok := strings.Cut(string(text), " (")
		i := strings.LastIndexByte(rest, ')')
		if !ok || i < 0 {
			continue
		}
		f := strings.Fields(rest[i+1:])
		id, err1 := strconv.Atoi(head)
		if len(f) < 2 || err1 != nil {
			continue
		}
		if parent, err := strconv.Atoi(f[1]); err == nil {
			children[parent] = append(children[parent], id)
		}
	}
	all := []int{pid}
	for i := 0; i < len(all); i++ {
		all = append(all, children[all[i]]...)
	}
	return all
}
