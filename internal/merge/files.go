package merge

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/fairway-k8s/fairway/internal/source"
)

// Merge merges the files of three sides. The error is a *ProofError when a result is not what it should be: nothing of it may be used then.
func Merge(base, ours, theirs Input, opts Options) (*Result, error) {
	w := &work{opts: opts, result: &Result{}, base: byName(base), ours: byName(ours), theirs: byName(theirs)}
	if err := w.run(); err != nil {
		return nil, err
	}
	return w.result, nil
}

func byName(files Input) map[string]*source.File {
	m := make(map[string]*source.File, len(files))
	for _, f := range files {
		m[f.Name] = f
	}
	return m
}

// work is one merge of many files.
type work struct {
	opts               Options
	base, ours, theirs map[string]*source.File
	result             *Result
}

// object is one object of the result.
type object struct {
	docs   three[document]
	merger *merger
	out    outcome
	added  bool
}

// document is one document of a side; its root is zero where the side does not have it.
type document struct {
	file   *source.File
	index  int
	object Object
	root   source.Node
}

func (d document) span() source.Span { return d.file.Docs[d.index].Span }

// text is what stands in the document, comments included.
func (d document) text() string {
	s := d.span()
	return string(d.file.Data[s.Start:s.End])
}

func (w *work) run() error {
	names := slices.Concat(slices.Collect(maps.Keys(w.base)), slices.Collect(maps.Keys(w.ours)), slices.Collect(maps.Keys(w.theirs)))
	slices.Sort(names)
	names = slices.Compact(names)
	var base, ours, theirs []document
	var structured []string
	for _, name := range names {
		b, o, t := w.base[name], w.ours[name], w.theirs[name]
		if !readable(b) || !readable(o) || !readable(t) {
			w.text(name, b, o, t)
			continue
		}
		structured = append(structured, name)
		base, ours, theirs = append(base, documents(b)...), append(ours, documents(o)...), append(theirs, documents(t)...)
	}
	all := w.match(base, ours, theirs)
	for _, x := range all {
		w.decide(x, nil)
	}
	for _, name := range structured {
		if err := w.finish(name, all); err != nil {
			return err
		}
	}
	for _, x := range all {
		w.result.Changes = append(w.result.Changes, x.out.changes...)
		w.result.Conflicts = append(w.result.Conflicts, x.out.conflicts...)
	}
	slices.SortFunc(w.result.Files, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	slices.SortStableFunc(w.result.Conflicts, func(a, b Conflict) int {
		return cmp.Or(strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
	slices.SortStableFunc(w.result.Changes, func(a, b Change) int {
		return cmp.Or(strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
	return nil
}

// documents returns the documents of a file that hold something. Those that are no named object are known by their place in the file.
func documents(f *source.File) (out []document) {
	if f == nil {
		return nil
	}
	for i, d := range f.Docs {
		if d.Root.IsZero() {
			continue
		}
		o := objectOf(d.Root)
		if o.Name == "" {
			o.File = f.Name
			if len(out) > 0 {
				o.File = fmt.Sprintf("%s (document %d)", f.Name, len(out)+1)
			}
		}
		out = append(out, document{f, i, o, d.Root})
	}
	return out
}

// match finds the three sides of each object: by identity, then by the name in another group of the API or with another namespace, then by
// content for those that got another name. Nothing descends from an object that base does not have: what has another name or is in another
// namespace is another object then.
func (w *work) match(base, ours, theirs []document) []*object {
	var all []*object
	for _, d := range base {
		all = append(all, &object{docs: three[document]{base: d}})
	}
	pair := func(side []document, get func(*object) *document) {
		left := side
		for _, alike := range []func(a, b document, descends bool) bool{
			func(a, b document, _ bool) bool { return a.object == b.object },
			func(a, b document, descends bool) bool {
				apart := a.object.Namespace != b.object.Namespace && a.object.Namespace != "" && b.object.Namespace != ""
				return (descends || !apart) && a.object.Kind == b.object.Kind && a.object.Name == b.object.Name && a.object.File == b.object.File
			},
			func(a, b document, descends bool) bool {
				return descends && a.object.Kind == b.object.Kind && a.object.File == b.object.File && likeness(identity{}, a.root, b.root) >= 0.6
			},
		} {
			var rest []document
			for _, d := range left {
				i := slices.IndexFunc(all, func(x *object) bool {
					known, descends := x.docs.base, !x.docs.base.root.IsZero()
					if !descends {
						known = x.docs.ours
					}
					return get(x).root.IsZero() && !known.root.IsZero() && alike(known, d, descends)
				})
				if i < 0 {
					rest = append(rest, d)
					continue
				}
				*get(all[i]) = d
			}
			left = rest
		}
		for _, d := range left {
			x := &object{}
			*get(x) = d
			all = append(all, x)
		}
	}
	pair(ours, func(x *object) *document { return &x.docs.ours })
	pair(theirs, func(x *object) *document { return &x.docs.theirs })
	return all
}

// decide merges one object. Comments that are precious stay where they are.
func (w *work) decide(x *object, precious map[string]bool) {
	b, o, t := x.docs.base, x.docs.ours, x.docs.theirs
	m := &merger{opts: w.opts, precious: precious, pairs: map[string][]quad{}, joined: map[string]bool{}, held: map[string]bool{}}
	x.merger, x.out = m, outcome{}
	switch {
	case !o.root.IsZero():
		m.object, m.file = o.object, o.file.Name
	case !t.root.IsZero():
		m.object, m.file = t.object, t.file.Name
	default:
		m.object, m.file = b.object, b.file.Name
	}
	p := &place{ours: o.root}
	if m.prefers(p) {
		b, x.docs.base = o, o
	}
	n := nodes{b.root, o.root, t.root}
	x.out.value = o.root.Value()
	switch {
	case o.root.IsZero() && t.root.IsZero():
	case o.root.IsZero() && b.root.IsZero():
		if m.takes(p) {
			x.added = true
			x.out.value = t.root.Value()
			x.out.changes = []Change{m.change(p, Add, n)}
		}
	case o.root.IsZero():
		if !equal(trail{}, b.root, t.root) && m.takes(p) {
			x.out.conflicts = []Conflict{m.conflict(p, n, RemovedByTeam)}
		}
	case t.root.IsZero() && b.root.IsZero():
	case t.root.IsZero():
		switch {
		case !m.takes(p):
		case !equal(trail{}, b.root, o.root):
			x.out.conflicts = []Conflict{m.conflict(p, n, RemovedByPath)}
		default:
			x.out.changes = []Change{m.change(p, Remove, n)}
			x.out.value = source.Value{}
		}
	case !b.root.IsZero() && b.text() == t.text():
	default:
		m.anchors = aliased(o.file)
		x.out = m.value(p, n)
		m.ends(x)
	}
}

// ends merges the comments behind the last part of a document.
func (m *merger) ends(x *object) {
	tailOf := func(d document) (tail, bool) {
		last, ok := lastOf(d.root)
		if !ok || last.end > d.span().End {
			return tail{}, false
		}
		return tail{d.file, source.Span{Start: last.end, End: d.span().End}, 0}, true
	}
	b, had := tailOf(x.docs.base)
	o, ok := tailOf(x.docs.ours)
	t, has := tailOf(x.docs.theirs)
	if ok && has && had {
		m.tails(&place{ours: x.docs.ours.root}, three[tail]{b, o, t}, &x.out)
	}
}

// finish makes the result of one file that is merged by structure.
func (w *work) finish(name string, all []*object) error {
	b, o, t := w.base[name], w.ours[name], w.theirs[name]
	var here, coming []*object
	for _, x := range all {
		switch {
		case x.docs.ours.file == o && o != nil && !x.docs.ours.root.IsZero():
			here = append(here, x)
		case x.added && x.docs.theirs.file == t:
			coming = append(coming, x)
		}
	}
	slices.SortFunc(here, func(a, b *object) int { return cmp.Compare(a.docs.ours.index, b.docs.ours.index) })
	if o == nil {
		if len(coming) > 0 {
			w.result.Files = append(w.result.Files, File{Name: name, After: create(t, coming)})
		} else if t != nil && b == nil && len(documents(t)) == 0 {
			w.result.Files = append(w.result.Files, File{Name: name, After: t.Data})
		}
		return nil
	}
	f := File{Name: name, Before: o.Data}
	switch {
	case b != nil && t == nil && w.opts.Skip == nil && bytes.Equal(b.Data, o.Data) && allGone(here):
		w.result.Files = append(w.result.Files, f)
		return nil
	case b != nil && t != nil && w.opts.Skip == nil && bytes.Equal(b.Data, o.Data) && sameObjects(here, coming, t):
		f.After = t.Data
	default:
		// What theirs has elsewhere, in a part that does not come in, is not to be lost where it was.
		precious := map[string]bool{}
		for {
			var err error
			if f.After, err = w.edit(o, here, coming); err != nil {
				return err
			}
			known := len(precious)
			for _, text := range w.lostComments(o, source.Parse(name, f.After), here) {
				precious[text] = true
			}
			if len(precious) == known {
				break
			}
			for _, x := range here {
				w.decide(x, precious)
			}
		}
	}
	if err := w.prove(f, here, coming); err != nil {
		return err
	}
	for _, d := range o.Docs {
		for _, key := range d.Duplicates {
			w.result.Duplicates = append(w.result.Duplicates, Duplicate{name, key.Position().Line, key.Text()})
		}
	}
	w.result.Files = append(w.result.Files, f)
	return nil
}

func allGone(here []*object) bool {
	return !slices.ContainsFunc(here, func(x *object) bool { return !x.gone() })
}

// gone reports whether the object leaves ours.
func (x *object) gone() bool { return x.out.value.Equal(source.Value{}) }

// sameObjects reports whether the objects that are here and come here are those of theirs' file.
func sameObjects(here, coming []*object, t *source.File) bool {
	n := len(coming)
	for _, x := range here {
		if x.docs.theirs.root.IsZero() != x.gone() || !x.gone() && x.docs.theirs.file != t {
			return false
		}
		if !x.gone() {
			n++
		}
	}
	return n == len(documents(t))
}

// create makes a file that ours does not have of objects of theirs.
func create(t *source.File, coming []*object) []byte {
	if len(coming) == len(documents(t)) {
		return t.Data
	}
	var out strings.Builder
	for _, x := range coming {
		out.WriteString(separated(x.docs.theirs.text(), out.Len() > 0))
	}
	return []byte(out.String())
}

// separated is the text of a document with a separator when another one precedes it.
func separated(text string, follows bool) string {
	if follows && !strings.HasPrefix(text, "---") {
		text = "---\n" + text
	}
	if !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	return text
}

// edit makes the edits of one file of ours.
func (w *work) edit(o *source.File, here, coming []*object) ([]byte, error) {
	var edits []source.Edit
	for _, x := range here {
		edits = append(edits, x.out.edits...)
		if x.gone() {
			edits = append(edits, cutDocument(x))
		}
		if len(x.out.sets) == 0 {
			continue
		}
		_, more, err := o.Apply(x.docs.ours.root, x.out.sets...)
		if err != nil {
			return nil, &ProofError{File: o.Name, Object: x.merger.object, Why: err.Error()}
		}
		edits = append(edits, more...)
	}
	for i, x := range coming {
		edits = append(edits, bring(o, here, x, i == len(coming)-1))
	}
	if i := sortEdits(edits); i >= 0 {
		return nil, &ProofError{File: o.Name, Why: fmt.Sprintf("two changes meet in line %d", o.Position(edits[i].Start).Line)}
	}
	return source.ApplyEdits(o.Data, edits), nil
}

// cutDocument takes a document away. What the team wrote in comments stays.
func cutDocument(x *object) source.Edit {
	d := x.docs.ours
	s := d.span()
	known := map[string]int{}
	for _, c := range comments(x.docs.base.file, x.docs.base.span().Start, x.docs.base.span().End) {
		known[c]++
	}
	var kept []string
	for _, c := range comments(d.file, s.Start, s.End) {
		if known[c] > 0 && !x.merger.precious[strings.TrimSpace(c)] {
			known[c]--
			continue
		}
		kept = append(kept, c)
	}
	e := source.Edit{Span: s}
	if len(kept) > 0 {
		text := strings.Join(kept, "\n") + "\n"
		if strings.HasPrefix(d.text(), "---") {
			text = "---\n" + text
		}
		e.New = breaks(d.file, text)
	}
	return e
}

// bring puts a document of theirs behind the one that precedes it there, or at the end.
func bring(o *source.File, here []*object, x *object, last bool) source.Edit {
	at := len(o.Data)
	mine := x.docs.theirs
	best := -1
	for _, y := range here {
		t := y.docs.theirs
		if t.file == mine.file && !t.root.IsZero() && t.index < mine.index && t.index > best && !y.gone() {
			best, at = t.index, y.docs.ours.span().End
		}
	}
	text := separated(mine.text(), true)
	if at > 0 && o.Data[at-1] != '\n' {
		text = "\n" + strings.TrimSuffix(text, "\n")
	} else if last && at == len(o.Data) && !strings.HasSuffix(mine.text(), "\n") {
		text = strings.TrimSuffix(text, "\n") // a text at its end would have a line break more
	}
	return source.Edit{Span: source.Span{Start: at, End: at}, New: breaks(o, text)}
}

// isText reports whether a file has lines that can be put together: Git asks for as much.
func isText(f *source.File) bool { return utf8.Valid(f.Data) && bytes.IndexByte(f.Data, 0) < 0 }

// text merges a file that cannot be read as YAML on all sides, by lines.
func (w *work) text(name string, b, o, t *source.File) {
	f := File{Name: name}
	c := Conflict{Object: Object{File: name}, File: name, Reason: Unreadable}
	ch := Change{Object: Object{File: name}, File: name}
	data := func(f *source.File) []byte {
		if f == nil {
			return nil
		}
		return f.Data
	}
	f.Before, f.After = data(o), data(o)
	skip := w.opts.Skip != nil && w.opts.Skip(Object{File: name}, "")
	switch {
	case skip, o == nil && t == nil:
	case b == nil && o == nil:
		f.After, ch.Op = t.Data, Add
	case b == nil && t == nil:
	case b == nil:
		if !bytes.Equal(o.Data, t.Data) {
			w.result.Conflicts = append(w.result.Conflicts, c)
		}
	case o == nil:
		if !bytes.Equal(b.Data, t.Data) {
			c.Reason = RemovedByTeam
			w.result.Conflicts = append(w.result.Conflicts, c)
		}
	case t == nil:
		if bytes.Equal(b.Data, o.Data) {
			f.After, ch.Op = nil, Remove
		} else {
			c.Reason = RemovedByPath
			w.result.Conflicts = append(w.result.Conflicts, c)
		}
	default:
		joined, ok := mergeLines(unix(string(b.Data)), unix(string(o.Data)), unix(string(t.Data)))
		ok = ok && isText(b) && isText(o) && isText(t)
		switch {
		case bytes.Equal(b.Data, o.Data):
			f.After = t.Data
		case bytes.Equal(b.Data, t.Data):
		case !ok || sound(o) && sound(t) && !sound(source.Parse(name, []byte(joined))):
			w.result.Conflicts = append(w.result.Conflicts, c)
		default:
			f.After = []byte(breaks(o, joined))
		}
		if !bytes.Equal(f.After, f.Before) {
			ch.Op = Set
		}
	}
	if ch.Op != "" {
		w.result.Changes = append(w.result.Changes, ch)
	}
	if f.Before != nil || f.After != nil {
		w.result.Files = append(w.result.Files, f)
	}
}

// sound reports whether a file can be read as YAML and has no key twice.
func sound(f *source.File) bool {
	return !slices.ContainsFunc(f.Docs, func(d source.Document) bool { return d.Err != nil || len(d.Duplicates) > 0 })
}
