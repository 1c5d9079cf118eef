//go:build unix

package lifecycle

import "syscall"

// ownGroup gives a shell a group of its own, which endGroup ends with all that it started.
func ownGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

func endGroup(pid int) { _ = syscall.Kill(-pid, syscall.SIGKILL) }
