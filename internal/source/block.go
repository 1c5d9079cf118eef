package source

import (
	"bytes"
	"cmp"
	"strings"
)

// opener is what stands before a block node, on its line or an earlier one.
type opener uint8

const (
	atStart        opener = iota // nothing, the document begins with it
	afterSeparator               // ---
	afterColon                   // key:
	afterDash                    // -
	afterExplicit                // ? or the : that belongs to it
)

// blockNode reads a node in block context: the value of a key, an item of a sequence, an explicit key or a whole document. pos is
// behind the opener. sameColumn allows a sequence in column indent.
func (p *parser) blockNode(indent, lead int, from opener, sameColumn bool) bool {
	at := p.pos
	tabs := tabsFree
	switch from {
	case afterDash:
		tabs = tabsItem
	case afterExplicit:
		tabs = tabsStrict
	}
	if !p.skip(indent, tabs) {
		return false
	}
	if p.absent(indent, sameColumn) {
		return p.addEmpty(at, lead, nil)
	}
	// A key, and with it a mapping, may begin at the start of a line or behind a dash.
	mayKey := p.fresh || from == afterDash || from == afterExplicit
	var outer, inner *props // of the node, and of what begins on the present line: if that is a key, inner is the key's
	begin := -1             // where inner begins
	for c := p.data[p.pos]; c == '&' || c == '!'; c = p.data[p.pos] {
		if begin < 0 {
			begin = p.pos
		}
		if !p.property(&inner, false) {
			return false
		}
		p.fresh = false
		if !p.skip(indent, tabsFree) {
			return false
		}
		if p.fresh || p.pos >= len(p.data) {
			if !p.join(&outer, inner) {
				return false
			}
			inner, begin, mayKey = nil, -1, true
			if p.absent(indent, sameColumn) {
				return p.addEmpty(at, lead, outer)
			}
		}
	}
	first := p.pos
	if begin >= 0 {
		first = begin
	}
	switch c := p.data[p.pos]; {
	case c == '-' && p.blankAt(p.pos+1):
		if !mayKey || begin >= 0 {
			return p.fail(p.pos, "a list item cannot begin here", "put - on a line of its own, indented below the key")
		}
		return p.blockSequence(indent, lead, outer)
	case c == '?' && p.blankAt(p.pos+1):
		if !mayKey || begin >= 0 {
			return p.fail(p.pos, "an explicit key (?) cannot begin here", "put it on a line of its own")
		}
		return p.blockMapping(first, lead, outer, nil)
	case c == '|' || c == '>':
		if !p.join(&outer, inner) {
			return false
		}
		s := scalar{props: outer}
		if !p.blockScalar(&s, indent) {
			return false
		}
		p.addScalar(&s, lead)
		return true
	case c == '[' || c == '{':
		if !p.join(&outer, inner) || !p.flow(indent, lead, outer) {
			return false
		}
		return p.notKey(first, "a list or mapping")
	case c == '*':
		if outer != nil || inner != nil {
			return p.fail(p.pos, "an alias cannot have an anchor or a tag", "remove it")
		}
		return p.alias(lead) && p.notKey(first, "an alias")
	}
	var s scalar
	if !p.scanScalar(&s, indent, false) {
		return false
	}
	if !p.colonFollows() {
		if !p.join(&outer, inner) {
			return false
		}
		s.props = outer
		p.addScalar(&s, lead)
		return true
	}
	switch {
	case s.multi:
		return p.swallowedKey(&s, mayKey)
	case !mayKey:
		return p.fail(p.pos, "mapping values are not allowed here", "quote the value if the colon belongs to it, otherwise begin a new line")
	}
	s.props = inner
	return p.blockMapping(first, lead, outer, &s)
}

// swallowedKey refuses a key that is part of a text of several lines. Mostly it is indented too far, or the space behind the colon
// of an earlier key is missing.
func (p *parser) swallowedKey(s *scalar, mayKey bool) bool {
	if s.style != Plain {
		return p.fail(p.pos, "mapping values are not allowed here", "quoted text of several lines cannot be a key")
	}
	text := string(p.data[s.start:s.end])
	if i := strings.IndexAny(text, ": \r\n"); mayKey && i > 0 && text[i] == ':' && !strings.HasPrefix(text[i:], "://") {
		return p.fail(s.start, "a key without a space behind its colon", "put a space behind the colon: key: value")
	}
	at := p.lineStart
	for isBlank(p.data[at]) {
		at++
	}
	return p.fail(at, "this line goes on with the text above it, so it cannot begin a key",
		"align it with the key it belongs beside, or quote it if it is text")
}

// absent reports whether there is no node right of indent at pos.
func (p *parser) absent(indent int, sameColumn bool) bool {
	if p.atEnd() {
		return true
	}
	if !p.fresh {
		return false
	}
	col := p.pos - p.lineStart
	return col <= indent && !(sameColumn && col == indent && p.data[p.pos] == '-' && p.blankAt(p.pos+1))
}

// colonFollows reports whether the scalar before pos is a key, and moves to the colon.
func (p *parser) colonFollows() bool {
	i := p.pos
	for i < len(p.data) && isBlank(p.data[i]) {
		i++
	}
	if i < len(p.data) && p.data[i] == ':' && p.blankAt(i+1) {
		p.pos = i
		return true
	}
	return false
}

// notKey refuses a colon behind something that cannot be a key.
func (p *parser) notKey(at int, what string) bool {
	if p.colonFollows() {
		return p.fail(at, what+" cannot be a key", "keys are plain text; quote the key if it is meant as text")
	}
	return true
}

// collectionMayBegin refuses a block collection on a line that was indented with a tab.
func (p *parser) collectionMayBegin(at int) bool {
	if p.tabLine == p.lineStart+1 {
		return p.fail(at, "a tab is used for indentation", "YAML allows only spaces here: replace the tab with spaces")
	}
	return true
}

func (p *parser) blockSequence(indent, lead int, pr *props) bool {
	col := p.pos - p.lineStart
	inColumn := col == indent // it stands in the column of its key
	if !p.collectionMayBegin(p.pos) {
		return false
	}
	i, ok := p.open(Sequence, Block, p.pos, lead, pr)
	if !ok {
		return false
	}
	for {
		dash := p.pos
		p.pos++
		p.fresh = false
		if !p.blockNode(col, dash, afterDash, false) || !p.skip(col, tabsFree) {
			return false
		}
		if p.atEnd() {
			break
		}
		if !p.fresh {
			return p.junk()
		}
		at := p.pos - p.lineStart
		item := p.data[p.pos] == '-' && p.blankAt(p.pos+1)
		if at < col || at == col && !item && inColumn {
			break
		}
		if at > col {
			return p.misindented()
		}
		if !item {
			return p.fail(p.pos, "expected a list item (-) here", "the lines around it are items of a list: indent this one, or unindent it to end the list")
		}
	}
	return p.finishLast(i)
}

// blockMapping reads a block mapping whose first key is at offset first. The key was scanned already and pos is at its colon; or
// it is nil and pos is at a question mark.
func (p *parser) blockMapping(first, lead int, pr *props, key *scalar) bool {
	col := first - p.lineStart
	if !p.collectionMayBegin(first) {
		return false
	}
	i, ok := p.open(Mapping, Block, first, lead, pr)
	if !ok {
		return false
	}
	explicit := key == nil
	for key = cmp.Or(key, &scalar{}); ; {
		if explicit {
			ok = p.explicitEntry(col)
		} else {
			p.addKey(key)
			colon := p.pos
			p.pos++
			p.fresh = false
			ok = p.blockNode(col, colon, afterColon, true)
		}
		if !ok || !p.skip(col, tabsFree) {
			return false
		}
		if p.atEnd() {
			break
		}
		if !p.fresh {
			return p.junk()
		}
		if at := p.pos - p.lineStart; at < col {
			break
		} else if at > col {
			return p.misindented()
		}
		if explicit = p.data[p.pos] == '?' && p.blankAt(p.pos+1); explicit {
			continue
		}
		*key = scalar{}
		if !p.blockKey(key, col) {
			return false
		}
	}
	return p.finishLast(i)
}

// blockKey scans the next implicit key of a block mapping and moves to its colon.
func (p *parser) blockKey(s *scalar, col int) bool {
	at := p.pos
	for p.data[p.pos] == '&' || p.data[p.pos] == '!' {
		if !p.property(&s.props, false) {
			return false
		}
		p.fresh = false
		if !p.skip(col, tabsFree) {
			return false
		}
		if p.fresh || p.pos >= len(p.data) {
			return p.fail(at, "a key is missing behind the anchor or tag", "")
		}
	}
	switch c := p.data[p.pos]; {
	case c == '-' && p.blankAt(p.pos+1):
		return p.fail(p.pos, "a list item where a key is expected", "indent the list below its key")
	case c == '[' || c == '{':
		return p.fail(p.pos, "a list or mapping cannot be a key", "keys are plain text; if this is a value, indent it below its key")
	case c == '*':
		return p.fail(p.pos, "an alias cannot be a key", "write the key out")
	case c == '|' || c == '>':
		return p.fail(p.pos, "a block scalar where a key is expected", "put | or > behind the colon of its key")
	}
	if !p.scanScalar(s, col, false) {
		return false
	}
	if p.colonFollows() && !s.multi {
		return true
	}
	hint := "write key: value; text that goes on with the value above must be indented more"
	if text := p.data[s.start:s.end]; s.style == Plain && bytes.IndexByte(text, ':') > 0 {
		hint = "put a space behind the colon: key: value"
	}
	return p.fail(s.start, "a key without its colon", hint)
}

// maxKey is how many bytes a key may have. Most readers look for its colon in 1024 characters; paths and messages quote it.
const maxKey = 64 << 10

func (p *parser) addKey(s *scalar) {
	if s.end-s.start > maxKey {
		p.fail(s.start, "a key of more than 64 KiB", "is a quote or a line break missing?")
	}
	i := p.addScalar(s, -1)
	if s.style == Plain && s.end-s.start == 2 && p.data[s.start] == '<' && p.data[s.start+1] == '<' && (s.props == nil || s.props.tag == (Span{})) {
		p.f.nodes[i].flags |= flagMerge
	}
}

// explicitEntry reads "? key" and the ": value" that may follow on a later line, in column col. pos is at the question mark.
func (p *parser) explicitEntry(col int) bool {
	mark, k := p.pos, len(p.f.nodes)
	p.pos++
	p.fresh = false
	if !p.blockNode(col, mark, afterExplicit, true) || !p.explicitKey(k, mark) || !p.skip(col, tabsFree) {
		return false
	}
	if p.fresh && !p.atEnd() && p.pos-p.lineStart == col && p.data[p.pos] == ':' && p.blankAt(p.pos+1) {
		colon := p.pos
		p.pos++
		p.fresh = false
		return p.blockNode(col, colon, afterExplicit, true)
	}
	end := int(p.f.nodes[k].end)
	return p.addEmpty(end, end, nil)
}

// explicitKey checks the key that was just read as node k.
func (p *parser) explicitKey(k, mark int) bool {
	x := &p.f.nodes[k]
	if x.kind != Scalar {
		return p.fail(mark, "a list, mapping or alias cannot be a key", "keys are plain text")
	}
	if x.flags&flagEmpty != 0 {
		return p.fail(mark, "a key is missing behind ?", "")
	}
	x.flags |= flagExplicit
	if x.style == Plain && x.flags&flagProps == 0 && string(p.data[x.start:x.end]) == "<<" {
		x.flags |= flagMerge
	}
	return true
}

// junk refuses text that follows a complete value on its line.
func (p *parser) junk() bool {
	switch last := p.f.nodes[len(p.f.nodes)-1]; {
	case p.data[p.pos] == ':':
		return p.fail(p.pos, "unexpected colon", "a colon that ends a key must be followed by a space")
	case last.style == SingleQuoted || last.style == DoubleQuoted:
		return p.fail(p.pos, "unexpected text behind a quoted value", "quote the whole value, or escape the quotes inside it")
	}
	return p.fail(p.pos, "unexpected text behind a value", "quote the whole value, or begin a new line")
}

func (p *parser) misindented() bool {
	return p.fail(p.pos, "bad indentation: this line is aligned with nothing above it", "align it with the keys or items it belongs to")
}
