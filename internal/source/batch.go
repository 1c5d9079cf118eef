package source

import (
	"bytes"
	"maps"
	"slices"
)

// Request asks for changes of the document that holds Root, as Apply takes them.
type Request struct {
	Root    Node
	Changes []Change
}

// Answer is what came of a Request.
type Answer struct {
	// Taken is true when the changes are in the new file.
	Taken bool
	// Err says why not, as Apply would; nil when the request changes nothing.
	Err error
}

// ApplyAll makes the changes of many requests, one after another, each to the result of those before it: as Apply would when it is
// called for each of them with the node that stands at Root's place in the new text. A request that is refused, or that does not go
// together with those before it, is left out as a whole and does not hinder the others. The roots are nodes of f.
//
// It reads and proves the file once, so that a thousand requests in a thousand documents take a thousand times as long as one. What
// is said of Apply's edits and of the proof holds for all of them together.
func (f *File) ApplyAll(requests []Request) (*File, []Edit, []Answer) {
	b := f.batch()
	answers := make([]Answer, len(requests))
	for i, r := range requests {
		before := b.changes
		answers[i].Err = b.add(r.Root, r.Changes)
		answers[i].Taken = b.changes > before
	}
	next, edits, err := b.finish()
	if err == nil {
		return next, edits, answers
	}
	// Somebody's changes cannot be proved, or nothing can be appended here: whose, only one after another shows.
	b = f.batch()
	clear(answers)
	next = f
	for i, r := range requests {
		before := b.changes
		saved := b.save(r.Root)
		if answers[i].Err = b.add(r.Root, r.Changes); b.changes == before {
			continue
		}
		if later, more, err := b.finish(); err != nil {
			answers[i].Err = err
			b.restore(saved)
		} else {
			next, edits, answers[i].Taken = later, more, true
		}
	}
	return next, edits, answers
}

// Edits returns the edits that Apply would make, proved like those. It does not make the new file: where a document can be read alone,
// the work is proportional to the document.
func (f *File) Edits(root Node, changes ...Change) ([]Edit, error) {
	b := f.batch()
	if err := b.add(root, changes); err != nil {
		return nil, err
	}
	doc := f.documentOf(root)
	e := b.docs[doc]
	if e == nil || len(b.appended) > 0 || e.size == len(f.Data) {
		_, edits, err := b.finish()
		return edits, err
	}
	alone := Parse(f.Name, f.Data[e.base:e.base+e.size])
	edits := e.text.edits(alone.Data, 0)
	if len(edits) == 0 {
		return nil, nil
	}
	if err := prove(alone, e.cur, edits, map[int][]rooted{0: b.inside[doc]}, nil); err != nil {
		return nil, err
	}
	for i := range edits {
		edits[i].Start, edits[i].End = edits[i].Start+e.base, edits[i].End+e.base
	}
	return edits, nil
}

// batch is the work on a file: on its documents, each by itself, and on what is to follow behind the last.
type batch struct {
	f        *File
	docs     map[int]*editing
	inside   map[int][]rooted // the changes made, by document
	appended []appended
	open     bool // documents can be appended to the file
	changes  int  // how often something changed
}

// appended is a document to be added, asked for by the change of that index.
type appended struct {
	Change
	index int
}

// rooted are changes made below the node that route leads to from the top of its document.
type rooted struct {
	route   []int
	changes []Change
}

func (f *File) batch() *batch {
	return &batch{f: f, docs: map[int]*editing{}, inside: map[int][]rooted{}}
}

// add makes changes, or none of them.
func (b *batch) add(root Node, changes []Change) error {
	var outside []appended
	inside := make([]Change, 0, len(changes)) // in their places, so that errors have the right index
	for i, c := range changes {
		if c.Op == Append {
			outside = append(outside, appended{c, i})
			c = Change{Op: Append}
		}
		inside = append(inside, c)
	}
	if len(outside) > 0 && !b.open {
		if err := b.f.appendable(); err != nil {
			return changeError(outside[0].index, outside[0].Path, Unwritable, b.f.Position(len(b.f.Data)), err.Error())
		}
		b.open = true
	}
	if len(outside) < len(changes) {
		own, err := b.f.edit(root)
		if err != nil {
			return err
		}
		doc := b.f.documentOf(root)
		e := b.docs[doc]
		if e == nil {
			e = own
			b.docs[doc] = e
		} else if at, rest := e.root().Reach(own.top); len(rest) > 0 || at.Value.Kind() == Alias {
			return changeError(0, nil, NotFound, root.Position(), "the place is gone")
		}
		e.top = own.top
		text, cur := e.text, e.cur
		if err := e.run(inside); err != nil {
			e.text, e.cur, e.shared = text, cur, nil
			return err
		}
		if !bytes.Equal(cur.Data, e.cur.Data) {
			b.changes++
		}
		b.inside[doc] = append(b.inside[doc], rooted{ordinals(b.f.Docs[doc].Root, root), inside})
	}
	b.appended = append(b.appended, outside...)
	b.changes += len(outside)
	return nil
}

// saved is the state of a batch, as far as changes below one node touch it.
type saved struct {
	doc      int
	editing  *editing
	inside   int
	appended int
	changes  int
}

func (b *batch) save(root Node) saved {
	s := saved{doc: b.f.documentOf(root), appended: len(b.appended), changes: b.changes}
	s.inside = len(b.inside[s.doc])
	if e := b.docs[s.doc]; e != nil {
		s.editing = new(*e)
	}
	return s
}

func (b *batch) restore(s saved) {
	b.docs[s.doc] = s.editing
	if s.editing == nil {
		delete(b.docs, s.doc)
	}
	b.inside[s.doc] = b.inside[s.doc][:s.inside]
	b.appended, b.changes = b.appended[:s.appended], s.changes
}

// finish puts the documents together and proves the result.
func (b *batch) finish() (*File, []Edit, error) {
	f := b.f
	var edits []Edit
	for _, doc := range slices.Sorted(maps.Keys(b.docs)) {
		e := b.docs[doc]
		edits = append(edits, e.text.edits(f.Data[e.base:e.base+e.size], e.base)...)
	}
	if len(edits) == 0 && len(b.appended) == 0 {
		return f, nil, nil
	}
	var next *File
	for _, e := range b.docs {
		if len(b.docs) == 1 && e.size == len(f.Data) {
			next = e.cur
		}
	}
	if next == nil {
		next = Parse(f.Name, ApplyEdits(f.Data, edits))
	}
	if len(b.appended) > 0 {
		text := pieces{{Span: Span{0, len(f.Data)}}}.apply(edits)
		more, err := next.appendAll(b.appended)
		if err != nil {
			return nil, nil, err
		}
		text = text.apply(more)
		next = Parse(f.Name, ApplyEdits(next.Data, more))
		edits = text.edits(f.Data, 0)
	}
	if err := prove(f, next, edits, b.inside, b.appended); err != nil {
		return nil, nil, err
	}
	return next, edits, nil
}

// appendAll returns the edits that add documents at the end of f, each in the style of the one before it.
func (f *File) appendAll(list []appended) ([]Edit, error) {
	refuse := func(a appended, err error) error {
		return changeError(a.index, a.Path, Unwritable, f.Position(len(f.Data)), err.Error())
	}
	edits, err := f.appendix(list[0].Value)
	if err != nil {
		return nil, refuse(list[0], err)
	}
	if len(list) == 1 {
		return edits, nil
	}
	// What follows is written behind the first, looking at the last two documents only.
	data := ApplyEdits(f.Data, edits)
	last := Parse(f.Name, data)
	first := last.Docs[len(last.Docs)-1].Span.Start
	var done []byte
	for _, a := range list[1:] {
		if n := len(last.Docs); n > 2 {
			cut := last.Docs[n-2].Span.Start
			if tail := Parse(f.Name, last.Data[cut:]); len(tail.Docs) == 2 && tail.appendable() == nil {
				done, last = append(done, last.Data[:cut]...), tail
			}
		}
		more, err := last.appendix(a.Value)
		if err != nil {
			return nil, refuse(a, err)
		}
		last = Parse(f.Name, ApplyEdits(last.Data, more))
	}
	done = append(done, last.Data...)
	text := pieces{{Span: Span{0, len(f.Data)}}}.apply(edits)
	return text.apply([]Edit{{Span{first, len(data)}, string(done[first:])}}).edits(f.Data, 0), nil
}
