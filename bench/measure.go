package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"
)

// cost is what a command cost.
type cost struct {
	CPU, Wall time.Duration
	PeakBytes int64 // largest resident set
}

// measure runs a command without output in a folder ("" for this one) and returns its cost. A child starts with the peak of its
// parent, so that the command is the child of a process of its own, which has read nothing.
func measure(dir string, command []string) (cost, error) {
	var c cost
	self, err := os.Executable()
	if err != nil {
		return c, err
	}
	cmd := exec.Command(self, append([]string{"measure"}, command...)...)
	cmd.Dir = dir
	out, err := cmd.Output()
	if err != nil {
		return c, fmt.Errorf("measure %s: %w", command[0], err)
	}
	return c, json.Unmarshal(out, &c)
}

// measureChild is the process in between. Exit codes of the command mean findings and are no errors.
func measureChild(args []string) error {
	cmd := exec.Command(args[0], args[1:]...)
	began := time.Now()
	err := cmd.Run()
	wall := time.Since(began)
	if _, ok := errors.AsType[*exec.ExitError](err); err != nil && !ok {
		return err
	}
	c := costOf(cmd.ProcessState)
	c.Wall = wall
	return json.NewEncoder(os.Stdout).Encode(c)
}

// costOf is what a process that has ended cost, but for the time that it took.
func costOf(p *os.ProcessState) cost {
	c := cost{CPU: p.UserTime() + p.SystemTime(), PeakBytes: p.SysUsage().(*syscall.Rusage).Maxrss}
	if runtime.GOOS != "darwin" { // the unit there is bytes, elsewhere KiB
		c.PeakBytes *= 1024
	}
	return c
}

// medians runs the commands in turn, so that a busy machine hurts all of them, and returns the median costs of each.
func medians(commands [][]string, runs int) ([]cost, error) {
	all := make([][]cost, len(commands))
	for range runs {
		for i, c := range commands {
			x, err := measure("", c)
			if err != nil {
				return nil, err
			}
			all[i] = append(all[i], x)
		}
	}
	var out []cost
	for _, costs := range all {
		out = append(out, cost{
			CPU:       median(costs, func(c cost) time.Duration { return c.CPU }),
			Wall:      median(costs, func(c cost) time.Duration { return c.Wall }),
			PeakBytes: median(costs, func(c cost) int64 { return c.PeakBytes }),
		})
	}
	return out, nil
}

func median[T cmp.Ordered](costs []cost, of func(cost) T) T {
	var values []T
	for _, c := range costs {
		values = append(values, of(c))
	}
	slices.Sort(values)
	return values[len(values)/2]
}

// load is the load of the machine over the last minute, "unknown" where the system does not say.
func load() string {
	data, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	return strings.Fields(string(data))[0]
}
