package load

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/fairway-k8s/fairway/internal/problem"
	"github.com/fairway-k8s/fairway/internal/source"
	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

var update = flag.Bool("update", false, "rewrite the want sections of testdata")

// TestMain lets the test binary play helm: see fakeHelm.
func TestMain(m *testing.M) {
	if play := os.Getenv("FAIRWAY_TEST_HELM"); play != "" {
		fakeHelm(play)
	}
	flag.Parse()
	os.Exit(m.Run())
}

// TestScenarios loads the files of each archive in testdata. Its comment holds the paths on a line "load PATH...", and lines
// "link NAME TARGET" for symbolic links; the last section is what must come out.
func TestScenarios(t *testing.T) {
	archives, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatal("no scenarios", err)
	}
	for _, name := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			var paths []string
			want := &a.Files[len(a.Files)-1]
			if want.Name != "want" {
				t.Fatal("the last section is not called want")
			}
			for _, f := range a.Files[:len(a.Files)-1] {
				write(t, dir, f.Name, string(f.Data))
			}
			for line := range strings.Lines(string(a.Comment)) {
				switch words := strings.Fields(line); {
				case len(words) > 1 && words[0] == "load":
					paths = words[1:]
				case len(words) == 3 && words[0] == "link":
					at := filepath.Join(dir, words[1])
					if err := os.MkdirAll(filepath.Dir(at), 0o777); err != nil {
						t.Fatal(err)
					}
					if err := os.Symlink(words[2], at); err != nil {
						t.Fatal(err)
					}
				}
			}
			forbidNetwork(t)
			in, err := Load(t.Context(), paths, Options{Dir: dir})
			if err != nil {
				t.Fatal(err)
			}
			checkAccounts(t, in)
			got := dump(in)
			if *update {
				want.Data = []byte(got)
				if err := os.WriteFile(name, txtar.Format(a), 0o666); err != nil {
					t.Fatal(err)
				}
				return
			}
			if d := cmp.Diff(string(want.Data), got); d != "" {
				t.Errorf("-want +got\n%s", d)
			}
		})
	}
}

// forbidNetwork fails the test when something is fetched: kustomize uses net/http's default transport and the git on PATH.
func forbidNetwork(t *testing.T) {
	old := http.DefaultTransport
	http.DefaultTransport = refuse{t}
	t.Cleanup(func() { http.DefaultTransport = old })
	bin := t.TempDir()
	said := filepath.Join(bin, "said")
	git := filepath.Join(bin, "git")
	if err := os.WriteFile(git, []byte("#!/bin/sh\necho \"$@\" >> "+said+"\nexit 1\n"), 0o777); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin)
	t.Cleanup(func() {
		if calls, err := os.ReadFile(said); err == nil {
			t.Errorf("git was called: %s", calls)
		}
	})
}

type refuse struct{ t *testing.T }

func (r refuse) RoundTrip(q *http.Request) (*http.Response, error) {
	r.t.Errorf("%s was asked for", q.URL)
	return nil, fs.ErrPermission
}

// dump shows an input in a form that is easy to read and compare.
func dump(in *Input) string {
	var b strings.Builder
	for _, o := range in.Objects {
		p := place(o.Root)
		fmt.Fprintf(&b, "object %s %s %s/%s scope=%s", p, o.APIVersion, o.Kind, nameOf(o), o.Scope)
		if o.Built {
			b.WriteString(" built")
		}
		if o.Origin != o.Root {
			fmt.Fprintf(&b, " from %s", place(o.Origin))
		}
		b.WriteString("\n")
	}
	for _, s := range in.Skipped {
		fmt.Fprintf(&b, "skipped %s %s %s\n", s.Place, s.Reason, s.Detail)
	}
	for _, f := range in.Failures {
		fmt.Fprintf(&b, "failure %s: %s (%s)\n", f.Place, f.Message, f.Hint)
	}
	s := in.Stats
	fmt.Fprintf(&b, "files %d documents %d = loaded %d + skipped %d + failed %d; builds %d\n", s.Files, s.Documents, s.Loaded, s.SkippedDocuments, s.FailedDocuments, s.Builds)
	return b.String()
}

// checkAccounts checks what must hold of every input.
func checkAccounts(t *testing.T, in *Input) {
	t.Helper()
	s := in.Stats
	if s.Documents != s.Loaded+s.SkippedDocuments+s.FailedDocuments {
		t.Errorf("documents are lost: %+v", s)
	}
	if s.FailedDocuments > 0 && len(in.Failures)+len(in.Skipped) == 0 {
		t.Errorf("failed documents without a failure: %+v", s)
	}
	known := map[string]bool{}
	for _, r := range Reasons {
		known[r.ID] = true
	}
	for _, x := range in.Skipped {
		if !known[x.Reason] {
			t.Errorf("reason %q of %s is not in Reasons", x.Reason, x.Place)
		}
	}
	files := map[*source.File]bool{}
	for _, f := range in.Files {
		if files[f] {
			t.Errorf("file %s is there twice", f.Name)
		}
		files[f] = true
	}
	for _, o := range in.Objects {
		if o.Root.Kind() != source.Mapping || o.Origin.Kind() != source.Mapping {
			t.Errorf("an object of %s is no mapping", o.Root.File().Name)
		}
		if !files[o.Root.File()] || !files[o.Origin.File()] {
			t.Errorf("the file of an object in %s is not among the files", o.Root.File().Name)
		}
	}
}

func write(t *testing.T, dir, name, data string) {
	t.Helper()
	at := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(at), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(at, []byte(data), 0o666); err != nil {
		t.Fatal(err)
	}
}

const configMap = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n"

// load loads a folder with one file.
func load(t *testing.T, name, data string) *Input {
	t.Helper()
	dir := t.TempDir()
	write(t, dir, name, data)
	in, err := Load(t.Context(), []string{"."}, Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	checkAccounts(t, in)
	return in
}

func TestBadFiles(t *testing.T) {
	utf16 := []byte{0xFF, 0xFE}
	for _, c := range []byte(configMap) {
		utf16 = append(utf16, c, 0)
	}
	bomb := configMap + "data:\n  a: &a [x, x, x, x, x, x, x, x, x]\n"
	for c := byte('b'); c < 'k'; c++ {
		bomb += fmt.Sprintf("  %c: &%c [%s]\n", c, c, strings.TrimSuffix(strings.Repeat("*"+string(c-1)+", ", 9), ", "))
	}
	tests := []struct{ name, data, failure string }{
		{"zero bytes", configMap + "\x00\x00", "a.yaml: is no text: there is a zero byte at byte 51"},
		{"UTF-16", string(utf16), "a.yaml:1:1: "},
		{"half a file", "apiVersion: v1\nkind: ConfigMap\ndata: {a: \"b", "a.yaml:3:"},
		{"tabs", "apiVersion: v1\nkind: ConfigMap\ndata:\n\ta: b\n", "a.yaml:4:"},
		{"a stream of JSON", `{"apiVersion": "v1", "kind": "ConfigMap"}` + "\n" + `{"kind": "ConfigMap"}`, "a.yaml:2:1: a second JSON value follows the first"},
		{"one bad document among good ones", configMap + "---\nkind: [\n---\n" + configMap, "a.yaml:"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := load(t, "a.yaml", tt.data)
			if len(in.Failures) != 1 {
				t.Fatalf("got %d failures, want 1:\n%s", len(in.Failures), dump(in))
			}
			if got := in.Failures[0].Place.String() + ": " + in.Failures[0].Message; !strings.HasPrefix(got, tt.failure) {
				t.Errorf("got %q, want %q", got, tt.failure)
			}
			if in.Failures[0].Hint == "" && strings.Contains(tt.failure, "is no text") {
				t.Error("no hint")
			}
		})
	}
	if in := load(t, "a.yaml", configMap+"---\nkind: [\n---\n"+configMap); len(in.Objects) != 2 {
		t.Errorf("a bad document hides its neighbours:\n%s", dump(in))
	}
	if in := load(t, "a.yaml", bomb); len(in.Objects)+len(in.Failures) != 1 {
		t.Errorf("alias bomb:\n%s", dump(in))
	}
}

// jq and scripts print lists of objects, which kubectl does not take.
func TestListOfObjects(t *testing.T) {
	for data, want := range map[string]string{
		`[{"apiVersion": "v1", "kind": "ConfigMap"}]`: "a list of objects",
		`[{"op": "remove", "path": "/kind"}]`:         "no mapping of fields",
		`[]`:                                          "no mapping of fields",
	} {
		in, err := Load(t.Context(), []string{"-"}, Options{Dir: t.TempDir(), Stdin: strings.NewReader(data)})
		if err != nil {
			t.Fatal(err)
		}
		if len(in.Skipped) != 1 || !strings.HasPrefix(in.Skipped[0].Detail, want) {
			t.Errorf("%s: want %q, got\n%s", data, want, dump(in))
		}
	}
}

func TestMissingPath(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "deploy/app.yaml", configMap)
	for typed, next := range map[string]string{
		"depoly":         "did you mean deploy?",
		"deploy/ap.yaml": "did you mean deploy/app.yaml?",
		"elsewhere":      "name a file, a folder, or - for standard input",
		"no/such/folder": "name a file, a folder, or - for standard input",
	} {
		_, err := Load(t.Context(), []string{typed}, Options{Dir: dir})
		p, ok := err.(*problem.Problem)
		if !ok {
			t.Errorf("%s: got %v, want a Problem", typed, err)
			continue
		}
		if p.Where != typed || p.Next != next {
			t.Errorf("%s: got where %q, next %q, want next %q", typed, p.Where, p.Next, next)
		}
	}
}

func TestStdin(t *testing.T) {
	in, err := Load(t.Context(), []string{"-", "-"}, Options{Dir: t.TempDir(), Stdin: strings.NewReader(configMap + "---\n" + configMap)})
	if err != nil {
		t.Fatal(err)
	}
	if len(in.Objects) != 2 || in.Objects[1].Root.File().Name != StdinName || in.Objects[1].Root.Position().Line != 6 {
		t.Errorf("got\n%s", dump(in))
	}
}

// lockedDisk refuses some names, as a file system does for other people's files.
type lockedDisk struct {
	realDisk
	locked string
}

func (d lockedDisk) ReadDir(name string) ([]fs.DirEntry, error) {
	if filepath.Base(name) == d.locked {
		return nil, &fs.PathError{Op: "open", Path: name, Err: syscall.EACCES}
	}
	return d.realDisk.ReadDir(name)
}

func (d lockedDisk) Open(name string) (fs.File, error) {
	if filepath.Base(name) == d.locked {
		return nil, &fs.PathError{Op: "open", Path: name, Err: syscall.EACCES}
	}
	return d.realDisk.Open(name)
}

func TestUnreadable(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "a/locked/x.yaml", configMap)
	write(t, dir, "a/locked.yaml", configMap)
	write(t, dir, "a/open.yaml", configMap)
	for _, locked := range []string{"locked", "locked.yaml"} {
		in, err := Load(t.Context(), []string{"."}, Options{Dir: dir, disk: lockedDisk{locked: locked}})
		if err != nil {
			t.Fatal(err)
		}
		want := "a/" + locked + ": cannot be read: permission denied"
		if len(in.Failures) != 1 || in.Failures[0].Place.String()+": "+in.Failures[0].Message != want || in.Failures[0].Hint == "" {
			t.Errorf("want failure %q, got\n%s", want, dump(in))
		}
		if len(in.Objects) != 2 {
			t.Errorf("the rest was not read:\n%s", dump(in))
		}
	}
}

func TestTooLarge(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "dump.yaml", configMap+"# "+strings.Repeat("x", 4000))
	write(t, dir, "data.yaml", "rows:\n"+strings.Repeat("- 1\n", 1000))
	in, err := Load(t.Context(), []string{"."}, Options{Dir: dir, MaxFileBytes: 2000})
	if err != nil {
		t.Fatal(err)
	}
	if len(in.Failures) != 1 || in.Failures[0].Place.File != "dump.yaml" || len(in.Skipped) != 1 || in.Skipped[0].Reason != TooLarge {
		t.Errorf("got\n%s", dump(in))
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	dir := t.TempDir()
	write(t, dir, "a.yaml", configMap)
	if _, err := Load(ctx, []string{"."}, Options{Dir: dir}); err != context.Canceled {
		t.Errorf("got %v", err)
	}
}

// TestNamesOutside checks how files outside of the working directory are called.
func TestNamesOutside(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "in/here.yaml", configMap)
	write(t, dir, "out/there.yaml", configMap)
	abs := filepath.ToSlash(filepath.Join(dir, "out"))
	for typed, want := range map[string]string{
		"../out":                  "../out/there.yaml",
		"../out/there.yaml":       "../out/there.yaml",
		abs:                       abs + "/there.yaml",
		filepath.Join(dir, "in"):  "here.yaml",
		".":                       "here.yaml",
		"./here.yaml":             "here.yaml",
		"../in/../in/./here.yaml": "here.yaml",
	} {
		in, err := Load(t.Context(), []string{typed}, Options{Dir: filepath.Join(dir, "in")})
		if err != nil {
			t.Fatal(err)
		}
		if len(in.Objects) != 1 || in.Objects[0].Root.File().Name != want {
			t.Errorf("%s: want %s, got\n%s", typed, want, dump(in))
		}
	}
}

func TestMentionsObject(t *testing.T) {
	for text, want := range map[string]bool{
		"kind: x":                      true,
		"a: b\nkind: x":                true,
		"{\"kind\":\"x\"}":             true,
		"{\"kind\"  :  \"x\"}":         true,
		"\ufeffkind: x":                true,
		"- kind: x":                    true,
		"'apiVersion' : v1":            true,
		"humankind: x":                 false,
		"kinds: x":                     false,
		"it is of a kind":              false,
		"services:\n  web: {}\n":       false,
		"":                             false,
		"kind":                         false,
		"of a kind\nreally\nkind: x\n": true,
	} {
		if got := mentionsObject([]byte(text)); got != want {
			t.Errorf("%q: got %v, want %v", text, got, want)
		}
	}
}

// TestFetches holds references that kustomize would take for something to fetch, from the tests of its own repospec.go.
func TestFetches(t *testing.T) {
	for text, want := range map[string]bool{
		"https://github.com/org/repo//base?ref=v1": true,
		"HTTP://example.com/x.yaml":                true,
		"https:x":                                  true,
		"ssh://git@github.com/org/repo":            true,
		"file:///srv/repo.git":                     true,
		"git@github.com:org/repo.git":              true,
		"git::https://github.com/org/repo":         true,
		"GitHub.com/org/repo":                      true,
		"github.com:org/repo":                      true,
		"org-12345@github.com:org/repo":            true,
		"../base":                                  false,
		"github.com.yaml":                          false,
		"v1.2/deploy.yaml":                         false,
		"/srv/base":                                false,
	} {
		if got := fetches(text); got != want {
			t.Errorf("%s: got %v, want %v", text, got, want)
		}
	}
}

func TestReasonsInOrder(t *testing.T) {
	for i, r := range Reasons {
		if i > 0 && Reasons[i-1].ID >= r.ID || r.Doc == "" {
			t.Errorf("reason %s is out of order or unexplained", r.ID)
		}
	}
}

// fakeHelm does what helm template does, as far as the package depends on it.
func fakeHelm(play string) {
	if play == "kustomize" {
		switch os.Args[1] {
		case "version":
			fmt.Println("v3.18.4")
		case "template":
			fmt.Print(configMap)
		default:
			os.Exit(1)
		}
		os.Exit(0)
	}
	if len(os.Args) != 4 || os.Args[1] != "template" || !filepath.IsAbs(os.Args[3]) {
		fmt.Fprintln(os.Stderr, "Error: unexpected arguments", os.Args[1:])
		os.Exit(1)
	}
	switch play {
	case "render":
		fmt.Printf("---\n# Source: shop/templates/b.yaml\n%s---\n# Source: shop/templates/a.yaml\n%s---\n# Source: shop/templates/b.yaml\n%s",
			configMap, configMap, strings.ReplaceAll(configMap, "name: a", "name: "+os.Args[2]))
	case "fail":
		fmt.Fprintf(os.Stderr, "Error: execution error at (%s/templates/a.yaml:3:4): a value is missing\n", os.Args[3])
		os.Exit(1)
	case "hang":
		time.Sleep(time.Minute)
	}
	os.Exit(0)
}

func TestHelm(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write(t, dir, "Shop_1/Chart.yaml", "apiVersion: v2\nname: shop\nversion: 1.0.0\n")
	write(t, dir, "Shop_1/values.yaml", "a: 1\n")
	write(t, dir, "Shop_1/templates/a.yaml", "{{ .Values.a }}\n")
	write(t, dir, "Shop_1/crds/c.yaml", strings.ReplaceAll(configMap, "name: a", "name: crd"))
	write(t, dir, "lib/Chart.yaml", "apiVersion: v2\nname: lib\ntype: library\n")

	tests := map[string]string{
		"render": `object Shop_1/crds/c.yaml:1:1 v1 ConfigMap/crd scope=Shop_1/crds
object Shop_1/templates/a.yaml (helm template):3:1 v1 ConfigMap/a scope=Shop_1 built
object Shop_1/templates/b.yaml (helm template):3:1 v1 ConfigMap/a scope=Shop_1 built
object Shop_1/templates/b.yaml (helm template):9:1 v1 ConfigMap/shop-1 scope=Shop_1 built
skipped lib helm-chart a library chart: it is checked with the charts that use it
files 1 documents 1 = loaded 1 + skipped 0 + failed 0; builds 1
`,
		"fail": `object Shop_1/crds/c.yaml:1:1 v1 ConfigMap/crd scope=Shop_1/crds
skipped lib helm-chart a library chart: it is checked with the charts that use it
failure Shop_1: helm cannot render it: execution error at (Shop_1/templates/a.yaml:3:4): a value is missing (render it with the values it needs and check that: helm template Shop_1 -f VALUES | fairway lint -)
files 1 documents 1 = loaded 1 + skipped 0 + failed 0; builds 0
`,
	}
	for play, want := range tests {
		t.Run(play, func(t *testing.T) {
			t.Setenv("FAIRWAY_TEST_HELM", play)
			in, err := Load(t.Context(), []string{"."}, Options{Dir: dir, Helm: self})
			if err != nil {
				t.Fatal(err)
			}
			checkAccounts(t, in)
			if d := cmp.Diff(want, dump(in)); d != "" {
				t.Errorf("-want +got\n%s", d)
			}
		})
	}
	t.Run("kustomize", func(t *testing.T) {
		t.Setenv("FAIRWAY_TEST_HELM", "kustomize")
		forbidNetwork(t)
		dir := t.TempDir()
		write(t, dir, "kustomization.yaml", "namePrefix: x-\nhelmCharts:\n- name: shop\n")
		write(t, dir, "charts/shop/Chart.yaml", "apiVersion: v2\nname: shop\ntype: library\n")
		write(t, dir, "charts/shop/values.yaml", "{}\n")
		in, err := Load(t.Context(), []string{"."}, Options{Dir: dir, Helm: self})
		if err != nil {
			t.Fatal(err)
		}
		if len(in.Objects) != 1 || nameOf(in.Objects[0]) != "x-a" || !in.Objects[0].Built || len(in.Failures) > 0 {
			t.Errorf("got\n%s", dump(in))
		}
	})
	t.Run("hang", func(t *testing.T) {
		t.Setenv("FAIRWAY_TEST_HELM", "hang")
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		start := time.Now()
		if _, err := Load(ctx, []string{"."}, Options{Dir: dir, Helm: self}); err == nil || time.Since(start) > 10*time.Second {
			t.Errorf("helm holds everything up: %v after %v", err, time.Since(start))
		}
	})
}

// TestSilence checks that kustomize's own warnings stay away from standard output and standard error.
func TestSilence(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "kustomization.yaml", "commonLabels: {a: b}\nresources: [a.yaml]\n")
	write(t, dir, "a.yaml", configMap)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, stderr := os.Stdout, os.Stderr
	os.Stdout, os.Stderr = w, w
	in, err := Load(t.Context(), []string{"."}, Options{Dir: dir})
	os.Stdout, os.Stderr = stdout, stderr
	w.Close()
	var said bytes.Buffer
	said.ReadFrom(r)
	if err != nil || said.Len() > 0 || in.Stats.Builds != 1 {
		t.Errorf("builds %d, error %v, said %q", in.Stats.Builds, err, said.String())
	}
}
