package source

// Resolve returns the node that an alias stands for; every other node is itself.
func (n Node) Resolve() Node {
	if n.Kind() != Alias {
		return n
	}
	return Node{n.f, n.f.aliases[n.i]}
}

// Get returns the value of a key of mapping n, or of the mapping that n is an alias of. When the key is repeated the last one
// counts. Merge keys (<<) are looked through, in the order in which Kubernetes reads them: what stands later in the mapping wins.
// It returns the zero Node when there is no such key.
func (n Node) Get(key string) Node {
	e, _ := n.lookup(key)
	return e.Value
}

// lookup is Get with the key.
func (n Node) lookup(key string) (Entry, bool) { return (&search{key: key}).in(n, 0) }

// search is one look for a key.
type search struct {
	key string
	// merged are the answers of mappings that merge keys led to: merges upon merges lead to the same ones again and again.
	merged map[Node]Entry
}

// maxMerges is how deep merge keys may lead into mappings with merge keys.
const maxMerges = 20

// in looks into a mapping.
func (s *search) in(n Node, depth int) (found Entry, ok bool) {
	n = n.Resolve()
	if x := n.index(); x != nil {
		if found, ok = x.last[s.key]; len(x.merges) == 0 {
			return found, ok
		}
		for _, e := range x.merges {
			if e.Key.i > found.Key.i && depth < maxMerges {
				if m, has := s.merge(e.Value, depth+1); has {
					found, ok = m, true
				}
			}
		}
		return found, ok
	}
	for e := range n.Entries() {
		switch {
		case !e.Key.IsMergeKey():
			if e.Key.is(s.key) {
				found, ok = e, true
			}
		case depth < maxMerges:
			if m, has := s.merge(e.Value, depth+1); has {
				found, ok = m, true
			}
		}
	}
	return found, ok
}

// merge looks into the value of a merge key: a mapping, or a sequence of mappings of which the first wins.
func (s *search) merge(n Node, depth int) (Entry, bool) {
	n = n.Resolve()
	e, known := s.merged[n]
	if known {
		return e, !e.Key.IsZero()
	}
	if n.Kind() != Sequence {
		e, _ = s.in(n, depth)
	} else {
		for _, item := range n.Items() {
			if e, known = s.merge(item, depth); known {
				break
			}
		}
	}
	if s.merged == nil {
		s.merged = map[Node]Entry{}
	}
	s.merged[n] = e
	return e, !e.Key.IsZero()
}

// manyNodes is from how many nodes on, those below them included, a mapping gets an index of its keys.
const manyNodes = 2000

// keyIndex finds the entries of a large mapping.
type keyIndex struct {
	last   map[string]Entry // of each key, without merge keys
	merges []Entry
}

// index returns the index of a large mapping, nil for other nodes.
func (n Node) index() *keyIndex {
	if n.Kind() != Mapping || n.f.nodes[n.i].next-n.i < manyNodes {
		return nil
	}
	if x, ok := n.f.indexes.Load(n.i); ok {
		return x.(*keyIndex)
	}
	x := &keyIndex{last: map[string]Entry{}}
	for e := range n.Entries() {
		switch {
		case e.Key.IsMergeKey():
			x.merges = append(x.merges, e)
		case e.Key.Kind() == Scalar:
			x.last[e.Key.Text()] = e
		}
	}
	n.f.indexes.Store(n.i, x)
	return x
}
