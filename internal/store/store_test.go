package store

import (
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

func TestWriteFile(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "a.yaml")
	if err := os.WriteFile(name, []byte("old"), 0o640); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(dir, "link.yaml")
	if err := os.Symlink("a.yaml", link); err != nil {
		t.Fatal(err)
	}
	if err := WriteFile(link, []byte("new")); err != nil {
		t.Fatal(err)
	}
	if got, _ := os.ReadFile(name); string(got) != "new" {
		t.Errorf("the link's target holds %q, want new", got)
	}
	if info, _ := os.Lstat(link); info.Mode()&fs.ModeSymlink == 0 {
		t.Error("the link was replaced by a file")
	}
	if info, _ := os.Stat(name); info.Mode().Perm() != 0o640 {
		t.Errorf("the mode is %v, want that of the old file, 0640", info.Mode().Perm())
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".fairway-*")); len(left) > 0 {
		t.Errorf("temporary files are left: %v", left)
	}
}

func TestWriteFileRefuses(t *testing.T) {
	dir := t.TempDir()
	if err := WriteFile(dir, []byte("x")); err == nil {
		t.Error("a folder was written to")
	}
	if err := WriteFile(filepath.Join(dir, "no", "such", "folder.yaml"), nil); err == nil {
		t.Error("a file in a missing folder was written")
	}
	name := filepath.Join(dir, "read-only.yaml")
	if err := os.WriteFile(name, []byte("old"), 0o400); err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() == 0 || runtime.GOOS == "windows" {
		return // root may write it
	}
	if err := WriteFile(name, []byte("new")); err == nil {
		t.Error("a read-only file was written")
	}
	if got, _ := os.ReadFile(name); string(got) != "old" {
		t.Errorf("it holds %q, want old", got)
	}
}

// All files are written, or none.
func TestWriteFiles(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	if err := WriteFiles([]File{{Name: at("a"), Data: []byte("1")}, {Name: at("x/y/b"), Data: []byte("2")}}); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"a": "1", "x/y/b": "2"} {
		if got, _ := os.ReadFile(at(name)); string(got) != want {
			t.Errorf("%s holds %q, want %q", name, got, want)
		}
	}
	if err := WriteFiles([]File{{Name: at("a"), Data: []byte("3")}, {Name: at("x"), Data: []byte("4")}}); err == nil {
		t.Error("a file was written over a folder")
	}
	if got, _ := os.ReadFile(at("a")); string(got) != "1" {
		t.Errorf("a holds %q after a failure, want 1", got)
	}
	if left, _ := filepath.Glob(at(".fairway-*")); len(left) > 0 {
		t.Errorf("temporary files are left: %v", left)
	}
}
