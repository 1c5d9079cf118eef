package merge

import (
	"slices"

	"github.com/fairway-k8s/fairway/internal/source"
)

// decision is what becomes of one key of a mapping, or of one item of a list.
type decision struct {
	name    string
	n       nodes
	place   *place
	lines   three[part]
	out     outcome
	added   bool // theirs' part comes in
	removed bool // ours' part goes
}

// hold takes back what theirs would change.
func (x *decision) hold() {
	x.added, x.removed = false, false
	x.out = outcome{value: x.n.ours.Value(), conflicts: x.out.conflicts}
}

// changes reports whether theirs changes a value here.
func (x *decision) changes() bool { return x.out.meant() }

// mapping merges mappings entry by entry.
func (m *merger) mapping(p *place, n nodes) outcome {
	base, ours, theirs := entries(n.base), entries(n.ours), entries(n.theirs)
	keys := keysOf(n.ours)
	for _, key := range append(keysOf(n.theirs), keysOf(n.base)...) {
		if _, known := ours[key]; !known && !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
	}
	lines := m.linesOf(p, n)
	ds := make([]*decision, len(keys))
	for i, key := range keys {
		x := nodes{base[key].Value, ours[key].Value, theirs[key].Value}
		q := p.entry(key, x.ours)
		if x.ours.IsZero() {
			if merged := n.ours.Get(key); !merged.IsZero() {
				ds[i] = m.mergedIn(key, q, x, merged)
				continue
			}
		}
		ds[i] = m.decide(key, q, x, three[part]{lines.base.keyed[key], lines.ours.keyed[key], lines.theirs.keyed[key]})
	}
	conflicts := m.reconcile(p, n, keys, ds)
	out := m.assemble(p, n, ds, lines, keysOf(n.theirs))
	out.conflicts = append(out.conflicts, conflicts...)
	return out
}

// mergedIn decides about a key that a merge key (<<) brings into ours.
func (m *merger) mergedIn(key string, p *place, n nodes, merged source.Node) *decision {
	d := &decision{name: key, n: n, place: p}
	n.ours = merged
	if !equal(p.trail, n.base, n.theirs) && !equal(p.trail, merged, n.theirs) {
		d.out.conflicts = []Conflict{m.conflict(p, n, Shared)}
	}
	return d
}

// decide decides about one entry or item.
func (m *merger) decide(name string, p *place, n nodes, lines three[part]) *decision {
	if m.prefers(p) { // as if the team had left it alone
		n.base, lines.base = n.ours, lines.ours
	}
	d := &decision{name: name, n: n, place: p, lines: lines}
	has := three[bool]{!n.base.IsZero(), !n.ours.IsZero(), !n.theirs.IsZero()}
	switch {
	case has.ours && has.theirs:
		d.out = m.value(p, n)
		if !slices.ContainsFunc(d.out.conflicts, func(c Conflict) bool { return c.id == p.id }) {
			m.remarks(p, n, lines, &d.out)
		}
	case has.ours && has.base: // theirs removed it
		d.out.value = n.ours.Value()
		switch {
		case !m.takes(p):
		case !equal(p.trail, n.base, n.ours):
			d.out.conflicts = []Conflict{m.conflict(p, n, RemovedByPath)}
		case p.shared || m.holdsAnchor(n.ours):
			d.out.conflicts = []Conflict{m.conflict(p, n, Shared)}
		default:
			d.removed = true
			d.out.changes = []Change{m.change(p, Remove, n)}
		}
	case has.ours:
		d.out.value = n.ours.Value()
	case has.base && has.theirs: // the team removed it
		if !equal(p.trail, n.base, n.theirs) && m.takes(p) {
			d.out.conflicts = []Conflict{m.conflict(p, n, RemovedByTeam)}
		}
	case has.theirs:
		switch {
		case !m.takes(p):
		case p.shared:
			d.out.conflicts = []Conflict{m.conflict(p, n, Shared)}
		default:
			d.added = true
			d.out.value = n.theirs.Value()
			d.out.changes = []Change{m.change(p, Add, n)}
		}
	}
	return d
}

// reconcile holds back what would contradict what ours has: a second probe handler, the kind of an update without its settings, the pace of a
// probe without the number of its tries.
func (m *merger) reconcile(p *place, n nodes, keys []string, ds []*decision) (conflicts []Conflict) {
	find := func(key string) *decision { return ds[slices.Index(keys, key)] }
	hold := func(group []string) {
		reported := false
		for _, key := range group {
			reported = reported || len(find(key).out.conflicts) > 0
		}
		var at *decision
		for _, key := range group {
			x := find(key)
			if x.changes() {
				m.held[x.place.id] = true
				x.hold()
			}
			if at == nil || at.n.ours.IsZero() && !x.n.ours.IsZero() {
				at = x
			}
		}
		switch {
		case reported:
		case n.base.IsZero():
			conflicts = append(conflicts, m.conflict(p, n, Contradiction))
		default:
			conflicts = append(conflicts, m.conflict(at.place, at.n, Contradiction))
		}
	}
	for _, group := range alternatives(p.trail, keys) {
		before, own, after, clash := 0, 0, 0, false // how many of them ours, theirs and the result have
		for _, key := range group {
			x := find(key)
			if !x.n.ours.IsZero() {
				before++
			}
			if !x.n.theirs.IsZero() {
				own++
			}
			if x.added || !x.n.ours.IsZero() && !x.removed {
				after++
			}
			clash = clash || len(x.out.conflicts) > 0
		}
		changed := slices.ContainsFunc(group, func(key string) bool { return find(key).added || find(key).removed })
		if changed && (after > 1 && after > max(before, own) || clash) {
			hold(group)
		}
	}
	for _, group := range together(p.trail, keys) {
		clash, changed := false, false
		for _, key := range group {
			x := find(key)
			clash = clash || len(x.out.conflicts) > 0
			changed = changed || x.changes()
		}
		if probes[p.trail.key] {
			if changed && (clash || hasty(n, ds)) {
				for _, key := range group {
					if x := find(key); x.changes() {
						m.held[x.place.id] = true
						x.hold()
						conflicts = append(conflicts, m.conflict(x.place, x.n, Together))
					}
				}
			}
			continue
		}
		// Settings of a kind of update that ours does not have.
		if i := slices.Index(keys, "type"); i >= 0 && !ds[i].changes() {
			if kind := ds[i].n.ours.Text(); kind == "Recreate" || kind == "OnDelete" {
				if j := slices.Index(keys, "rollingUpdate"); j >= 0 && ds[j].added {
					hold(group)
					continue
				}
			}
		}
		if clash && changed && slices.ContainsFunc(group, func(key string) bool {
			return key == "type" && (find(key).changes() || len(find(key).out.conflicts) > 0)
		}) {
			hold(group)
		}
	}
	return conflicts
}

// hasty reports whether a merged probe gives up sooner than that of either side.
func hasty(n nodes, ds []*decision) bool {
	merged := patience(func(key string) source.Node {
		i := slices.IndexFunc(ds, func(x *decision) bool { return x.name == key })
		switch {
		case i < 0 || ds[i].removed:
			return source.Node{}
		case ds[i].changes():
			return ds[i].n.theirs
		}
		return ds[i].n.ours
	})
	return merged < min(patience(n.ours.Get), patience(n.theirs.Get))
}

// sides are the parts of one side of a collection.
type sides struct {
	keyed  map[string]part // of a mapping
	listed []part          // of a list, by index
}

// linesOf returns the parts of a collection on each side, where they are laid out in lines and will be needed.
func (m *merger) linesOf(p *place, n nodes) three[sides] {
	if p.flow {
		return three[sides]{}
	}
	return three[sides]{m.sidesOf(n.base), m.sidesOf(n.ours), m.sidesOf(n.theirs)}
}

func (m *merger) sidesOf(n source.Node) (s sides) {
	if n.Style() != source.Block || n.Len() == 0 {
		return s
	}
	s.listed = parts(n, aboveOf(n))
	if n.Kind() == source.Mapping {
		s.keyed = map[string]part{}
		for _, x := range s.listed {
			s.keyed[x.key.Text()] = x
		}
	}
	return s
}

// aboveOf returns where what stands above the first part of a block collection begins: the line below the key or dash that leads to it, or for
// the top of a document its own first line.
func aboveOf(n source.Node) int {
	f := n.File()
	first := firstLead(n)
	begin := lineBegin(f.Data, first)
	at := begin
	// Comments and blank lines go up to the line of a key, a dash or a document's separator.
	for at > 0 {
		prev := lineBegin(f.Data, at-1)
		text := trimLeft(f.Data[prev:at])
		if len(text) > 0 && text[0] != '#' {
			break
		}
		at = prev
	}
	return at
}

func trimLeft(b []byte) []byte {
	for len(b) > 0 && (b[0] == ' ' || b[0] == '\r' || b[0] == '\n' || b[0] == '\t') {
		b = b[1:]
	}
	return b
}
