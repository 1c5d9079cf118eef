package source

import (
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// chooser makes decisions out of bytes, and zeros when they are used up.
type chooser []byte

func (c *chooser) choose(n int) int {
	if len(*c) == 0 || n <= 1 {
		return 0
	}
	b := (*c)[0]
	*c = (*c)[1:]
	return int(b) % n
}

var trickyStrings = []string{
	"x", "", "yes", "0777", "a: b", "x #y", "- x", "multi\nline\n", "multi\nline", " lead\nx", "tab\tx", `quote'"\`, "é✓😀", "1e3", "~",
	"=", "<<", "2001-01-01", "a,b", "{x}", "---", "--- x", "x\r\ny", "\u2028", "0b1", "1:30", "key:", "?", "? x", "*a", "&a", "!x",
	"%x", "@x", "`x", "#", "x\n\n", "\n", "x\n y\n", "x\n\tz", "\tx\ny", "x\n  \ny\n", "nginx:1.2", "-x", "--flag", "1_0", "._1", "0x", "+",
	"\a", "\ufeffx", ".", "...", "5", "true", "0o7", ":80", "[", strings.Repeat("long ", 60), "x\n---\ny\n", "x\n# y\n", "\u0085",
}

func (c *chooser) text() string { return trickyStrings[c.choose(len(trickyStrings))] }

func (c *chooser) value(depth int) Value {
	n := 10
	if depth > 2 {
		n = 7
	}
	switch c.choose(n) {
	case 0, 1, 2:
		return String(c.text())
	case 3:
		return Int(int64(c.choose(256)))
	case 4:
		return Bool(c.choose(2) == 0)
	case 5:
		return Null()
	case 6:
		return [...]Value{Map(), List()}[c.choose(2)]
	case 7, 8:
		var fields []Field
		for i := 0; i <= c.choose(3); i++ {
			fields = append(fields, Field{Key: c.text() + itoa(int64(i)), Value: c.value(depth + 1), Comment: [...]string{"", "", "c", "c\nd"}[c.choose(4)]})
		}
		return Map(fields...)
	}
	var items []Value
	for i := 0; i <= c.choose(3); i++ {
		items = append(items, c.value(depth+1))
	}
	return List(items...)
}

// path leads to some node at or below n; it may go through aliases and merge keys.
func (c *chooser) path(n Node) (Path, Node) {
	var p Path
	for depth := 0; depth < 12 && c.choose(8) != 7; depth++ {
		cs := children(n.Resolve())
		if len(cs) == 0 {
			break
		}
		i := c.choose(len(cs))
		s := Step{Index: i}
		if !cs[i].key.IsZero() {
			s = Step{Key: cs[i].key.Text()}
		} else if name := cs[i].value.Get("name"); name.Kind() == Scalar && c.choose(2) == 1 {
			s = Step{Key: "name", Match: name.Text(), ByKey: true}
		}
		p, n = append(p, s), cs[i].value
	}
	return p, n
}

func (c *chooser) change(root Node) Change {
	p, n := c.path(root)
	ch := Change{Path: p, Value: c.value(0)}
	if c.choose(4) == 1 {
		ch.Comment = [...]string{"why", "why\nso"}[c.choose(2)]
	}
	switch c.choose(12) {
	case 0, 1:
	case 2, 3, 4:
		ch.Path = append(p, Step{Key: c.text()})
		if n.Kind() == Sequence {
			ch.Path = append(p, Step{Index: n.Len()})
		}
		for e := range n.Entries() {
			if c.choose(3) == 0 {
				ch.After = append(ch.After, e.Key.Text())
			}
		}
		for c.choose(4) == 1 {
			ch.Path = append(ch.Path, [...]Step{{Key: "k"}, {Index: 0}, {Key: "name"}}[c.choose(3)])
		}
	case 5, 6, 7:
		ch.Op = Remove
	case 8:
		ch.Op = Insert
		if n.Kind() == Sequence {
			ch.Path = append(p, Step{Index: c.choose(n.Len() + 1)})
		}
	case 9:
		ch.Op, ch.Value = Rename, String(c.text())
	case 10:
		ch.Op = Dedupe
	case 11:
		if c.choose(8) == 1 {
			ch.Op, ch.Path = Append, nil
		}
	}
	return ch
}

// checkApply makes changes and reports what must not happen. Refusals are fine.
func checkApply(t testing.TB, f *File, root Node, changes []Change) (ok bool) {
	t.Helper()
	next, edits, err := f.Apply(root, changes...)
	var proof *ProofError
	switch {
	case errors.As(err, &proof) && !proof.Old:
		t.Errorf("%v\nchanges: %+v\ninput: %q\n%s", err, changes, f.Data, f.Data)
		return false
	case err != nil:
		if proof == nil && !errors.As(err, new(*ChangeError)) && !errors.As(err, new(*SharedError)) {
			t.Errorf("an error of type %T: %v", err, err)
		}
		return false
	}
	checkEdits(t, f, next, edits)
	return true
}

// FuzzApply holds Apply to its word on any document and changes: it is refused with a typed error, or proved.
func FuzzApply(f *testing.F) {
	seeds := editCases(f)
	rng := rand.New(rand.NewPCG(1, 2))
	for _, c := range seeds {
		b := make([]byte, 24)
		for i := range b {
			b[i] = byte(rng.Uint32())
		}
		f.Add([]byte(c.in), b)
	}
	for _, row := range readRows {
		f.Add([]byte(row.in), []byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
	}
	f.Fuzz(func(t *testing.T, data, choices []byte) {
		file := Parse("fuzz.yaml", data)
		c := chooser(choices)
		var roots []Node
		for _, d := range file.Docs {
			if !d.Root.IsZero() {
				roots = append(roots, d.Root)
			}
		}
		if len(roots) == 0 {
			return
		}
		if _, err := forest(data); err != nil {
			return // the second reader has no opinion
		}
		root := roots[c.choose(len(roots))]
		var changes []Change
		for range 1 + c.choose(3) {
			changes = append(changes, c.change(root))
		}
		checkApply(t, file, root, changes)
	})
}

// TestRandomChanges makes random changes to the inputs of all cases.
func TestRandomChanges(t *testing.T) {
	rounds := 60
	if testing.Short() {
		rounds = 5
	}
	rng := rand.New(rand.NewPCG(3, 4))
	made, refused := 0, 0
	for _, c := range editCases(t) {
		for i := range rounds {
			in := c.in
			switch i % 4 {
			case 1:
				in = strings.ReplaceAll(in, "\n", "\r\n")
			case 2:
				in = strings.TrimRight(in, "\n")
			}
			f := Parse("test.yaml", []byte(in))
			root := firstRoot(f)
			b := make(chooser, 64)
			for i := range b {
				b[i] = byte(rng.Uint32())
			}
			if checkApply(t, f, root, []Change{b.change(root)}) {
				made++
			} else {
				refused++
			}
		}
	}
	t.Logf("%d changes made, %d refused", made, refused)
	if made < refused {
		t.Errorf("more changes were refused (%d) than made (%d)", refused, made)
	}
}

// TestCorpusChanges makes ten kinds of change at random places of each document below FAIRWAY_CORPUS.
func TestCorpusChanges(t *testing.T) {
	corpus := os.Getenv("FAIRWAY_CORPUS")
	if corpus == "" {
		t.Skip("FAIRWAY_CORPUS is not set")
	}
	docs, made, refused, unread := 0, 0, 0, 0
	rng := rand.New(rand.NewPCG(5, 6))
	err := filepath.WalkDir(corpus, func(name string, d fs.DirEntry, err error) error {
		if ext := filepath.Ext(name); err != nil || !d.Type().IsRegular() || ext != ".yaml" && ext != ".yml" && ext != ".json" {
			return err
		}
		data, err := os.ReadFile(name)
		if err != nil || len(data) > 200_000 {
			return err
		}
		f := Parse(filepath.Base(name), data)
		for i, doc := range f.Docs {
			if doc.Root.IsZero() || i > 20 {
				continue
			}
			docs++
			for kind := range 10 {
				b := make(chooser, 64)
				for i := range b {
					b[i] = byte(rng.Uint32())
				}
				next, edits, err := f.Apply(doc.Root, safeChange(&b, doc.Root, kind))
				var proof *ProofError
				switch {
				case errors.As(err, &proof) && proof.Old:
					unread++
				case errors.As(err, &proof):
					t.Errorf("%s: document %d, kind %d: %v", name, i, kind, err)
				case err != nil:
					refused++
				default:
					made++
					checkEdits(t, f, next, edits)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d documents: %d changes made, %d refused, %d where the second reader cannot read the file", docs, made, refused, unread)
}

// safeChange is one of ten kinds of change, at a random mapping.
func safeChange(c *chooser, root Node, kind int) Change {
	p, n := c.path(root)
	for n.Kind() != Mapping && len(p) > 0 {
		p = p[:len(p)-1]
		e, _ := root.Find(p)
		n = e.Value
	}
	child := func() Step {
		cs := children(n.Resolve())
		if len(cs) == 0 {
			return Step{Key: "absent"}
		}
		if k := cs[c.choose(len(cs))].key; !k.IsZero() {
			return Step{Key: k.Text()}
		}
		return Step{Index: c.choose(len(cs))}
	}
	switch kind {
	case 0:
		return Change{Path: append(p, Step{Key: "fairwayField"}), Value: String("yes"), Comment: "why"}
	case 1:
		s := child()
		return Change{Path: append(p, Step{Key: "fairwayField"}), Value: Int(5), After: []string{s.Key}}
	case 2:
		return Change{Path: append(p, child()), Value: String("text: " + c.text())}
	case 3:
		return Change{Path: append(p, child()), Value: MustValue("{a: 1, b: {c: [x, {y: 'no'}]}}")}
	case 4:
		return Change{Op: Remove, Path: append(p, child())}
	case 5:
		return Change{Path: append(p, Step{Key: "a"}, Step{Key: "b"}, Step{}, Step{Key: "c"}), Value: String("x\ny\n")}
	case 6:
		return Change{Op: Rename, Path: append(p, child()), Value: String("fairwayName")}
	case 7:
		s := child()
		e, _ := n.Find(Path{s})
		return Change{Path: append(p, s), Value: e.Value.Value()}
	case 8:
		return Change{Op: Append, Value: MustValue("{kind: ConfigMap, data: {a: \"x\\ny\\n\"}}")}
	}
	s := child()
	e, _ := n.Find(Path{s})
	if e.Value.Kind() == Sequence {
		return Change{Op: Insert, Path: append(p, s, Step{Index: c.choose(e.Value.Len() + 1)}), Value: MustValue("{name: x, value: '1'}")}
	}
	return Change{Path: append(p, s), Value: Map()}
}
