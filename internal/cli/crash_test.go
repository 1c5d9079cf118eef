package cli

import (
	"bytes"
	"context"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fairway-k8s/fairway/internal/goldenpath"
)

// moving is a catalogue in which an object moves to another file, and a file goes, between two versions.
func moving(t *testing.T) string {
	t.Helper()
	pathFile := func(version string, files ...string) string {
		return "shape: job\nversion: " + version + "\ntitle: a job\nsummary: it runs\nparameters:\n  - {name: name, type: name, required: true, doc: what it is called, example: report}\nfiles:\n  - {name: " +
			strings.Join(files, "}\n  - {name: ") + "}\n"
	}
	object := func(kind, name string, more string) string {
		return "apiVersion: v1\nkind: " + kind + "\nmetadata:\n  name: " + name + "\n" + more
	}
	change := "version: 2.0.0\ndate: 2026-02-01\nsummary: other files\nchanges:\n  - {id: kept-longer, title: kept longer, from: \"1\", to: \"2\", fields: [ConfigMap data.keep], default: job-ttl, reason: It was gone., incident: job-never-ended, severity: should}\n"
	return tree(t, map[string]string{
		"catalogue.yaml":               "schemaVersion: 1\nname: moving\n",
		"changelog/1.0.0.yaml":         "version: 1.0.0\ndate: 2026-01-01\nsummary: the first\nchanges: []\n",
		"changelog/2.0.0.yaml":         change,
		"paths/job/1.0.0/path.yaml":    pathFile("1.0.0", "k8s/a.yaml", "k8s/b.yaml", "k8s/old.yaml"),
		"paths/job/1.0.0/k8s/a.yaml":   object("ConfigMap", "one", "data:\n  keep: \"1\"\n"),
		"paths/job/1.0.0/k8s/b.yaml":   object("ConfigMap", "two", "data:\n  keep: \"1\"\n  other: \"1\"\n"),
		"paths/job/1.0.0/k8s/old.yaml": object("ServiceAccount", "four", ""),
		"paths/job/2.0.0/path.yaml":    pathFile("2.0.0", "k8s/a.yaml", "k8s/c.yaml", "k8s/new.yaml"),
		"paths/job/2.0.0/k8s/a.yaml":   object("ConfigMap", "one", "data:\n  keep: \"2\"\n"),
		"paths/job/2.0.0/k8s/c.yaml":   object("ConfigMap", "two", "data:\n  keep: \"2\"\n  other: \"1\"\n"),
		"paths/job/2.0.0/k8s/new.yaml": object("Service", "five", "spec: {}\n"),
	})
}

func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		at := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(at), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// filesIn reads a folder and what is below it.
func filesIn(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(name string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(name)
		rel, _ := filepath.Rel(dir, name)
		out[filepath.ToSlash(rel)] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func fairway(t *testing.T, args ...string) (code int, said string) {
	t.Helper()
	var out bytes.Buffer
	e := Env{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &out, Getenv: func(string) string { return "" }, Now: func() time.Time { return time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC) }}
	code = Run(context.Background(), append([]string{"fairway"}, args...), e)
	return code, out.String()
}

// A machine stops when only some files of an upgrade are in their places: the next run brings the rest, and nothing of the team's is lost.
func TestInterruptedUpgrade(t *testing.T) {
	for _, x := range []struct {
		name, catalogue, shape string
		set                    []string
		edit                   func(files map[string]string)
	}{
		{"an object that moves", moving(t), "job", nil, func(files map[string]string) {
			files["k8s/b.yaml"] = strings.Replace(files["k8s/b.yaml"], "other: \"1\"", "other: \"9\" # ours", 1)
		}},
		{"a file that moves", moving(t), "job", nil, func(map[string]string) {}},
		{"a service of Kore", "../../examples/catalogue-kore", "stateless-service", []string{"--image", "a.example/b:1.0.0", "--owner", "team", "--set", "settings=[{name: LOG_LEVEL, value: info}]"}, func(files map[string]string) {
			files["k8s/deployment.yaml"] = strings.NewReplacer("a.example/b:1.0.0", "a.example/b:1.0.7", "replicas: 3", "replicas: 9 # measured").Replace(files["k8s/deployment.yaml"])
		}},
	} {
		t.Run(x.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "service")
			if code, said := fairway(t, append([]string{"new", x.shape + "@1.0.0", "--catalogue", x.catalogue, "--name", "report", "--dir", dir}, x.set...)...); code != 0 {
				t.Fatal(said)
			}
			before := filesIn(t, dir)
			catalogue, err := filepath.Abs(x.catalogue)
			if err != nil {
				t.Fatal(err)
			}
			before["fairway.yaml"] = "path: " + x.shape + "@1.0.0\ncatalogue: " + catalogue + "\n" + strings.SplitAfterN(before["fairway.yaml"], "\n", 3)[2]
			x.edit(before)
			whole := tree(t, before)
			if code, said := fairway(t, "upgrade", "--take", "all", whole); code != 0 {
				t.Fatal(said)
			}
			want := filesIn(t, whole)
			// In the order in which upgrading.write has them written.
			names := slices.Sorted(maps.Keys(before))
			for name := range want {
				names = append(names, name)
			}
			slices.Sort(names)
			names = slices.DeleteFunc(slices.Compact(names), func(n string) bool {
				return n == ServiceFile || n == goldenpath.AncestorFile || before[n] == want[n]
			})
			names = append(names, ServiceFile, goldenpath.AncestorFile)
			for done := 1; done < len(names); done++ {
				half := maps.Clone(before)
				for _, name := range names[:done] {
					if text, there := want[name]; there {
						half[name] = text
					} else {
						delete(half, name)
					}
				}
				again := tree(t, half)
				if code, said := fairway(t, "upgrade", "--take", "all", again); code != 0 {
					t.Errorf("stopped after %v: exit code %d\n%s", names[:done], code, said)
				}
				if got := filesIn(t, again); !maps.Equal(got, want) {
					for name := range want {
						if got[name] != want[name] {
							t.Errorf("stopped after %v: %s is\n%s\nwant\n%s", names[:done], name, got[name], want[name])
						}
					}
					t.Errorf("stopped after %v: files %v, want %v", names[:done], slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want)))
				}
			}
		})
	}
}

// What is saved while somebody is asked is not written over.
func TestSavedMeanwhile(t *testing.T) {
	for _, saved := range []string{"k8s/a.yaml", "fairway.yaml", "k8s/new.yaml", ".fairway/ancestor.txtar"} {
		dir := filepath.Join(t.TempDir(), "service")
		if code, said := fairway(t, "new", "job@1.0.0", "--catalogue", moving(t), "--name", "report", "--dir", dir); code != 0 {
			t.Fatal(said)
		}
		want := filesIn(t, dir)
		want[saved] += "# saved meanwhile\n"
		var out bytes.Buffer
		e := Env{Stdin: saving{strings.NewReader("y\n"), func() {
			if err := os.WriteFile(filepath.Join(dir, saved), []byte(want[saved]), 0o666); err != nil {
				t.Error(err)
			}
		}}, StdinTerminal: true, ErrTerminal: true, Stdout: &out, Stderr: &out, Getenv: func(string) string { return "" }, Now: time.Now}
		if code := Run(t.Context(), []string{"fairway", "upgrade", dir}, e); code != 3 || !strings.Contains(out.String(), saved) {
			t.Errorf("%s: exit code %d, want 3\n%s", saved, code, out.String())
		}
		if got := filesIn(t, dir); !maps.Equal(got, want) {
			t.Errorf("%s: something was written: %v\n%s", saved, slices.Sorted(maps.Keys(got)), out.String())
		}
	}
}

// saving does something before it is read from.
type saving struct {
	*strings.Reader
	save func()
}

func (s saving) Read(p []byte) (int, error) {
	s.save()
	return s.Reader.Read(p)
}
