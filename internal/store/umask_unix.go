//go:build unix

package store

import (
	"io/fs"
	"syscall"
)

// umask reads the process's umask, which the system call can only do by setting it.
func umask() fs.FileMode {
	m := syscall.Umask(0)
	syscall.Umask(m)
	return fs.FileMode(m)
}
