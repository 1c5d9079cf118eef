package source

import (
	"bytes"
	"sort"
	"strings"
)

// place is where a path leads: a value, what holds it, and what holds that.
type place struct {
	value Node
	key   Node   // zero for items and the top node
	up    *place // the mapping or sequence that holds it; nil for the top node
	index int    // among the entries or items of up
}

// path returns the way from the top node to p, without selectors: what selects an item may be changed on the way.
func (p *place) path() Path {
	if p.up == nil {
		return nil
	}
	s := Step{Index: p.index}
	if !p.key.IsZero() {
		s = Step{Key: p.key.Text()}
	}
	return append(p.up.path(), s)
}

// lead returns where the entry or item begins.
func (p *place) lead() int {
	if p.key.IsZero() {
		return p.value.lead()
	}
	return p.key.lead()
}

// lead returns where n's introduction begins; see node.lead.
func (n Node) lead() int { return int(n.f.nodes[n.i].lead) }

// child is an entry of a mapping or an item of a sequence as a stretch of text.
type child struct {
	key, value Node // key is zero for items
	lead       int  // where it begins: its key, dash, or, inside brackets, the item itself
	end        int  // where its text ends
}

// children returns the entries or items of a collection.
func children(n Node) []child {
	var cs []child
	for e := range n.Entries() {
		cs = append(cs, child{e.Key, e.Value, e.Key.lead(), max(endOf(e.Key), endOf(e.Value))})
	}
	for _, item := range n.Items() {
		cs = append(cs, child{Node{}, item, item.lead(), endOf(item)})
	}
	return cs
}

// endOf returns where the text of n ends, that of what it holds included.
func endOf(n Node) int { return int(n.f.nodes[n.i].end) }

// leaf returns the node that ends n's text: the last scalar in it, or the collection in brackets that is closed last.
func leaf(n Node) Node {
	for n.Style() == Block {
		cs := children(n)
		n = cs[len(cs)-1].value
	}
	return n
}

func isBlockScalar(n Node) bool {
	return n.Kind() == Scalar && (n.Style() == Literal || n.Style() == Folded)
}

// lineBegin returns the offset at which the line of offset begins, behind a byte order mark.
func lineBegin(d []byte, offset int) int {
	start := bytes.LastIndexByte(d[:offset], '\n') + 1
	if start == 0 && bytes.HasPrefix(d, []byte("\ufeff")) && offset >= 3 {
		return 3
	}
	return start
}

// lineEnd returns the offset of the line break that ends the line of offset, or of the end of the text.
func lineEnd(d []byte, offset int) int {
	i := bytes.IndexByte(d[offset:], '\n')
	switch i += offset; {
	case i < offset:
		return len(d)
	case i > offset && d[i-1] == '\r':
		return i - 1
	}
	return i
}

// behindBreak returns the offset behind the line break at end, which lineEnd returned.
func behindBreak(d []byte, end int) int {
	if end < len(d) && d[end] == '\r' {
		end++
	}
	return min(end+1, len(d))
}

// firstOnLine reports whether only spaces precede offset on its line.
func firstOnLine(d []byte, offset int) bool {
	return len(bytes.Trim(d[lineBegin(d, offset):offset], " ")) == 0
}

// column returns the column of offset, counted in bytes from 0.
func column(d []byte, offset int) int { return offset - lineBegin(d, offset) }

// lineBreak returns the line break in use around offset.
func lineBreak(d []byte, offset int) string {
	i := bytes.IndexByte(d[offset:], '\n') + offset
	if i < offset {
		i = bytes.LastIndexByte(d, '\n')
	}
	if i > 0 && d[i-1] == '\r' {
		return "\r\n"
	}
	return "\n"
}

// nearest calls visit for entries and items around a new or changed child of p at index, nearest first: those of the same
// collection, before it and behind it, with all that is in them, then p itself, then the neighbours of p, and so on up to the
// whole document. It stops when visit returns true.
func nearest(p *place, index int, visit func(holder Node, c child) bool) {
	for ; p != nil; p, index = p.up, p.index {
		cs := children(p.value)
		index = min(index, len(cs))
		for i := index - 1; i >= 0; i-- {
			if within(p.value, cs[i], visit) {
				return
			}
		}
		for i := index; i < len(cs); i++ {
			if within(p.value, cs[i], visit) {
				return
			}
		}
		if p.up != nil && visit(p.up.value, child{p.key, p.value, p.lead(), endOf(p.value)}) {
			return
		}
	}
}

func within(holder Node, c child, visit func(Node, child) bool) bool {
	if visit(holder, c) {
		return true
	}
	for _, x := range children(c.value) {
		if within(c.value, x, visit) {
			return true
		}
	}
	return false
}

// maxVisits bounds how far style looks around. The neighbours that count are near; a document of 5 KB has about 500 nodes.
const maxVisits = 2000

// style measures how things are written around the child at index of p. New text begins at offset at.
func (e *editing) style(p *place, index int, at int) style {
	m := measure{d: e.cur.Data}
	inFlow := p != nil && p.value.Style() == Flow
	visits := 0
	nearest(p, index, func(holder Node, c child) bool {
		m.nested(c)
		if holder.Style() == Flow {
			m.flow(holder, c)
		} else {
			m.gapOf(holder)
		}
		visits++
		return visits > maxVisits || m.stepSet && m.dashSet && m.gap != 0 && m.quote != 0 && (!inFlow || m.keySet && m.textSet)
	})
	s := m.style
	s.eol = lineBreak(e.cur.Data, at)
	s.hash = e.hash(at)
	if s.step == 0 {
		s.step = 2
	}
	if s.gap == 0 {
		s.gap = 2
	}
	if s.unit == "" {
		s.unit = pad(s.step)
	}
	if s.json = isJSON(e.root()); s.json {
		s.quote, s.forceKey, s.forceFlow = '"', '"', '"'
	}
	if s.quote == 0 {
		s.quote = '"'
	}
	s.sep = ", "
	switch s.colon {
	case "":
		s.colon = ": "
	case ":":
		s.sep = ","
	}
	return s
}

// hash returns the white space before the trailing comment that is nearest to at, those before it first.
func (e *editing) hash(at int) string {
	cs := e.cur.Comments
	i := sort.Search(len(cs), func(i int) bool { return cs[i].Start >= at })
	for i > 0 && cs[i-1].Own {
		i--
	}
	if i == 0 {
		for i < len(cs) && cs[i].Own {
			i++
		}
		i++
	}
	if i > 0 && i <= len(cs) && cs[i-1].Start > 1 && string(e.cur.Data[cs[i-1].Start-2:cs[i-1].Start]) == "  " {
		return "  "
	}
	return " "
}

// measure collects what neighbours say about style, the nearest first.
type measure struct {
	style
	d                                                  []byte
	stepSet, dashSet, keySet, textSet, mapSet, listSet bool
}

// nested learns from a value how far what is in it is indented, and which quotes are in use.
func (m *measure) nested(c child) {
	v := c.value
	switch {
	case v.Kind() == Mapping && v.Style() == Block && !c.key.IsZero() && !m.stepSet:
		first := firstChild(v).lead()
		if step := column(m.d, first) - column(m.d, c.key.lead()); step > 0 && step <= 16 && firstOnLine(m.d, first) {
			m.step, m.stepSet = step, true
		}
	case v.Kind() == Sequence && v.Style() == Block && !c.key.IsZero() && !m.dashSet:
		if dash := column(m.d, firstChild(v).lead()) - column(m.d, c.key.lead()); dash >= 0 && dash <= 16 {
			m.dash, m.dashSet = dash, true
		}
	case v.Kind() == Scalar && m.quote == 0:
		m.quote = quoteOf(v)
	}
}

// gapOf learns from a sequence how far its items stand from their dashes.
func (m *measure) gapOf(holder Node) {
	if m.gap != 0 || holder.Kind() != Sequence {
		return
	}
	item := firstChild(holder)
	dash, start := item.lead(), item.Span().Start
	if gap := start - dash; gap >= 2 && gap <= 16 && len(bytes.Trim(m.d[dash+1:start], " ")) == 0 {
		m.gap = gap
	}
}

// flow learns from a child of a collection in brackets.
func (m *measure) flow(holder Node, c child) {
	if !c.key.IsZero() && !m.keySet {
		m.keySet = true
		m.forceKey = quoteOf(c.key)
		m.colon = colonOf(m.d, c)
	}
	if v := c.value; v.Kind() == Scalar && v.Type() == StringValue && !m.textSet {
		m.textSet = true
		m.forceFlow = quoteOf(v)
	}
	if m.unit == "" {
		outer, inner := indentOf(m.d, holder.Span().Start), indentOf(m.d, c.lead)
		if unit, ok := strings.CutPrefix(inner, outer); ok && len(inner) == column(m.d, c.lead) {
			m.unit = unit
		}
	}
	switch {
	case holder.Kind() == Mapping && !m.mapSet:
		m.mapSet, m.padMap = true, paddingOf(m.d, holder.Span())
	case holder.Kind() == Sequence && !m.listSet:
		m.listSet, m.padList = true, paddingOf(m.d, holder.Span())
	}
}

// isJSON reports whether the document below top is to stay JSON: it is in brackets, and its file is called so or its first key
// or string is in double quotes.
func isJSON(top Node) bool {
	switch {
	case top.Style() != Flow:
		return false
	case strings.HasSuffix(top.f.Name, ".json"):
		return true
	}
	for i := top.i + 1; i < top.f.nodes[top.i].next; i++ {
		if n := (Node{top.f, i}); n.Kind() == Scalar && n.Type() == StringValue {
			return n.Style() == DoubleQuoted
		}
	}
	return false
}

func firstChild(n Node) Node { return Node{n.f, n.i + 1} }

func quoteOf(n Node) byte {
	switch n.Style() {
	case SingleQuoted:
		return '\''
	case DoubleQuoted:
		return '"'
	}
	return 0
}

// colonOf returns the text between key and value inside brackets when it is a colon and spaces.
func colonOf(d []byte, c child) string {
	if c.value.IsEmpty() || c.value.Span().Start <= c.key.Span().End {
		return ""
	}
	between := d[c.key.Span().End:c.value.Span().Start]
	if trimmed := bytes.Trim(between, " "); string(trimmed) != ":" {
		return ""
	}
	return string(between)
}

// paddingOf returns the spaces behind an opening bracket when something follows them on the line.
func paddingOf(d []byte, s Span) string {
	i := s.Start + 1
	for i < s.End && d[i] == ' ' {
		i++
	}
	if i < len(d) && (isBreak(d[i]) || d[i] == '#') {
		return ""
	}
	return string(d[s.Start+1 : i])
}
