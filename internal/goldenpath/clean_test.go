package goldenpath

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/fairway-k8s/fairway/content"
	"github.com/fairway-k8s/fairway/internal/knowledge"
	"github.com/fairway-k8s/fairway/internal/lint"
	"github.com/fairway-k8s/fairway/internal/load"
	"github.com/fairway-k8s/fairway/internal/rule"
	"github.com/fairway-k8s/fairway/internal/rule/catalogue"
	"github.com/fairway-k8s/fairway/internal/source"
)

// Our own strictest profile finds nothing in the templates as they stand.
func TestTemplatesAreClean(t *testing.T) {
	if n := strictly(t, "../../content/paths"); n < 40 {
		t.Errorf("%d objects were looked at", n)
	}
}

// Nor in what the services of testdata render to, their overlays built.
func TestRenderingsAreClean(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		if strings.Contains(name, "faults") {
			continue
		}
		t.Run(filepath.Base(name), func(t *testing.T) {
			archive, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			for _, f := range archive.Files {
				at := filepath.Join(dir, filepath.FromSlash(f.Name))
				if err := os.MkdirAll(filepath.Dir(at), 0o777); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(at, f.Data, 0o666); err != nil {
					t.Fatal(err)
				}
			}
			var allowed []string
			if !bytes.Contains(txtar.Format(archive), []byte("@sha256:")) {
				allowed = append(allowed, "image-digest-missing") // the service file names a tag only, which it may
			}
			if n := strictly(t, dir, allowed...); n < 4 {
				t.Errorf("%d objects were looked at", n)
			}
		})
	}
}

// strictly returns how many objects a folder has, in which nothing may be found but what some rules say.
func strictly(t *testing.T, dir string, allowed ...string) int {
	t.Helper()
	in, err := load.Load(t.Context(), []string{dir}, load.Options{})
	if err != nil {
		t.Fatal(err)
	}
	r, err := lint.Check(in, lint.Options{Catalogue: catalogue.New(), Profile: rule.Strict, Now: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range r.Findings {
		if slices.Contains(allowed, f.Rule) {
			continue
		}
		t.Errorf("%s: %s: %s", f.Place, f.Rule, f.Message)
	}
	for _, f := range r.Failures {
		t.Errorf("%s cannot be read", f.Place)
	}
	for _, s := range r.Skipped {
		if s.Reason == lint.NoSchema {
			t.Errorf("%s: nobody knows its schema", s.Place)
		}
	}
	return len(r.Snapshot.Objects)
}

// Every default that a template names is a record that a rule guards and that an incident is behind; and a template names every default
// but the one that is about all lines.
func TestDefaultsAreGuarded(t *testing.T) {
	web, err := knowledge.Load(catalogue.New(), content.FS)
	if err != nil {
		t.Fatal(err)
	}
	named := map[string]bool{}
	err = fs.WalkDir(content.FS, "paths", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(content.FS, name)
		if err != nil {
			return err
		}
		f := source.Parse(name, data)
		for _, c := range f.Comments {
			text := string(data[c.Start:c.End])
			if expression, ok := strings.CutPrefix(text, "#= "); ok {
				_, text, _ = strings.Cut(expression, " # ")
			}
			m := defaultInComment.FindStringSubmatch(text)
			if m == nil {
				continue
			}
			named[m[1]] = true
			x := web.Defaults[m[1]]
			switch {
			case x == nil:
				t.Errorf("%s:%d: there is no default %s", name, f.Position(c.Start).Line, m[1])
			case web.Incidents[x.Incident] == nil:
				t.Errorf("%s: no incident is behind %s", name, x.ID)
			case !slices.ContainsFunc(x.GuardedBy, func(id string) bool { return web.Rules.Rule(id) != nil }):
				t.Errorf("%s: no rule guards %s", name, x.ID)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for id := range web.Defaults {
		if id != "manifest-strict" && !named[id] {
			t.Errorf("no template names %s", id)
		}
	}
}
