//go:build unix

package probeverify

import (
	"os"
	"strings"
	"syscall"
)

// Signals that faults are made of.
const (
	sigTerm = syscall.SIGTERM
	sigKill = syscall.SIGKILL
	sigStop = syscall.SIGSTOP
	sigCont = syscall.SIGCONT
)

// hooks are the signals that an application may take as the order to lock up.
var hooks = map[string]syscall.Signal{"HUP": syscall.SIGHUP, "USR1": syscall.SIGUSR1, "USR2": syscall.SIGUSR2, "QUIT": syscall.SIGQUIT}

// signalNamed returns the signal of a name such as USR1 or SIGUSR1.
func signalNamed(name string) (syscall.Signal, bool) {
	s, ok := hooks[strings.TrimPrefix(strings.ToUpper(name), "SIG")]
	return s, ok
}

// send sends a signal to a process, or to a group when pid is negative.
func send(pid int, s syscall.Signal) error { return syscall.Kill(pid, s) }

// endedBy says how a process ended: its exit code, and the signal that ended it or "".
func endedBy(s *os.ProcessState) (code int, signal string) {
	if w, ok := s.Sys().(syscall.WaitStatus); ok && w.Signaled() {
		return 128 + int(w.Signal()), w.Signal().String()
	}
	return s.ExitCode(), ""
}

// lingerOneSecond keeps a closed connection for a second, not a minute: pkg/probe/dialer_others.go of v1.36.3.
func lingerOneSecond(_, _ string, c syscall.RawConn) error {
	var failed error
	if err := c.Control(func(fd uintptr) {
		failed = syscall.SetsockoptLinger(int(fd), syscall.SOL_SOCKET, syscall.SO_LINGER, &syscall.Linger{Onoff: 1, Linger: 1})
	}); err != nil {
		return err
	}
	return failed
}
