package source

import (
	"bytes"
	"sort"
	"strings"
)

// This file turns one step of a change into edits of bytes. The steps:
//
//	put        another value for an entry, an item or the top node
//	addEntry   a new entry of a mapping that has others
//	addItem    a new item of a list that has others
//	cutChild   one entry or item less, of several
//	putKey     another name for a key
//
// In blocks, new lines go in at the end of a line, with the line break before them; so the last line of a file keeps its end.

// inBrackets reports whether the place is inside a collection in brackets, or is one that makes up the whole document.
func inBrackets(at *place) bool {
	if at.up != nil {
		return at.up.value.Style() == Flow
	}
	n := at.value
	return n.Style() == Flow && (n.Len() > 0 || isJSON(n) || !firstOnLine(n.f.Data, n.lead()))
}

// lines returns the text that adds lines behind a line.
func (s *style) lines(lines []string) string {
	if len(lines) == 0 {
		return ""
	}
	return s.eol + strings.Join(lines, s.eol)
}

// comments returns the comments that begin in the span.
func (e *editing) comments(start, end int) []Comment {
	cs := e.cur.Comments
	i := sort.Search(len(cs), func(i int) bool { return cs[i].Start >= start })
	j := i
	for j < len(cs) && cs[j].Start < end {
		j++
	}
	return cs[i:j]
}

// ownLines writes comments as lines of their own in a column.
func (e *editing) ownLines(cs []Comment, col int) []string {
	var lines []string
	for _, c := range cs {
		lines = append(lines, pad(col)+string(e.cur.Data[c.Start:c.End]))
	}
	return lines
}

// indentOf returns the white space that begins the line of offset.
func indentOf(d []byte, offset int) string {
	start := lineBegin(d, offset)
	i := start
	for i < len(d) && isBlank(d[i]) {
		i++
	}
	return string(d[start:i])
}

// pastDeeper returns the end of the last comment line below p, which is the end of a line, that is indented more than col. With
// list set, col is the column of a key with a list below whose dashes are in the same column: comments that are items of that
// list count too. Blank lines are passed over when such a comment follows.
func (e *editing) pastDeeper(p, col int, list bool) int {
	d := e.cur.Data
	commentedItem := false
	for end := p; end < len(d); {
		line := behindBreak(d, end)
		if line >= len(d) {
			break
		}
		i := line
		for i < len(d) && isBlank(d[i]) {
			i++
		}
		end = lineEnd(d, line)
		if i >= end {
			commentedItem = false
			continue
		}
		if d[i] != '#' {
			break
		}
		if list && i-line == col && strings.HasPrefix(strings.TrimLeft(string(d[i+1:end]), " "), "- ") {
			commentedItem = true
		}
		if i-line <= col && !(commentedItem && i-line == col) {
			break
		}
		p = end
	}
	return p
}

// below reports how block scalars may be written when lines of a value in column col end at p, which is the end of a line.
func (e *editing) below(s *style, p, col int) {
	d := e.cur.Data
	if p == len(d) {
		s.noClip = true
	}
	s.noLiteral = s.noLiteral || e.pastDeeper(p, col, false) != p || e.spacesBelow(p)
}

// spacesBelow reports whether there are spaces or tabs in the blank lines below p, which is the end of a line: below a block scalar, they
// can become text.
func (e *editing) spacesBelow(p int) bool {
	return bytes.ContainsAny(e.cur.Data[p:e.pastBlank(p)], " \t")
}

// intro returns where the text that introduces a value in a block ends: behind the colon or dash.
func (e *editing) intro(at *place) int {
	lead := at.value.lead()
	if at.key.IsZero() {
		return lead + 1
	}
	if lead >= len(e.cur.Data) || e.cur.Data[lead] != ':' {
		panic(unwritable("the key " + at.key.Text() + " is written without a colon"))
	}
	return lead + 1
}

// anchored returns the span of n's anchor and tag; ok is false when it has none.
func anchored(n Node) (s Span, ok bool) {
	pr, ok := n.f.props[n.i]
	if !ok {
		return Span{}, false
	}
	return Span{pr.start(), max(pr.anchor.End, pr.tag.End)}, true
}

// put writes v where a value stands. With same set, it is the same collection with its first child or without its last one, and
// keeps its tag; otherwise the tag says what the old value was, and goes with it, as does an anchor beside it, which nobody uses.
func (e *editing) put(at *place, v Value, same bool) {
	drop := !same && at.value.Tag() != ""
	if at.up == nil {
		e.noTab(at.value.lead())
	}
	switch {
	case inBrackets(at):
		e.putFlow(at, v, drop)
	case at.up == nil:
		e.putTop(at, v, drop)
	default:
		e.putBlock(at, v, drop)
	}
}

// putFlow writes v where a value stands inside brackets.
func (e *editing) putFlow(at *place, v Value, drop bool) {
	n, d := at.value, e.cur.Data
	span := n.Span()
	if pr, ok := anchored(n); ok && drop {
		span.Start = pr.Start
	}
	if len(e.comments(span.Start, span.End)) > 0 {
		panic(unwritable("comments within brackets would get lost"))
	}
	if bare(n) {
		panic(unwritable("a list in brackets has an entry without braces"))
	}
	s := e.style(at.up, at.index, span.Start)
	many := n.Kind() != Scalar && bytes.IndexByte(d[span.Start:span.End], '\n') >= 0
	if at.up != nil {
		own := e.layout(at.up.value)
		many, s.trailing = own.many, own.trailing
	}
	s.keepQuotes(n, v)
	text := s.flow(v, indentOf(d, span.Start), many)
	switch {
	case span.Start < span.End:
		e.replace(span.Start, span.End, text)
	case at.key.IsZero() || d[n.lead()] == ':':
		e.replace(span.Start, span.Start, " "+text)
	default:
		e.replace(span.Start, span.Start, ": "+text)
	}
}

// keepQuotes makes a string keep the quotes of the one it replaces.
func (s *style) keepQuotes(old Node, v Value) {
	if old.Kind() != Scalar || v.kind != Scalar || !v.quoted || s.json {
		return
	}
	if q := quoteOf(old); q != 0 {
		s.force, s.forceFlow = q, q
	} else if old.Type() == StringValue {
		s.force, s.forceFlow = 0, 0
	}
}

// putTop writes v in place of a whole document.
func (e *editing) putTop(at *place, v Value, drop bool) {
	n, d := at.value, e.cur.Data
	start, end := n.Span().Start, n.Span().End
	if pr, ok := anchored(n); ok && drop {
		start = pr.Start
	}
	s := e.style(nil, 0, start)
	s.noLiteral = true
	s.keepQuotes(n, v)
	if n.Style() == Block || v.kind != Scalar && !v.isEmpty() {
		end = lineEnd(d, end)
	}
	cs := e.comments(start, end)
	col := column(d, start)
	own := firstOnLine(d, start)
	if !own {
		col = 0
	}
	lines := s.top(v, col)
	if own {
		lines[0] = strings.TrimLeft(lines[0], " ")
		e.replace(start, end, lines[0]+s.lines(lines[1:]))
		p := lineEnd(d, end)
		e.replace(p, p, s.lines(e.ownLines(cs, col)))
		return
	}
	p := lineEnd(d, end)
	if v.kind == Scalar || v.isEmpty() {
		if !isBlank(d[start-1]) {
			lines[0] = " " + lines[0]
		}
		e.replace(start, end, lines[0])
		lines = nil
	} else {
		for isBlank(d[start-1]) {
			start--
		}
		e.replace(start, end, "")
	}
	e.replace(p, p, s.lines(append(lines, e.ownLines(cs, col)...)))
}

// top writes v as lines that are a whole document.
func (s *style) top(v Value, col int) []string {
	if v.kind == Sequence {
		s.dash = 0
	} else {
		col -= s.step
	}
	inline, lines := s.block(v, col, false)
	if inline != "" {
		lines = append([]string{inline}, lines...)
	}
	return lines
}

// putBlock writes v where a value stands in a block.
func (e *editing) putBlock(at *place, v Value, drop bool) {
	n, d := at.value, e.cur.Data
	item := at.key.IsZero()
	keep := e.intro(at) // what stays of the introduction ends here
	col := column(d, keep-1)
	if !item {
		col = column(d, at.key.lead())
	}
	start, end := n.Span().Start, n.Span().End
	pr, hasProps := anchored(n)
	switch {
	case hasProps && drop:
		start = pr.Start
		if n.IsEmpty() {
			end = pr.End
		}
	case hasProps:
		keep = pr.End
	}
	introEnd := lineEnd(d, keep)
	s := e.style(at.up, at.index, keep)
	s.keepQuotes(n, v)
	if item {
		if gap := start - (keep - 1); gap >= 2 && start <= introEnd && !hasProps && !n.IsEmpty() {
			if bytes.IndexByte(d[keep:start], '\t') < 0 {
				s.gap = gap
			} else if v.kind != Scalar {
				start = keep // a mapping cannot begin behind a tab
			}
		}
		if !s.json && v.kind == Scalar && v.quoted && quoteOf(n) == 0 && (n.Kind() != Scalar || n.IsEmpty()) {
			s.force = e.itemQuotes(at.up.value)
		}
	}
	if isBlockScalar(n) && v.kind == Scalar {
		if i := firstText(d, n); i > 0 && column(d, i) > col {
			s.step, s.gap = column(d, i)-col, column(d, i)-col
		}
	}
	e.below(&s, lineEnd(d, end), col)
	inline, lines := s.block(v, col, item)
	// An item begins behind its dash, unless comments would meet there.
	if item && inline == "" && !(hasProps && keep == pr.End) && !strings.HasPrefix(lines[0][col+s.gap:], "#") &&
		(!strings.Contains(lines[0], " #") || len(e.comments(keep, lineEnd(d, end))) == 0) {
		inline, lines = lines[0][col+s.gap:], lines[1:]
	}
	// Comments that stood in the old value stand below the new one.
	below := col + s.step
	if item {
		below = col + s.gap
	}
	if v.endsInLines() {
		below = col // further right, they would become text
	}
	space := " "
	if item && !hasProps {
		space = pad(s.gap - 1)
	}
	switch {
	case isBlockScalar(n) && start <= introEnd:
		header := start
		for header < len(d) && !isBlank(d[header]) && !isBreak(d[header]) {
			header++
		}
		if hasProps && start == pr.Start {
			header = n.Span().Start
			for header < len(d) && !isBlank(d[header]) && !isBreak(d[header]) {
				header++
			}
		}
		headerEnd := lineEnd(d, header)
		if inline != "" {
			e.replace(start, header, inline)
		} else {
			e.replace(keep, header, "")
		}
		e.replace(headerEnd, max(end, headerEnd), s.lines(lines))
	case n.Style() == Block && start <= introEnd: // an item that begins behind its dash
		end = lineEnd(d, end)
		cs := e.comments(start, end)
		e.replace(start, end, inline+s.lines(append(lines, e.ownLines(cs, below)...)))
	case n.Style() == Block || start > introEnd:
		if inline != "" {
			e.replace(keep, keep, space+inline)
		}
		end = lineEnd(d, end)
		cs := e.comments(introEnd, end)
		if len(cs) > 0 && cs[0].Start < introEnd {
			cs = cs[1:]
		}
		e.replace(introEnd, end, s.lines(append(lines, e.ownLines(cs, below)...)))
	default:
		cs := e.comments(start, end)
		switch {
		case inline == "":
			e.replace(keep, end, "")
		case start == keep: // nothing stood here, or nothing of it stays
			e.replace(start, end, space+inline)
		default:
			e.replace(start, end, inline)
		}
		p := lineEnd(d, end)
		e.replace(p, p, s.lines(append(lines, e.ownLines(cs, below)...)))
	}
}

// itemQuotes returns the quotes that all items of a list have, 0 when they have none or different ones.
func (e *editing) itemQuotes(list Node) byte {
	var q byte
	for _, item := range list.Items() {
		switch iq := quoteOf(item); {
		case item.IsEmpty():
		case iq == 0 || q != 0 && q != iq:
			return 0
		default:
			q = iq
		}
	}
	return q
}

// firstText returns the offset of the first character of a block scalar's text, or 0.
func firstText(d []byte, n Node) int {
	end := n.Span().End
	for i := behindBreak(d, lineEnd(d, n.Span().Start)); i < end; i = behindBreak(d, lineEnd(d, i)) {
		for i < end && d[i] == ' ' {
			i++
		}
		if i < end && !isBreak(d[i]) {
			return i
		}
	}
	return 0
}

// keepsBreaks reports whether a block scalar's blank lines at its end belong to its text (|+).
func keepsBreaks(n Node) bool {
	if !isBlockScalar(n) {
		return false
	}
	d := n.f.Data
	for i := n.Span().Start + 1; i < len(d) && !isBlank(d[i]) && !isBreak(d[i]); i++ {
		if d[i] == '+' {
			return true
		}
	}
	return false
}

// addLines puts lines behind the child before, in column col.
func (e *editing) addLines(s *style, before child, col int, list bool, write func() []string) {
	d := e.cur.Data
	last := leaf(before.value)
	p := lineEnd(d, before.end)
	if keepsBreaks(last) {
		// Blank lines at the end are text: go behind them.
		next := p
		for next < len(d) {
			line := behindBreak(d, next)
			end := lineEnd(d, line)
			if len(bytes.TrimLeft(d[line:end], " ")) > 0 || line == len(d) {
				break
			}
			next = end
		}
		if behind := behindBreak(d, next); next < len(d) {
			e.below(s, next, col)
			if behind == len(d) {
				s.noClip = false
			}
			e.replace(behind, behind, strings.Join(write(), s.eol)+s.eol)
			return
		}
		p = next
	}
	if isBlockScalar(last) && p == len(d) {
		e.endWithoutBreak(last)
	}
	p = e.pastDeeper(p, col, list)
	e.below(s, p, col)
	e.replace(p, p, s.lines(write()))
}

// endWithoutBreak makes a block scalar at the very end of a file without final line break mean the same when a line break
// follows.
func (e *editing) endWithoutBreak(n Node) {
	d := e.cur.Data
	if strings.HasSuffix(n.Text(), "\n") {
		return // blank text, which is not without a break
	}
	i := n.Span().Start + 1
	for ; i < len(d) && !isBlank(d[i]) && !isBreak(d[i]); i++ {
		switch d[i] {
		case '-':
			return
		case '+':
			e.replace(i, i+1, "-")
			return
		}
	}
	e.replace(i, i, "-")
}

// listInColumn reports whether the value that ends with c is a list with its dashes in column col.
func listInColumn(d []byte, v Node, col int) bool {
	return v.Kind() == Sequence && v.Style() == Block && column(d, firstChild(v).lead()) == col
}

// addEntry adds an entry to a mapping that has others.
func (e *editing) addEntry(at *place, f Field, after []string) {
	m, d := at.value, e.cur.Data
	cs := children(m)
	index := len(cs)
	for _, name := range after {
		if c, ok := ownEntry(m, name); ok {
			for i := range cs {
				if cs[i].key == c.key {
					index = i + 1
				}
			}
			break
		}
	}
	for _, i := range mergers(cs, f.Key) {
		index = max(index, i+1)
	}
	before := cs[index-1]
	s := e.style(at, index, before.end)
	if m.Style() == Flow {
		e.addFlow(at, index, &s, f.Comment, func(indent string, many bool) string { return s.flowEntry(f, indent, many) })
		return
	}
	s.forceKey = e.keyQuotes(cs)
	col := column(d, cs[0].lead)
	e.noTab(cs[0].lead)
	e.addLines(&s, before, col, listInColumn(d, before.value, col), func() []string { return s.entry(f, col) })
}

// keyQuotes returns the quotes that all keys have, 0 when they have none or different ones.
func (e *editing) keyQuotes(cs []child) byte {
	q := quoteOf(cs[0].key)
	for _, c := range cs {
		if quoteOf(c.key) != q {
			return 0
		}
	}
	return q
}

// noTab refuses a line whose columns cannot be told because of tabs.
func (e *editing) noTab(offset int) {
	if d := e.cur.Data; bytes.IndexByte(d[lineBegin(d, offset):offset], '\t') >= 0 {
		panic(unwritable("there is a tab in the indentation"))
	}
}

// addItem adds an item to a list that has others, before the one at index.
func (e *editing) addItem(at *place, index int, v Value, comment string) {
	list, d := at.value, e.cur.Data
	cs := children(list)
	s := e.style(at, index, cs[max(index-1, 0)].end)
	if list.Style() == Flow {
		e.addFlow(at, index, &s, comment, func(indent string, many bool) string { return s.flow(v, indent, many) })
		return
	}
	e.noTab(cs[0].lead)
	s.force = e.itemQuotes(list)
	col := column(d, cs[0].lead)
	if index > 0 {
		e.addLines(&s, cs[index-1], col, false, func() []string { return s.item(v, comment, col) })
		return
	}
	first := cs[0].lead
	if !firstOnLine(d, first) {
		s.noLiteral = true
		lines := s.item(v, comment, col)
		if strings.HasPrefix(lines[0][col:], "#") {
			panic(unwritable("there is no place for a comment"))
		}
		lines[0] = lines[0][col:]
		e.replace(first, first, strings.Join(lines, s.eol)+s.eol+pad(col))
		return
	}
	p := e.aboveComments(first, col)
	s.noLiteral = s.noLiteral || p != lineBegin(d, first)
	e.replace(p, p, strings.Join(s.item(v, comment, col), s.eol)+s.eol)
}

// aboveComments returns the start of the comment lines that stand right above the line of offset, in column col, or the start of
// that line.
func (e *editing) aboveComments(offset, col int) int {
	d := e.cur.Data
	p := lineBegin(d, offset)
	for p > 0 {
		line := lineBegin(d, p-1)
		i := line
		for i < len(d) && d[i] == ' ' {
			i++
		}
		if d[i] != '#' || i-line != col {
			break
		}
		p = line
	}
	return p
}

// layout is how a collection in brackets is laid out.
type layout struct {
	many     bool // one entry a line
	trailing bool // a comma behind the last
}

func (e *editing) layout(n Node) layout {
	cs := children(n)
	if len(cs) == 0 {
		return layout{}
	}
	last := cs[len(cs)-1]
	_, comma := e.comma(last.end, n.Span().End)
	return layout{many: len(indentOf(e.cur.Data, last.lead)) == column(e.cur.Data, last.lead), trailing: comma}
}

// comma looks for the comma behind offset, over white space and comments, and returns where it is.
func (e *editing) comma(offset, limit int) (int, bool) {
	d := e.cur.Data
	for i := offset; i < limit; i++ {
		switch {
		case d[i] == ',':
			return i, true
		case d[i] == '#':
			i = lineEnd(d, i) - 1
		case !isBlank(d[i]) && !isBreak(d[i]):
			return i, false
		}
	}
	return limit, false
}

// alone reports whether a child inside brackets has its lines for itself, but for a comma and a comment, and returns where that
// comma is.
func (e *editing) alone(c child, limit int) (comma int, hasComma, ok bool) {
	d := e.cur.Data
	comma, hasComma = e.comma(c.end, limit)
	end := c.end
	if hasComma && comma > lineEnd(d, c.end) {
		return comma, true, false
	}
	if hasComma {
		end = comma + 1
	}
	rest := bytes.TrimLeft(d[end:lineEnd(d, end)], " \t")
	return comma, hasComma, len(indentOf(d, c.lead)) == column(d, c.lead) && (len(rest) == 0 || rest[0] == '#')
}

// addFlow adds a child inside brackets, before the one at index.
func (e *editing) addFlow(at *place, index int, s *style, comment string, write func(indent string, many bool) string) {
	n, d := at.value, e.cur.Data
	if bare(n) {
		panic(unwritable("a list in brackets has an entry without braces"))
	}
	cs := children(n)
	limit := n.Span().End - 1
	own := e.layout(n)
	s.trailing = own.trailing
	var above []string
	behind := ""
	if !s.json {
		above, behind = s.comment(comment, 0)
	}
	if index == 0 {
		first := cs[0].lead
		if _, _, ok := e.alone(cs[0], limit); !ok {
			e.replace(first, first, write(indentOf(d, first), false)+s.sep)
			return
		}
		indent := indentOf(d, first)
		p := e.aboveComments(first, len(indent))
		lines := append(above, write(indent, true)+","+behind)
		e.replace(p, p, indent+strings.Join(lines, s.eol+indent)+s.eol)
		return
	}
	c := cs[index-1]
	comma, hasComma, ok := e.alone(c, limit)
	indent := indentOf(d, c.lead)
	if !ok {
		sep := s.sep
		if !c.key.IsZero() && c.value.IsEmpty() && d[c.end-1] == ':' {
			sep = " " + sep
		}
		e.replace(c.end, c.end, sep+write(indent, false))
		return
	}
	end := lineEnd(d, c.end)
	text := s.eol + indent + strings.Join(append(above, write(indent, true)), s.eol+indent)
	if hasComma {
		text += ","
	} else {
		e.replace(c.end, c.end, ",")
	}
	if hasComma && comma > end {
		panic(unwritable("a comma stands on a line of its own"))
	}
	e.replace(end, end, text+behind)
}

// cutChild removes the child at index of a collection that has others.
func (e *editing) cutChild(at *place, index int) {
	n, d := at.value, e.cur.Data
	cs := children(n)
	c := cs[index]
	if n.Style() == Flow {
		e.cutFlow(n, cs, index)
		return
	}
	e.noTab(c.lead)
	if !firstOnLine(d, c.lead) {
		e.cutCompact(cs, index)
		return
	}
	col := column(d, c.lead)
	start, p := lineBegin(d, c.lead), lineEnd(d, c.end)
	move := -1 // the column comments must move to
	if index > 0 {
		if last := leaf(cs[index-1].value); isBlockScalar(last) {
			// What is indented below a block scalar, and blank lines below |+, would become text of it.
			move = col
			p = e.pastDeeper(p, col, !c.key.IsZero() && listInColumn(d, c.value, col))
			if keepsBreaks(last) || e.spacesBelow(p) {
				p = e.pastBlank(p)
			}
		}
	}
	if last := leaf(c.value); keepsBreaks(last) {
		p = e.pastBlank(p)
	}
	e.cutLines(start, p, move)
}

// pastBlank returns the end of the last of the blank lines below p, which is the end of a line.
func (e *editing) pastBlank(p int) int {
	d := e.cur.Data
	for p < len(d) {
		line := behindBreak(d, p)
		end := lineEnd(d, line)
		if line >= len(d) || len(bytes.Trim(d[line:end], " \t")) > 0 {
			break
		}
		p = end
	}
	return p
}

// cutLines removes the lines from start to the one that ends at p, and keeps their comments: those on lines of their own as they
// are, or in column move when that is not negative, the others as lines of their own in place of what they stood behind.
func (e *editing) cutLines(start, p, move int) {
	d := e.cur.Data
	at := start
	for _, c := range e.comments(start, p) {
		line := lineBegin(d, c.Start)
		switch {
		case c.Own && move < 0:
			e.replace(at, line, "")
		case move >= 0:
			e.replace(at, c.Start, pad(move))
		default:
			e.replace(at, c.Start, indentOf(d, c.Start))
		}
		at = behindBreak(d, lineEnd(d, c.Start))
	}
	end := behindBreak(d, p)
	if at < end && p == end && at > 0 && move < 0 {
		// The file ends without line break, and shall do so.
		at--
		if at > 0 && d[at] == '\n' && d[at-1] == '\r' {
			at--
		}
	}
	if at < end {
		e.replace(at, end, "")
	}
}

// cutCompact removes a child that begins behind a dash: the next one moves up there, and comments above.
func (e *editing) cutCompact(cs []child, index int) {
	d := e.cur.Data
	if index != 0 {
		panic(unwritable("an entry begins on the line of another"))
	}
	from, to := cs[0].lead, cs[1].lead
	line := lineBegin(d, from)
	if cs := e.comments(from, to); len(cs) > 0 {
		lines := e.ownLines(cs, len(indentOf(d, from)))
		eol := lineBreak(d, from)
		e.replace(line, line, strings.Join(lines, eol)+eol)
	}
	e.replace(from, to, "")
}

// cutFlow removes a child inside brackets.
func (e *editing) cutFlow(n Node, cs []child, index int) {
	d := e.cur.Data
	c := cs[index]
	limit := n.Span().End - 1
	comma, hasComma, alone := e.alone(c, limit)
	if alone {
		end := c.end
		if hasComma {
			end = comma
		}
		if index == len(cs)-1 && !hasComma {
			before, has := e.comma(cs[index-1].end, c.lead)
			if has {
				e.replace(before, before+1, "")
			}
		}
		e.cutLines(lineBegin(d, c.lead), lineEnd(d, end), -1)
		return
	}
	from, to := c.lead, c.end
	if index < len(cs)-1 {
		to = cs[index+1].lead
	} else {
		from = cs[index-1].end
	}
	if len(e.comments(from, to)) > 0 {
		panic(unwritable("comments within brackets would get lost"))
	}
	e.replace(from, to, "")
}

// putKey writes another name in place of a key.
func (e *editing) putKey(at *place, name string) {
	d := e.cur.Data
	span := at.key.Span()
	s := e.style(at.up, at.index, span.Start)
	if isBlockScalar(at.key) || at.key.Tag() != "" {
		panic(unwritable("a key with a tag, or of several lines, cannot be renamed"))
	}
	flow := at.up.value.Style() == Flow
	if !s.json {
		s.forceKey = quoteOf(at.key)
		if i := at.value.lead() + 1; flow && s.forceKey != 0 && !at.value.IsEmpty() && i < len(d) && !isBlank(d[i]) && !isBreak(d[i]) {
			s.quote = s.forceKey
		}
	}
	e.replace(span.Start, span.End, s.key(name, flow))
}

// blankAbove reports whether the line above the one that begins at offset is blank.
func blankAbove(d []byte, offset int) bool {
	line := lineBegin(d, offset-1)
	return len(bytes.TrimSpace(d[line:offset])) == 0
}

// addDocument adds v as a document at the end of the file, behind a separator when there are others.
func (e *editing) addDocument(v Value) {
	f, d := e.cur, e.cur.Data
	s := e.style(nil, 0, len(d))
	top := Node{}
	if len(f.Docs) > 0 {
		top = f.Docs[e.doc].Root
	}
	if !top.IsZero() {
		s = e.style(&place{value: top}, top.Len(), len(d))
		s.json, s.colon, s.sep = false, "", ""
	}
	s.forceKey, s.force = 0, 0
	final := len(d) == 0 || d[len(d)-1] == '\n'
	s.noClip = !final
	lines := s.top(v, 0)
	switch last := f.Docs; {
	case len(last) == 0 || top.IsZero():
	case !last[len(last)-1].Root.IsZero():
		lines = append([]string{"---"}, lines...)
		if sep := last[len(last)-1].Span.Start; sep > 0 && !keepsBreaks(leaf(top)) && blankAbove(d, sep) {
			lines = append([]string{""}, lines...)
		}
		if isBlockScalar(leaf(top)) && !final {
			e.endWithoutBreak(leaf(top))
		}
	}
	if final {
		e.replace(len(d), len(d), strings.Join(lines, s.eol)+s.eol)
	} else {
		e.replace(len(d), len(d), s.lines(lines))
	}
}
