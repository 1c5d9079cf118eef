//go:build !unix

package lifecycle

import "syscall"

func ownGroup() *syscall.SysProcAttr { return nil }

func endGroup(int) {}
