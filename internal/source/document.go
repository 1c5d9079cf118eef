package source

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"slices"
	"strings"
	"unicode/utf8"
)

// stream reads all documents.
func (p *parser) stream() {
	f := p.f
	bad := p.invalid(0)
	bare := true // a document may begin without ---: at the start of the file and after ...
	for start := 0; ; {
		nodes, comments := len(f.nodes), len(f.Comments)
		p.depth, p.tabLine, p.flowLine, p.anchors, p.dups, p.err = 0, 0, 0, nil, nil, nil
		body, found := p.document(bare)
		if p.err == nil && !found && len(f.Docs) > 0 && p.pos >= len(p.data) && bad >= len(p.data) {
			f.Docs[len(f.Docs)-1].Span.End = len(p.data) // white space and comments behind the last ...
			return
		}
		doc := Document{Index: len(f.Docs)}
		if p.err != nil {
			p.resync(body)
		}
		bare = p.pos > start && p.err == nil && !p.markerAt(p.pos)
		if bad < p.pos {
			p.err = p.encodingError(bad)
			bad = p.invalid(p.pos)
		}
		doc.Span = Span{start, p.pos}
		switch {
		case p.err != nil:
			f.nodes = f.nodes[:nodes]
			f.Comments = f.Comments[:comments]
			p.explain()
			doc.Err = p.err
		case len(f.nodes) > nodes:
			doc.Root = Node{f, uint32(nodes)}
			slices.SortFunc(p.dups, func(a, b Node) int { return cmp.Compare(a.i, b.i) })
			doc.Duplicates = p.dups
		}
		f.Docs = append(f.Docs, doc)
		start = p.pos
		if p.pos >= len(p.data) {
			return
		}
	}
}

// document reads one document up to the next separator, or behind a closing "..." line. It returns where its body begins, behind
// its own separator, and whether there was a separator or content.
func (p *parser) document(bare bool) (body int, found bool) {
	begin := p.pos
	if !p.skip(-1, tabsFree) {
		return begin, true
	}
	for p.fresh && p.pos == p.lineStart && p.markerAt(p.pos) && p.data[p.pos] == '.' {
		if !p.endMarker() || !p.skip(-1, tabsFree) {
			return begin, true
		}
		bare = true
	}
	if p.pos < len(p.data) && p.data[p.pos] == '%' && p.pos == p.lineStart {
		found = true
		if !p.directives() {
			return begin, true
		}
	}
	if p.pos >= len(p.data) {
		return p.pos, found
	}
	opener := atStart
	if p.fresh && p.pos == p.lineStart && p.markerAt(p.pos) {
		p.pos += 3
		p.fresh = false
		opener = afterSeparator
	} else if !bare {
		p.fail(p.pos, "unexpected text before the document's ---", "")
		return p.pos, true
	}
	body = p.pos
	first := len(p.f.nodes)
	if !p.blockNode(-1, -1, opener, false) || !p.skip(-1, tabsFree) {
		return body, true
	}
	if x := p.f.nodes[first]; x.flags&(flagEmpty|flagProps) == flagEmpty {
		p.f.nodes = p.f.nodes[:first]
	}
	switch {
	case !p.atEnd():
		p.trailing(p.f.nodes[first])
	case p.pos < len(p.data) && p.data[p.pos] == '.':
		p.endMarker()
	}
	return body, true
}

// trailing refuses text behind a complete document.
func (p *parser) trailing(root node) bool {
	if !p.fresh {
		return p.junk()
	}
	switch {
	case p.data[p.pos] == '%':
		return p.fail(p.pos, "a directive in the middle of a document", "quote the text if it begins with %")
	case root.kind == Scalar && strings.ContainsRune(p.word(), ':'):
		return p.fail(p.pos, "text behind the end of the document", "is a space missing behind the colon of a key?")
	}
	return p.fail(p.pos, "text behind the end of the document", "check the indentation, or begin a new document with ---")
}

// endMarker passes over a "..." line.
func (p *parser) endMarker() bool {
	p.pos += 3
	p.fresh = false
	for p.pos < len(p.data) && isBlank(p.data[p.pos]) {
		p.pos++
	}
	if p.pos < len(p.data) && p.data[p.pos] == '#' && !p.comment() {
		return false
	}
	if p.pos < len(p.data) {
		if !isBreak(p.data[p.pos]) {
			return p.fail(p.pos, "text behind the end marker ...", "put it on a line of its own")
		}
		p.pos = p.nextLine(p.pos)
		p.lineStart = p.pos
		p.fresh = true
	}
	return true
}

// directives passes over %YAML lines, up to the separator that must follow them.
func (p *parser) directives() bool {
	seen := false
	for p.pos < len(p.data) && p.data[p.pos] == '%' && p.pos == p.lineStart {
		at, end := p.pos, p.lineEnd(p.pos)
		line := string(p.data[at:end])
		text, comment, commented := strings.Cut(line, " #")
		if !commented {
			text, comment, commented = strings.Cut(line, "\t#")
		}
		words := strings.Fields(text)
		switch {
		case words[0] != "%YAML":
			return p.fail(at, "the directive "+words[0]+" is not supported", "remove the line; if it is text, quote it")
		case seen:
			return p.fail(at, "a second %YAML directive", "remove one of them")
		case len(words) != 2 || words[1] != "1.1" && words[1] != "01.1" && words[1] != "1.01" && words[1] != "01.01":
			return p.fail(at, "this YAML version is not supported", "remove the line: Kubernetes reads YAML 1.1 only, and needs no %YAML line")
		}
		seen = true
		if commented {
			p.f.Comments = append(p.f.Comments, Comment{Span{end - len(comment) - 1, end}, false})
		}
		p.pos = end
		p.fresh = false
		if !p.skip(-1, tabsFree) {
			return false
		}
	}
	if p.pos >= len(p.data) || p.pos != p.lineStart || !p.markerAt(p.pos) || p.data[p.pos] != '-' {
		return p.fail(p.pos, "no --- follows the %YAML directive", "add a line --- or remove the directive")
	}
	return true
}

// resync moves to the next separator behind body.
func (p *parser) resync(body int) {
	i := body
	p.fresh = true
	for {
		i = p.lineEnd(i)
		if i >= len(p.data) {
			p.pos = len(p.data)
			return
		}
		i = p.nextLine(i)
		if i < len(p.data) && p.data[i] == '-' && p.markerAt(i) {
			p.pos, p.lineStart = i, i
			return
		}
	}
}

// invalid returns the offset of the first character at or after i that YAML does not allow, or the length of the file.
func (p *parser) invalid(i int) int {
	d := p.data
	for i < len(d) {
		for i+8 <= len(d) && allPrintable(binary.LittleEndian.Uint64(d[i:])) {
			i += 8
		}
		if i >= len(d) {
			break
		}
		c := d[i]
		switch {
		case c >= 0x80:
			r, size := utf8.DecodeRune(d[i:])
			if r == utf8.RuneError && size == 1 || r == '\u0085' || r == '\u2028' || r == '\u2029' || r == '\uFFFE' || r == '\uFFFF' {
				return i
			}
			i += size
		case c < 0x20 && c != '\n' && c != '\t' && c != '\r':
			return i
		default:
			i++
		}
	}
	return i
}

// allPrintable reports whether none of eight bytes is below 0x20 or above 0x7F.
func allPrintable(eight uint64) bool {
	const tops = 0x8080808080808080
	return (eight|(eight-0x2020202020202020))&tops == 0
}

func (p *parser) encodingError(at int) *SyntaxError {
	e := &SyntaxError{Offset: at}
	r, size := utf8.DecodeRune(p.data[at:])
	switch {
	case r == 0:
		e.Message, e.Hint = "a NUL byte: this looks like a binary file", "check that the file is YAML"
	case r == utf8.RuneError && size == 1:
		e.Message, e.Hint = "not valid UTF-8", "save the file as UTF-8"
	case r < 0x20:
		e.Message, e.Hint = "a control character (U+"+hex4(r)+")", `remove it, or write it as an escape in double quotes ("\x`+hex4(r)[2:]+`")`
	default:
		e.Message, e.Hint = "a character that YAML does not allow (U+"+hex4(r)+")",
			`remove it, or write it as an escape in double quotes ("\u`+hex4(r)+`")`
	}
	return e
}

func hex4(r rune) string {
	const digits = "0123456789ABCDEF"
	return string([]byte{digits[r>>12&15], digits[r>>8&15], digits[r>>4&15], digits[r&15]})
}

// explain completes the error of a document: its position, and the cause when the line shows it.
func (p *parser) explain() {
	e := p.err
	e.Position = p.f.Position(e.Offset)
	start, end := min(e.Offset, len(p.data)), p.lineEnd(min(e.Offset, len(p.data)))
	for start > 0 && !isBreak(p.data[start-1]) {
		start--
	}
	switch line := p.data[start:end]; {
	case bytes.HasPrefix(line, []byte("<<<<<<< ")), bytes.HasPrefix(line, []byte("=======")), bytes.HasPrefix(line, []byte(">>>>>>> ")):
		e.Hint = "this is a conflict marker of Git: resolve the conflict first"
	case bytes.Contains(line, []byte("{{")):
		e.Hint = "this looks like a Helm or Go template: render it first (helm template) and check the result"
	}
}

// word returns the text from pos to the next white space, for messages.
func (p *parser) word() string {
	i := p.pos
	for !p.blankAt(i) && i < p.pos+60 {
		i++
	}
	return string(p.data[p.pos:i])
}
