package source

// flowCtx is what the parts of a flow collection need to know: the block around it and where the collection was opened.
type flowCtx struct {
	indent int
	open   int
}

// flow reads the flow collection at pos.
func (p *parser) flow(indent, lead int, pr *props) bool {
	kind, closer := Sequence, byte(']')
	if p.data[p.pos] == '{' {
		kind, closer = Mapping, '}'
	}
	i, ok := p.open(kind, Flow, p.pos, lead, pr)
	if !ok {
		return false
	}
	ctx := flowCtx{indent, p.pos}
	p.pos++
	p.fresh = false
	for {
		if !p.flowSkip(ctx) {
			return false
		}
		if p.data[p.pos] == closer {
			break
		}
		if kind == Mapping {
			ok = p.flowEntry(ctx)
		} else {
			ok = p.flowItem(ctx)
		}
		if !ok || !p.flowSkip(ctx) {
			return false
		}
		switch c := p.data[p.pos]; c {
		case ',':
			p.pos++
			p.fresh = false
		case closer:
		case ':':
			return p.strayColon(ctx)
		case ']', '}':
			return p.fail(p.pos, "wrong closing bracket", "the bracket opened in "+p.place(ctx.open)+" needs "+string(closer))
		default:
			return p.fail(p.pos, "expected , or "+string(closer)+" here", "a comma is missing, or the bracket opened in "+p.place(ctx.open)+" is not closed")
		}
	}
	p.pos++
	p.fresh = false
	return p.finish(i, p.pos)
}

// strayColon refuses the colon at pos, which ends no key. On a later line than the opening bracket a closing one is missing.
func (p *parser) strayColon(ctx flowCtx) bool {
	if ctx.open < p.lineStart {
		return p.fail(p.pos, "a colon where , or a closing bracket is expected",
			"a comma may be missing above, or the bracket opened in "+p.place(ctx.open)+" not be closed")
	}
	return p.fail(p.pos, "mapping values are not allowed here", "quote the text if the colon belongs to it")
}

// place names the line of an offset.
func (p *parser) place(offset int) string { return "line " + itoa(int64(p.f.Position(offset).Line)) }

// flowSkip moves to the next token of a flow collection.
func (p *parser) flowSkip(ctx flowCtx) bool {
	d := p.data
	for p.pos < len(d) {
		switch d[p.pos] {
		case ' ', '\t':
			p.pos++
		case '\n', '\r':
			p.pos = p.nextLine(p.pos)
			p.lineStart = p.pos
			p.fresh = true
			if p.markerAt(p.pos) {
				return p.fail(ctx.open, "the bracket opened here is not closed before the document ends", "")
			}
			if p.pos < len(d) && d[p.pos] == '%' {
				return p.fail(p.pos, "a line inside brackets cannot begin with %", "quote the text")
			}
		case '#':
			if !p.comment() {
				return false
			}
		default:
			return true
		}
	}
	return p.fail(ctx.open, "the bracket opened here is never closed", "")
}

// flowItem reads an item of a flow sequence; it may be a single pair: [a: b].
func (p *parser) flowItem(ctx flowCtx) bool {
	first := p.pos
	if p.data[p.pos] == '?' && p.blankAt(p.pos+1) {
		i, ok := p.open(Mapping, Flow, first, -1, nil)
		return ok && p.flowExplicit(ctx) && p.finishLast(i)
	}
	var s scalar
	whole, ok := p.flowScalar(&s, ctx, -1)
	if whole || !ok {
		return ok
	}
	line := p.lineStart
	if !p.flowSkip(ctx) {
		return false
	}
	if p.data[p.pos] != ':' {
		p.addScalar(&s, -1)
		return true
	}
	if s.multi || p.lineStart != line || s.flags&flagEmpty != 0 {
		return p.strayColon(ctx)
	}
	i, ok := p.open(Mapping, Flow, first, -1, nil)
	if !ok {
		return false
	}
	p.addKey(&s)
	return p.flowValue(ctx) && p.finishLast(i)
}

// flowEntry reads an entry of a flow mapping.
func (p *parser) flowEntry(ctx flowCtx) bool {
	if p.data[p.pos] == '?' && p.blankAt(p.pos+1) {
		return p.flowExplicit(ctx)
	}
	at := p.pos
	var s scalar
	whole, ok := p.flowScalar(&s, ctx, -1)
	if !ok {
		return false
	}
	if whole {
		return p.fail(at, "a list, mapping or alias cannot be a key", "keys are plain text; quote the key if it is meant as text")
	}
	if s.flags&flagEmpty != 0 {
		return p.fail(at, "a key is missing here", "")
	}
	p.addKey(&s)
	if !p.flowSkip(ctx) {
		return false
	}
	if p.data[p.pos] == ':' {
		return p.flowValue(ctx)
	}
	return p.addEmpty(s.end, s.end, nil)
}

// flowExplicit reads "? key : value" inside brackets.
func (p *parser) flowExplicit(ctx flowCtx) bool {
	mark, k := p.pos, len(p.f.nodes)
	p.pos++
	p.fresh = false
	if !p.flowSkip(ctx) {
		return false
	}
	var s scalar
	whole, ok := p.flowScalar(&s, ctx, mark)
	if !ok {
		return false
	}
	if !whole {
		p.addScalar(&s, mark)
	}
	if !p.explicitKey(k, mark) || !p.flowSkip(ctx) {
		return false
	}
	if p.data[p.pos] == ':' {
		return p.flowValue(ctx)
	}
	return p.addEmpty(s.end, s.end, nil)
}

// flowValue reads the colon at pos and the value behind it.
func (p *parser) flowValue(ctx flowCtx) bool {
	colon := p.pos
	if p.flowLine != p.lineStart+1 {
		if p.column(ctx.indent+1) <= ctx.indent {
			return p.fail(colon, "this line must be indented more than the block around it", "")
		}
		p.flowLine = p.lineStart + 1
	}
	p.pos++
	p.fresh = false
	if !p.flowSkip(ctx) {
		return false
	}
	if c := p.data[p.pos]; c == ',' || c == ']' || c == '}' {
		return p.addEmpty(colon+1, colon, nil)
	}
	var s scalar
	whole, ok := p.flowScalar(&s, ctx, colon)
	if ok && !whole {
		p.addScalar(&s, colon)
	}
	return ok
}

// column returns pos's column in code points from 0, counting no further than limit.
func (p *parser) column(limit int) int {
	col := 0
	for i := p.lineStart; i < p.pos && col < limit; i++ {
		if p.data[i]&0xC0 != 0x80 {
			col++
		}
	}
	return col
}

// flowScalar reads a node inside brackets. A scalar is put into s for the caller to append, since it may be a key; a collection
// or alias is appended and whole is true.
func (p *parser) flowScalar(s *scalar, ctx flowCtx, lead int) (whole, ok bool) {
	for p.data[p.pos] == '&' || p.data[p.pos] == '!' {
		if !p.property(&s.props, true) {
			return false, false
		}
		p.fresh = false
		if !p.flowSkip(ctx) {
			return false, false
		}
	}
	at := p.pos
	switch c := p.data[at]; c {
	case '[', '{':
		if !p.flow(ctx.indent, lead, s.props) {
			return true, false
		}
		return true, p.flowNotKey(ctx, at)
	case '*':
		if s.props != nil {
			return true, p.fail(p.pos, "an alias cannot have an anchor or a tag", "remove it")
		}
		return true, p.alias(lead) && p.flowNotKey(ctx, at)
	case ',', ']', '}':
		if s.props == nil {
			return false, p.fail(p.pos, "a value is missing here", "remove the extra comma or bracket")
		}
		s.start, s.end, s.flags = s.props.end(), s.props.end(), flagEmpty
		return false, true
	case ':':
		if s.props != nil {
			return false, p.fail(p.pos, "a key is missing before the colon", "")
		}
	}
	return false, p.scanScalar(s, ctx.indent, true)
}

// flowNotKey refuses a colon behind a collection or alias inside brackets, which began at at.
func (p *parser) flowNotKey(ctx flowCtx, at int) bool {
	if !p.flowSkip(ctx) {
		return false
	}
	if p.data[p.pos] == ':' {
		return p.fail(at, "a list, mapping or alias cannot be a key", "keys are plain text; quote the key if it is meant as text")
	}
	return true
}
