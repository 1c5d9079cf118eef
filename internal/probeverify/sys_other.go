//go:build !unix

package probeverify

import (
	"errors"
	"os"
	"syscall"
)

const (
	sigTerm = syscall.SIGTERM
	sigKill = syscall.SIGKILL
	sigStop = syscall.Signal(0x13)
	sigCont = syscall.Signal(0x12)
)

func attributes() *syscall.SysProcAttr                     { return nil }
func signalNamed(string) (syscall.Signal, bool)            { return 0, false }
func endedBy(s *os.ProcessState) (code int, signal string) { return s.ExitCode(), "" }
func lingerOneSecond(_, _ string, _ syscall.RawConn) error { return nil }

// send can end a process and nothing else.
func send(pid int, s syscall.Signal) error {
	if s != sigKill {
		return errors.ErrUnsupported
	}
	p, err := os.FindProcess(max(pid, -pid))
	if err != nil {
		return err
	}
	return p.Kill()
}

// marked lists nothing: environments of processes are read on Linux only.
func marked(string) []int { return nil }
