package load

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestFolder(t *testing.T) {
	top := t.TempDir()
	dir := filepath.Join(top, "repository", "service")
	for _, d := range []string{filepath.Join(dir, "k8s"), filepath.Join(top, "repository", "shared")} {
		if err := os.MkdirAll(d, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"repository/service/k8s/a.yaml", "repository/shared/b.yaml", "secret.yaml"} {
		if err := os.WriteFile(filepath.Join(top, name), []byte(name), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for link, to := range map[string]string{"k8s/b.yaml": "../../shared/b.yaml", "shared": "../shared", "k8s/secret.yaml": "../../../secret.yaml", "out": "../.."} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Skip(err)
		}
	}
	read := func(name string) (string, error) {
		t.Helper()
		f, err := OpenFolder(dir)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		data, err := fs.ReadFile(f, name)
		if held := f.Holds(name); (held == nil) != (err == nil || errors.Is(err, fs.ErrNotExist)) {
			t.Errorf("%s: Holds says %v, and reading %v", name, held, err)
		}
		return string(data), err
	}
	for _, x := range []struct{ name, alone, inRepository string }{
		{"k8s/a.yaml", "repository/service/k8s/a.yaml", "repository/service/k8s/a.yaml"},
		{"k8s/b.yaml", "leads out", "repository/shared/b.yaml"},
		{"shared/b.yaml", "leads out", "repository/shared/b.yaml"},
		{"shared/new.yaml", "leads out", "no such file"},
		{"k8s/secret.yaml", "leads out", "leads out"},
		{"out/secret.yaml", "leads out", "leads out"},
		{"../shared/b.yaml", "invalid", "invalid"},
	} {
		check := func(want string) {
			t.Helper()
			got, err := read(x.name)
			if err != nil {
				got = err.Error()
			}
			if !strings.Contains(got, want) {
				t.Errorf("%s: got %q, want %q", x.name, got, want)
			}
		}
		os.RemoveAll(filepath.Join(top, "repository", ".git"))
		check(x.alone)
		if err := os.Mkdir(filepath.Join(top, "repository", ".git"), 0o777); err != nil {
			t.Fatal(err)
		}
		check(x.inRepository)
	}
}
