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
	e, _ := n.lookup(key, 0)
	return e.Value
}

// maxMerges is how deep merge keys may lead into mappings with merge keys.
const maxMerges = 20

// lookup is Get with the key.
func (n Node) lookup(key string, depth int) (Entry, bool) {
	var found Entry
	ok := false
	for e := range n.Resolve().Entries() {
		switch {
		case !e.Key.IsMergeKey():
			if e.Key.is(key) {
				found, ok = e, true
			}
		case depth < maxMerges:
			if m, has := e.Value.mergeLookup(key, depth+1); has {
				found, ok = m, true
			}
		}
	}
	return found, ok
}

// mergeLookup looks a key up in the value of a merge key: a mapping, or a sequence of mappings of which the first wins.
func (n Node) mergeLookup(key string, depth int) (Entry, bool) {
	if n.Kind() != Sequence {
		return n.lookup(key, depth)
	}
	for _, item := range n.Items() {
		if e, ok := item.lookup(key, depth); ok {
			return e, true
		}
	}
	return Entry{}, false
}
