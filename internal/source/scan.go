package source

import (
	"bytes"
	"unicode/utf8"
)

// scanScalar scans the plain or quoted scalar at pos and moves behind it.
func (p *parser) scanScalar(s *scalar, indent int, flow bool) bool {
	switch c := p.data[p.pos]; c {
	case '"', '\'':
		return p.quoted(s, c)
	}
	return p.plain(s, indent, flow)
}

// blockStops and flowStops mark the bytes that may end the text of a plain scalar on its line.
var blockStops, flowStops = byteSet("\n\r:#"), byteSet("\n\r:#,[]{}")

func byteSet(chars string) (t [256]bool) {
	for _, c := range []byte(chars) {
		t[c] = true
	}
	return t
}

// plain scans a plain scalar. In block context it goes on over lines that are indented more than indent.
func (p *parser) plain(s *scalar, indent int, flow bool) bool {
	if !p.plainMayStart(flow) {
		return false
	}
	d, i := p.data, p.pos
	s.start, s.end = i, i
	from, line := i, 0 // where the present line's text begins, and, from the second line on, the line
	stops := &blockStops
	if flow {
		stops = &flowStops
	}
	for {
		for {
			for i < len(d) && !stops[d[i]] {
				i++
			}
			if i >= len(d) || p.endsPlain(i, from, flow) {
				break
			}
			i++
		}
		end := i
		for end > from && isBlank(d[end-1]) {
			end--
		}
		if end > from {
			s.end = end
			if from > s.start {
				s.multi = true
				s.flags |= flagEscaped
				p.lineStart = line
			}
		}
		if !p.breakAt(i) || i >= len(d) || end == from {
			break
		}
		var ok bool
		if i, line, ok = p.continues(i, indent, flow); !ok {
			return false
		}
		if i < 0 {
			break
		}
		from = i
	}
	if s.end == s.start {
		return p.fail(s.start, "unexpected "+string(d[s.start]), "quote the text")
	}
	p.pos = s.end
	p.fresh = false
	return true
}

// endsPlain reports whether the byte at i ends the text of a plain scalar on its line, which began at from.
func (p *parser) endsPlain(i, from int, flow bool) bool {
	d := p.data
	switch c := d[i]; c {
	case '\n', '\r':
		return true
	case '#':
		return i == from || isBlank(d[i-1])
	case ':':
		if p.blankAt(i + 1) {
			return true
		}
		n := d[i+1]
		return flow && (n == ',' || n == ']' || n == '}')
	}
	return flow
}

// continues decides at a line break whether a plain scalar goes on behind it. It returns where, or -1, and the
// beginning of that line.
func (p *parser) continues(i, indent int, flow bool) (at, line int, ok bool) {
	d := p.data
	line = i
	tab := -1
	for i < len(d) && (isBreak(d[i]) || isBlank(d[i])) {
		switch {
		case isBreak(d[i]):
			i = p.nextLine(i)
			line, tab = i, -1
			continue
		case d[i] == '\t' && i-line <= indent && tab < 0:
			tab = i
		}
		i++
	}
	switch {
	case i >= len(d) || d[i] == '#':
		return -1, line, true
	case tab >= 0:
		return -1, line, p.fail(tab, "a tab is used for indentation", "YAML allows only spaces here: replace the tab with spaces")
	case i == line && p.markerAt(i), !flow && i-line <= indent:
		return -1, line, true
	}
	return i, line, true
}

// plainMayStart refuses characters that mean something else at the beginning of a value.
func (p *parser) plainMayStart(flow bool) bool {
	quote := "quote the value"
	next := p.blankAt(p.pos + 1)
	switch c := p.data[p.pos]; c {
	case '-':
		if next || flow && isFlowIndicator(p.data[p.pos+1]) {
			return p.fail(p.pos, "a list item (-) cannot stand here", quote+" if the dash belongs to it")
		}
	case '?':
		if next {
			return p.fail(p.pos, "an explicit key (?) cannot stand here", quote+" if the question mark belongs to it")
		}
	case ':':
		if next {
			return p.fail(p.pos, "a key is missing before the colon", quote+" if the colon belongs to it")
		}
	case ',', ']', '}':
		return p.fail(p.pos, "unexpected "+string(c), quote+" if it belongs to it")
	case '|', '>':
		return p.fail(p.pos, "a block scalar cannot stand inside brackets", "write the text in double quotes")
	case '%', '@', '`':
		return p.fail(p.pos, "a value cannot begin with "+string(c), quote)
	case bom[0]:
		// Other readers skip it at times and at times take it for text, so that a key would not be the key it looks like.
		if bytes.HasPrefix(p.data[p.pos:], bom) {
			return p.fail(p.pos, "a byte order mark (U+FEFF) inside the file", "remove it: it may have come from joining files")
		}
	}
	return true
}

const quoteHint = `a quote inside the text is written \" in double quotes and '' in single ones`

// quoted scans a quoted scalar.
func (p *parser) quoted(s *scalar, q byte) bool {
	d, i := p.data, p.pos+1
	s.start, s.style = p.pos, SingleQuoted
	if q == '"' {
		s.style = DoubleQuoted
	}
	for i < len(d) {
		c := d[i]
		switch {
		case c == q:
			if q == '\'' && i+1 < len(d) && d[i+1] == '\'' {
				s.flags |= flagEscaped
				i += 2
				continue
			}
			s.end = i + 1
			p.pos = s.end
			p.fresh = false
			return true
		case c == '\\' && q == '"':
			s.flags |= flagEscaped
			if p.breakAt(i + 1) {
				i++
				continue
			}
			n := p.escape(i)
			if n == 0 {
				return false
			}
			i += n
		case isBreak(c):
			i = p.nextLine(i)
			p.lineStart = i
			s.multi = true
			s.flags |= flagEscaped
			if p.markerAt(i) {
				return p.fail(s.start, "the quote opened here is not closed before the document ends", quoteHint)
			}
		default:
			i++
		}
	}
	return p.fail(s.start, "the quote opened here is never closed", quoteHint)
}

// escape checks the escape sequence at i and returns its length, or 0 when it is none.
func (p *parser) escape(i int) int {
	d := p.data
	c := d[i+1]
	n := 0
	switch c {
	case 'x':
		n = 2
	case 'u':
		n = 4
	case 'U':
		n = 8
	default:
		if _, ok := simpleEscape(c); !ok {
			p.fail(i, `unknown escape \`+string(p.data[i+1:i+1+runeLen(d[i+1:])]), `write \\ for a backslash, or use single quotes`)
			return 0
		}
		return 2
	}
	r, ok := hexValue(d, i+2, n)
	if !ok {
		p.fail(i, `expected `+itoa(int64(n))+` hexadecimal digits behind \`+string(c), `write \\ for a backslash, or use single quotes`)
		return 0
	}
	if r > utf8.MaxRune || r >= 0xD800 && r <= 0xDFFF {
		p.fail(i, "the escape is not a Unicode character", "characters beyond U+FFFF are written \\UXXXXXXXX, not as two \\u")
		return 0
	}
	return 2 + n
}

func runeLen(b []byte) int {
	_, n := utf8.DecodeRune(b)
	return n
}

// blockScalar scans a literal or folded scalar; indent is that of the collection it belongs to. It ends at the beginning of the
// first line that does not belong to it.
func (p *parser) blockScalar(s *scalar, indent int) bool {
	d, i := p.data, p.pos+1
	s.start, s.style, s.multi = p.pos, Literal, true
	if d[p.pos] == '>' {
		s.style = Folded
	}
	content := -1 // column of the text, -1 until it is known
	for chomped := false; i < len(d); i++ {
		if c := d[i]; !chomped && (c == '+' || c == '-') {
			chomped = true
		} else if content < 0 && c >= '1' && c <= '9' {
			if content = max(indent, 0) + int(c-'0'); content > 255 {
				return p.fail(i, "an indentation indicator that deep is not supported", "remove the digit")
			}
			s.indent = uint8(content)
		} else {
			break
		}
	}
	s.end = i
	p.pos, p.fresh = i, false
	for p.pos < len(d) && isBlank(d[p.pos]) {
		p.pos++
	}
	if p.pos < len(d) && d[p.pos] == '#' && !p.comment() {
		return false
	}
	if !p.breakAt(p.pos) {
		return p.fail(p.pos, "text behind the block scalar's header", "the text of a block scalar begins on the next line; quote the value if it begins with | or >")
	}
	widest := 0 // of the blank lines before the first text
	for i = p.pos; i < len(d); {
		i = p.nextLine(i)
		line := i
		for i < len(d) && d[i] == ' ' && (content < 0 || i-line < content) {
			i++
		}
		col := i - line
		if i < len(d) && d[i] == '\t' && (content < 0 && col <= indent || col < content) {
			return p.fail(i, "a tab is used for indentation", "YAML allows only spaces here: replace the tab with spaces")
		}
		if i >= len(d) {
			break
		}
		widest = max(widest, col)
		if isBreak(d[i]) {
			continue
		}
		if content < 0 {
			content = max(widest, indent+1)
		}
		if col < content {
			if col > indent && d[i] != '#' && !(col == 0 && p.markerAt(line)) {
				return p.fail(i, "this line is indented less than the block scalar above it",
					"indent it as far as the text above; or, if blank lines above are indented further, unindent those")
			}
			p.pos, p.lineStart, p.fresh = line, line, true
			return true
		}
		if col == 0 && p.markerAt(line) {
			return p.fail(line, "a document separator inside a block scalar", "indent the text of the block scalar")
		}
		i = p.lineEnd(i)
		s.end = i
	}
	p.pos, p.lineStart, p.fresh = len(d), len(d), true
	return true
}
