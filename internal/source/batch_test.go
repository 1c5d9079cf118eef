package source

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// oneAfterAnother is ApplyAll as it is described: Apply for each request, with the node that stands in the place of its root.
func oneAfterAnother(f *File, requests []Request) (*File, []Answer) {
	answers := make([]Answer, len(requests))
	at := f
	for i, r := range requests {
		doc := f.documentOf(r.Root)
		top, ok := pathTo(f.Docs[doc].Root, r.Root)
		e, rest := at.Docs[doc].Root.Reach(top)
		if !ok || len(rest) > 0 || e.Value.Kind() == Alias {
			answers[i].Err = &ChangeError{}
			continue
		}
		next, edits, err := at.Apply(e.Value, r.Changes...)
		if answers[i].Err = err; err == nil && len(edits) > 0 {
			answers[i].Taken = true
			at = next
		}
	}
	return at, answers
}

// TestApplyAllLikeApply makes many random requests of files of several documents, at once and one after another.
func TestApplyAllLikeApply(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	cases := editCases(t)
	rounds, taken, refused := 1500, 0, 0
	if testing.Short() {
		rounds = 200
	}
	for round := range rounds {
		var texts []string
		for range 1 + rng.IntN(4) {
			in := cases[rng.IntN(len(cases))].in
			if !strings.HasSuffix(in, "\n") {
				in += "\n"
			}
			texts = append(texts, in)
		}
		name := "test.yaml"
		if round%20 == 0 {
			name = "test.json"
		}
		f := Parse(name, []byte(strings.Join(texts, "---\n")))
		var roots []Node
		unread := false
		for _, d := range f.Docs {
			unread = unread || d.Err != nil || isJSON(d.Root)
			if d.Root.IsZero() {
				continue
			}
			roots = append(roots, d.Root)
			for _, item := range d.Root.Items() {
				roots = append(roots, item)
			}
		}
		if _, err := forest(f.Data); err != nil || unread || len(roots) == 0 {
			continue
		}
		var requests []Request
		for range 1 + rng.IntN(8) {
			b := make(chooser, 40)
			for i := range b {
				b[i] = byte(rng.Uint32())
			}
			r := Request{Root: roots[rng.IntN(len(roots))]}
			for range 1 + b.choose(3) {
				r.Changes = append(r.Changes, b.change(r.Root))
			}
			if b.choose(12) == 1 {
				r.Changes = append(r.Changes, Change{Op: Append, Value: Map(Field{Key: "a", Value: b.value(1)})})
			}
			requests = append(requests, r)
		}
		want, wanted := oneAfterAnother(f, requests)
		if slices.ContainsFunc(wanted, func(a Answer) bool { return a.Err != nil && strings.Contains(a.Err.Error(), "JSON file") }) && name == "test.yaml" {
			continue // the changes made JSON of it; whether a document can be appended, ApplyAll sees by the file as it was
		}
		got, edits, answers := f.ApplyAll(requests)
		same := bytes.Equal(want.Data, got.Data)
		for i := range answers {
			same = same && answers[i].Taken == wanted[i].Taken && (answers[i].Err == nil) == (wanted[i].Err == nil)
			if answers[i].Taken {
				taken++
			} else if answers[i].Err != nil {
				refused++
			}
		}
		if !same {
			t.Fatalf("round %d, %s:\n%q\nrequests: %+v\nwant %q\ngot  %q\nwant %+v\ngot  %+v", round, name, f.Data, requests, want.Data, got.Data, wanted, answers)
		}
		checkEdits(t, f, got, edits)
		_, first, err := f.Apply(requests[0].Root, requests[0].Changes...)
		alone, err2 := f.Edits(requests[0].Root, requests[0].Changes...)
		if !slices.Equal(first, alone) || (err == nil) != (err2 == nil) {
			t.Fatalf("round %d: Edits returns %v, %v, Apply %v, %v", round, alone, err2, first, err)
		}
	}
	if taken < rounds || refused < rounds/10 {
		t.Errorf("%d requests were taken and %d refused in %d rounds, too few to mean something", taken, refused, rounds)
	}
}

// TestApplyAllKeepsTheOthers: a request that cannot be done hinders no other, neither in its document nor behind the last.
func TestApplyAllKeepsTheOthers(t *testing.T) {
	f := Parse("test.yaml", []byte("a: 1 # one\n---\na: {b: 2}\n---\na: 3\n"))
	root := func(i int) Node { return f.Docs[i].Root }
	set := func(path string, n int64) Change { return Change{Path: MustPath(path), Value: Int(n)} }
	add := func(n int64) Change { return Change{Op: Append, Value: Map(Field{Key: "new", Value: Int(n)})} }
	next, _, answers := f.ApplyAll([]Request{
		{root(0), []Change{set("a", 10)}},
		{root(1), []Change{set("a.c", 5), set("a.b.c", 6)}}, // b is a scalar: a.c is not made either
		{root(1), []Change{set("a.d", 7), add(1)}},
		{root(2), []Change{set("a", 3)}}, // as it is
		{root(0), []Change{add(2)}},
		{Node{}, []Change{set("a", 1)}},
		{root(0), []Change{set("b", 8)}},
	})
	const want = "a: 10 # one\nb: 8\n---\na: {b: 2, d: 7}\n---\na: 3\n---\nnew: 1\n---\nnew: 2\n"
	if string(next.Data) != want {
		t.Errorf("got\n%swant\n%s", next.Data, want)
	}
	got := ""
	for _, a := range answers {
		got += fmt.Sprintf("%t %t, ", a.Taken, a.Err != nil)
	}
	if want := "true false, false true, true false, false false, true false, false true, true false, "; got != want {
		t.Errorf("taken and refused: got %swant %s", got, want)
	}
}

// BenchmarkApplyAll makes five changes in every document of a file. The time for one document must not depend on their number.
func BenchmarkApplyAll(b *testing.B) {
	for _, n := range []int{100, 400} {
		b.Run(fmt.Sprintf("documents=%d", n), func(b *testing.B) {
			f := Parse("test.yaml", []byte(strings.Repeat("---\napiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n  containers:\n  - name: a\n    image: b:1\n", n)))
			var requests []Request
			for _, d := range f.Docs {
				for k := range 5 {
					requests = append(requests, Request{d.Root, []Change{{Path: MustPath("spec.containers[0].securityContext.k" + itoa(int64(k))), Value: Bool(true)}}})
				}
			}
			for b.Loop() {
				f.ApplyAll(requests)
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/float64(n), "µs/document")
		})
	}
}
