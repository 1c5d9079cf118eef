package source

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
)

type keyHash struct {
	hash uint64
	key  uint32
}

// manyKeys is from how many keys on a mapping's keys are sorted by hash instead of compared each with each.
const manyKeys = 16

// findDuplicates flags the keys of mapping m that repeat an earlier one.
func (p *parser) findDuplicates(m uint32) {
	f := p.f
	end := f.nodes[m].next
	n := 0
	for k := m + 1; k < end; k = f.nodes[f.nodes[k].next].next {
		if n++; n > manyKeys {
			p.findManyDuplicates(m)
			return
		}
	}
	for k := m + 1; k < end; k = f.nodes[f.nodes[k].next].next {
		for e := m + 1; e < k; e = f.nodes[f.nodes[e].next].next {
			if p.sameKey(e, k) {
				p.duplicate(k)
				break
			}
		}
	}
}

func (p *parser) findManyDuplicates(m uint32) {
	f := p.f
	hs := p.hashes[:0]
	for k := m + 1; k < f.nodes[m].next; k = f.nodes[f.nodes[k].next].next {
		h := uint64(14695981039346656037)
		for _, c := range []byte(Node{f, k}.Text()) {
			h = (h ^ uint64(c)) * 1099511628211
		}
		hs = append(hs, keyHash{h, k})
	}
	slices.SortFunc(hs, func(a, b keyHash) int {
		if c := cmp.Compare(a.hash, b.hash); c != 0 {
			return c
		}
		if c := strings.Compare(Node{f, a.key}.Text(), Node{f, b.key}.Text()); c != 0 {
			return c
		}
		return cmp.Compare(a.key, b.key)
	})
	for i := 1; i < len(hs); i++ {
		if hs[i].hash == hs[i-1].hash && p.sameKey(hs[i-1].key, hs[i].key) {
			p.duplicate(hs[i].key)
		}
	}
	p.hashes = hs
}

func (p *parser) sameKey(a, b uint32) bool {
	x, y := &p.f.nodes[a], &p.f.nodes[b]
	if (x.flags|y.flags)&flagMerge != 0 {
		return false
	}
	if x.style == Plain && y.style == Plain && (x.flags|y.flags)&flagEscaped == 0 {
		return x.end-x.start == y.end-y.start && bytes.Equal(p.data[x.start:x.end], p.data[y.start:y.end])
	}
	return Node{p.f, a}.Text() == Node{p.f, b}.Text()
}

func (p *parser) duplicate(k uint32) {
	p.f.nodes[k].flags |= flagDuplicate
	p.dups = append(p.dups, Node{p.f, k})
}
