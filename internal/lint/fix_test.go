package lint_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/lint"
	"github.com/fairway-k8s/fairway/internal/load"
	"github.com/fairway-k8s/fairway/internal/rule"
	"github.com/fairway-k8s/fairway/internal/rule/manifest"
	"github.com/fairway-k8s/fairway/internal/source"
)

var today = time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)

// wish is a rule that fires on objects whose annotation differs from a value, and mends that with a change.
func wish(id, annotation, want string, change source.Change) *rule.Rule {
	r := &rule.Rule{ID: id, Title: "t", Why: "w", How: "h", Severity: finding.Should, Profile: rule.Golden, Since: "1.0.0", Fixes: true}
	r.Object = func(p *rule.Pass, o *cluster.Object) {
		if o.Annotations[annotation] != want {
			p.Report(o, "metadata.annotations."+annotation, "%s is not %s", annotation, want).Fix = rule.Mend("set it", change)
		}
	}
	return r
}

func annotate(name, value string) source.Change {
	return rule.Set("metadata.annotations."+name, source.String(value))
}

// forbid is a rule that fires on objects with an annotation, and has no fix.
func forbid(id, annotation string) *rule.Rule {
	r := wish(id, annotation, "", source.Change{})
	r.Fixes = false
	r.Object = func(p *rule.Pass, o *cluster.Object) {
		if o.Annotations[annotation] != "" {
			p.Report(o, "metadata.annotations."+annotation, "%s is there", annotation)
		}
	}
	return r
}

// after is a rule that fires on objects that have an annotation and lack its own, and mends that with a change.
func after(id, annotation string, change source.Change) *rule.Rule {
	r := wish(id, id, "1", change)
	r.Object = func(p *rule.Pass, o *cluster.Object) {
		if o.Annotations[annotation] != "" && o.Annotations[id] == "" {
			p.Report(o, "metadata.annotations."+id, "%s is not there", id).Fix = rule.Mend("set it", change)
		}
	}
	return r
}

// options returns options with fake rules and those of the API server.
func options(t *testing.T, rules ...*rule.Rule) lint.Options {
	t.Helper()
	c, err := rule.NewCatalogue(slices.Concat(rules, manifest.Rules())...)
	if err != nil {
		t.Fatal(err)
	}
	return lint.Options{Catalogue: c, Now: today}
}

func configMap(name string, annotations ...string) string {
	s := "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: " + name + "\n  namespace: shop\n"
	if len(annotations) > 0 {
		s += "  annotations:\n"
	}
	for _, a := range annotations {
		s += "    " + a + "\n"
	}
	return s
}

// outcome puts the files after Fix, and what was refused, into one text.
func outcome(m *lint.Mended) string {
	var b strings.Builder
	for _, f := range m.Files {
		fmt.Fprintf(&b, "-- %s --\n%s", f.Name, f.After)
	}
	for _, r := range m.Refused {
		fmt.Fprintf(&b, "refused %s of %s: %s\n", r.Finding.Rule, r.Finding.Object, r.Reason)
	}
	return b.String()
}

func TestGates(t *testing.T) {
	for _, x := range []struct {
		name  string
		rules []*rule.Rule
		only  []string
		files map[string]string
		fixed int
		want  string
	}{
		{
			name: "several fixes in one file", fixed: 3,
			rules: []*rule.Rule{wish("a", "a", "1", annotate("a", "1")), wish("b", "b", "2", annotate("b", "2"))},
			files: map[string]string{"f.yaml": configMap("x", "a: \"0\"  # why") + "---\n" + configMap("w", "b: \"2\"")},
			want: "-- f.yaml --\n" + configMap("x", "a: \"1\"  # why", "b: \"2\"") + "---\n" +
				configMap("w", "b: \"2\"", "a: \"1\""),
		},
		{
			name: "a fix that makes another rule fire is refused, its neighbours are not", fixed: 2,
			rules: []*rule.Rule{wish("a", "a", "1", annotate("a", "1")), wish("b", "b", "2", annotate("b", "2")), wish("c", "c", "3", annotate("c", "3")), forbid("no-b", "b")},
			files: map[string]string{"f.yaml": configMap("x", "z: \"0\"")},
			want: "-- f.yaml --\n" + configMap("x", "z: \"0\"", "a: \"1\"", "c: \"3\"") +
				"refused b of shop/ConfigMap/x: it would make shop/ConfigMap/x break no-b\n",
		},
		{
			name:  "--rule narrows what is mended, not what is guarded",
			rules: []*rule.Rule{wish("b", "b", "2", annotate("b", "2")), forbid("no-b", "b")}, only: []string{"b"},
			files: map[string]string{"f.yaml": configMap("x", "z: \"0\"")},
			want:  "refused b of shop/ConfigMap/x: it would make shop/ConfigMap/x break no-b\n",
		},
		{
			name: "a fix that the API server refuses is refused", fixed: 1,
			rules: []*rule.Rule{wish("a", "a", "1", annotate("a", "1")), wish("b", "b", "2", rule.Set("metadata.name", source.String("Not A Name")))},
			files: map[string]string{"f.yaml": configMap("x", "z: \"0\"")},
			want:  "-- f.yaml --\n" + configMap("x", "z: \"0\"", "a: \"1\"") + "refused b of shop/ConfigMap/x: it would make shop/ConfigMap/Not A Name break api-invalid\n",
		},
		{
			name: "an object in another API version is the same object, with the findings that it had", fixed: 1,
			rules: []*rule.Rule{forbid("no-a", "a")},
			files: map[string]string{"f.yaml": "apiVersion: scheduling.k8s.io/v1beta1\nkind: PriorityClass\nmetadata: {name: x, annotations: {a: \"1\"}}\nvalue: 1\n"},
			want:  "-- f.yaml --\napiVersion: scheduling.k8s.io/v1\nkind: PriorityClass\nmetadata: {name: x, annotations: {a: \"1\"}}\nvalue: 1\n",
		},
		{
			name: "and so is one in another namespace", fixed: 1,
			rules: []*rule.Rule{forbid("no-a", "a"), wish("b", "b", "2", rule.Set("metadata", source.MustValue("{name: x, namespace: shop, annotations: {a: \"1\", b: \"2\"}}")))},
			files: map[string]string{"f.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, annotations: {a: \"1\"}}\n"},
			want:  "-- f.yaml --\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, namespace: shop, annotations: {a: \"1\", b: \"2\"}}\n",
		},
		{
			name: "a fix that leaves its finding is refused", fixed: 1,
			rules: []*rule.Rule{wish("a", "a", "1", annotate("a", "1")), wish("b", "b", "2", annotate("b", "3"))},
			files: map[string]string{"f.yaml": configMap("x", "z: \"0\"")},
			want:  "-- f.yaml --\n" + configMap("x", "z: \"0\"", "a: \"1\"") + "refused b of shop/ConfigMap/x: b would still be found in shop/ConfigMap/x\n",
		},
		{
			name:  "a fix that changes nothing is refused",
			rules: []*rule.Rule{wish("b", "b", "2", annotate("z", "0"))},
			files: map[string]string{"f.yaml": configMap("x", "z: \"0\"")},
			want:  "refused b of shop/ConfigMap/x: its fix changes nothing\n",
		},
		{
			name: "only the files that need it are touched", fixed: 2,
			rules: []*rule.Rule{wish("a", "a", "1", annotate("a", "1")), wish("b", "b", "2", annotate("b", "2"))},
			files: map[string]string{"f.yaml": configMap("x", "a: \"0\"", "b: \"0\""), "g.yaml": configMap("w", "a: \"1\"", "b: \"2\"")},
			want:  "-- f.yaml --\n" + configMap("x", "a: \"1\"", "b: \"2\""),
		},
		{
			name: "items of a List", fixed: 2,
			rules: []*rule.Rule{wish("a", "a", "1", annotate("a", "1"))},
			files: map[string]string{"f.yaml": "apiVersion: v1\nkind: List\nitems:\n" +
				"- apiVersion: v1\n  kind: ConfigMap\n  metadata: {name: x, annotations: {a: \"0\"}}\n" +
				"- apiVersion: v1\n  kind: ConfigMap\n  metadata:\n    name: w\n    annotations:\n      a: '0' # soon\n"},
			want: "-- f.yaml --\napiVersion: v1\nkind: List\nitems:\n" +
				"- apiVersion: v1\n  kind: ConfigMap\n  metadata: {name: x, annotations: {a: \"1\"}}\n" +
				"- apiVersion: v1\n  kind: ConfigMap\n  metadata:\n    name: w\n    annotations:\n      a: '1' # soon\n",
		},
		{
			name: "what a fix reveals is mended with it", fixed: 1,
			rules: []*rule.Rule{wish("a", "a", "1", annotate("a", "1")), after("b", "a", annotate("b", "1")), after("c", "b", annotate("c", "1"))},
			files: map[string]string{"f.yaml": configMap("x", "z: \"0\"")},
			want:  "-- f.yaml --\n" + configMap("x", "z: \"0\"", "a: \"1\"", "b: \"1\"", "c: \"1\""),
		},
		{
			name:  "a fix is refused when not all that it reveals can be mended",
			rules: []*rule.Rule{wish("a", "a", "1", annotate("a", "1")), after("b", "a", annotate("b", "1")), forbid("no-b", "b")},
			files: map[string]string{"f.yaml": configMap("x", "z: \"0\"")},
			want:  "refused a of shop/ConfigMap/x: it would make shop/ConfigMap/x break no-b\n",
		},
		{
			name: "two fixes that each undo the other", fixed: 1,
			rules: []*rule.Rule{wish("a", "x", "1", annotate("x", "1")), wish("b", "x", "2", annotate("x", "2")), wish("c", "c", "1", annotate("c", "1"))},
			files: map[string]string{"f.yaml": configMap("x", "x: \"1\"")},
			want: "-- f.yaml --\n" + configMap("x", "x: \"1\"", "c: \"1\"") +
				"refused b of shop/ConfigMap/x: b would still be found in shop/ConfigMap/x\n",
		},
	} {
		t.Run(x.name, func(t *testing.T) {
			o := options(t, x.rules...)
			o.Only = x.only
			m, err := lint.Fix(t.Context(), load.Strings(x.files), o)
			if err != nil {
				t.Fatal(err)
			}
			if got := outcome(m); got != x.want {
				t.Errorf("got:\n%s\nwant:\n%s", got, x.want)
			}
			if len(m.Fixed) != x.fixed {
				t.Errorf("%d findings are fixed, want %d", len(m.Fixed), x.fixed)
			}
			// A second run changes nothing.
			after := maps.Clone(x.files)
			for _, f := range m.Files {
				after[f.Name] = string(f.After)
			}
			again, err := lint.Fix(t.Context(), load.Strings(after), o)
			if err != nil {
				t.Fatal(err)
			}
			if len(again.Files) > 0 {
				t.Errorf("a second run changes:\n%s", outcome(again))
			}
		})
	}
}

// A fix to one object that makes an object of another file break a rule is found, and only that fix is refused.
func TestHarmToANeighbour(t *testing.T) {
	together := wish("together", "none", "", source.Change{})
	together.Object, together.Snapshot, together.Fixes = nil, func(p *rule.Pass) {
		for _, o := range p.Objects {
			if o.Name != "watcher" {
				continue
			}
			for _, other := range p.Objects {
				if other.Name == "x3" && other.Annotations["a"] == "1" {
					p.Report(o, "metadata", "%s has changed", other.Name)
				}
			}
		}
	}, false
	files := map[string]string{"w.yaml": configMap("watcher", "a: \"1\"")}
	for i := range 8 {
		files[fmt.Sprintf("f%d.yaml", i)] = configMap(fmt.Sprintf("x%d", i), "a: \"0\"")
	}
	m, err := lint.Fix(t.Context(), load.Strings(files), options(t, wish("a", "a", "1", annotate("a", "1")), together))
	if err != nil {
		t.Fatal(err)
	}
	if len(m.Fixed) != 7 || len(m.Refused) != 1 || m.Refused[0].Finding.Object.Name != "x3" {
		t.Errorf("%d fixed, want 7; refused: %v, want x3", len(m.Fixed), m.Refused)
	}
}

// However rules get in each other's way, Fix comes to an end, gives the same every time, breaks no rule that passed, and a second
// run changes nothing.
func TestFixOfManyRules(t *testing.T) {
	fixed, refused := 0, 0
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 0))
		name := func() string { return string(rune('a' + r.IntN(8))) }
		var rules []*rule.Rule
		for i := range 4 + r.IntN(12) {
			id := fmt.Sprintf("r%d", i)
			of, value := name(), strconv.Itoa(r.IntN(2))
			change := annotate(of, value)
			if r.IntN(4) == 0 {
				change = annotate(name(), "2")
			}
			switch r.IntN(4) {
			case 0:
				rules = append(rules, after(id, name(), change))
			case 1:
				rules = append(rules, forbid(id, name()))
			case 2:
				rules = append(rules, envy(id, of, change))
			default:
				rules = append(rules, wish(id, of, value, change))
			}
		}
		files := map[string]string{}
		for i := range 6 {
			var annotations []string
			for _, n := range r.Perm(8)[:1+r.IntN(3)] {
				annotations = append(annotations, fmt.Sprintf("%c: \"%d\"", 'a'+n, r.IntN(2)))
			}
			files[fmt.Sprintf("f%d.yaml", i/2)] += "---\n" + configMap(fmt.Sprintf("x%d", i), annotations...)
		}
		fix := func(files map[string]string) *lint.Mended {
			t.Helper()
			m, err := lint.Fix(t.Context(), load.Strings(files), options(t, rules...))
			if err != nil {
				t.Fatal(err)
			}
			return m
		}
		before, err := lint.Check(load.Strings(files), options(t, rules...))
		if err != nil {
			t.Fatal(err)
		}
		m := fix(files)
		fixed, refused = fixed+len(m.Fixed), refused+len(m.Refused)
		was := map[string]int{}
		for _, f := range before.Findings {
			was[f.Object.String()+f.Rule]++
		}
		for _, f := range m.After.Findings {
			if was[f.Object.String()+f.Rule]--; was[f.Object.String()+f.Rule] < 0 {
				t.Errorf("seed %d: %s breaks %s since it was mended", seed, f.Object, f.Rule)
			}
		}
		if again := fix(files); outcome(again) != outcome(m) {
			t.Errorf("seed %d: two runs differ:\n%s\n%s", seed, outcome(m), outcome(again))
		}
		mended := maps.Clone(files)
		for _, f := range m.Files {
			mended[f.Name] = string(f.After)
		}
		if second := fix(mended); len(second.Files) > 0 {
			t.Errorf("seed %d: a second run changes:\n%s", seed, outcome(second))
		}
	}
	t.Logf("%d findings mended, %d fixes refused", fixed, refused)
	if fixed < 100 || refused < 100 {
		t.Errorf("%d findings mended and %d fixes refused: too few for the test to say anything", fixed, refused)
	}
}

// envy is a rule that fires on objects whose annotation is less than another object's, and mends that with a change.
func envy(id, annotation string, change source.Change) *rule.Rule {
	r := wish(id, annotation, "", change)
	r.Object, r.Snapshot = nil, func(p *rule.Pass) {
		most := ""
		for _, o := range p.Objects {
			most = max(most, o.Annotations[annotation])
		}
		for _, o := range p.Objects {
			if o.Annotations[annotation] < most {
				p.Report(o, "metadata.annotations."+annotation, "%s is less than %s", annotation, most).Fix = rule.Mend("set it", change)
			}
		}
	}
	return r
}

// Fix stops between two checks when it is told to.
func TestFixStops(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	o := options(t, wish("a", "a", "1", annotate("a", "1")))
	o.Progress = func(int, int) { stop() }
	if m, err := lint.Fix(ctx, load.Strings(map[string]string{"f.yaml": configMap("x")}), o); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, %v; want that it was stopped", m, err)
	}
}

// What refusals cost does not grow with their number: fixes that do harm in many objects are found side by side.
func TestRefusalsAreCheap(t *testing.T) {
	checks := func(n int) int {
		runs := 0
		counter := forbid("counter", "none")
		counter.Object, counter.Snapshot = nil, func(*rule.Pass) { runs++ }
		rules := []*rule.Rule{counter, forbid("no-harm", "harm"), wish("harm", "harm", "x", annotate("harm", "x"))}
		for i := range 5 {
			id := fmt.Sprintf("good%d", i)
			rules = append(rules, wish(id, id, "1", annotate(id, "1")))
		}
		files := map[string]string{}
		for i := range n {
			name := fmt.Sprintf("f%02d.yaml", i%4) // several objects in one file
			files[name] += "---\n" + configMap(fmt.Sprintf("x%d", i))
		}
		m, err := lint.Fix(t.Context(), load.Strings(files), options(t, rules...))
		if err != nil {
			t.Fatal(err)
		}
		if len(m.Refused) != n || len(m.Fixed) != 5*n {
			t.Fatalf("%d objects: %d refused, %d fixed, want %d and %d", n, len(m.Refused), len(m.Fixed), n, 5*n)
		}
		return runs
	}
	one, many := checks(1), checks(64)
	t.Logf("1 refusal costs %d checks, 64 cost %d", one, many)
	if many > one+2 {
		t.Errorf("1 refusal costs %d checks, 64 cost %d", one, many)
	}
}

// A finding of a base that two overlays build is one, and its fix goes into the base.
func TestBaseOfTwoOverlays(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{
		"base/kustomization.yaml":     "resources: [cm.yaml]\n",
		"base/cm.yaml":                configMap("x", "a: \"0\" # here"),
		"over/one/kustomization.yaml": "namePrefix: one-\nresources: [../../base]\n",
		"over/two/kustomization.yaml": "namePrefix: two-\nresources: [../../base]\n",
	})
	in, err := load.Load(t.Context(), []string{"."}, load.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	o := options(t, wish("a", "a", "1", annotate("a", "1")))
	r, err := lint.Check(in, o)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range r.Findings {
		if f.Place.String() != "base/cm.yaml:7:8" {
			t.Errorf("%s %s: want it in the base", f.Place, f.Object)
		}
	}
	if len(r.Findings) != 1 {
		t.Errorf("%d findings, want one for both builds", len(r.Findings))
	}
	m, err := lint.Fix(t.Context(), in, o)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := outcome(m), "-- base/cm.yaml --\n"+configMap("x", "a: \"1\" # here"); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
	if len(m.After.Findings) > 0 {
		t.Errorf("after: %v", m.After.Findings[0])
	}
}

// What a fix really does to a build is asked of the build: an overlay may bring back what the fix took, or need what it changed.
func TestRebuild(t *testing.T) {
	for _, x := range []struct {
		name, patch, want string
		fixed             int
	}{
		{name: "a patch elsewhere", patch: "- {op: add, path: /metadata/annotations/b, value: \"2\"}", fixed: 1,
			want: "-- base/cm.yaml --\n" + configMap("x", "a: \"1\"")},
		{name: "a patch that needs what was there", patch: "- {op: test, path: /metadata/annotations/a, value: \"0\"}\n- {op: add, path: /metadata/annotations/b, value: \"2\"}",
			want: "refused a of shop/ConfigMap/x: a build of its file would fail"},
		{name: "a patch that brings it back", patch: "- {op: replace, path: /metadata/annotations/a, value: \"0\"}",
			want: "refused a of shop/ConfigMap/x: a build of its file would break a with ConfigMap/x\n"},
	} {
		t.Run(x.name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, map[string]string{
				"base/kustomization.yaml": "resources: [cm.yaml]\n",
				"base/cm.yaml":            configMap("x", "a: \"0\""),
				"over/kustomization.yaml": "resources: [../base]\npatches: [{target: {kind: ConfigMap}, path: patch.yaml}]\n",
				"over/patch.yaml":         x.patch + "\n",
			})
			read := func(changed map[string][]byte) (*load.Input, error) {
				return load.Load(t.Context(), []string{"."}, load.Options{Dir: dir, Instead: changed})
			}
			in, err := read(nil)
			if err != nil || in.Stats.Builds != 1 || len(in.Failures) > 0 {
				t.Fatal(err, in.Stats, in.Failures)
			}
			o := options(t, wish("a", "a", "1", annotate("a", "1")))
			o.Reload = read
			m, err := lint.Fix(t.Context(), in, o)
			if err != nil {
				t.Fatal(err)
			}
			if got := outcome(m); !strings.HasPrefix(got, x.want) || len(m.Fixed) != x.fixed {
				t.Errorf("%d fixed, want %d; got:\n%s\nwant:\n%s", len(m.Fixed), x.fixed, got, x.want)
			}
		})
	}
}
