package merge_test

import (
	"errors"
	"fmt"
	"maps"
	"math/big"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/fairway-k8s/fairway/internal/merge"
	"github.com/fairway-k8s/fairway/internal/source"
)

// Each guarantee of doc.go is a fuzz target here, told in the simplest terms there are: base, ours, theirs and the result as another YAML reader
// sees them, place by place. They know nothing of how the merge pairs items or what its own proof looked at.

// keyTwice reports whether a mapping of a text has a key twice.
func keyTwice(text string) bool {
	dec := yaml.NewDecoder(strings.NewReader(text))
	for {
		var doc any
		err := dec.Decode(&doc)
		if err != nil {
			return strings.Contains(err.Error(), "already defined")
		}
	}
}

// (a) a value that only the team changed is never altered
func FuzzOursStays(f *testing.F) {
	fuzz(f, func(t *testing.T, x *merged) {
		x.places(func(p spot) {
			if alike(p.base, p.theirs) && !alike(p.after, p.ours) {
				t.Errorf("%s is %v and was %v, although theirs left it alone", p.path, p.after, p.ours)
			}
		})
	})
}

// (b) a value that only the path changed arrives
func FuzzTheirsArrives(f *testing.F) {
	fuzz(f, func(t *testing.T, x *merged) {
		x.places(func(p spot) {
			if alike(p.base, p.ours) && !alike(p.base, p.theirs) && !alike(p.after, p.theirs) && !x.conflictNear(p.path) {
				t.Errorf("%s is %v instead of %v, although ours left it alone", p.path, p.after, p.theirs)
			}
		})
	})
}

// (c) what both changed is reported, and the team's value kept
func FuzzClashIsReported(f *testing.F) {
	fuzz(f, func(t *testing.T, x *merged) {
		x.places(func(p spot) {
			if !oneLine(p.base, p.ours, p.theirs) || alike(p.base, p.ours) || alike(p.base, p.theirs) || alike(p.ours, p.theirs) {
				return
			}
			if !alike(p.after, p.ours) {
				t.Errorf("%s is %v, and both changed it: %v is to stay", p.path, p.after, p.ours)
			}
			if !x.conflictAt(p.path) {
				t.Errorf("%s: both changed it, and no conflict says so", p.path)
			}
		})
	})
}

// (d) lines outside of what is touched keep their bytes
func FuzzLinesStay(f *testing.F) {
	fuzz(f, func(t *testing.T, x *merged) {
		x.places(func(p spot) {
			base, ours, theirs := linesAt(x.base, p.path), linesAt(x.ours, p.path), linesAt(x.theirs, p.path)
			if base != "" && base == theirs && behind(x.base, p.path) == behind(x.theirs, p.path) && ours != "" && !strings.Contains("\n"+x.after, "\n"+ours) {
				t.Errorf("%s: theirs did not touch it, and these lines are not in the result\n%s", p.path, ours)
			}
		})
	})
}

// (e) no comment of the team disappears, commented-out YAML included
func FuzzCommentsStay(f *testing.F) {
	fuzz(f, func(t *testing.T, x *merged) {
		for _, text := range []string{x.base, x.ours, x.theirs, x.after} {
			if slices.ContainsFunc(source.Parse("a", []byte(text)).Docs, func(d source.Document) bool { return d.Err != nil }) {
				return // merged by lines, and where comments are nobody knows
			}
		}
		base, ours, theirs, after := commentsOf(x.base), commentsOf(x.ours), commentsOf(x.theirs), commentsOf(x.after)
		for text, n := range ours {
			if gone := n - after[text]; gone > max(0, base[text]-theirs[text]) {
				t.Errorf("the comment %q is lost", text)
			}
		}
	})
}

// (f) what the team deleted stays deleted
func FuzzDeletionStays(f *testing.F) {
	fuzz(f, func(t *testing.T, x *merged) {
		x.places(func(p spot) {
			if p.base != absent && p.ours == absent && p.after != absent {
				t.Errorf("%s was deleted and is there again: %v", p.path, p.after)
			}
		})
	})
}

// (g) the result can be read, has no new duplicate keys, list items of one identity or contradictions
func FuzzResultIsSound(f *testing.F) {
	handlers := []string{"exec", "httpGet", "tcpSocket", "grpc"}
	fuzz(f, func(t *testing.T, x *merged) {
		_, ours := read(x.ours)
		_, theirs := read(x.theirs)
		if _, err := read(x.after); err != nil && ours == nil && theirs == nil {
			t.Errorf("the result cannot be read: %v", err)
		}
		x.places(func(p spot) {
			if byName[p.key()] && named(p.ours) && named(p.theirs) && !named(p.after) {
				t.Errorf("%s: a name stands twice in %v", p.path, p.after)
			}
			if strings.HasSuffix(p.key(), "Probe") && has(p.after, handlers) > max(1, has(p.ours, handlers), has(p.theirs, handlers)) {
				t.Errorf("%s: more than one way to probe in %v", p.path, p.after)
			}
		})
	})
}

// fuzz runs a property on merges: the cases of the other tests, merges of random changes, and what the fuzzer thinks of. Of an even seed ours
// and theirs are changes of base as people make them.
func fuzz(f *testing.F, holds func(*testing.T, *merged)) {
	for _, test := range guaranteed {
		f.Add(deployment, change(f, deployment, test.ours...), change(f, deployment, test.theirs...), uint64(1))
	}
	for _, x := range crashers {
		f.Add(x[0], x[1], x[2], uint64(1))
	}
	f.Add("apiVersion: \nkind: Deployment\nmetadata:\n name: checkout\n"+strings.Repeat("8", 2666)+"spec:", "", "", uint64(8)) // a key longer than a reader takes
	all := append(bases(f), deployment)
	for seed := range uint64(200) {
		f.Add(all[seed%uint64(len(all))], "", "", 2*seed)
	}
	f.Fuzz(func(t *testing.T, base, ours, theirs string, seed uint64) {
		if seed%2 == 0 {
			rng := rand.New(rand.NewPCG(seed, 3))
			ours, theirs = mutate(rng, base), mutate(rng, base)
		}
		r, err := merge.Merge(input(base), input(ours), input(theirs), merge.Options{})
		if err == nil {
			x := &merged{base: base, ours: ours, theirs: theirs, result: r}
			if len(r.Files) > 0 {
				x.after = string(r.Files[0].After)
			}
			holds(t, x)
		} else if _, refused := errors.AsType[*merge.ProofError](err); !refused || !slices.ContainsFunc([]string{base, ours, theirs}, keyTwice) {
			t.Error(err) // but YAML forbids a key twice: refusing such a file loses nothing
		}
		if t.Failed() {
			t.Logf("\n--- base\n%q\n--- ours\n%q\n--- theirs\n%q", base, ours, theirs)
		}
	})
}

// crashers are what the fuzzer once found: base, ours, theirs.
var crashers = [][3]string{
	{"spec:\n  replicas: 2  # two zones\n", "spec:\n  replicas: 2  # two zones\n#", "!"},
	{deployment, strings.ReplaceAll(deployment, "\n", "\r\n"), "a: &x {b: 1}\nc: *x\n"},
	{"{\nw: 0\nx: 1\ny: 2\nv: 8\nz: 3\n", "w: 0\ny: 2\nx: 1\nv: 8\nz: 3\n", "w: 0\nx: 1\nv: 8\nz: 3\ny: 2\n"}, // base is no YAML, both others are
	{"env:\n- nam: A\n  value: a\n", "env:\n- name: A\n  value: a\n- name: B\n  value: b\n", "env:\n- name: B\n  value: c\n- name: A\n  value: a\n"},
	{"env:\n- nam: A\n", "env:\n- name: A\n- name: B\n  value: b\n", "env:\n- name: B\n  value: c\n- name:\n"},
	{"a:\n- 1\n- 2\n", "a:\n  - 2 # two\n  - 1\n", "a: [1, 2, 3]"},
	{"apiVersion:\nkind: Deployment\nmetadata:\n name: checkout", "apiVersion:\nkind: Deployment\nmetadata:\n name: 0:0", "0"},
	{"apiVersion: \nkind: Deployment\nmetadata:\n name: checkout\nspec:", "apiVersion: \nkind: Deployment\nmetadata:\n name: checkout\nspec:\n 00:",
		"apiVersion: \nkind: Deployment\nmetadata:\n name: checkout\nspec:\n 0:"},
}

// merged is one merge: the texts of its three sides and of the result.
type merged struct {
	base, ours, theirs, after string
	result                    *merge.Result
}

// spot is one place: an entry of a mapping or an item with a name, and what each side has there.
type spot struct {
	path                      source.Path
	base, ours, theirs, after any
}

// absent is what a side has where it has nothing.
var absent any = new(int)

// byName are lists whose items are told apart by their name and nothing else.
var byName = map[string]bool{"containers": true, "initContainers": true, "env": true, "volumes": true}

func (p spot) key() string {
	if len(p.path) == 0 || p.path[len(p.path)-1].ByKey {
		return ""
	}
	return p.path[len(p.path)-1].Key
}

// places visits all places of an object that all sides have, from the top down. Files of several objects, and those in which it is not the same
// object everywhere, are left out, and so are those that can only be merged as text.
func (x *merged) places(visit func(spot)) {
	var sides [4]any
	for i, text := range []string{x.base, x.ours, x.theirs, x.after} {
		docs, err := read(text)
		if err != nil || len(docs) != 1 || identityOf(docs[0]) != identityOf(sides[0]) && i > 0 || strings.ContainsAny(text, "!") {
			return
		}
		sides[i] = docs[0]
	}
	descend(spot{nil, sides[0], sides[1], sides[2], sides[3]}, visit)
}

func descend(p spot, visit func(spot)) {
	visit(p)
	sides := []any{p.base, p.ours, p.theirs, p.after}
	steps := map[source.Step]bool{}
	renamed := false // or removed: an item of base is not there under its name
	for _, side := range sides {
		switch side := side.(type) {
		case map[string]any:
			for key := range side {
				steps[source.Step{Key: key}] = true
			}
		case []any:
			if !byName[p.key()] || !named(p.base) || !named(p.ours) || !named(p.theirs) || !named(p.after) {
				return
			}
			for _, item := range side {
				steps[source.Step{Key: "name", Match: nameOf(item), ByKey: true}] = true
			}
		}
	}
	get := func(side any, s source.Step) any {
		switch side := side.(type) {
		case map[string]any:
			if v, ok := side[s.Key]; ok && !s.ByKey {
				return v
			}
		case []any:
			if i := slices.IndexFunc(side, func(item any) bool { return s.ByKey && nameOf(item) == s.Match }); i >= 0 {
				return side[i]
			}
		}
		return absent
	}
	var below []spot
	for _, s := range slices.SortedFunc(maps.Keys(steps), func(a, b source.Step) int { return strings.Compare(a.Key+a.Match, b.Key+b.Match) }) {
		q := spot{append(slices.Clone(p.path), s), get(p.base, s), get(p.ours, s), get(p.theirs, s), get(p.after, s)}
		renamed = renamed || s.ByKey && q.base != absent && (q.ours == absent || q.theirs == absent)
		below = append(below, q)
	}
	for _, q := range below {
		switch {
		case !renamed || q.base != absent && q.ours != absent && q.theirs != absent:
			descend(q, visit)
		case q.base != absent:
			visit(q)
		}
	}
}

// read reads the documents of a text strictly. Keys that are no text are an error too: a mapping of them cannot be compared by path.
func read(text string) (docs []any, err error) {
	loader, err := yaml.NewLoader(strings.NewReader(text))
	if err != nil {
		return nil, err
	}
	for {
		var v any
		if err := loader.Load(&v); err != nil {
			if err.Error() == "EOF" {
				return docs, nil
			}
			return nil, err
		}
		if !textual(v) {
			return nil, errors.New("a key is no text")
		}
		if v != nil {
			docs = append(docs, v)
		}
	}
}

// textual reports whether all keys are text.
func textual(v any) bool {
	switch v := v.(type) {
	case map[any]any:
		return false
	case map[string]any:
		for _, x := range v {
			if !textual(x) {
				return false
			}
		}
	case []any:
		return !slices.ContainsFunc(v, func(x any) bool { return !textual(x) })
	}
	return true
}

// identityOf says what makes a document the same object; a missing field is not an empty one.
func identityOf(doc any) string {
	m, _ := doc.(map[string]any)
	meta, _ := m["metadata"].(map[string]any)
	_, versioned := m["apiVersion"]
	_, kinded := m["kind"]
	return fmt.Sprintf("%T %v %v %q", doc, versioned, kinded, []any{m["apiVersion"], m["kind"], meta["namespace"], meta["name"]})
}

func nameOf(item any) string {
	m, _ := item.(map[string]any)
	name, _ := m["name"].(string)
	return name
}

// named reports whether what is there is a list whose items all have a name of their own.
func named(v any) bool {
	seen := map[string]bool{"": true}
	list, isList := v.([]any)
	for _, item := range list {
		if name := nameOf(item); seen[name] {
			return false
		} else {
			seen[name] = true
		}
	}
	return isList || v == absent || v == nil
}

// has counts the keys of a mapping that are among those.
func has(v any, keys []string) (n int) {
	m, _ := v.(map[string]any)
	for _, key := range keys {
		if _, ok := m[key]; ok {
			n++
		}
	}
	return n
}

// alike reports whether two values mean the same, to a reader who does not know which fields are quantities.
func alike(a, b any) bool { return reflect.DeepEqual(plain(a), plain(b)) }

func plain(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for key, x := range v {
			out[key] = plain(x)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, x := range v {
			out[i] = plain(x)
		}
		return out
	case nil, *int:
		return v
	}
	text := fmt.Sprint(v)
	if q, err := resource.ParseQuantity(text); err == nil {
		if n, ok := new(big.Rat).SetString(q.AsDec().String()); ok {
			return n.RatString()
		}
	}
	return text
}

func oneLine(values ...any) bool {
	return !slices.ContainsFunc(values, func(v any) bool {
		switch v.(type) {
		case map[string]any, []any, nil:
			return true
		}
		return v != absent && strings.Contains(fmt.Sprint(v), "\n")
	})
}

// conflictAt reports whether a conflict tells of a place: of itself or of what it lies in.
func (x *merged) conflictAt(path source.Path) bool {
	return slices.ContainsFunc(x.result.Conflicts, func(c merge.Conflict) bool {
		rest, ok := strings.CutPrefix(path.String(), c.Field)
		return ok && (c.Field == "" || rest == "" || rest[0] == '.' || rest[0] == '[')
	})
}

// conflictNear reports whether a conflict is at a place, below it, or in the mapping or list that what it lies in belongs to: fields that exclude
// each other are held back together.
func (x *merged) conflictNear(path source.Path) bool {
	return slices.ContainsFunc(x.result.Conflicts, func(c merge.Conflict) bool {
		at, err := source.ParsePath(c.Field)
		return err != nil || strings.HasPrefix(c.Field, path.String()) || strings.HasPrefix(path.String(), at[:max(0, len(at)-1)].String()) && len(at) > 1 ||
			x.conflictAt(path)
	})
}

// linesAt returns the lines of an entry from its key to the end of its value; "" where it is not written on lines of its own.
func linesAt(text string, path source.Path) string {
	for _, d := range source.Parse("a", []byte(text)).Docs {
		if e, ok := d.Root.Find(path); ok && !e.Key.IsZero() {
			begin := strings.LastIndexByte(text[:e.Key.Lead()], '\n') + 1
			if strings.TrimLeft(text[begin:e.Key.Lead()], " ") != "" {
				return ""
			}
			end := e.Value.Span().End
			rest, _, _ := strings.Cut(text[end:], "\n")
			return strings.TrimRight(text[begin:end]+rest, "\r\n")
		}
	}
	return ""
}

// behind are the comments and blank lines that follow the lines at a path: at the end of a block they belong to what is in it.
func behind(text string, path source.Path) string {
	_, rest, _ := strings.Cut(text, linesAt(text, path))
	_, rest, _ = strings.Cut(rest, "\n")
	var out strings.Builder
	for line := range strings.Lines(rest) {
		if at := strings.TrimSpace(line); at != "" && at[0] != '#' {
			break
		}
		out.WriteString(line)
	}
	return out.String()
}

// commentsOf counts the comments of a text.
func commentsOf(text string) map[string]int {
	n := map[string]int{}
	for _, c := range source.Parse("a", []byte(text)).Comments {
		n[strings.TrimSpace(text[c.Start:c.End])]++
	}
	return n
}
