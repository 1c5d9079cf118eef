package source

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	sigsyaml "sigs.k8s.io/yaml"
)

// Files whose last line, first bytes or line breaks are unusual; the cases in testdata all end with a line break.
func TestApplyEnds(t *testing.T) {
	for _, c := range []struct{ in, words, want string }{
		{"a: 1", "set b 2", "a: 1\nb: 2"},
		{"a: 1\r\nc: 2", "set b after=a 2", "a: 1\r\nb: 2\r\nc: 2"},
		{"a: 1 # one", "set b 2", "a: 1 # one\nb: 2"},
		{"a: 1\nb: 2", "remove b", "a: 1"},
		{"a: 1\r\nb: 2", "remove b", "a: 1"},
		{"a: 1\nb: 2 # two", "remove b", "a: 1\n# two"},
		{"a: 1\nb: 2\n# end", "remove b", "a: 1\n# end"},
		{"a: |\n  x", "set b 2", "a: |-\n  x\nb: 2"},
		{"a: |+\n  x", "set b 2", "a: |-\n  x\nb: 2"},
		{"a: >-\n  x", "set b 2", "a: >-\n  x\nb: 2"},
		{"a: |2-\n   x", "set b 2", "a: |2-\n   x\nb: 2"},
		{"a: |\n  x\nb: 2", "remove b", "a: |\n  x\n"},
		{"a: |+\n  x\n  ", "set b 2", "a: |+\n  x\n  \nb: 2"},
		{"a: |\n x\nb: 1\n   \nc: 1\n", "remove b", "a: |\n x\nc: 1\n"},
		{"a: 1\n        \nc: 1\n", "set a \"x\\ny\\n\"", "a: \"x\\ny\\n\"\n        \nc: 1\n"},
		{"a: |+\n  ", "set b 2", "a: |+\n  \nb: 2"},
		{"a: |+\n  x\n\n\n", "set b 2", "a: |+\n  x\n\n\nb: 2\n"},
		{"a: 1", "set a \"x\\ny\\n\"", "a: \"x\\ny\\n\""},
		{"a: 1", "set a \"x\\ny\"", "a: |-\n  x\n  y"},
		{"a: 1\nb:", "set b.c \"x\\ny\\n\"", "a: 1\nb:\n  c: \"x\\ny\\n\""},
		{"a:", "set a.b 1", "a:\n  b: 1"},
		{"a:", "set a 1", "a: 1"},
		{"- a", "set [1] b", "- a\n- b"},
		{"- a\n- b", "remove [1]", "- a"},
		{"- a\n- b", "remove [0]", "- b"},
		{"-", "set [0] b", "- b"},
		{"{}", "set a 1", "a: 1"},
		{"{\"a\":1}", "set b 1", "{\"a\":1,\"b\":1}"},
		{"\ufeffa: 1\nc: 3\n", "set b after=a 2", "\ufeffa: 1\nb: 2\nc: 3\n"},
		{"\ufeffa: 1\nc: 3\n", "remove a", "\ufeffc: 3\n"},
		{"a: 1", "append {b: 2}", "a: 1\n---\nb: 2"},
		{"a: |\n  x", "append {b: 2}", "a: |-\n  x\n---\nb: 2"},
		{"a: 1\n---", "append {b: 2}", "a: 1\n---\nb: 2"},
		{"a: 1\n\n---\nb: |+\n  x\n\n", "append {b: 2}", "a: 1\n\n---\nb: |+\n  x\n\n---\nb: 2\n"},
		{"a:\tv\n", "set a \"x\\ny\\n\"", "a:\t|\n  x\n  y\n"},
		{"-\tv\n- w\n", "set [0] {a: 1, b: 2}", "- a: 1\n  b: 2\n- w\n"},
		{"a: 'x' \n", "set a z", "a: 'z' \n"},
		{"---\na: 1\n--- # two\nb: 1\n", "set a 2", "---\na: 2\n--- # two\nb: 1\n"},
		{"--- # one\na: 1\n", "set b 2", "--- # one\na: 1\nb: 2\n"},
		{"--- text\n", "set {a: 1}", "---\na: 1\n"},
		{"--- {a: 1}\n", "set b 1", "--- {a: 1, b: 1}\n"},
		{"%YAML 1.2\n---\na: 1\n---\nb: 1\n", "set a 2", "%YAML 1.2\n---\na: 2\n---\nb: 1\n"},
	} {
		words := c.words
		if rest, ok := strings.CutPrefix(words, "set {"); ok {
			words = "set  {" + rest
		}
		got, err := apply(t, c.in, words)
		if err != nil || got != c.want {
			t.Errorf("%q\n%s: %v\ngot  %q\nwant %q", c.in, c.words, err, got, c.want)
		}
	}
}

func TestApplyRefuses(t *testing.T) {
	f := Parse("test.yaml", []byte("a: 1\n---\nb: &x\n  c: 1\nd:\n  e: *x\n---\n- [\n"))
	second := f.Docs[1].Root
	_, _, err := f.Apply(second, Change{Path: MustPath("b.n"), Value: Int(1)}, Change{Path: MustPath("d.e.c"), Value: Int(1)})
	want := &SharedError{Index: 0, Path: MustPath("b.n"), Anchor: "x", Position: Position{4, 3}}
	if diff := cmp.Diff(error(want), err); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	_, _, err = f.Apply(second, Change{Path: MustPath("z"), Value: Int(1)}, Change{Path: MustPath("d.e.c"), Value: Int(1)})
	want.Index, want.Path = 1, MustPath("d.e.c")
	if diff := cmp.Diff(error(want), err); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	_, _, err = f.Apply(second, Change{Path: MustPath("z"), Value: Int(1)}, Change{Path: MustPath("d.y.z[1]"), Value: Int(1)})
	var ce *ChangeError
	if !errors.As(err, &ce) || ce.Index != 1 || ce.Reason != NotFound || ce.Position != (Position{6, 3}) {
		t.Errorf("got %+v", err)
	}
	for name, apply := range map[string]func() error{
		"zero node":          func() error { _, _, err := f.Apply(Node{}, Change{Path: MustPath("a")}); return err },
		"node of other file": func() error { _, _, err := f.Apply(firstRoot(Parse("x", []byte("a: 1")))); return err },
		"unknown operation":  func() error { _, _, err := f.Apply(second, Change{Op: 99}); return err },
		"append to a file that cannot be read": func() error {
			_, _, err := f.Apply(Node{}, Change{Op: Append, Value: Int(1)})
			return err
		},
		"zero value": func() error { _, _, err := f.Apply(second, Change{Path: MustPath("z")}); return err },
		"invalid text": func() error {
			_, _, err := f.Apply(second, Change{Path: MustPath("z"), Value: String("\xff")})
			return err
		},
		"field twice": func() error {
			_, _, err := f.Apply(second, Change{Path: MustPath("z"), Value: Map(F("a", Int(1)), F("a", Int(2)))})
			return err
		},
		"long key": func() error {
			_, _, err := f.Apply(second, Change{Path: Path{{Key: strings.Repeat("x", 2000)}}, Value: Int(1)})
			return err
		},
		"lone carriage return": func() error {
			f := Parse("x", []byte("a: 1\rb: 2\n"))
			_, _, err := f.Apply(firstRoot(f), Change{Path: MustPath("c"), Value: Int(1)})
			return err
		},
		"overridden entry": func() error {
			f := Parse("x", []byte("a: {b: 1}\na: {b: 2}\n"))
			first := firstRoot(f).i + 2
			_, _, err := f.Apply(Node{f, first}, Change{Path: MustPath("c"), Value: Int(1)})
			return err
		},
	} {
		if err := apply(); !errors.As(err, &ce) {
			if name == "node of other file" && err == nil {
				continue // no change was wished for
			}
			t.Errorf("%s: got %T %v", name, err, err)
		}
	}
	for in, want := range map[string]string{"": "a: 1\n", "# c": "# c\na: 1", "# c\n---\n": "# c\n---\na: 1\n"} {
		next, _, err := Parse("x", []byte(in)).Apply(Node{}, Change{Op: Append, Value: Map(F("a", Int(1)))})
		if err != nil || string(next.Data) != want {
			t.Errorf("a document behind %q: %v, %q", in, err, next.Data)
		}
	}
	if next, edits, err := f.Apply(second); next != f || edits != nil || err != nil {
		t.Error("no changes are not nothing")
	}
}

// Messages name the place as it was before all changes.
func TestErrorTexts(t *testing.T) {
	f := Parse("test.yaml", []byte("a: &x {k: 1}\nb: *x\nc:\n  <<: {m: 1}\n"))
	for words, want := range map[string]string{
		"set a.k 2":               "a.k (line 1): the place is shared through the anchor &x, a change would alter its other users",
		"set b.k 2":               "b.k (line 1): the place is shared through the anchor &x, a change would alter its other users",
		"remove c.m":              "c.m (line 4): the field comes from a merge key (<<)",
		"set a.k.l 2":             "a.k.l (line 1): a.k is a scalar, not a mapping or list",
		"set d 1 ; set d.e 2":     "d.e (line 4): d is a scalar, not a mapping or list",
		"rename c.x y":            "c.x (line 4): there is no such key: x",
		"set d comment=\"\\a\" 1": "d (line 1): the comment has characters that cannot stand in a file",
	} {
		_, changes := parseChanges(t, words)
		if _, _, err := f.Apply(firstRoot(f), changes...); err == nil || err.Error() != want {
			t.Errorf("%s\ngot  %v\nwant %s", words, err, want)
		}
	}
	for _, c := range []struct {
		err  ProofError
		want string
	}{
		{ProofError{Message: "x"}, "the changed text could not be proved: x"},
		{ProofError{Path: "a.b", Message: "x"}, "the changed text could not be proved at a.b: x"},
	} {
		if c.err.Error() != c.want {
			t.Errorf("got %s, want %s", c.err.Error(), c.want)
		}
	}
}

// Every string is read back as that string by readers of YAML 1.1 and 1.2, as value and as key, in blocks and in brackets.
func TestStringsSurvive(t *testing.T) {
	texts := append([]string{"n", "y", "Y", "NO", "off", "Off", "0b11", "0B1", "0x1F", "0X1F", "0o7", "08", "-0", "+1", "1.", ".5", "1.5e3", "1_000.5", "-.inf",
		".NAN", "2001-1-1", "2001-12-14t21:59:43.10-05:00", "12:30:45", "1e", "e1", "1.2.3", "0.0.0.0", "10.0.0.0/8", "100m", "1Gi", "a:b", "a#b", "-", "--",
		"?x", ":x", "a ", "\n\n", "a\n b", " ", "'", `"`, `\`, "%", "null ", "nullx"}, trickyStrings...)
	for _, in := range []string{"m:\n  k: 'v'\n", "m: {k: v}\n", "m:\n    k: \"v\"\n", "{\"m\": {\"k\": \"v\"}}\n"} {
		for _, s := range texts {
			f := Parse("test.yaml", []byte(in))
			for _, set := range []bool{true, false} {
				var changes []Change
				want := map[string]any{"k": "v", "n1": s}
				if set {
					changes = []Change{{Path: MustPath("m.n1"), Value: String(s)}}
				} else if s == "<<" || s == "" || s == "k" {
					continue
				} else {
					changes = []Change{{Path: Path{{Key: "m"}, {Key: s}}, Value: String("v")}}
					want = map[string]any{"k": "v", s: "v"}
				}
				next, _, err := f.Apply(firstRoot(f), changes...)
				if err != nil {
					t.Errorf("%q in %q: %v", s, in, err)
					continue
				}
				var got map[string]map[string]any
				if err := sigsyaml.Unmarshal(next.Data, &got); err != nil || !cmp.Equal(got["m"], want) {
					t.Errorf("%q in %q became\n%s\nread as %q, %v", s, in, next.Data, got["m"], err)
				}
			}
		}
	}
}

// Setting a value that is there already is no edit, whatever the value and however it is written.
func TestSetSame(t *testing.T) {
	for _, c := range editCases(t) {
		f := Parse("test.yaml", []byte(c.in))
		root := firstRoot(f)
		var walk func(n Node, p Path)
		walk = func(n Node, p Path) {
			if v := n.Value(); v.kind != Invalid {
				next, edits, err := f.Apply(root, Change{Path: p, Value: v})
				if len(edits) > 0 || err == nil && next != f {
					t.Errorf("setting %s to what it is changes\n%s\nby %v", p, c.in, edits)
				}
			}
			for i, ch := range children(n) {
				if ch.key.IsZero() {
					walk(ch.value, append(p[:len(p):len(p)], Step{Index: i}))
				} else if last, ok := ownEntry(n, ch.key.Text()); ok && last.value == ch.value {
					walk(ch.value, append(p[:len(p):len(p)], Step{Key: ch.key.Text()}))
				}
			}
		}
		walk(root, nil)
	}
}

// Changes of different fields mean the same in either order, and one after the other what they mean together.
func TestChangesCommute(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	tried := 0
	for _, c := range editCases(t) {
		f := Parse("test.yaml", []byte(c.in))
		root := firstRoot(f)
		if root.Kind() != Mapping {
			continue
		}
		for range 60 {
			b := make(chooser, 80)
			for i := range b {
				b[i] = byte(rng.Uint32())
			}
			x, y := b.change(root), b.change(root)
			if x.Op == Append || y.Op == Append || len(x.Path) == 0 || len(y.Path) == 0 || x.Op == Rename || y.Op == Rename ||
				x.Path[0].Key == y.Path[0].Key || x.Path[0].ByKey || y.Path[0].ByKey {
				continue
			}
			one, _, err1 := f.Apply(root, x, y)
			two, _, err2 := f.Apply(root, y, x)
			if err1 != nil || err2 != nil {
				continue
			}
			tried++
			if !firstRoot(one).Value().Equal(firstRoot(two).Value()) {
				t.Errorf("%+v and %+v on\n%s\ndo not commute:\n%s\n%s", x, y, c.in, one.Data, two.Data)
			}
			mid, _, err := f.Apply(root, x)
			if err != nil {
				t.Fatal(err)
			}
			apart, _, err := mid.Apply(firstRoot(mid), y)
			if err != nil || !bytes.Equal(apart.Data, one.Data) {
				t.Errorf("%+v, then %+v on\n%s: %v\n%s", x, y, c.in, err, cmp.Diff(string(one.Data), string(apart.Data)))
			}
		}
	}
	if tried < 500 {
		t.Errorf("only %d pairs of changes were made", tried)
	}
}

// Edits are those of the original, however many steps led to them.
func TestPieces(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	for range 2000 {
		data := make([]byte, rng.IntN(30))
		for i := range data {
			data[i] = "ab\r\n"[rng.IntN(4)]
		}
		ps := pieces{{Span: Span{0, len(data)}}}
		now := data
		for range rng.IntN(5) {
			var edits []Edit
			at := 0
			for at <= len(now) && rng.IntN(3) > 0 {
				start := at + rng.IntN(len(now)-at+1)
				end := start + rng.IntN(min(4, len(now)-start)+1)
				edits = append(edits, Edit{Span{start, end}, []string{"", "x", "a", "b\r\n"}[rng.IntN(4)]})
				at = end + 1
			}
			ps = ps.apply(edits)
			now = ApplyEdits(now, edits)
		}
		edits := ps.edits(data, 0)
		if got := ApplyEdits(data, edits); !bytes.Equal(got, now) {
			t.Fatalf("%q: %v lead to %q, want %q", data, edits, got, now)
		}
	}
}

func TestValueOf(t *testing.T) {
	for _, c := range []struct{ yaml, want string }{
		{"a", `"a"`}, {"'1'", `"1"`}, {"1", "1"}, {"~", "null"}, {"yes", "yes"}, {"!!str 1", `"1"`}, {"2001-01-01", "2001-01-01"},
		{"{a: 1, b: [x, null]}", `{"a": 1, "b": ["x", null]}`}, {"", "null"},
		{"{a: &x {k: 1}, b: {<<: *x, k: 2, l: *x}}", `{"a": {"k": 1}, "b": {"k": 2, "l": {"k": 1}}}`},
		{"{a: &x {k: 1}, b: {<<: [*x, {k: 2, m: 3}]}}", `{"a": {"k": 1}, "b": {"k": 1, "m": 3}}`},
		{"{a: 1, a: 2}", `{"a": 2}`}, {"|\n x\n", `"x\n"`},
	} {
		v, err := ParseValue(c.yaml)
		if got := fmt.Sprint(describe(v)); err != nil || got != c.want {
			t.Errorf("%s: got %s, %v, want %s", c.yaml, got, err, c.want)
		}
		if !v.Equal(v) {
			t.Errorf("%s is not equal to itself", c.yaml)
		}
	}
	for _, bad := range []string{"a: 1\n---\nb: 1", "[", "!Ref x", "[&a [*a]]"} {
		if v, err := ParseValue(bad); err == nil {
			t.Errorf("%q is taken for the value %s", bad, describe(v))
		}
	}
	for _, c := range [][2]string{{"1", "'1'"}, {"1", "2"}, {"{a: 1}", "{b: 1}"}, {"{a: 1}", "{a: 1, b: 2}"}, {"[1]", "[2]"}, {"[1]", "{}"}, {"''", "null"}} {
		if MustValue(c[0]).Equal(MustValue(c[1])) {
			t.Errorf("%s equals %s", c[0], c[1])
		}
	}
}

func describe(v Value) string {
	var parts []string
	switch v.kind {
	case Scalar:
		if v.quoted {
			return fmt.Sprintf("%q", v.text)
		}
		return v.text
	case Sequence:
		for _, x := range v.items {
			parts = append(parts, describe(x))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	for _, f := range v.fields {
		parts = append(parts, fmt.Sprintf("%q: %s", f.Key, describe(f.Value)))
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

func TestPath(t *testing.T) {
	for _, s := range []string{"", "spec", "spec.containers[0].image", "metadata.labels[app.kubernetes.io/name]", "spec.containers[name=app].image",
		`a["0"].b`, `a["x]y"]`, `a["x=y"]`, `[0][1].a`, `a["q\"uote"]`, `[a/b].c`, `env[name=A.B].value`} {
		p, err := ParsePath(s)
		if err != nil || p.String() != s {
			t.Errorf("%q: %v, written again %q", s, err, p)
		}
	}
	for _, s := range []string{"a.", ".a", "a..b", "a[", "a.[0]", `a["x`} {
		if p, err := ParsePath(s); err == nil {
			t.Errorf("%q is read as %q", s, p)
		}
	}
	// What String writes is read back as the same path.
	for _, s := range trickyStrings {
		for _, p := range []Path{{{Key: "a"}, {Key: s}, {Index: 3}}, {{Key: s}}, {{Key: s}, {Key: "b"}}} {
			if s == "" {
				continue // no path distinguishes the empty key from the first item
			}
			q, err := ParsePath(p.String())
			if err != nil || !cmp.Equal(p, q) {
				t.Errorf("%q becomes %q: %v", p.String(), q, err)
			}
		}
	}
	f := Parse("test.yaml", []byte("a: &x {k: [{name: m, v: 1}]}\nb: *x\nc: {<<: *x, d: 1}\n"))
	for path, want := range map[string]string{"b.k[0].v": "1", "c.k[name=m].v": "1", "c.d": "1", "a.k": "[{name: m, v: 1}]"} {
		if e, ok := firstRoot(f).Find(MustPath(path)); !ok || e.Value.Raw() != want {
			t.Errorf("%s leads to %q", path, e.Value.Raw())
		}
	}
	for path, want := range map[string]string{"a.z.y": "z.y", "a.k[1]": "[1]", "a.k[name=z].v": "[name=z].v", "c.d.e": "e"} {
		if _, rest := firstRoot(f).Reach(MustPath(path)); rest.String() != want {
			t.Errorf("%s leaves %q, want %q", path, rest, want)
		}
	}
}

// BenchmarkApply makes 20 changes to a Deployment of 5 KB.
func BenchmarkApply(b *testing.B) {
	var text strings.Builder
	text.WriteString("apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web # the name\nspec:\n  template:\n    spec:\n      containers:\n")
	for text.Len() < 5000 {
		text.WriteString("      - name: c" + itoa(int64(text.Len())) + "\n        image: nginx:1.29 # pinned\n        env:\n        - name: A\n          value: \"1\"\n")
	}
	f := Parse("web.yaml", []byte(text.String()))
	var changes []Change
	for i := range 20 {
		p := append(MustPath("spec.template.spec.containers"), Step{Index: i})
		changes = append(changes, Change{Path: append(p, Step{Key: "resources"}), Value: MustValue("{requests: {cpu: 100m, memory: 128Mi}}"), After: []string{"image"}})
	}
	b.SetBytes(int64(len(f.Data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := f.Apply(firstRoot(f), changes...); err != nil {
			b.Fatal(err)
		}
	}
}
