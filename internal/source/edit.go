package source

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"
)

// Apply makes changes to the document that holds root, and returns the new file and the edits that lead to it from f. Paths
// start at root, which is the top of a document, an item of a List object, or any other node of f; changes are applied in order,
// each to the result of those before it.
//
// The edits are sorted, do not overlap, and hold nothing but bytes that are inserted, replaced or removed. Without a change in
// meaning there are none, and the new file is f.
//
//   - A scalar that is set keeps its quotes, if they can hold the new value, and the comment behind it. A mapping that is set to
//     a mapping is changed field by field, a list item by item.
//   - A new field, or the first of the mappings that lead to it, stands behind one of Change.After or behind the last of its mapping, behind the comment at the end of that
//     line and behind comments that are indented more than the mapping: they are taken to belong to the field before. So a
//     comment never ends up between itself and the key below it.
//   - Indentation, dashes, quotes, brackets, line breaks are those of the nearest neighbours. {} and [] become blocks, unless
//     they stand within brackets; null becomes what is needed.
//   - No comment disappears. Comments on lines of their own stay when what they stand in is removed, a comment behind a removed
//     value becomes a line of its own. New comments are left out in JSON, and within brackets unless there is one entry a line.
//   - What is absent already is not removed: that is no change.
//
// Apply refuses with a *[ChangeError] what cannot be done or would lose something, and with a *[SharedError] what would change
// other places through anchors, aliases and merge keys; setting a field that a merge key brings in adds a field of its own. The
// result is proved with an independent reader; a *[ProofError] means that it was thrown away.
func (f *File) Apply(root Node, changes ...Change) (*File, []Edit, error) {
	b := f.batch()
	if err := b.add(root, changes); err != nil {
		return nil, nil, err
	}
	next, edits, err := b.finish()
	if err != nil {
		return nil, nil, err
	}
	return next, edits, nil
}

// editing is the work on one document. Nothing outlives a step but text, cur and top: each step reads the document anew.
type editing struct {
	f    *File
	base int // where the text under change begins in f
	size int // its length in f
	doc  int // which document of cur it is
	top  Path

	text  pieces
	cur   *File // text as it is now
	edits []Edit

	index  int    // of the present change
	change Change // the present change

	shared map[uint32][]uint32 // anchored nodes of cur with the aliases that mean them
}

// edit prepares for changes to the document that holds root.
func (f *File) edit(root Node) (*editing, error) {
	refuse := func(format string, args ...any) (*editing, error) {
		return nil, changeError(0, nil, Unreadable, root.Position(), fmt.Sprintf(format, args...))
	}
	if root.IsZero() || root.f != f {
		return refuse("the node is not part of this file")
	}
	doc := f.documentOf(root)
	if doc < 0 {
		return refuse("the document was refused when it was read")
	}
	top, ok := pathTo(f.Docs[doc].Root, root)
	if !ok {
		return refuse("the node is a key, or of an entry that another one of the same key overrides")
	}
	e := &editing{f: f, size: len(f.Data), doc: doc, top: top, cur: f}
	// A document can mostly be read alone, which makes the work proportional to it. Directives may stand apart from it.
	if span := f.Docs[doc].Span; len(f.Docs) > 1 {
		alone := Parse(f.Name, f.Data[span.Start:span.End])
		if len(alone.Docs) == 1 && alone.Docs[0].Err == nil && len(alone.nodes) == int(f.nodes[f.Docs[doc].Root.i].next-f.Docs[doc].Root.i) {
			e.base, e.size, e.doc, e.cur = span.Start, span.End-span.Start, 0, alone
		}
	}
	if loneReturn(e.cur.Data) {
		return refuse("lines that end in a carriage return alone cannot be edited")
	}
	e.text = pieces{{Span: Span{0, e.size}}}
	return e, nil
}

// documentOf returns the index of the document that holds n, -1 when none does.
func (f *File) documentOf(n Node) int {
	if n.f != f || f == nil {
		return -1
	}
	at := n.Span().Start
	i := sort.Search(len(f.Docs), func(i int) bool { return f.Docs[i].Span.Start > at }) - 1
	if i < 0 || f.Docs[i].Root.IsZero() || n.i < f.Docs[i].Root.i || n.i >= f.nodes[f.Docs[i].Root.i].next {
		return -1
	}
	return i
}

// loneReturn reports whether data has a carriage return without line feed.
func loneReturn(data []byte) bool {
	for {
		i := bytes.IndexByte(data, '\r')
		if i < 0 {
			return false
		}
		if i+1 == len(data) || data[i+1] != '\n' {
			return true
		}
		data = data[i+1:]
	}
}

// pathTo returns the path from top to n, which no alias and no merge key lies on.
func pathTo(top, n Node) (Path, bool) {
	var p Path
	for top.i != n.i {
		k, found := 0, false
		for _, c := range children(top) {
			if c.value.i <= n.i && n.i < n.f.nodes[c.value.i].next {
				s := Step{Index: k}
				if !c.key.IsZero() {
					s = Step{Key: c.key.Text()}
					if last, ok := ownEntry(top, s.Key); !ok || last.value.i != c.value.i {
						return nil, false
					}
				}
				p, top, found = append(p, s), c.value, true
				break
			}
			k++
		}
		if !found {
			return nil, false
		}
	}
	return p, true
}

// ownEntry returns the effective entry of a mapping with that key, merge keys left aside; none for other kinds.
func ownEntry(m Node, key string) (found child, ok bool) {
	for _, c := range children(m) {
		if !c.key.IsZero() && !c.key.IsMergeKey() && c.key.is(key) {
			found, ok = c, true
		}
	}
	return found, ok
}

func (e *editing) root() Node { return e.cur.Docs[e.doc].Root }

// run makes the changes one after the other.
func (e *editing) run(changes []Change) error {
	for i, c := range changes {
		e.index, e.change = i, c
		p := make(Path, 0, len(e.top)+len(c.Path))
		p = append(append(p, e.top...), c.Path...)
		var err error
		switch c.Op {
		case Set:
			err = e.set(p, c.Value, c.Comment, c.After)
		case Remove:
			err = e.remove(p)
		case Insert:
			err = e.insert(p, c.Value, c.Comment)
		case Rename:
			err = e.rename(p, c.Value)
		case Dedupe:
			err = e.dedupe(p)
		case Append:
		default:
			err = e.refuse(Unwritable, e.root(), "the operation %d does not exist", c.Op)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func changeError(index int, p Path, r Reason, pos Position, message string) *ChangeError {
	return &ChangeError{Index: index, Path: p, Reason: r, Position: pos, Message: message}
}

func (e *editing) refuse(r Reason, n Node, format string, args ...any) error {
	pos := e.f.Position(e.base + e.text.origin(n.Span().Start))
	return changeError(e.index, e.change.Path, r, pos, fmt.Sprintf(format, args...))
}

func (e *editing) refuseShared(n Node) error {
	pos := e.f.Position(e.base + e.text.origin(n.Span().Start))
	return &SharedError{Index: e.index, Path: e.change.Path, Anchor: n.Anchor(), Position: pos}
}

// replace notes that the bytes from start to end are to become text.
func (e *editing) replace(start, end int, text string) {
	if start < end || text != "" {
		e.edits = append(e.edits, Edit{Span{start, end}, text})
	}
}

// commit makes the edits that write notes, and reads the result. What a writer panics with becomes an error at n.
func (e *editing) commit(n Node, write func()) (err error) {
	defer func() {
		if r := recover(); r != nil {
			u, ok := r.(unwritable)
			if !ok {
				panic(r)
			}
			err = e.refuse(Unwritable, n, "%s", string(u))
		}
	}()
	e.edits = nil
	write()
	edits := sortEdits(e.edits)
	e.text = e.text.apply(edits)
	next := Parse(e.f.Name, ApplyEdits(e.cur.Data, edits))
	if len(next.Docs) != len(e.cur.Docs) {
		return &ProofError{Message: fmt.Sprintf("%d documents became %d", len(e.cur.Docs), len(next.Docs))}
	}
	if d := next.Docs[e.doc]; d.Err != nil {
		return &ProofError{Message: fmt.Sprintf("the result cannot be read: line %d: %s", d.Err.Line, d.Err.Message)}
	} else if d.Root.IsZero() {
		return &ProofError{Message: "the result is empty"}
	}
	e.cur, e.shared = next, nil
	return nil
}

// locate follows p from the top of the document, never through an alias. It returns the deepest place that exists and the steps
// that are left. hidden is true when a merge key brings in what the next step asks for.
func (e *editing) locate(p Path) (at *place, rest Path, hidden bool, err error) {
	at = &place{value: e.root()}
	for i, s := range p {
		n := at.value
		switch n.Kind() {
		case Alias:
			return nil, nil, false, e.refuseShared(n.Resolve())
		case Mapping:
			if s.ByKey {
				return nil, nil, false, e.refuse(WrongKind, n, "%s is a mapping, not a list", p[:i])
			}
			index, found := -1, child{}
			cs := children(n)
			for k, c := range cs {
				if !c.key.IsMergeKey() && c.key.is(s.Key) {
					index, found = k, c
				}
			}
			if index < 0 {
				return at, p[i:], len(mergers(cs, s.Key)) > 0, nil
			}
			// Readers disagree whether a field or a merge key behind it has the last word.
			for _, m := range mergers(cs, s.Key) {
				if m > index {
					return nil, nil, false, e.refuseShared(cs[m].value.Resolve())
				}
			}
			at = &place{value: found.value, key: found.key, up: at, index: index}
		case Sequence:
			index, item := s.Index, Node{}
			switch {
			case s.ByKey:
				index = -1
				for k, x := range n.Items() {
					if v := x.Resolve().Get(s.Key).Resolve(); v.Kind() == Scalar && v.Text() == s.Match {
						index, item = k, x
						break
					}
				}
			case s.Key != "":
				return nil, nil, false, e.refuse(WrongKind, n, "%s is a list, not a mapping", p[:i])
			default:
				item = n.Item(s.Index)
			}
			if item.IsZero() {
				return at, p[i:], false, nil
			}
			at = &place{value: item, up: at, index: index}
		default:
			if n.Type() != NullValue {
				return nil, nil, false, e.refuse(WrongKind, n, "%s is a scalar, not a mapping or list", p[:i])
			}
			return at, p[i:], false, nil
		}
	}
	return at, nil, false, nil
}

// mergers returns the merge keys among the entries of a mapping that bring in a key.
func mergers(cs []child, key string) []int {
	var found []int
	for i, c := range cs {
		if !c.key.IsMergeKey() {
			continue
		}
		v := c.value.Resolve()
		has := v.Kind() == Mapping && !v.Get(key).IsZero()
		for _, item := range v.Items() {
			has = has || !item.Get(key).IsZero()
		}
		if has {
			found = append(found, i)
		}
	}
	return found
}

// own reports an error when a change at p would be seen elsewhere: a node around it is anchored and in use, or the part from
// first to last, which goes away or gets other contents, holds an anchor in use outside of it.
func (e *editing) own(p *place, first, last Node) error {
	if e.shared == nil {
		e.shared = map[uint32][]uint32{}
		for i, x := range e.cur.nodes {
			if x.kind == Alias {
				to := Node{e.cur, uint32(i)}.Resolve().i
				e.shared[to] = append(e.shared[to], uint32(i))
			}
		}
	}
	if len(e.shared) == 0 {
		return nil
	}
	for ; p != nil; p = p.up {
		if len(e.shared[p.value.i]) > 0 {
			return e.refuseShared(p.value)
		}
	}
	if first.IsZero() {
		return nil
	}
	for i := first.i; i < e.cur.nodes[last.i].next; i++ {
		for _, user := range e.shared[i] {
			if user < first.i || user >= e.cur.nodes[last.i].next {
				return e.refuseShared(Node{e.cur, i})
			}
		}
	}
	return nil
}

// set gives what p leads to the value v.
func (e *editing) set(p Path, v Value, comment string, after []string) error {
	at, rest, hidden, err := e.locate(p)
	if err != nil {
		return err
	}
	n := at.value
	if len(rest) == 0 {
		return e.setExisting(at, v)
	}
	s := rest[0]
	isKey := s.Key != "" && !s.ByKey
	if hidden && len(rest) > 1 {
		cs := children(n)
		return e.refuseShared(cs[mergers(cs, s.Key)[0]].value.Resolve())
	}
	if n.Kind() == Mapping && !isKey {
		return e.refuse(WrongKind, n, "%s is a mapping, not a list", p[:len(p)-len(rest)])
	}
	if n.Kind() == Sequence && (s.ByKey || s.Index != n.Len()) {
		return e.refuse(NotFound, n, "the list has no such item: %s", rest[:1])
	}
	for i := len(rest) - 1; i >= 0; i-- {
		switch s := rest[i]; {
		case s.ByKey || s.Key == "" && s.Index != 0 && i > 0:
			return e.refuse(NotFound, n, "the list has no such item: %s", rest[:i+1])
		case s.Key == "":
			v = List(v)
		default:
			v = Map(Field{s.Key, v, comment})
			comment = ""
		}
	}
	if n.Kind() == Scalar && s.Key == "" && s.Index != 0 {
		return e.refuse(NotFound, n, "the list has no such item: %s", rest[:1])
	}
	switch {
	case n.Len() == 0:
		if err := e.own(at.up, n, n); err != nil {
			return err
		}
		return e.commit(n, func() { e.put(at, v, n.Kind() == v.kind) })
	case n.Kind() == Mapping:
		if err := e.own(at, Node{}, Node{}); err != nil {
			return err
		}
		return e.commit(n, func() { e.addEntry(at, v.fields[0], after) })
	}
	if err := e.own(at, Node{}, Node{}); err != nil {
		return err
	}
	return e.commit(n, func() { e.addItem(at, n.Len(), v.items[0], comment) })
}

// errWhole says that a value must be replaced as a whole.
var errWhole = errors.New("not a collection of the same kind")

// setExisting gives an existing node the value v, with as little change as possible.
func (e *editing) setExisting(at *place, v Value) error {
	n, p := at.value, at.path()
	if v.kind == Invalid {
		return e.refuse(Unwritable, n, "a value that says nothing (the zero Value) cannot be written")
	}
	if old := n.Value(); old.kind != Invalid && old.Equal(v) {
		return nil
	}
	if !v.isEmpty() && n.Len() > 0 && simple(n) {
		text, cur := e.text, e.cur
		var err error
		switch {
		case v.kind == Mapping && n.Kind() == Mapping:
			err = e.setFields(p, n, v)
		case v.kind == Sequence && n.Kind() == Sequence:
			err = e.setItems(p, n, v)
		default:
			err = errWhole
		}
		if shared := (*SharedError)(nil); err != errWhole && !errors.As(err, &shared) {
			return err
		}
		// Its parts refer to each other, or it becomes something else.
		e.text, e.cur, e.shared = text, cur, nil
	}
	if err := e.own(at.up, n, n); err != nil {
		return err
	}
	return e.commit(n, func() { e.put(at, v, false) })
}

// simple reports whether a collection can be changed entry by entry: it has no merge keys, duplicates and tag, and if it is in
// brackets, it has them.
func simple(n Node) bool {
	for en := range n.Entries() {
		if en.Key.IsMergeKey() || en.Key.IsDuplicate() {
			return false
		}
	}
	return n.Tag() == "" && !bare(n)
}

// bare reports whether n is a mapping of one entry in a list in brackets, written without braces: [a: 1].
func bare(n Node) bool {
	return n.Kind() == Mapping && n.Style() == Flow && n.f.Data[n.Span().Start] != '{'
}

func (e *editing) setFields(p Path, n Node, v Value) error {
	var before []string
	keep := map[string]bool{}
	var gone []string
	for _, f := range v.fields {
		keep[f.Key] = true
	}
	for en := range n.Entries() {
		if key := en.Key.Text(); !keep[key] {
			gone = append(gone, key)
		}
	}
	for _, f := range v.fields {
		if err := e.set(append(p[:len(p):len(p)], Step{Key: f.Key}), f.Value, f.Comment, before); err != nil {
			return err
		}
		before = append([]string{f.Key}, before...)
	}
	for _, key := range gone {
		if err := e.remove(append(p[:len(p):len(p)], Step{Key: key})); err != nil {
			return err
		}
	}
	return nil
}

func (e *editing) setItems(p Path, n Node, v Value) error {
	old := n.Len()
	for i, x := range v.items {
		if err := e.set(append(p[:len(p):len(p)], Step{Index: i}), x, "", nil); err != nil {
			return err
		}
	}
	for i := old - 1; i >= len(v.items); i-- {
		if err := e.remove(append(p[:len(p):len(p)], Step{Index: i})); err != nil {
			return err
		}
	}
	return nil
}

// remove takes away what p leads to.
func (e *editing) remove(p Path) error {
	at, rest, hidden, err := e.locate(p)
	switch {
	case err != nil:
		return err
	case hidden:
		cs := children(at.value)
		return e.refuseShared(cs[mergers(cs, rest[0].Key)[0]].value.Resolve())
	case len(rest) > 0:
		if at.value.Kind() == Sequence && rest[0].Key == "" {
			return e.refuse(NotFound, at.value, "the list has no such item: %s", rest[:1])
		}
		return nil
	case at.up == nil:
		return e.refuse(Unwritable, at.value, "a whole document cannot be removed")
	}
	return e.removeAt(at)
}

// removeAt takes away an entry or item that is the only one of its name.
func (e *editing) removeAt(at *place) error {
	holder := at.up.value
	cs := children(holder)
	first := at.value
	if !at.key.IsZero() {
		first = at.key
		if m := mergers(cs, at.key.Text()); len(m) > 0 {
			return e.refuseShared(cs[m[0]].value.Resolve())
		}
		if e.repeats(at) > 1 {
			return e.refuse(DuplicateKey, at.key, "the key %s is there more than once", at.key.Text())
		}
	}
	if err := e.own(at.up, first, at.value); err != nil {
		return err
	}
	if len(cs) == 1 {
		empty := Map()
		if at.key.IsZero() {
			empty = List()
		}
		return e.commit(first, func() { e.put(at.up, empty, true) })
	}
	return e.commit(first, func() { e.cutChild(at.up, at.index) })
}

// repeats counts the entries with the key of at.
func (e *editing) repeats(at *place) int {
	k := 0
	for _, c := range children(at.up.value) {
		if !c.key.IsMergeKey() && c.key.is(at.key.Text()) {
			k++
		}
	}
	return k
}

// insert puts v before the item that p leads to.
func (e *editing) insert(p Path, v Value, comment string) error {
	if len(p) == 0 || p[len(p)-1].Key != "" {
		return e.refuse(WrongKind, e.root(), "the last step must be the index of an item")
	}
	index := p[len(p)-1].Index
	at, rest, _, err := e.locate(p[:len(p)-1])
	if err != nil {
		return err
	}
	n := at.value
	if len(rest) > 0 || n.Kind() != Sequence {
		if len(rest) == 0 && n.Kind() != Scalar && n.Kind() != Sequence || index != 0 {
			return e.refuse(WrongKind, n, "%s is not a list", p[:len(p)-1])
		}
		return e.set(p, v, comment, nil)
	}
	if index > n.Len() || index < 0 {
		return e.refuse(NotFound, n, "the list has %d items, none can stand at %d", n.Len(), index)
	}
	if n.Len() == 0 {
		return e.set(p, v, comment, nil)
	}
	if err := e.own(at, Node{}, Node{}); err != nil {
		return err
	}
	return e.commit(n, func() { e.addItem(at, index, v, comment) })
}

// rename gives the key that p leads to another name.
func (e *editing) rename(p Path, v Value) error {
	if v.kind != Scalar || !v.quoted {
		return e.refuse(Unwritable, e.root(), "a key must be a string")
	}
	at, rest, _, err := e.locate(p)
	if err != nil {
		return err
	}
	name := Step{Key: v.text}
	if len(rest) > 0 {
		if _, done := ownEntry(at.value, v.text); done && len(rest) == 1 && rest[0].Key != "" && !rest[0].ByKey {
			return nil
		}
		return e.refuse(NotFound, at.value, "there is no such key: %s", rest[:1])
	}
	if at.key.IsZero() {
		return e.refuse(WrongKind, at.value, "only keys have names")
	}
	old := at.key.Text()
	if old == v.text {
		return nil
	}
	holder := at.up.value
	cs := children(holder)
	for _, key := range []string{old, v.text} {
		if m := mergers(cs, key); len(m) > 0 {
			return e.refuseShared(cs[m[0]].value.Resolve())
		}
	}
	if e.repeats(at) > 1 {
		return e.refuse(DuplicateKey, at.key, "the key %s is there more than once", old)
	}
	if _, taken := ownEntry(holder, name.Key); taken {
		return e.refuse(KeyExists, at.key, "the key %s exists already", v.text)
	}
	if err := e.own(at.up, at.key, at.key); err != nil {
		return err
	}
	return e.commit(at.key, func() { e.putKey(at, v.text) })
}

// dedupe takes away the entries before the last that have the key p leads to.
func (e *editing) dedupe(p Path) error {
	for {
		at, rest, _, err := e.locate(p)
		if err != nil {
			return err
		}
		if len(rest) > 0 || at.key.IsZero() {
			return nil
		}
		earlier := e.earlier(at)
		if len(earlier) == 0 {
			return nil
		}
		p = at.path()
		cs := children(at.up.value)
		for _, i := range earlier {
			if err := e.own(at.up, cs[i].key, cs[i].value); err != nil {
				return err
			}
		}
		err = e.commit(cs[earlier[0]].key, func() {
			for _, i := range earlier {
				e.cutChild(at.up, i)
			}
			if overlapping(e.edits) {
				e.edits = nil
				e.cutChild(at.up, earlier[0])
			}
		})
		if err != nil {
			return err
		}
	}
}

// earlier returns the entries that the entry at a place replaces, of neighbours only the first: what is cut out of one entry ends
// where the next begins.
func (e *editing) earlier(at *place) []int {
	var found []int
	text := at.key.Text()
	for i, c := range children(at.up.value) {
		if i < at.index && !c.key.IsMergeKey() && c.key.is(text) && (len(found) == 0 || found[len(found)-1] < i-1) {
			found = append(found, i)
		}
	}
	return found
}

// overlapping reports whether two edits are about the same bytes.
func overlapping(edits []Edit) bool {
	sorted := sortEdits(slices.Clone(edits))
	for i := 1; i < len(sorted); i++ {
		if sorted[i].Start < sorted[i-1].End {
			return true
		}
	}
	return false
}

// appendable returns why no document can be added to f, nil when one can.
func (f *File) appendable() error {
	for _, d := range f.Docs {
		switch {
		case d.Err != nil:
			return fmt.Errorf("a document of the file cannot be read: line %d: %s", d.Err.Line, d.Err.Message)
		case isJSON(d.Root) || strings.HasSuffix(f.Name, ".json"):
			return errors.New("a JSON file holds one document")
		}
	}
	return nil
}

// appendix returns the edits that add v as a document at the end of f, which is appendable.
func (f *File) appendix(v Value) (edits []Edit, err error) {
	e := &editing{f: f, cur: f, size: len(f.Data)}
	for i, d := range f.Docs {
		if !d.Root.IsZero() {
			e.doc = i
		}
	}
	defer func() {
		if r := recover(); r != nil {
			u, ok := r.(unwritable)
			if !ok {
				panic(r)
			}
			err = fmt.Errorf("%s", string(u))
		}
	}()
	e.addDocument(v)
	return sortEdits(e.edits), nil
}
