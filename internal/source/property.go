package source

import (
	"cmp"
	"strings"
)

// start returns where the first of anchor and tag begins.
func (a props) start() int {
	switch {
	case a.anchor == (Span{}):
		return a.tag.Start
	case a.tag == (Span{}):
		return a.anchor.Start - 1
	}
	return min(a.anchor.Start-1, a.tag.Start)
}

// end returns where the last of anchor and tag ends.
func (a props) end() int { return max(a.anchor.End, a.tag.End) }

// join adds b to *to; nothing may be in both.
func (p *parser) join(to **props, b *props) bool {
	a := *to
	if a == nil || b == nil {
		*to = cmp.Or(a, b)
		return true
	}
	switch {
	case a.anchor != (Span{}) && b.anchor != (Span{}):
		return p.fail(b.anchor.Start-1, "a second anchor for the same value", "remove one of them")
	case a.tag != (Span{}) && b.tag != (Span{}):
		return p.fail(b.tag.Start, "a second tag for the same value", "remove one of them")
	}
	if b.anchor != (Span{}) {
		a.anchor = b.anchor
	}
	if b.tag != (Span{}) {
		a.tag = b.tag
	}
	return true
}

// property reads the anchor or tag at pos into pr.
func (p *parser) property(pr **props, flow bool) bool {
	var one props
	ok := false
	if p.data[p.pos] == '&' {
		one.anchor, ok = p.name()
	} else {
		one.tag, ok = p.tag(flow)
	}
	return ok && p.join(pr, &one)
}

// name reads the name behind the & or * at pos. Colons at its end do not belong to it.
func (p *parser) name() (Span, bool) {
	i := p.pos + 1
	for i < len(p.data) && p.data[i] > ' ' && p.data[i] < 0x7F && !isFlowIndicator(p.data[i]) {
		i++
	}
	end := i
	for end > p.pos+1 && p.data[end-1] == ':' {
		end--
	}
	if end == p.pos+1 || end == i && !p.blankAt(i) && (p.data[i] >= 0x7F || p.data[i] == '[' || p.data[i] == '{') {
		return Span{}, p.fail(p.pos, "not a valid name of an anchor or alias", "quote the text if it begins with & or *")
	}
	s := Span{p.pos + 1, end}
	p.pos = end
	return s, true
}

// tag reads the tag at pos.
func (p *parser) tag(flow bool) (Span, bool) {
	at := p.pos
	i := at + 1
	hint := "quote the text if it begins with !"
	if i < len(p.data) && p.data[i] == '<' {
		for i++; i < len(p.data) && (isTagByte(p.data[i]) || isFlowIndicator(p.data[i])); i++ {
		}
		if i >= len(p.data) || p.data[i] != '>' || i == at+2 {
			return Span{}, p.fail(at, "not a valid tag", hint)
		}
		i++
	} else {
		for i < len(p.data) && isTagByte(p.data[i]) {
			i++
		}
		text := string(p.data[at:i])
		if j := strings.IndexByte(text[1:], '!') + 1; j > 0 && isWord(text[1:j]) && (j > 1 || len(text) == 2) {
			return Span{}, p.fail(at, "not a known tag", hint)
		}
	}
	end := i < len(p.data) && flow && (p.data[i] == ',' || p.data[i] == ']' || p.data[i] == '}')
	if !end && !p.blankAt(i) {
		return Span{}, p.fail(at, "not a valid tag", hint)
	}
	p.pos = i
	return Span{at, i}, true
}

func isWord(s string) bool {
	for i := range len(s) {
		if c := s[i]; !(c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_' || c == '-') {
			return false
		}
	}
	return true
}

// isTagByte reports whether c may be part of a tag. Percent escapes are not supported.
func isTagByte(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' || c < 0x7F && strings.IndexByte("_-;/?:@&=+$.!~*'()", c) >= 0
}

func isFlowIndicator(c byte) bool {
	return c == ',' || c == '[' || c == ']' || c == '{' || c == '}'
}

func (p *parser) alias(lead int) bool {
	at := p.pos
	s, ok := p.name()
	if !ok {
		return false
	}
	name := string(p.data[s.Start:s.End])
	target, ok := p.anchors[name]
	if !ok {
		return p.fail(at, "the alias *"+name+" has no anchor &"+name+" before it", "quote the text if it begins with *")
	}
	if p.f.nodes[target].next == 0 {
		return p.fail(at, "the alias *"+name+" lies inside the value it stands for", "")
	}
	p.fresh = false
	i := p.add(node{kind: Alias, start: uint32(at), end: uint32(s.End)}, lead, nil)
	if p.f.aliases == nil {
		p.f.aliases = map[uint32]uint32{}
	}
	p.f.aliases[i] = target
	return true
}
