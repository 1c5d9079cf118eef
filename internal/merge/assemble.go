package merge

import (
	"cmp"
	"slices"
	"strings"

	"github.com/fairway-k8s/fairway/internal/source"
)

// arrange puts the decisions that leave something in order: ours as they are, what comes in behind the sibling that precedes it in theirs. In
// lists, what theirs has at the end goes to the end.
func arrange(ds []*decision, theirs []*decision, list bool) []*decision {
	var order []*decision
	for _, x := range ds {
		if !x.n.ours.IsZero() && !x.removed {
			order = append(order, x)
		}
	}
	last := len(theirs)
	for list && last > 0 && theirs[last-1].added {
		last--
	}
	for i, x := range theirs {
		if !x.added {
			continue
		}
		at := len(order)
		if i < last || !list {
			at = -1
			for j := i - 1; j >= 0 && at < 0; j-- {
				at = slices.Index(order, theirs[j])
			}
			if at++; at == 0 {
				at = len(order)
				for _, next := range theirs[i+1:] {
					if k := slices.Index(order, next); k >= 0 {
						at = k
						break
					}
				}
			}
			if at < len(order) && at == 0 && order[0].lines.ours.compact {
				at = 1 // nothing can stand before what stands behind a dash
			}
		}
		order = slices.Insert(order, at, x)
	}
	return order
}

// assemble makes the outcome of a mapping of what was decided for its keys.
func (m *merger) assemble(p *place, n nodes, ds []*decision, lines three[sides], theirsKeys []string) outcome {
	byName := map[string]*decision{}
	for _, x := range ds {
		byName[x.name] = x
	}
	var theirs []*decision
	for _, key := range theirsKeys {
		theirs = append(theirs, byName[key])
	}
	order := arrange(ds, theirs, false)
	var fields []source.Field
	for _, x := range order {
		fields = append(fields, source.F(x.name, x.out.value))
	}
	out := m.join(p, n, ds, order, lines)
	out.value = source.Map(fields...)
	if merges(n.ours) && !out.meant() {
		out.value = n.ours.Value()
	} else if merges(n.ours) {
		out.value = withMerged(n.ours, fields)
	}
	out.wholly(p, len(order) == 0)
	m.reorder(p, n, ds, theirs, lines, &out)
	return out
}

// reorder gives the entries of a mapping the order of theirs, when ours has left them in that of base. It means nothing, so it is no change, and is
// left undone where it would not be easy.
func (m *merger) reorder(p *place, n nodes, ds, theirs []*decision, lines three[sides], out *outcome) {
	known := func(x *decision) bool { return !x.n.base.IsZero() && !x.n.ours.IsZero() && !x.n.theirs.IsZero() }
	var now, then, was []*decision // what all sides have, in the order of ours, theirs and base
	for _, x := range ds {
		if known(x) {
			now, was = append(now, x), append(was, x)
		}
	}
	for _, x := range theirs {
		if known(x) {
			then = append(then, x)
		}
	}
	slices.SortStableFunc(was, func(a, b *decision) int { return cmp.Compare(a.n.base.Lead(), b.n.base.Lead()) })
	if slices.Equal(now, then) || !slices.Equal(now, was) {
		return
	}
	if p.flow || p.shared || m.opts.AddOnly || m.opts.Skip != nil || len(out.sets) > 0 || len(lines.ours.listed) != len(keysOf(n.ours)) {
		return
	}
	if e, ok := m.inOrder(p, n, asTheirs(ds[:len(lines.ours.listed)], theirs), lines.ours.listed); ok {
		out.edits = []source.Edit{e}
	}
}

// asTheirs is the order of theirs for what ours has, ds in its own order, and for what comes in. What only ours has stays behind the part that it
// stands behind.
func asTheirs(ds, theirs []*decision) (order []*decision) {
	for _, x := range theirs {
		if x.added || !x.n.ours.IsZero() {
			order = append(order, x)
		}
	}
	for i, x := range ds {
		if !slices.Contains(order, x) {
			at := 0
			if i > 0 {
				at = slices.Index(order, ds[i-1]) + 1
			}
			order = slices.Insert(order, at, x)
		}
	}
	return order
}

// inOrder makes the edit that writes the parts of a collection of ours in another order, each with its comments and with what changes in it. It
// reports false when the layout does not allow that.
func (m *merger) inOrder(p *place, n nodes, order []*decision, listed []part) (source.Edit, bool) {
	if len(listed) == 0 || listed[0].compact && order[0].lines.ours.lead != listed[0].lead || !plainTree(n.ours) {
		return source.Edit{}, false
	}
	file := n.ours.File()
	var texts []string
	for _, x := range order {
		switch o := x.lines.ours; {
		case x.added:
			if !movable(n.theirs, x.lines.theirs) {
				return source.Edit{}, false
			}
			texts = append(texts, breaks(file, joinLines(transplant(x.lines.theirs, listed[0].column, mannerAt(p)))))
		case x.removed:
			texts = append(texts, m.cut(file, x).New)
		default:
			edits, ok := p.editsOf(x.out)
			if !ok || sortEdits(edits) >= 0 {
				return source.Edit{}, false
			}
			for i, e := range edits {
				if e.Start < o.lead || e.End > o.end {
					return source.Edit{}, false
				}
				edits[i].Start, edits[i].End = e.Start-o.lead, e.End-o.lead
			}
			texts = append(texts, string(source.ApplyEdits(file.Data[o.lead:o.end], edits)))
		}
	}
	// The blank lines that separate the new first part from what was before it separate the old first one now.
	if i := slices.IndexFunc(order, func(x *decision) bool { return x.lines.ours.lead == listed[0].lead && !x.added }); i > 0 {
		first, above := cutBlank(texts[0])
		old, kept := cutBlank(texts[i])
		texts[0], texts[i] = kept+first, above+old
	}
	span := source.Span{Start: listed[0].lead, End: listed[len(listed)-1].end}
	last := len(texts) - 1
	for i, text := range texts {
		if i < last && text != "" && !strings.HasSuffix(text, "\n") {
			texts[i] += breaks(file, "\n") // it was the last line of the file
		}
	}
	if file.Data[span.End-1] != '\n' {
		texts[last] = strings.TrimRight(texts[last], "\r\n")
	}
	return source.Edit{Span: span, New: strings.Join(texts, "")}, true
}

// editsOf returns all edits of what lies below a place, those included that are left to the editor of package source.
func (p *place) editsOf(out outcome) ([]source.Edit, bool) {
	edits := slices.Clone(out.edits)
	if len(out.sets) == 0 {
		return edits, true
	}
	top := p
	for top.up != nil {
		top = top.up
	}
	_, more, err := top.ours.File().Apply(top.ours, out.sets...)
	return append(edits, more...), err == nil
}

// cutBlank cuts the blank lines at the beginning from a text.
func cutBlank(text string) (rest, blank string) {
	at := 0
	for at < len(text) && blankLine([]byte(text), at) {
		at = lineEnd([]byte(text), at)
	}
	return text[at:], text[:at]
}

// sortEdits brings edits into order, and returns the index of the first that meets the one before it, or -1.
func sortEdits(edits []source.Edit) int {
	slices.SortStableFunc(edits, func(a, b source.Edit) int { return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.End, b.End)) })
	for i := 1; i < len(edits); i++ {
		if edits[i].Start < edits[i-1].End {
			return i
		}
	}
	return -1
}

// withMerged is the value of a mapping with entries of its own and those that merge keys bring in.
func withMerged(n source.Node, own []source.Field) source.Value {
	has := entries(n)
	all := own
	for _, key := range n.Value().Keys() {
		if _, ok := has[key]; !ok {
			all = append(all, source.F(key, n.Get(key).Value()))
		}
	}
	return source.Map(all...)
}

// assembleList makes the outcome of a list. moved says that theirs gave it another order, and that ours did not: the items get theirs', with their
// lines. It reports false when that cannot be done item by item.
func (m *merger) assembleList(p *place, n nodes, ds []*decision, quads []quad, lines three[sides], moved bool) (outcome, bool) {
	theirs := make([]*decision, n.theirs.Len())
	for i, q := range quads {
		if q.theirs >= 0 {
			theirs[q.theirs] = ds[i]
		}
	}
	var out outcome
	order := arrange(ds, theirs, true)
	if moved {
		all := asTheirs(ds[:n.ours.Len()], theirs)
		order = slices.DeleteFunc(slices.Clone(all), func(x *decision) bool { return x.removed })
		for _, x := range ds {
			out.add(x.out)
		}
		if !p.flow {
			e, ok := m.inOrder(p, n, all, lines.ours.listed)
			if !ok || len(order) == 0 {
				return out, false
			}
			out.edits, out.sets = []source.Edit{e}, nil
		}
	} else {
		out = m.join(p, n, ds, order, lines)
	}
	var values []source.Value
	for i, x := range order {
		quads[slices.Index(ds, x)].merged = i
		values = append(values, x.out.value)
	}
	out.value = source.List(values...)
	if moved {
		c := m.change(p, Set, n)
		c.To = briefly(out.value)
		out.changes = append([]Change{c}, out.changes...)
		return out, true
	}
	out.wholly(p, len(order) == 0)
	return out, true
}

// wholly leaves a collection to the editor of package source when it gets empty or join could not do it.
func (out *outcome) wholly(p *place, empty bool) {
	if !p.flow && out.meant() && (empty || out.wanting) {
		out.edits = nil
		out.sets = []source.Change{{Op: source.Set, Path: p.at, Value: out.value}}
	}
	out.wanting = false
}

// join puts the outcomes of all parts together, and makes the edits that bring parts in and take them away.
func (m *merger) join(p *place, n nodes, ds, order []*decision, lines three[sides]) (out outcome) {
	for _, x := range ds {
		out.add(x.out)
	}
	if p.flow || len(order) == 0 || n.ours.Len() == 0 {
		return out
	}
	file := n.ours.File()
	for _, x := range ds {
		if x.removed {
			if x.lines.ours.compact {
				out.wanting = true
				return out
			}
			for _, twin := range lines.ours.listed {
				if x.name != "" && twin.key.Text() == x.name && twin.start != x.lines.ours.start {
					y := *x
					y.lines = three[part]{ours: twin}
					out.edits = append(out.edits, m.cut(file, &y))
				}
			}
			out.edits = append(out.edits, m.cut(file, x))
		}
	}
	var manner *manner
	behind := 0
	for i, x := range order {
		if !x.added {
			continue
		}
		if !movable(n.theirs, x.lines.theirs) {
			out.wanting = true
			return out
		}
		if manner == nil {
			seen := mannerAt(p)
			manner = &seen
		}
		// The nearest part of ours before it, else the first behind it.
		offset := -1
		for j := i - 1; j >= 0 && offset < 0; j-- {
			if !order[j].added {
				offset = order[j].lines.ours.end
			}
		}
		for j := i + 1; j < len(order) && offset < 0; j++ {
			if !order[j].added {
				if order[j].lines.ours.compact {
					out.wanting = true
					return out
				}
				offset = order[j].lines.ours.lead
			}
		}
		if offset < 0 {
			// All that ours has goes: what comes in takes its place.
			for _, y := range ds {
				if y.removed {
					offset = y.lines.ours.end
					break
				}
			}
		}
		text := transplant(x.lines.theirs, lines.ours.listed[0].column, *manner)
		// A blank line that separated the parts on both sides of it in ours as well is not to come twice.
		if i > 0 && order[i-1].added {
			offset = behind // what was brought in just now
		} else if k := slices.IndexFunc(order[i+1:], func(y *decision) bool { return !y.added }); k >= 0 && blanks(text) > 0 {
			next := order[i+1+k].lines
			if between := blanks(next.ours.leadLines(file.Data)); between > 0 && next.ours.lead == offset && !next.theirs.value.IsZero() && blanks(next.theirs.leadLines(n.theirs.File().Data)) == 0 {
				text = text[blanks(text):]
				for range between {
					offset = lineEnd(file.Data, offset)
				}
			}
		}
		behind = offset
		out.edits = append(out.edits, insertion(file, offset, text))
	}
	return out
}

// blanks counts the blank lines at the beginning.
func blanks(lines []string) (n int) {
	for n < len(lines) && lines[n] == "" {
		n++
	}
	return n
}

// insertion puts lines at an offset of ours, where a line begins or the file ends.
func insertion(f *source.File, offset int, lines []string) source.Edit {
	text := strings.Join(lines, "\n")
	if d := f.Data; offset == len(d) && offset > 0 && d[offset-1] != '\n' {
		text = "\n" + text
	} else {
		text += "\n"
	}
	return source.Edit{Span: source.Span{Start: offset, End: offset}, New: breaks(f, text)}
}

// cut takes a part away, with the comments that the path wrote; those of the team stay, as lines of their own.
func (m *merger) cut(f *source.File, x *decision) source.Edit {
	o, b := x.lines.ours, x.lines.base
	base := map[string]int{}
	if !b.value.IsZero() {
		for _, c := range comments(b.value.File(), b.lead, b.end) {
			base[c]++
		}
		for _, line := range b.leadLines(b.value.File().Data) {
			if line == "" {
				base[""]++
			}
		}
	}
	var kept []string
	keep := func(text string) {
		if base[text] > 0 && !m.precious[strings.TrimSpace(text)] {
			base[text]--
			return
		}
		kept = append(kept, strings.Repeat(" ", o.column)+text)
	}
	for _, line := range o.leadLines(f.Data) {
		if line == "" && base[""] == 0 {
			kept = append(kept, "")
		} else {
			keep(strings.TrimLeft(line, " "))
		}
	}
	for _, c := range comments(f, o.start, o.end) {
		keep(c)
	}
	e := source.Edit{Span: source.Span{Start: o.lead, End: o.end}}
	if len(kept) > 0 {
		e.New = breaks(f, strings.Join(kept, "\n")+"\n")
	}
	return e
}

// remarks merges the comments above and behind a part.
func (m *merger) remarks(p *place, n nodes, lines three[part], out *outcome) {
	o, t := lines.ours, lines.theirs
	if m.opts.AddOnly || p.flow || o.value.IsZero() || t.value.IsZero() || m.skips(p) || slices.ContainsFunc(out.sets, func(c source.Change) bool { return len(c.Path) == len(p.at) }) {
		return
	}
	of := func(x part) []string {
		if x.value.IsZero() {
			return nil
		}
		return x.leadLines(x.value.File().Data)
	}
	above := three[[]string]{of(lines.base), of(o), of(t)}
	// Blank lines above are left as ours has them: they may as well belong to what comes before.
	blank, theirBlank := blanks(above.ours), blanks(above.theirs)
	above = three[[]string]{above.base[blanks(above.base):], above.ours[blank:], above.theirs[theirBlank:]}
	if !o.compact && !t.compact && !slices.Equal(above.base, above.theirs) && !slices.Equal(above.ours, above.theirs) {
		if joined, ok := mergeLines(joinLines(above.base), joinLines(above.ours), joinLines(above.theirs)); ok && joined != joinLines(above.ours) && !m.drops(above.ours, joined) {
			d := o.value.File().Data
			start := o.lead
			for range blank {
				start = lineEnd(d, start)
			}
			out.edits = append(out.edits, source.Edit{Span: source.Span{Start: start, End: o.start}, New: breaks(o.value.File(), indented(joined, o.column))})
			out.changes = append(out.changes, m.commentChange(p, joinLines(above.ours), joined))
		}
	}
	if ours, ok := o.tail(); ok && len(out.sets) == 0 {
		if theirs, ok := t.tail(); ok && n.ours.Kind() == n.theirs.Kind() {
			base, _ := lines.base.tail()
			m.tails(p, three[tail]{base, ours, theirs}, out)
		}
	}
	spanOf := func(x part) (string, source.Span) {
		if x.value.IsZero() {
			return "", source.Span{}
		}
		s := x.remark()
		if s.Start < 0 {
			return "", s
		}
		return string(x.value.File().Data[s.Start:s.End]), s
	}
	base, _ := spanOf(lines.base)
	ours, os := spanOf(o)
	theirs, ts := spanOf(t)
	if os.Start < 0 || ts.Start < 0 || theirs == base || ours != base || theirs == ours || m.precious[strings.TrimSpace(ours)] {
		return
	}
	d := o.value.File().Data
	e := source.Edit{Span: os, New: theirs}
	switch {
	case theirs == "":
		for e.Start > 0 && (d[e.Start-1] == ' ' || d[e.Start-1] == '\t') {
			e.Start--
		}
	case ours == "":
		from := t.value.File().Data
		i := ts.Start
		for i > 0 && from[i-1] == ' ' {
			i--
		}
		e.New = string(from[i:ts.Start]) + theirs
		if i == ts.Start {
			e.New = " " + theirs
		}
	}
	out.edits = append(out.edits, e)
	out.changes = append(out.changes, m.commentChange(p, ours, theirs))
}

// tails merges the comments below the last parts of a block.
func (m *merger) tails(p *place, x three[tail], out *outcome) {
	ours := x.ours.text()
	joined, ok := mergeLines(x.base.text(), ours, x.theirs.text())
	if !ok || strings.TrimSpace(joined) == strings.TrimSpace(ours) || m.drops(strings.Split(ours, "\n"), joined) || m.skips(p) {
		return
	}
	out.changes = append(out.changes, m.commentChange(p, ours, joined))
	s := x.ours.span
	text := indented(joined, x.ours.column)
	if d := x.ours.file.Data; s.End == len(d) && d[len(d)-1] != '\n' {
		text = strings.TrimSuffix(text, "\n")
		if d[s.Start-1] != '\n' {
			text = "\n" + text
		}
	}
	out.edits = append(out.edits, source.Edit{Span: s, New: breaks(x.ours.file, text)})
}

// drops reports whether a precious comment is among lines and not in a text.
func (m *merger) drops(lines []string, text string) bool {
	left := map[string]int{}
	for line := range strings.Lines(text) {
		left[strings.TrimSpace(line)]++
	}
	return slices.ContainsFunc(lines, func(line string) bool {
		line = strings.TrimSpace(line)
		left[line]--
		return m.precious[line] && left[line] < 0
	})
}

// indented gives all lines of a text that are not blank so many spaces.
func indented(text string, column int) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if strings.TrimSpace(line) != "" {
			b.WriteString(strings.Repeat(" ", column))
		}
		b.WriteString(line)
	}
	return b.String()
}

func joinLines(lines []string) string {
	if len(lines) == 0 {
		return ""
	}
	return strings.Join(lines, "\n") + "\n"
}
