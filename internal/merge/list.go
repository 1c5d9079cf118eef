package merge

import (
	"cmp"
	"slices"
	"strings"

	"github.com/fairway-k8s/fairway/internal/source"
)

// list merges lists item by item.
func (m *merger) list(p *place, n nodes) outcome {
	base, ours, theirs := items(n.base), items(n.ours), items(n.theirs)
	id := identify(p.trail.key, base, ours, theirs)
	bo, bt := match(p.trail, id, base, ours), match(p.trail, id, base, theirs)
	lines := m.linesOf(p, n)
	oursBase, theirsBase := inverse(bo, len(ours)), inverse(bt, len(theirs))
	oursTheirs := matchNew(p.trail, id, ours, oursBase, theirs, theirsBase)

	for _, x := range rekeyed(id, base, ours, theirs, bo, bt, oursTheirs) {
		bo[x.base], oursBase[x.ours] = x.ours, x.base
		bt[x.base], theirsBase[x.theirs] = x.theirs, x.base
	}

	var ds []*decision
	var quads []quad
	at := func(list []source.Node, i int) source.Node {
		if i < 0 {
			return source.Node{}
		}
		return list[i]
	}
	linesAt := func(s sides, i int) part {
		if i < 0 || i >= len(s.listed) {
			return part{}
		}
		return s.listed[i]
	}
	consider := func(b, o, t int) {
		x := nodes{at(base, b), at(ours, o), at(theirs, t)}
		named, index := x.ours, o
		if named.IsZero() {
			if named, index = x.theirs, t; named.IsZero() {
				named, index = x.base, b
			}
		}
		q := quad{b, o, t, -1, id.step(named, index)}
		ds = append(ds, m.decide("", p.item(q, x.ours), x, three[part]{linesAt(lines.base, b), linesAt(lines.ours, o), linesAt(lines.theirs, t)}))
		quads = append(quads, q)
	}
	for o := range ours {
		b, t := oursBase[o], oursTheirs[o]
		if b >= 0 {
			t = bt[b]
		}
		consider(b, o, t)
	}
	taken := map[int]bool{}
	for _, t := range oursTheirs {
		taken[t] = true
	}
	for t := range theirs {
		if b := theirsBase[t]; b >= 0 && bo[b] >= 0 || taken[t] {
			continue
		} else {
			consider(b, -1, t)
		}
	}
	for b := range base {
		if bo[b] < 0 && bt[b] < 0 {
			consider(b, -1, -1)
		}
	}
	m.unique(id, ds)
	moved := false
	if both := inBoth(bo, bt); reordered(both.theirs) && !reordered(both.ours) {
		if p.shared && equal(p.trail, n.base, n.ours) {
			return m.whole(p, n)
		}
		if moved = !m.opts.AddOnly && !p.shared && !m.skips(p); !moved {
			m.held[p.id+" order"] = true
		}
	}
	out, ok := m.assembleList(p, n, ds, quads, lines, moved)
	if !ok && equal(p.trail, n.base, n.ours) {
		return m.whole(p, n)
	}
	if !ok {
		out, _ = m.assembleList(p, n, ds, quads, lines, false)
	}
	m.pairs[p.id] = quads
	return out
}

// inBoth leaves of the pairs of base with either side those of which both have an item.
func inBoth(bo, bt []int) (x three[[]int]) {
	for b := range bo {
		if bo[b] >= 0 && bt[b] >= 0 {
			x.ours, x.theirs = append(x.ours, bo[b]), append(x.theirs, bt[b])
		}
	}
	return x
}

// quad are the indices of one item in base, ours, theirs and the result, -1 where it is not.
type quad struct {
	base, ours, theirs, merged int
	step                       string // as a field path says it
}

// unique holds back items of theirs that would stand beside one of ours with the same identity: new ones, and those that theirs gave another one.
func (m *merger) unique(id identity, ds []*decision) {
	has := map[string]bool{}
	for _, x := range ds {
		if k, ok := id.of(x.n.ours); ok && !x.removed {
			has[k] = true
		}
	}
	for _, x := range ds {
		k, ok := id.of(x.n.theirs)
		own, _ := id.of(x.n.ours)
		was, _ := id.of(x.n.base)
		if ok && has[k] && (x.added || !x.n.ours.IsZero() && own == was && own != k && x.changes()) {
			m.held[x.place.id] = true
			x.hold()
			x.out.conflicts = append(x.out.conflicts, m.conflict(x.place, x.n, Contradiction))
		}
	}
}

// match pairs items: by identity, then by equal content, then those that have most in common. It returns, for each of a, the index in b or -1.
func match(t trail, id identity, a, b []source.Node) []int {
	pairs := make([]int, len(a))
	taken := make([]bool, len(b))
	for i := range pairs {
		pairs[i] = -1
	}
	byIdentity := func(id identity) {
		at := map[string]int{}
		for j, x := range b {
			if k, ok := id.of(x); ok && !taken[j] {
				at[k] = j
			}
		}
		for i, x := range a {
			if k, ok := id.of(x); ok && pairs[i] < 0 {
				if j, found := at[k]; found && !taken[j] {
					pairs[i], taken[j] = j, true
				}
			}
		}
	}
	if id.fields != nil {
		byIdentity(id)
	}
	for i, x := range a {
		for j, y := range b {
			if pairs[i] < 0 && !taken[j] && equal(t, x, y) {
				pairs[i], taken[j] = j, true
			}
		}
	}
	if id.fields != nil && id.fields[0] != "name" {
		byIdentity(identity{[]string{"name"}})
	}
	if ordered[t.key] {
		replaced(a, b, pairs, taken)
	}
	type candidate struct {
		i, j  int
		score float64
	}
	var near []candidate
	for i, x := range a {
		for j, y := range b {
			if pairs[i] < 0 && !taken[j] {
				if score := likeness(id, x, y); score >= 0.6 {
					near = append(near, candidate{i, j, score})
				}
			}
		}
	}
	slices.SortStableFunc(near, func(x, y candidate) int {
		return cmp.Or(cmp.Compare(y.score, x.score), cmp.Compare(abs(x.i-x.j), abs(y.i-y.j)))
	})
	for _, c := range near {
		if pairs[c.i] < 0 && !taken[c.j] {
			pairs[c.i], taken[c.j] = c.j, true
		}
	}
	return pairs
}

// replaced pairs the texts of which one stands where another was: those of one flag, else all between two that are paired when they are as many.
func replaced(a, b []source.Node, pairs []int, taken []bool) {
	flag := func(n source.Node) string {
		name, _, _ := strings.Cut(n.Resolve().Text(), "=")
		return name
	}
	for i := 0; i < len(a); i++ {
		end, first := i, 0
		for end < len(a) && pairs[end] < 0 {
			end++
		}
		if i > 0 && pairs[i-1] >= 0 {
			first = pairs[i-1] + 1
		}
		last := first
		for last < len(b) && !taken[last] {
			last++
		}
		for k := i; k < end; k++ {
			for j := first; j < last; j++ {
				if !taken[j] && (end-i == last-first && k-i == j-first || strings.HasPrefix(flag(a[k]), "-") && flag(a[k]) == flag(b[j])) {
					pairs[k], taken[j] = j, true
					break
				}
			}
		}
		i = end
	}
}

func abs(n int) int { return max(n, -n) }

// likeness is the share of leaves that two items have in common, those that identify them aside. Items of few leaves are like each other by
// chance: where identities differ, three must agree.
func likeness(id identity, a, b source.Node) float64 {
	if a.Resolve().Kind() != source.Mapping || b.Resolve().Kind() != source.Mapping {
		return 0
	}
	x, y := leaves(id, a), leaves(id, b)
	if id.fields != nil && common(x, y) < 3 {
		return 0
	}
	return share(x, y)
}

// common counts the leaves that two items have both.
func common(x, y map[string]int) (n int) {
	for leaf := range x {
		n += min(x[leaf], y[leaf])
	}
	return n
}

// share is the share of leaves that two items have in common.
func share(x, y map[string]int) float64 {
	total := 0
	for _, leaves := range []map[string]int{x, y} {
		for _, n := range leaves {
			total += n
		}
	}
	if total == 0 {
		return 0
	}
	return 2 * float64(common(x, y)) / float64(total)
}

// leaves counts the scalars below an item by their path and text.
func leaves(id identity, item source.Node) map[string]int {
	out := map[string]int{}
	budget := 5000
	var walk func(n source.Node, path string)
	walk = func(n source.Node, path string) {
		if budget--; budget < 0 {
			return
		}
		n = n.Resolve()
		switch n.Kind() {
		case source.Scalar:
			out[path+"="+n.Text()]++
		case source.Sequence:
			for _, x := range n.Items() {
				walk(x, path+"[]")
			}
		case source.Mapping:
			for e := range n.Entries() {
				if path == "" && slices.Contains(id.fields, e.Key.Text()) {
					continue
				}
				walk(e.Value, path+"."+e.Key.Text())
			}
		}
	}
	walk(item, "")
	return out
}

// matchNew pairs items that both sides added: by identity, else by equal content.
func matchNew(t trail, id identity, ours []source.Node, oursBase []int, theirs []source.Node, theirsBase []int) []int {
	out := make([]int, len(ours))
	taken := make([]bool, len(theirs))
	for i := range out {
		out[i] = -1
		if oursBase[i] >= 0 {
			continue
		}
		k, ok := id.of(ours[i])
		for j := range theirs {
			if out[i] >= 0 || taken[j] || theirsBase[j] >= 0 {
				continue
			}
			l, has := id.of(theirs[j])
			if ok && has && k == l || (!ok || !has) && equal(t, ours[i], theirs[j]) {
				out[i], taken[j] = j, true
			}
		}
	}
	return out
}

// rekeyed finds the items that both sides gave another key, each its own: of base what neither side has any more, and of the sides what nothing
// else goes with. That both lost one and each has one like it is telling enough for half of the leaves to be the same; where there is one such item
// on each side and no more, for one leaf or the same fields. What has another name is another item, though, and what has another key but a number
// may be.
func rekeyed(id identity, base, ours, theirs []source.Node, bo, bt, oursTheirs []int) (found []three[int]) {
	if id.fields != nil && id.fields[0] == "name" {
		return nil
	}
	var left three[[]int]
	for b := range base {
		if bo[b] < 0 && bt[b] < 0 {
			left.base = append(left.base, b)
		}
	}
	for o := range ours {
		if oursTheirs[o] < 0 && !slices.Contains(bo, o) {
			left.ours = append(left.ours, o)
		}
	}
	for t := range theirs {
		if !slices.Contains(oursTheirs, t) && !slices.Contains(bt, t) {
			left.theirs = append(left.theirs, t)
		}
	}
	for _, b := range left.base {
		alone := len(left.base) == 1 && len(left.ours) == 1 && len(left.theirs) == 1
		if id.fields != nil {
			_, number := base[b].Resolve().Get(id.fields[0]).Int()
			alone = alone && number
		}
		nearest := func(side []source.Node, left []int) int {
			best, most := -1, 0.0
			for _, i := range left {
				score := share(leaves(id, base[b]), leaves(id, side[i]))
				if alone && (score > 0 || slices.Equal(fieldsOf(base[b]), fieldsOf(side[i]))) {
					score = 1
				}
				if score >= 0.5 && score > most && base[b].Resolve().Kind() == source.Mapping && side[i].Resolve().Kind() == source.Mapping {
					best, most = i, score
				}
			}
			return best
		}
		o, t := nearest(ours, left.ours), nearest(theirs, left.theirs)
		if o >= 0 && t >= 0 {
			found = append(found, three[int]{b, o, t})
			left.ours = slices.DeleteFunc(left.ours, func(i int) bool { return i == o })
			left.theirs = slices.DeleteFunc(left.theirs, func(i int) bool { return i == t })
		}
	}
	return found
}

// fieldsOf are the paths of the leaves of an item.
func fieldsOf(item source.Node) (fields []string) {
	for leaf, n := range leaves(identity{}, item) {
		field, _, _ := strings.Cut(leaf, "=")
		for range n {
			fields = append(fields, field)
		}
	}
	slices.Sort(fields)
	return fields
}

// inverse turns pairs around.
func inverse(pairs []int, n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = -1
	}
	for i, j := range pairs {
		if j >= 0 {
			out[j] = i
		}
	}
	return out
}

// reordered reports whether pairs cross each other.
func reordered(pairs []int) bool { return !slices.IsSorted(pairs) }
