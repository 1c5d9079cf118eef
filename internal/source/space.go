package source

import (
	"bytes"
)

func isBlank(c byte) bool { return c == ' ' || c == '\t' }
func isBreak(c byte) bool { return c == '\n' || c == '\r' }

// blankAt reports whether a token may end before offset i: white space, a line break or the end of the file is there.
func (p *parser) blankAt(i int) bool {
	return i >= len(p.data) || isBlank(p.data[i]) || isBreak(p.data[i])
}

// breakAt reports whether offset i is the end of a line or of the file.
func (p *parser) breakAt(i int) bool { return i >= len(p.data) || isBreak(p.data[i]) }

// lineEnd returns the offset of the line break, or end of the file, at or after i.
func (p *parser) lineEnd(i int) int {
	if !p.hasCR {
		if n := bytes.IndexByte(p.data[i:], '\n'); n >= 0 {
			return i + n
		}
		return len(p.data)
	}
	for i < len(p.data) && !isBreak(p.data[i]) {
		i++
	}
	return i
}

// nextLine returns the offset behind the line break at i.
func (p *parser) nextLine(i int) int {
	if p.data[i] == '\r' && i+1 < len(p.data) && p.data[i+1] == '\n' {
		return i + 2
	}
	return i + 1
}

// markerAt reports whether a line that begins at i is a document marker (--- or ...).
func (p *parser) markerAt(i int) bool {
	if i+3 > len(p.data) {
		return false
	}
	c := p.data[i]
	return (c == '-' || c == '.') && p.data[i+1] == c && p.data[i+2] == c && p.blankAt(i+3)
}

// atEnd reports whether the document ends at pos: at the end of the file or at a marker.
func (p *parser) atEnd() bool {
	return p.pos >= len(p.data) || p.fresh && p.pos == p.lineStart && p.markerAt(p.pos)
}

// tabRule says what a tab means on the rest of the line.
type tabRule uint8

const (
	tabsFree   tabRule = iota // white space
	tabsItem                  // white space, but then no block collection may begin on the line
	tabsStrict                // not allowed before text
)

// skip moves to the next token of a block. indent is the column of the innermost open collection.
func (p *parser) skip(indent int, tabs tabRule) bool {
	d := p.data
	for p.pos < len(d) {
		switch c := d[p.pos]; c {
		case ' ':
			p.pos++
		case '\t':
			if !p.tab(indent, tabs) {
				return false
			}
		case '\n', '\r':
			p.pos = p.nextLine(p.pos)
			p.lineStart = p.pos
			p.fresh = true
		case '#':
			if !p.comment() {
				return false
			}
		default:
			return true
		}
	}
	return true
}

// tab passes over a run of white space that begins with a tab, in block context.
func (p *parser) tab(indent int, tabs tabRule) bool {
	at := p.pos
	for p.pos < len(p.data) && isBlank(p.data[p.pos]) {
		p.pos++
	}
	if !p.fresh && tabs == tabsFree || p.breakAt(p.pos) || p.data[p.pos] == '#' {
		return true
	}
	root := indent < 0 && (p.data[p.pos] == '[' || p.data[p.pos] == '{')
	if p.fresh && at-p.lineStart > indent && !p.firstLine() || !p.fresh && tabs == tabsItem || root {
		p.tabLine = p.lineStart + 1
		return true
	}
	return p.fail(at, "a tab is used for indentation", "YAML allows only spaces here: replace the tab with spaces")
}

func (p *parser) firstLine() bool {
	return p.lineStart == 0 || p.lineStart == len(bom) && bytes.HasPrefix(p.data, bom)
}

func (p *parser) comment() bool {
	if p.pos > p.lineStart && !isBlank(p.data[p.pos-1]) {
		return p.fail(p.pos, "a comment needs a space before its #", "put a space before #, or quote the value if # belongs to it")
	}
	end := p.lineEnd(p.pos)
	p.f.Comments = append(p.f.Comments, Comment{Span{p.pos, end}, p.fresh})
	p.pos = end
	return true
}
