// Package ruletest runs the tests of lint rules: one txtar file a rule, testdata/<rule-id>.txtar beside the rule.
//
// The comment on top of the file says in a sentence what the rule is about. Below it, every folder is a case of its own:
//
//	-- firing/app.yaml --
//	...
//	        image: nginx  # want "no tag"
//	-- firing/app.yaml.fixed --
//	the file after the rule's fixes; needed for every file that a fix changes
//	-- silent/app.yaml --
//	a manifest that looks similar and is right
//	-- unknown/app.yaml --
//	kind: Deployment  # unknown "no PodDisruptionBudget"
//
// A case's folder may hold several files and folders: they are one snapshot. Only the rule under test runs, with its default
// parameters. Wanted findings stand on the line they are reported for and hold part of the message; several may stand behind one
// another. Matching is one to one both ways. The comments are taken out before anything is read.
//
// Every rule needs a case named firing* with a finding and one named silent*; a rule with NeedsContext also one named unknown*.
// The fixed files are rewritten by go test -update; the wants are written by hand.
package ruletest

import (
	"flag"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/lint"
	"github.com/fairway-k8s/fairway/internal/load"
	"github.com/fairway-k8s/fairway/internal/rule"
)

var update = flag.Bool("update", false, "rewrite the .fixed files of rule tests")

// Now is the day on which rules are tested.
var Now = time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)

// Run tests every rule of a family against testdata.
func Run(t *testing.T, rules ...*rule.Rule) {
	catalogue, err := rule.NewCatalogue(rules...)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range catalogue.Rules {
		t.Run(r.ID, func(t *testing.T) { testRule(t, catalogue, r) })
	}
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if id := strings.TrimSuffix(filepath.Base(f), ".txtar"); catalogue.Rule(id) == nil {
			t.Errorf("%s tests a rule that does not exist", f)
		}
	}
}

func testRule(t *testing.T, catalogue *rule.Catalogue, r *rule.Rule) {
	name := filepath.Join("testdata", r.ID+".txtar")
	archive, err := txtar.ParseFile(name)
	if err != nil {
		t.Fatalf("every rule has a test: %v", err)
	}
	if len(strings.TrimSpace(string(archive.Comment))) == 0 {
		t.Errorf("%s: say on top what the rule is about", name)
	}
	var order []string
	cases := map[string][]txtar.File{}
	for _, f := range archive.Files {
		folder, _, ok := strings.Cut(f.Name, "/")
		if !ok {
			t.Fatalf("%s: %s is not in the folder of a case", name, f.Name)
		}
		if cases[folder] == nil {
			order = append(order, folder)
		}
		cases[folder] = append(cases[folder], f)
	}
	for prefix, needed := range map[string]bool{"firing": true, "silent": true, "unknown": r.NeedsContext} {
		if needed && !slices.ContainsFunc(order, func(s string) bool { return strings.HasPrefix(s, prefix) }) {
			t.Errorf("%s: a case %s... is missing", name, prefix)
		}
	}
	fixed := false
	for _, folder := range order {
		t.Run(folder, func(t *testing.T) {
			fixed = testCase(t, catalogue, r, folder, cases[folder], archive) || fixed
		})
	}
	if r.Fixes != fixed && !*update {
		t.Errorf("Fixes is %v, but some case has a fixed file: %v", r.Fixes, fixed)
	}
	if *update {
		if err := os.WriteFile(name, txtar.Format(archive), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// want is one expectation.
type want struct {
	file string
	line int
	kind string // want or unknown
	text string
}

func (w want) String() string { return fmt.Sprintf("%s:%d: %s %q", w.file, w.line, w.kind, w.text) }

var (
	wantComment = regexp.MustCompile(`[ \t]*#[ \t]*(?:want|unknown)[ \t]+".*$`)
	wantText    = regexp.MustCompile(`(want|unknown)((?:[ \t]+"(?:[^"\\]|\\.)*")+)`)
	quoted      = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)
)

// strip takes the expectations out of a file.
func strip(name string, data []byte) (string, []want) {
	lines := strings.SplitAfter(string(data), "\n")
	var wants []want
	for i, line := range lines {
		text := strings.TrimRight(line, "\r\n")
		at := wantComment.FindStringIndex(text)
		if at == nil {
			continue
		}
		for _, m := range wantText.FindAllStringSubmatch(text[at[0]:], -1) {
			for _, q := range quoted.FindAllString(m[2], -1) {
				s, err := strconv.Unquote(q)
				if err != nil {
					s = q
				}
				wants = append(wants, want{name, i + 1, m[1], s})
			}
		}
		lines[i] = text[:at[0]] + line[len(text):]
	}
	return strings.Join(lines, ""), wants
}

func testCase(t *testing.T, catalogue *rule.Catalogue, r *rule.Rule, folder string, files []txtar.File, archive *txtar.Archive) (fixed bool) {
	var wants []want
	in := map[string]string{}
	after := map[string]string{}
	for _, f := range files {
		name := strings.TrimPrefix(f.Name, folder+"/")
		if strings.HasSuffix(name, ".fixed") {
			after[strings.TrimSuffix(name, ".fixed")] = string(f.Data)
			continue
		}
		text, w := strip(name, f.Data)
		in[name] = text
		wants = append(wants, w...)
	}
	o := lint.Options{Catalogue: catalogue, Only: []string{r.ID}, Now: Now}
	result, err := lint.Check(load.Strings(in), o)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range result.Failures {
		t.Errorf("%s: %s", f.Place, f.Message)
	}
	compare(t, result, wants)
	if strings.HasPrefix(folder, "firing") && len(result.Findings) == 0 {
		t.Error("a firing case without a finding")
	}

	mended, err := lint.Fix(t.Context(), load.Strings(in), o)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range mended.Refused {
		t.Errorf("fix refused: %s: %s", x.Finding.Place, x.Reason)
	}
	for name, text := range in {
		got := text
		for _, f := range mended.Files {
			if f.Name == name {
				got = string(f.After)
			}
		}
		if got == text && after[name] == "" {
			continue
		}
		fixed = true
		if *update {
			setFile(archive, path.Join(folder, name+".fixed"), []byte(got))
			continue
		}
		if diff := cmp.Diff(after[name], got); diff != "" {
			t.Errorf("%s.fixed differs (-want +got):\n%s", name, diff)
		}
	}
	return fixed
}

func setFile(a *txtar.Archive, name string, data []byte) {
	for i := range a.Files {
		if a.Files[i].Name == name {
			a.Files[i].Data = data
			return
		}
	}
	at := slices.IndexFunc(a.Files, func(f txtar.File) bool { return f.Name == strings.TrimSuffix(name, ".fixed") })
	a.Files = slices.Insert(a.Files, at+1, txtar.File{Name: name, Data: data})
}

func compare(t *testing.T, r *lint.Result, wants []want) {
	t.Helper()
	take := func(kind string, p finding.Place, message string) {
		for i, w := range wants {
			if w.kind == kind && w.file == p.File && w.line == p.Line && strings.Contains(message, w.text) {
				wants = slices.Delete(wants, i, i+1)
				return
			}
		}
		t.Errorf("%s: not wanted: %s %q", p, kind, message)
	}
	for _, f := range r.Findings {
		take("want", f.Place, f.Message)
	}
	for _, u := range r.Unknown {
		take("unknown", u.Place, u.Missing)
	}
	for _, w := range wants {
		t.Errorf("not found: %s", w)
	}
}

// Snapshot makes a snapshot of manifests, for tests of code that is given one.
func Snapshot(t *testing.T, manifests map[string]string) *cluster.Snapshot {
	t.Helper()
	c, err := rule.NewCatalogue()
	if err != nil {
		t.Fatal(err)
	}
	r, err := lint.Check(load.Strings(manifests), lint.Options{Catalogue: c, Now: Now})
	if err != nil {
		t.Fatal(err)
	}
	return r.Snapshot
}
