//go:build unix

// Package cputime says what this process has cost, for benchmarks on a machine that others use too.
package cputime

import (
	"syscall"
	"time"
)

// Used is the processor time of this process so far, collecting garbage included. Other work on the machine does not change it as it changes
// the time on the wall. It panics when the system does not say, and is 0 on Windows.
func Used() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
