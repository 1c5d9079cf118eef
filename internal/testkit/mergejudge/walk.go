package mergejudge

import (
	"fmt"
	"slices"
	"strings"
)

// judge walks four versions of a value at once.
type judge struct{ conflicts []conflict }

// result is what a walk found.
type result struct {
	faults       []Fault
	ours, theirs []path // what each side changed
	taken        int    // how many lines the changes that came in may take at most
}

func (r *result) add(s result) {
	r.faults = append(r.faults, s.faults...)
	r.ours = append(r.ours, s.ours...)
	r.theirs = append(r.theirs, s.theirs...)
	r.taken += s.taken
}

// below adds what was found below a collection. When all of it came back though ours removed it, that is one fault and was said.
func (r *result) below(s result, was bool) {
	if was {
		s.faults = nil
	}
	r.add(s)
}

func (r *result) fault(guarantee string, p path, format string, args ...any) {
	r.faults = append(r.faults, Fault{Guarantee: guarantee, Path: p.String(), What: fmt.Sprintf(format, args...)})
}

// values walks one value. In the reach of a conflict (covered), what theirs changed need not arrive.
func (j *judge) values(p path, v [versions]*node, covered bool) result {
	kinds := map[kind]bool{}
	for _, n := range v {
		if n != nil {
			kinds[n.kind] = true
		}
	}
	switch {
	case len(kinds) == 0:
		return result{}
	case len(kinds) > 1 || kinds[scalar] || kinds[list] && ordered[p.last()]:
		return j.leaf(p, v, covered)
	case kinds[list]:
		return j.list(p, p.last(), v, covered)
	}
	return j.fields(p, v, covered)
}

// fields walks the fields of a mapping.
func (j *judge) fields(p path, v [versions]*node, covered bool) result {
	covered = covered || j.halfGone(p, v)
	res := j.presence(p, v, covered)
	was := back(res)
	var names []string
	for _, n := range v {
		if n != nil {
			for _, name := range n.names {
				if !slices.Contains(names, name) {
					names = append(names, name)
				}
			}
		}
	}
	for _, name := range names {
		var below [versions]*node
		for i, n := range v {
			if n != nil {
				below[i] = n.fields[name]
			}
		}
		at := p.to(step{key: name})
		rival := slices.ContainsFunc(j.conflicts, func(c conflict) bool { return c.nearUnion(at) })
		res.below(j.values(at, below, covered || rival), was)
	}
	parent := p.last()
	for _, pair := range contradictions(parent, v[merged]) {
		if !slices.Contains(contradictions(parent, v[ours]), pair) {
			res.fault("g", p, "%s exclude each other", pair)
		}
	}
	return res
}

// list walks the items of a list, read in the way that speaks best of the merge.
func (j *judge) list(p path, name string, v [versions]*node, covered bool) result {
	plain, _ := align(name, v, false)
	res := j.items(p, v, plain, covered)
	if len(Strong(res.faults)) == 0 {
		return res
	}
	joined, renamed := align(name, v, true)
	if !renamed {
		return res
	}
	if other := j.items(p, v, joined, covered); len(Strong(other.faults)) < len(Strong(res.faults)) {
		return other
	}
	return res
}

func (j *judge) items(p path, v [versions]*node, groups []*group, covered bool) result {
	covered = covered || len(p) > 0 && j.halfGone(p, v)
	var res result
	if len(p) > 0 {
		res = j.presence(p, v, covered)
	}
	was := back(res)
	for _, g := range groups {
		at := p.to(step{item: g})
		if g.of[base] == nil && g.of[ours] == nil && g.of[theirs] == nil {
			res.fault("g", at, "an item that nobody wrote, or one that is there twice")
			continue
		}
		res.below(j.values(at, g.of, covered), was)
	}
	if inOrder(groups, base, theirs) && !inOrder(groups, ours, merged) {
		res.fault("a", p, "items do not have the order of ours")
	}
	return res
}

// inOrder says whether what two versions of a list share stands in the same order.
func inOrder(groups []*group, a, b int) bool {
	var shared []*group
	for _, g := range groups {
		if g.of[a] != nil && g.of[b] != nil {
			shared = append(shared, g)
		}
	}
	slices.SortFunc(shared, func(x, y *group) int { return x.at[a] - y.at[a] })
	return slices.IsSortedFunc(shared, func(x, y *group) int { return x.at[b] - y.at[b] })
}

// halfGone says whether one side took a collection away and a conflict says so: then it stays or goes as a whole.
func (j *judge) halfGone(p path, v [versions]*node) bool {
	return v[base] != nil && (v[ours] == nil) != (v[theirs] == nil) && j.reported(p)
}

func (j *judge) reported(p path) bool {
	return slices.ContainsFunc(j.conflicts, func(c conflict) bool { return c.near(p) })
}

// presentText stands for a collection whose contents are judged by themselves.
const presentText = "present"

// presence judges whether a collection is there. One whose contents are all gone may be left out, one that ours never had may not come.
func (j *judge) presence(p path, v [versions]*node, covered bool) result {
	if v[merged] == nil && v[ours] != nil && v[ours].size() > 0 {
		return result{taken: 1} // what it held is judged by itself
	}
	if v[merged] == nil && v[ours] == nil && v[base] == nil && v[theirs].size() > 0 {
		return result{}
	}
	var there [versions]*node
	for i, n := range v {
		if n != nil {
			there[i] = &node{text: presentText}
		}
	}
	return j.leaf(p, there, covered)
}

// back says whether a collection came back that ours removed.
func back(res result) bool {
	return slices.ContainsFunc(res.faults, func(f Fault) bool { return f.Guarantee == "f" })
}

func (n *node) size() int { return len(n.names) + len(n.items) }

// leaf judges one value: (a) and (f) when only ours changed it, (b) when only theirs did, (c) when both did.
func (j *judge) leaf(p path, v [versions]*node, covered bool) (res result) {
	byOurs, byTheirs := !equal(p, v[base], v[ours]), !equal(p, v[base], v[theirs])
	agreed := equal(p, v[ours], v[theirs])
	if byOurs {
		res.ours = append(res.ours, p)
	}
	if byTheirs {
		res.theirs = append(res.theirs, p)
	}
	if !equal(p, v[ours], v[merged]) {
		res.taken += max(v[ours].height(), 1)
	}
	keepsOurs, takesTheirs := equal(p, v[merged], v[ours]), equal(p, v[merged], v[theirs])
	switch {
	case byOurs && byTheirs && !agreed && isText(v):
		if !keepsOurs || !covered && !j.reported(p) {
			res.add(j.text(p, v, covered))
		}
	case byOurs && v[ours] == nil && !keepsOurs:
		res.fault("f", p, "ours removed it, and it is there: %s", v[merged].short())
	case byOurs && !keepsOurs:
		res.fault("a", p, "ours has %s, merged %s", v[ours].short(), v[merged].short())
	case byOurs && byTheirs && !agreed && !covered && !j.reported(p):
		res.fault("c", p, "ours has %s, theirs %s, and no conflict is reported", v[ours].short(), v[theirs].short())
	case !byOurs && byTheirs && !takesTheirs && !(keepsOurs && (covered || j.reported(p))):
		res.fault("b", p, "theirs has %s, merged %s", v[theirs].short(), v[merged].short())
	case !byOurs && !byTheirs && !keepsOurs:
		res.fault("a", p, "nobody changed it: ours has %s, merged %s", v[ours].short(), v[merged].short())
	}
	return res
}

// isText says whether a value is text of several lines in all three versions, which may be merged by line.
func isText(v [versions]*node) bool {
	for _, n := range v[:merged] {
		if n == nil || n.kind != scalar || strings.Count(n.text, "\n") < 2 {
			return false
		}
	}
	return true
}

// text judges a text of several lines as the bag of its lines.
func (j *judge) text(p path, v [versions]*node, covered bool) (res result) {
	if v[merged] == nil || v[merged].kind != scalar {
		res.fault("a", p, "a text of ours is gone")
		return res
	}
	var bags [versions]map[string]int
	for i, n := range v {
		bags[i] = bag(strings.Split(n.value(), "\n"))
	}
	lines := map[string]bool{}
	for _, b := range bags {
		for l := range b {
			lines[l] = true
		}
	}
	for l := range lines {
		b, o, t, m := bags[base][l], bags[ours][l], bags[theirs][l], bags[merged][l]
		switch {
		case o > b && m < o, o < b && m > o+max(0, t-b):
			res.fault("a", p, "line %q is %d times in ours and %d times in merged", l, o, m)
		case o == b && t != b && m != t && !covered && !j.reported(p):
			res.fault("b", p, "line %q is %d times in theirs and %d times in merged", l, t, m)
		case o == b && t == b && m != o:
			res.fault("a", p, "line %q, which nobody changed, is %d times in merged", l, m)
		}
	}
	slices.SortFunc(res.faults, func(x, y Fault) int { return strings.Compare(x.What, y.What) })
	return res
}

func bag(lines []string) map[string]int {
	m := map[string]int{}
	for _, l := range lines {
		m[l]++
	}
	return m
}

// height is how many lines a value may stand on.
func (n *node) height() int {
	if n == nil {
		return 0
	}
	if n.kind == scalar {
		return 1 + strings.Count(n.text, "\n") + len(n.text)/40
	}
	h := 1
	for _, item := range n.items {
		h += item.height()
	}
	for _, f := range n.fields {
		h += f.height()
	}
	return h
}

// short is a value as faults show it.
func (n *node) short() string {
	if n == nil {
		return "nothing"
	}
	s := n.canon()
	if n.text == presentText {
		return "a collection"
	}
	if n.kind == scalar {
		s = n.value()
	}
	s = strings.ReplaceAll(s, "\x00", "")
	if len(s) > 60 {
		s = s[:60] + "..."
	}
	return fmt.Sprintf("%q", s)
}
