//go:build unix

package load

import (
	"io/fs"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// A pipe that nobody writes to is refused, and not waited for.
func TestPipe(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "pipe.yaml")
	if err := syscall.Mkfifo(name, 0o666); err != nil {
		t.Skip(err)
	}
	f, err := OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := fs.ReadFile(f, "pipe.yaml"); err == nil || !strings.Contains(err.Error(), "is a pipe, no file") {
		t.Errorf("in a folder: %v", err)
	}
	if _, err := ReadFile(name); err == nil || !strings.Contains(err.Error(), "is a pipe, no file") {
		t.Errorf("by its name: %v", err)
	}
}
