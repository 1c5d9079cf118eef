package apiserver

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
	"golang.org/x/sync/errgroup"

	"github.com/fairway-k8s/fairway/internal/source"
)

var wantComment = regexp.MustCompile(`# want (\S+) (\S+) "([^"]*)"`)

// TestProblems checks the files in testdata/problems. Each line says which problems begin on it:
//
//	replica: 3 # want api-unknown-field spec.replica "did you mean replicas"
//
// The rule, the field, and part of the message or suggestion. Every problem is wanted, and every want is met by one problem. A file whose name
// ends in @1.33.yaml is checked for that version.
func TestProblems(t *testing.T) {
	archives, err := filepath.Glob("testdata/problems/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatal("no archives", err)
	}
	for _, archive := range archives {
		a, err := txtar.ParseFile(archive)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range a.Files {
			t.Run(strings.TrimSuffix(filepath.Base(archive), ".txtar")+"/"+f.Name, func(t *testing.T) { checkWants(t, f.Name, f.Data) })
		}
	}
}

func checkWants(t *testing.T, name string, data []byte) {
	var o Options
	if _, version, ok := strings.Cut(strings.TrimSuffix(name, ".yaml"), "@"); ok {
		o.Version = version
	}
	type want struct{ rule, field, text string }
	wants := map[int][]want{}
	for i, line := range strings.Split(string(data), "\n") {
		for _, m := range wantComment.FindAllStringSubmatch(line, -1) {
			wants[i+1] = append(wants[i+1], want{m[1], m[2], m[3]})
		}
	}
	file := source.Parse(name, data)
	for _, doc := range file.Docs {
		if doc.Err != nil {
			t.Fatalf("%v: %v", doc.Err.Position, doc.Err)
		}
		for _, p := range Check(doc.Root, o).Problems {
			line := p.Node.Position().Line
			text := p.Message + "; " + p.Suggestion
			met := false
			for i, w := range wants[line] {
				if w.rule == p.Rule && w.field == p.Field && strings.Contains(strings.ReplaceAll(text, `"`, `'`), w.text) {
					wants[line] = append(wants[line][:i], wants[line][i+1:]...)
					met = true
					break
				}
			}
			if !met {
				t.Errorf("%s:%d: unwanted %s %s %q", name, line, p.Rule, p.Field, text)
			}
		}
	}
	for line, ws := range wants {
		for _, w := range ws {
			t.Errorf("%s:%d: not found: %s", name, line, fmt.Sprint(w))
		}
	}
}

// TestFixes applies every fix: the result has fewer problems, and no new ones.
func TestFixes(t *testing.T) {
	archives, _ := filepath.Glob("testdata/problems/*.txtar")
	applied := 0
	for _, archive := range archives {
		a, err := txtar.ParseFile(archive)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range a.Files {
			if strings.Contains(f.Name, "@") {
				continue
			}
			file := source.Parse(f.Name, f.Data)
			for _, doc := range file.Docs {
				before := Check(doc.Root, Options{}).Problems
				for _, p := range before {
					if p.Fix == nil {
						continue
					}
					fixed, _, err := file.Apply(doc.Root, p.Fix...)
					if err != nil {
						t.Errorf("%s: %s: %v", f.Name, p.Field, err)
						continue
					}
					applied++
					after := Check(fixed.Docs[doc.Index].Root, Options{}).Problems
					if len(after) >= len(before) {
						t.Errorf("%s: %s: %d problems before the fix, %d after it", f.Name, p.Field, len(before), len(after))
					}
				}
			}
		}
	}
	if applied == 0 {
		t.Error("no fix was applied")
	}
}

// TestConcurrent checks the same objects from several goroutines, for the race detector.
func TestConcurrent(t *testing.T) {
	objects := roots(t, 130)
	var group errgroup.Group
	for range 4 {
		group.Go(func() error {
			for _, root := range objects {
				if r := Check(root, Options{}); len(r.Problems) > 0 {
					return fmt.Errorf("%s: %s", root.Get("kind").Text(), r.Problems[0].Message)
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		t.Error(err)
	}
}

// TestToBeFilledIn: what is a placeholder to everybody who reads it is not judged, whatever the API server would say.
func TestToBeFilledIn(t *testing.T) {
	for text, field := range map[string]string{
		"apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {ports: [{port: PORT}]}\n":                                         "spec.ports[0].port",
		"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: CONFIG_NAME}\n":                                                            "metadata.name",
		"apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: a}\nspec: {rules: [{host: __HOST__}]}\n":                   "spec.rules[0].host",
		"apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata: {pem: \"...base64 encoded data...\"}\n":                             "data.pem",
		"apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata:\n  # Replace this with the client secret.\n  secret: abcbase64==\n": "data.secret",
	} {
		problems := Check(source.Parse("", []byte(text)).Docs[0].Root, Options{}).Problems
		if len(problems) != 1 || problems[0].Rule != Unjudged || problems[0].Field != field {
			t.Errorf("%s: %+v", text, problems)
		}
	}
	// A word in capitals is no placeholder where the API server takes words.
	text := "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {type: CLUSTERIP, ports: [{port: 80}]}\n"
	if problems := Check(source.Parse("", []byte(text)).Docs[0].Root, Options{}).Problems; len(problems) != 1 || problems[0].Rule != UnsupportedValue {
		t.Errorf("%+v", problems)
	}
}
