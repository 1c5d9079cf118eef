//go:build unix

package load

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestPipes(t *testing.T) {
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe.yaml")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Skip(err)
	}
	in, err := Load(t.Context(), []string{"."}, Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if len(in.Skipped) != 1 || in.Skipped[0].Reason != NotAFile {
		t.Errorf("in a folder, a pipe is not opened:\n%s", dump(in))
	}
	in, err = Load(t.Context(), []string{"pipe.yaml"}, Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if len(in.Failures) != 1 || !strings.Contains(in.Failures[0].Hint, "fairway lint - < pipe.yaml") {
		t.Errorf("a pipe that is named may have nobody who writes to it:\n%s", dump(in))
	}
	if err := os.Rename(pipe, filepath.Join(dir, "kustomization.yaml")); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{".", "kustomization.yaml"} {
		if in, err = Load(t.Context(), []string{path}, Options{Dir: dir}); err != nil {
			t.Fatal(err)
		}
		if len(in.Failures)+len(in.Skipped) != 1 {
			t.Errorf("%s, a pipe called kustomization.yaml:\n%s", path, dump(in))
		}
	}
	// Nor is one opened that something else leads to.
	pipe = filepath.Join(dir, "kustomization.yaml")
	for name, refers := range map[string]string{
		"resource":           "resources: [pipe]\n",
		"patch":              "patches: [{path: pipe}]\n",
		"source":             "configMapGenerator: [{name: x, files: [key=pipe]}]\n",
		"source of a plugin": "generators: [plugin.yaml]\n",
	} {
		at := filepath.Join(dir, name)
		write(t, at, "plugin.yaml", "apiVersion: builtin\nkind: ConfigMapGenerator\nmetadata: {name: x}\nfiles: [pipe]\n")
		write(t, at, "kustomization.yaml", refers)
		if err := syscall.Mkfifo(filepath.Join(at, "pipe"), 0o600); err != nil {
			t.Fatal(err)
		}
		if in, err = Load(t.Context(), []string{"."}, Options{Dir: at}); err != nil {
			t.Fatal(err)
		}
		if len(in.Failures) != 1 || !strings.Contains(in.Failures[0].Message, "pipe") {
			t.Errorf("a %s:\n%s", name, dump(in))
		}
	}
	write(t, dir, "chart/values.yaml", "")
	if err := os.Symlink(pipe, filepath.Join(dir, "chart/Chart.yaml")); err != nil {
		t.Skip(err)
	}
	if in, err = Load(t.Context(), []string{"chart"}, Options{Dir: dir, Helm: filepath.Join(dir, "no-helm")}); err != nil || len(in.Failures) != 1 {
		t.Errorf("a chart's description: %v\n%s", err, dump(in))
	}
	// What a shell puts in the place of <(command) is read.
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := w.WriteString(configMap); err != nil {
		t.Fatal(err)
	}
	w.Close()
	if in, err = Load(t.Context(), []string{fmt.Sprintf("/dev/fd/%d", r.Fd())}, Options{Dir: dir}); err != nil {
		t.Fatal(err)
	}
	if len(in.Objects) != 1 {
		t.Errorf("an open file is read:\n%s", dump(in))
	}
}
