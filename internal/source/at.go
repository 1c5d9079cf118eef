package source

// At returns the nodes around a byte offset, from the root of its document to the innermost one. Where the offset lies in a key or
// between a key and its value, the key is the last of them; where it lies between two entries or items, their collection is. It
// returns nothing outside of all roots.
func (f *File) At(offset int) []Node {
	var chain []Node
	for _, d := range f.Docs {
		if d.Root.IsZero() || !d.Root.covers(offset) {
			continue
		}
		for n := d.Root; !n.IsZero(); n = n.childAt(offset) {
			chain = append(chain, n)
		}
	}
	return chain
}

// covers reports whether an offset lies in n or its introduction.
func (n Node) covers(offset int) bool {
	x := &n.f.nodes[n.i]
	return int(x.lead) <= offset && (offset < int(x.end) || offset == int(x.end) && x.kind != Mapping && x.kind != Sequence)
}

// childAt returns the child of a collection that covers an offset: for a mapping the value, or the key when the offset lies
// before the value's first byte.
func (n Node) childAt(offset int) Node {
	for _, item := range n.Items() {
		if item.covers(offset) {
			return item
		}
	}
	for e := range n.Entries() {
		switch {
		case e.Value.covers(offset) && offset >= int(e.Value.f.nodes[e.Value.i].start):
			return e.Value
		case e.Key.covers(offset) || e.Value.covers(offset):
			return e.Key
		}
	}
	return Node{}
}
