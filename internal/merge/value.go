package merge

import (
	"fmt"
	"slices"
	"strings"

	"github.com/fairway-k8s/fairway/internal/source"
)

// three is one thing on the three sides; a side that does not have it has the zero T.
type three[T any] struct{ base, ours, theirs T }

type nodes = three[source.Node]

// place is where a value stands.
type place struct {
	field  string      // as people write it, list items by their merge keys
	id     string      // one for each place, also of items that nothing but their place tells apart
	at     source.Path // in ours, list items by their index
	trail  trail
	up     *place
	ours   source.Node // the value itself, zero when ours has none
	shared bool        // an alias elsewhere stands for what it lies in
	flow   bool        // within brackets
}

// entry is the place of a mapping's entry.
func (p *place) entry(key string, ours source.Node) *place {
	step := source.Path{{Key: key}}.String()
	if !strings.HasPrefix(step, "[") && p.field != "" {
		step = "." + step
	}
	return p.below(step, step, source.Step{Key: key}, p.trail.enter(key), ours)
}

// item is the place of a list's item.
func (p *place) item(q quad, ours source.Node) *place {
	return p.below(q.step, fmt.Sprintf("[%d %d %d]", q.base, q.ours, q.theirs), source.Step{Index: max(q.ours, 0)}, p.trail, ours)
}

func (p *place) below(field, id string, step source.Step, t trail, ours source.Node) *place {
	return &place{field: p.field + field, id: p.id + id, at: append(slices.Clone(p.at), step), trail: t, up: p, ours: ours, shared: p.shared, flow: p.flow}
}

// outcome is what the merge of one value comes to.
type outcome struct {
	value     source.Value // what ours is to mean
	edits     []source.Edit
	sets      []source.Change // what is left to the editor of package source
	changes   []Change
	conflicts []Conflict
	wanting   bool // the edits are not enough: the value is to be set as a whole
}

// add takes over everything of o but its value.
func (out *outcome) add(o outcome) {
	out.edits = append(out.edits, o.edits...)
	out.sets = append(out.sets, o.sets...)
	out.changes = append(out.changes, o.changes...)
	out.conflicts = append(out.conflicts, o.conflicts...)
}

// meant reports whether a value changes, and not only comments.
func (out *outcome) meant() bool {
	return slices.ContainsFunc(out.changes, func(c Change) bool { return c.Op != Comment })
}

// value merges a value that ours and theirs have; base may be zero.
func (m *merger) value(p *place, n nodes) outcome {
	if m.anchors[n.ours] {
		q := *p
		q.shared = true
		p = &q
	}
	kind := n.ours.Kind()
	base, theirs := n.base.Resolve(), n.theirs.Resolve()
	if kind == source.Mapping && theirs.Kind() == source.Mapping && (base.Kind() == source.Mapping || empty(base)) && !merges(base) && !merges(theirs) {
		if base.Kind() != source.Mapping {
			base = source.Node{}
		}
		return m.bracketed(p, nodes{base, n.ours, theirs}, m.mapping)
	}
	if kind == source.Sequence && theirs.Kind() == source.Sequence && (base.Kind() == source.Sequence || empty(base)) && !ordered[p.trail.key] {
		if base.Kind() != source.Sequence {
			base = source.Node{}
		}
		return m.bracketed(p, nodes{base, n.ours, theirs}, m.list)
	}
	if out, ok := m.followed(p, nodes{base, n.ours, theirs}); ok {
		return out
	}
	return m.whole(p, n)
}

// followed gives a list whose order is its meaning, and that the team left alone, the items of theirs, with ours' lines where ours has them.
func (m *merger) followed(p *place, n nodes) (outcome, bool) {
	for _, side := range []source.Node{n.ours, n.theirs} {
		if side.Kind() != source.Sequence || side.Style() != source.Block || side.Len() == 0 {
			return outcome{}, false
		}
	}
	if !ordered[p.trail.key] || !equal(p.trail, n.base, n.ours) || equal(p.trail, n.base, n.theirs) || p.flow || p.shared || m.skips(p) {
		return outcome{}, false
	}
	out := m.list(p, n)
	delete(m.pairs, p.id)
	if !out.value.Equal(n.theirs.Value()) || len(out.conflicts) > 0 {
		return outcome{}, false
	}
	out.changes = append([]Change{m.change(p, Set, n)}, slices.DeleteFunc(out.changes, func(c Change) bool { return c.Op != Comment })...)
	return out, true
}

// empty reports whether a value is absent or says nothing.
func empty(n source.Node) bool {
	return n.IsZero() || n.Kind() == source.Scalar && n.Type() == source.NullValue || n.Kind() != source.Scalar && n.Kind() != source.Alias && n.Len() == 0
}

// bracketed merges a collection. One that ours has in brackets, or that cannot be edited line by line, is set as a value.
func (m *merger) bracketed(p *place, n nodes, merge func(*place, nodes) outcome) outcome {
	outermost := !p.flow && (n.ours.Style() == source.Flow || n.ours.Len() == 0)
	if outermost {
		q := *p
		q.flow = true
		p = &q
	}
	out := merge(p, n)
	if outermost {
		out.edits, out.sets = nil, nil
		if out.meant() {
			out.sets = []source.Change{{Op: source.Set, Path: p.at, Value: out.value}}
		}
	}
	return out
}

// whole merges a value that is taken from one side: a scalar, a list whose order is its meaning, or what is of another kind on each side.
func (m *merger) whole(p *place, n nodes) outcome {
	out := outcome{value: n.ours.Value()}
	switch {
	case equal(p.trail, n.base, n.theirs) && !n.base.IsZero(), equal(p.trail, n.ours, n.theirs):
		return out
	case !equal(p.trail, n.base, n.ours) || n.base.IsZero():
		if text, ok := m.text(n); ok {
			return m.replace(p, n, source.String(text), true)
		}
		out.conflicts = []Conflict{m.conflict(p, n, BothChanged)}
		return out
	}
	return m.replace(p, n, n.theirs.Value(), false)
}

// text merges block scalars by line.
func (m *merger) text(n nodes) (string, bool) {
	for _, x := range []source.Node{n.base, n.ours, n.theirs} {
		if x.Kind() != source.Scalar || x.Type() != source.StringValue || !strings.Contains(x.Text(), "\n") {
			return "", false
		}
	}
	return mergeLines(n.base.Text(), n.ours.Text(), n.theirs.Text())
}

// replace gives ours the value v, which is that of theirs unless it is made of both.
func (m *merger) replace(p *place, n nodes, v source.Value, joined bool) outcome {
	out := outcome{value: n.ours.Value()}
	if !m.takes(p) {
		return out
	}
	if p.shared || n.ours.Kind() == source.Alias {
		out.conflicts = []Conflict{m.conflict(p, n, Shared)}
		return out
	}
	if joined {
		m.joined[p.id] = true
	}
	out.value = v
	out.changes = []Change{m.change(p, Set, n)}
	if p.flow {
		return out
	}
	if e, ok := rewrite(n, v, joined); ok {
		out.edits = []source.Edit{e}
	} else {
		out.sets = []source.Change{{Op: source.Set, Path: p.at, Value: v}}
	}
	return out
}

// rewrite makes the edit that puts theirs' text in the place of ours, when that can be done byte by byte.
func rewrite(n nodes, v source.Value, joined bool) (source.Edit, bool) {
	o, t := n.ours, n.theirs
	switch {
	case joined:
		return rewriteText(o, v)
	case o.Style() == source.Flow && inline(t) || t.Style() == source.Flow && inline(o):
		return source.Edit{Span: o.Span(), New: t.Raw()}, inline(o) && inline(t) && plainTree(t) && plainTree(o)
	case o.Kind() != source.Scalar || t.Kind() != source.Scalar || o.IsEmpty() || t.IsEmpty() || t.Anchor() != "" || o.Anchor() != "" || t.Tag() != "" || o.Tag() != "":
		return source.Edit{}, false
	case n.base.Kind() == source.Scalar && o.Style() != n.base.Style() && o.Text() == n.base.Text():
		return source.Edit{}, false // the team puts it in other quotes
	}
	raw := t.Raw()
	if strings.Contains(raw, "\n") {
		delta := columnOfEntry(o) - columnOfEntry(t)
		raw = strings.Join(shifted(raw, delta), "\n")
	}
	if strings.Contains(raw, "\n") || o.Style() == source.Literal || o.Style() == source.Folded {
		raw = breaks(o.File(), raw)
	}
	return source.Edit{Span: o.Span(), New: raw}, true
}

// inline reports whether a value is written on one line: a scalar or a collection in brackets.
func inline(n source.Node) bool {
	return !n.IsEmpty() && (n.Kind() == source.Scalar || n.Style() == source.Flow) && n.Style() != source.Literal && n.Style() != source.Folded && !strings.Contains(n.Raw(), "\n")
}

// rewriteText changes the lines of a literal block scalar so that it means v.
func rewriteText(o source.Node, v source.Value) (source.Edit, bool) {
	if o.Style() != source.Literal {
		return source.Edit{}, false
	}
	header, body, ok := strings.Cut(o.Raw(), "\n")
	indicator, _, _ := strings.Cut(header, "#")
	if !ok || strings.ContainsAny(indicator, "123456789") {
		return source.Edit{}, false
	}
	indent := 0
	for _, line := range strings.Split(body, "\n") {
		if text := strings.TrimLeft(line, " "); strings.TrimSpace(text) != "" {
			indent = len(line) - len(text)
			break
		}
	}
	text, _ := v.Scalar()
	if indent == 0 || strings.HasPrefix(text, " ") || strings.HasPrefix(text, "\n") {
		return source.Edit{}, false
	}
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	for i, line := range lines {
		if line != "" {
			lines[i] = strings.Repeat(" ", indent) + line
		}
	}
	return source.Edit{Span: o.Span(), New: breaks(o.File(), strings.TrimRight(header, "\r")+"\n"+strings.Join(lines, "\n"))}, true
}
