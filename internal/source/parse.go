package source

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"
)

// # The reader
//
// One pass over the bytes, by recursive descent, into File.nodes. A node is appended when its first byte has been seen and its
// kind is known; the one place that has to look ahead is a scalar that may turn out to be the first key of a mapping, so scalars
// are scanned first (type scalar) and appended afterwards, behind the mapping if there is one.
//
// The state is small:
//
//	pos        the next byte to read
//	lineStart  where pos's line begins, so that pos-lineStart is the column, counted from 0
//	fresh      nothing but white space has been seen on the line so far
//	tabLine    the line (its lineStart+1) on which a tab stood for indentation: no block mapping or sequence may begin on it
//
// Indentation needs no stack of its own, the call stack is one: every block collection knows its column, gives it to its children
// as their "indent", and ends at the first line that begins further left. A child lies right of indent. The one exception is a
// sequence that is the value of a key, which may stand in the column of its key.
//
//	spec:            mapping, column 0
//	  a:             mapping, column 2, child of indent 0
//	  - x: 1         sequence, column 2, child of indent 2 by the exception; its item is a mapping, column 4, child of indent 2
//	    y: |         the scalar is a child of indent 4: its lines begin right of that
//	      text
//	  b: {c: 1}      column 2: ends the mapping at 4 and the sequence, and goes on with the mapping at 2
//
// The nodes of "  - x: 1" are: sequence [start at the dash, lead at the colon of "a:"], mapping [start at x, lead at the dash],
// scalar x, scalar 1 [lead at its colon]. Ends and next are filled in when a collection ends.
//
// A document that cannot be read leaves no nodes and no comments. Reading goes on at the next line that begins with "---".

// MaxDepth is how deep collections may nest; deeper ones are refused.
const MaxDepth = 1000

// MaxFileBytes is the size from which a file is refused. Offsets are kept in 32 bits.
const MaxFileBytes = 1 << 30

var bom = []byte("\uFEFF")

// Parse reads a file. It never fails as a whole: a document that cannot be read says why in its Err and the others stand. There
// is at least one document, in an empty file an empty one. data must not change afterwards.
func Parse(name string, data []byte) *File {
	f := &File{Name: name, Data: data}
	if err := unreadable(data); err != nil {
		err.Position = Position{1, 1}
		f.Docs = []Document{{Span: Span{0, len(data)}, Err: err}}
		return f
	}
	f.nodes = make([]node, 0, len(data)/14+16)
	p := parser{f: f, data: data, hasCR: bytes.IndexByte(data, '\r') >= 0, fresh: true}
	if bytes.HasPrefix(data, bom) {
		p.pos, p.lineStart = len(bom), len(bom)
	}
	p.stream()
	return f
}

// unreadable refuses what is not text in UTF-8 at all.
func unreadable(data []byte) *SyntaxError {
	zeros := [2]int{}
	head := data[:min(len(data), 64)]
	for i, b := range head {
		if b == 0 {
			zeros[i&1]++
		}
	}
	utf16 := len(head) >= 4 && zeros[0]+zeros[1] >= len(head)/3 && (zeros[0] == 0 || zeros[1] == 0)
	switch {
	case len(data) > MaxFileBytes:
		return &SyntaxError{Message: "the file is larger than 1 GiB", Hint: "split it"}
	case bytes.HasPrefix(data, []byte("\xFF\xFE")), bytes.HasPrefix(data, []byte("\xFE\xFF")), utf16:
		return &SyntaxError{Message: "the file is encoded as UTF-16, not UTF-8",
			Hint: "save it as UTF-8 (iconv -f UTF-16 -t UTF-8); PowerShell's > writes UTF-16"}
	case bytes.HasPrefix(data, []byte("\x1F\x8B")):
		return &SyntaxError{Message: "the file is compressed (gzip), not YAML", Hint: "unpack it first"}
	}
	return nil
}

type parser struct {
	f         *File
	data      []byte
	pos       int
	lineStart int
	fresh     bool
	tabLine   int
	hasCR     bool
	depth     int
	tail      int // where the node that was completed last ends
	// flowLine is the last line (its lineStart+1) on which a value in a flow mapping was found to stand right of its block.
	flowLine int
	anchors  map[string]uint32 // of the document being read
	hashes   []keyHash         // scratch space of findDuplicates
	dups     []Node
	err      *SyntaxError
}

// scalar is a scalar that was scanned and not yet appended.
type scalar struct {
	start, end int
	style      Style
	flags      uint8
	indent     uint8
	multi      bool // it spans lines, so it cannot be an implicit key
}

// fail refuses the document. It returns false for its caller to return.
func (p *parser) fail(offset int, message, hint string) bool {
	if p.err == nil {
		p.err = &SyntaxError{Offset: offset, Message: message, Hint: hint}
	}
	return false
}

// add appends a node. A negative lead means that the node is introduced by its own anchor, tag or first byte.
func (p *parser) add(n node, lead int, pr props) uint32 {
	i := uint32(len(p.f.nodes))
	n.next = i + 1
	n.lead = n.start
	if pr != (props{}) {
		n.flags |= flagProps
		if p.f.props == nil {
			p.f.props = map[uint32]props{}
		}
		p.f.props[i] = pr
		n.lead = min(n.lead, uint32(pr.start()))
		if pr.anchor != (Span{}) {
			if p.anchors == nil {
				p.anchors = map[string]uint32{}
			}
			p.anchors[string(p.data[pr.anchor.Start:pr.anchor.End])] = i
		}
	}
	if lead >= 0 {
		n.lead = uint32(lead)
	}
	p.f.nodes = append(p.f.nodes, n)
	p.tail = int(n.end)
	return i
}

func (p *parser) addScalar(s scalar, lead int, pr props) uint32 {
	n := node{kind: Scalar, style: s.style, flags: s.flags, indent: s.indent, start: uint32(s.start), end: uint32(s.end)}
	return p.add(n, lead, pr)
}

// addEmpty appends the scalar of a value that was left out.
func (p *parser) addEmpty(at, lead int, pr props) bool {
	if pr != (props{}) {
		at = max(pr.anchor.End, pr.tag.End)
	}
	p.add(node{kind: Scalar, flags: flagEmpty, start: uint32(at), end: uint32(at)}, lead, pr)
	return true
}

// open appends a collection; its end and next are set by finish.
func (p *parser) open(kind Kind, style Style, start, lead int, pr props) (uint32, bool) {
	if p.depth++; p.depth > MaxDepth {
		return 0, p.fail(start, "nested deeper than 1000 levels", "")
	}
	i := p.add(node{kind: kind, style: style, start: uint32(start)}, lead, pr)
	p.f.nodes[i].next = 0 // still open, see alias
	return i, true
}

func (p *parser) finish(i uint32, end int) bool {
	p.depth--
	p.tail = end
	x := &p.f.nodes[i]
	x.end = uint32(end)
	x.next = uint32(len(p.f.nodes))
	if x.kind == Mapping {
		p.findDuplicates(i)
	}
	return true
}

// finishLast ends a collection without closing bracket: where its last child ends.
func (p *parser) finishLast(i uint32) bool { return p.finish(i, p.tail) }

// # White space and comments

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

// # Documents

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

// explain completes the error of a document: its position, and the cause when the line is one of a template.
func (p *parser) explain() {
	e := p.err
	e.Position = p.f.Position(e.Offset)
	start, end := min(e.Offset, len(p.data)), p.lineEnd(min(e.Offset, len(p.data)))
	for start > 0 && !isBreak(p.data[start-1]) {
		start--
	}
	if bytes.Contains(p.data[start:end], []byte("{{")) {
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

// # Block nodes

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
		return p.addEmpty(at, lead, props{})
	}
	// A key, and with it a mapping, may begin at the start of a line or behind a dash.
	mayKey := p.fresh || from == afterDash || from == afterExplicit
	var outer, inner props // of the node, and of what begins on the present line: if that is a key, inner is the key's
	begin := -1            // where inner begins
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
			inner, begin, mayKey = props{}, -1, true
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
		return p.blockMapping(first, lead, outer, nil, props{})
	case c == '|' || c == '>':
		if !p.join(&outer, inner) {
			return false
		}
		s, ok := p.blockScalar(indent)
		if ok {
			p.addScalar(s, lead, outer)
		}
		return ok
	case c == '[' || c == '{':
		if !p.join(&outer, inner) || !p.flow(indent, lead, outer) {
			return false
		}
		return p.notKey(first, "a list or mapping")
	case c == '*':
		if outer != (props{}) || inner != (props{}) {
			return p.fail(p.pos, "an alias cannot have an anchor or a tag", "remove it")
		}
		return p.alias(lead) && p.notKey(first, "an alias")
	}
	s, ok := p.scanScalar(indent, false)
	if !ok {
		return false
	}
	if !p.colonFollows() {
		if !p.join(&outer, inner) {
			return false
		}
		p.addScalar(s, lead, outer)
		return true
	}
	switch {
	case s.multi:
		return p.fail(p.pos, "mapping values are not allowed here: the key before this colon spans several lines",
			"check the indentation of the line, or quote the text if the colon belongs to it")
	case !mayKey:
		return p.fail(p.pos, "mapping values are not allowed here", "quote the value if the colon belongs to it, otherwise begin a new line")
	}
	return p.blockMapping(first, lead, outer, &s, inner)
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

func (p *parser) blockSequence(indent, lead int, pr props) bool {
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
func (p *parser) blockMapping(first, lead int, pr props, key *scalar, keyProps props) bool {
	col := first - p.lineStart
	if !p.collectionMayBegin(first) {
		return false
	}
	i, ok := p.open(Mapping, Block, first, lead, pr)
	if !ok {
		return false
	}
	var s scalar
	if key != nil {
		s = *key
	}
	for explicit := key == nil; ; {
		if explicit {
			ok = p.explicitEntry(col)
		} else {
			p.addKey(s, -1, keyProps)
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
		if s, keyProps, ok = p.blockKey(col); !ok {
			return false
		}
	}
	return p.finishLast(i)
}

// blockKey scans the next implicit key of a block mapping and moves to its colon.
func (p *parser) blockKey(col int) (s scalar, pr props, ok bool) {
	at := p.pos
	for p.data[p.pos] == '&' || p.data[p.pos] == '!' {
		if !p.property(&pr, false) {
			return s, pr, false
		}
		p.fresh = false
		if !p.skip(col, tabsFree) {
			return s, pr, false
		}
		if p.fresh || p.pos >= len(p.data) {
			return s, pr, p.fail(at, "a key is missing behind the anchor or tag", "")
		}
	}
	switch c := p.data[p.pos]; {
	case c == '-' && p.blankAt(p.pos+1):
		return s, pr, p.fail(p.pos, "a list item where a key is expected", "indent the list below its key")
	case c == '[' || c == '{':
		return s, pr, p.fail(p.pos, "a list or mapping cannot be a key", "keys are plain text; if this is a value, indent it below its key")
	case c == '*':
		return s, pr, p.fail(p.pos, "an alias cannot be a key", "write the key out")
	case c == '|' || c == '>':
		return s, pr, p.fail(p.pos, "a block scalar where a key is expected", "put | or > behind the colon of its key")
	}
	if s, ok = p.scanScalar(col, false); !ok {
		return s, pr, false
	}
	if p.colonFollows() && !s.multi {
		return s, pr, true
	}
	hint := "write key: value; text that goes on with the value above must be indented more"
	if text := p.data[s.start:s.end]; s.style == Plain && bytes.IndexByte(text, ':') > 0 {
		hint = "put a space behind the colon: key: value"
	}
	return s, pr, p.fail(s.start, "a key without its colon", hint)
}

func (p *parser) addKey(s scalar, lead int, pr props) {
	i := p.addScalar(s, lead, pr)
	if s.style == Plain && s.end-s.start == 2 && pr.tag == (Span{}) && string(p.data[s.start:s.end]) == "<<" {
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
	return p.addEmpty(end, end, props{})
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
	return p.fail(p.pos, "bad indentation: this line is indented more than its neighbours above, and less than or unlike what they hold",
		"align it with the keys or items it belongs to")
}

// # Anchors, tags, aliases

func (a props) start() int {
	switch {
	case a.anchor == (Span{}):
		return a.tag.Start
	case a.tag == (Span{}):
		return a.anchor.Start - 1
	}
	return min(a.anchor.Start-1, a.tag.Start)
}

// join adds b to a; nothing may be in both.
func (p *parser) join(a *props, b props) bool {
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
func (p *parser) property(pr *props, flow bool) bool {
	var one props
	ok := false
	if p.data[p.pos] == '&' {
		one.anchor, ok = p.name()
	} else {
		one.tag, ok = p.tag(flow)
	}
	return ok && p.join(pr, one)
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
	i := p.add(node{kind: Alias, start: uint32(at), end: uint32(s.End)}, lead, props{})
	if p.f.aliases == nil {
		p.f.aliases = map[uint32]uint32{}
	}
	p.f.aliases[i] = target
	return true
}

// # Flow collections

// flowCtx is what the parts of a flow collection need to know: the block around it and where the collection was opened.
type flowCtx struct {
	indent int
	open   int
}

// flow reads the flow collection at pos.
func (p *parser) flow(indent, lead int, pr props) bool {
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
			return p.fail(p.pos, "mapping values are not allowed here", "quote the text if the colon belongs to it")
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
		i, ok := p.open(Mapping, Flow, first, -1, props{})
		return ok && p.flowExplicit(ctx) && p.finishLast(i)
	}
	s, pr, whole, ok := p.flowScalar(ctx, -1)
	if whole || !ok {
		return ok
	}
	line := p.lineStart
	if !p.flowSkip(ctx) {
		return false
	}
	if p.data[p.pos] != ':' {
		p.addScalar(s, -1, pr)
		return true
	}
	if s.multi || p.lineStart != line || s.flags&flagEmpty != 0 {
		return p.fail(p.pos, "mapping values are not allowed here", "quote the text if the colon belongs to it")
	}
	i, ok := p.open(Mapping, Flow, first, -1, props{})
	if !ok {
		return false
	}
	p.addKey(s, -1, pr)
	return p.flowValue(ctx) && p.finishLast(i)
}

// flowEntry reads an entry of a flow mapping.
func (p *parser) flowEntry(ctx flowCtx) bool {
	if p.data[p.pos] == '?' && p.blankAt(p.pos+1) {
		return p.flowExplicit(ctx)
	}
	at := p.pos
	s, pr, whole, ok := p.flowScalar(ctx, -1)
	if !ok {
		return false
	}
	if whole {
		return p.fail(at, "a list, mapping or alias cannot be a key", "keys are plain text; quote the key if it is meant as text")
	}
	if s.flags&flagEmpty != 0 {
		return p.fail(at, "a key is missing here", "")
	}
	p.addKey(s, -1, pr)
	if !p.flowSkip(ctx) {
		return false
	}
	if p.data[p.pos] == ':' {
		return p.flowValue(ctx)
	}
	return p.addEmpty(s.end, s.end, props{})
}

// flowExplicit reads "? key : value" inside brackets.
func (p *parser) flowExplicit(ctx flowCtx) bool {
	mark, k := p.pos, len(p.f.nodes)
	p.pos++
	p.fresh = false
	if !p.flowSkip(ctx) {
		return false
	}
	s, pr, whole, ok := p.flowScalar(ctx, mark)
	if !ok {
		return false
	}
	if !whole {
		p.addScalar(s, mark, pr)
	}
	if !p.explicitKey(k, mark) || !p.flowSkip(ctx) {
		return false
	}
	if p.data[p.pos] == ':' {
		return p.flowValue(ctx)
	}
	return p.addEmpty(s.end, s.end, props{})
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
		return p.addEmpty(colon+1, colon, props{})
	}
	s, pr, whole, ok := p.flowScalar(ctx, colon)
	if ok && !whole {
		p.addScalar(s, colon, pr)
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

// flowScalar reads a node inside brackets. A scalar is returned for the caller to append, since it may be a key; a collection or
// alias is appended and whole is true.
func (p *parser) flowScalar(ctx flowCtx, lead int) (s scalar, pr props, whole, ok bool) {
	for p.data[p.pos] == '&' || p.data[p.pos] == '!' {
		if !p.property(&pr, true) {
			return s, pr, false, false
		}
		p.fresh = false
		if !p.flowSkip(ctx) {
			return s, pr, false, false
		}
	}
	switch c := p.data[p.pos]; c {
	case '[', '{':
		if !p.flow(ctx.indent, lead, pr) {
			return s, pr, true, false
		}
		return s, pr, true, p.flowNotKey(ctx)
	case '*':
		if pr != (props{}) {
			return s, pr, true, p.fail(p.pos, "an alias cannot have an anchor or a tag", "remove it")
		}
		return s, pr, true, p.alias(lead) && p.flowNotKey(ctx)
	case ',', ']', '}':
		if pr == (props{}) {
			return s, pr, false, p.fail(p.pos, "a value is missing here", "remove the extra comma or bracket")
		}
		at := max(pr.anchor.End, pr.tag.End)
		return scalar{start: at, end: at, flags: flagEmpty}, pr, false, true
	case ':':
		if pr != (props{}) {
			return s, pr, false, p.fail(p.pos, "a key is missing before the colon", "")
		}
	}
	s, ok = p.scanScalar(ctx.indent, true)
	return s, pr, false, ok
}

// flowNotKey refuses a colon behind a collection or alias inside brackets.
func (p *parser) flowNotKey(ctx flowCtx) bool {
	at := p.f.nodes[len(p.f.nodes)-1].start
	if !p.flowSkip(ctx) {
		return false
	}
	if p.data[p.pos] == ':' {
		return p.fail(int(at), "a list, mapping or alias cannot be a key", "keys are plain text; quote the key if it is meant as text")
	}
	return true
}

// # Scalars

// scanScalar scans the plain or quoted scalar at pos and moves behind it.
func (p *parser) scanScalar(indent int, flow bool) (scalar, bool) {
	switch c := p.data[p.pos]; c {
	case '"', '\'':
		return p.quoted(c)
	}
	return p.plain(indent, flow)
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
func (p *parser) plain(indent int, flow bool) (scalar, bool) {
	if !p.plainMayStart(flow) {
		return scalar{}, false
	}
	d, i := p.data, p.pos
	s := scalar{start: i, end: i, style: Plain}
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
			return s, false
		}
		if i < 0 {
			break
		}
		from = i
	}
	if s.end == s.start {
		return s, p.fail(s.start, "unexpected "+string(d[s.start]), "quote the text")
	}
	p.pos = s.end
	p.fresh = false
	return s, true
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
	}
	return true
}

// quoted scans a quoted scalar.
func (p *parser) quoted(q byte) (scalar, bool) {
	d, i := p.data, p.pos+1
	s := scalar{start: p.pos, style: SingleQuoted}
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
			return s, true
		case c == '\\' && q == '"':
			s.flags |= flagEscaped
			if p.breakAt(i + 1) {
				i++
				continue
			}
			n := p.escape(i)
			if n == 0 {
				return s, false
			}
			i += n
		case isBreak(c):
			i = p.nextLine(i)
			p.lineStart = i
			s.multi = true
			s.flags |= flagEscaped
			if p.markerAt(i) {
				return s, p.fail(s.start, "the quote opened here is not closed before the document ends", "")
			}
		default:
			i++
		}
	}
	return s, p.fail(s.start, "the quote opened here is never closed", `a quote inside the text is written \" in double quotes and '' in single ones`)
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
func (p *parser) blockScalar(indent int) (scalar, bool) {
	d, i := p.data, p.pos+1
	s := scalar{start: p.pos, style: Literal, multi: true}
	if d[p.pos] == '>' {
		s.style = Folded
	}
	content := -1 // column of the text, -1 until it is known
	for chomped := false; i < len(d); i++ {
		if c := d[i]; !chomped && (c == '+' || c == '-') {
			chomped = true
		} else if content < 0 && c >= '1' && c <= '9' {
			if content = max(indent, 0) + int(c-'0'); content > 255 {
				return s, p.fail(i, "an indentation indicator that deep is not supported", "remove the digit")
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
		return s, false
	}
	if !p.breakAt(p.pos) {
		return s, p.fail(p.pos, "text behind the block scalar's header", "the text of a block scalar begins on the next line; quote the value if it begins with | or >")
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
			return s, p.fail(i, "a tab is used for indentation", "YAML allows only spaces here: replace the tab with spaces")
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
				return s, p.fail(i, "this line is indented less than the block scalar above it",
					"indent it as far as the text above; or, if blank lines above are indented further, unindent those")
			}
			p.pos, p.lineStart, p.fresh = line, line, true
			return s, true
		}
		if col == 0 && p.markerAt(line) {
			return s, p.fail(line, "a document separator inside a block scalar", "indent the text of the block scalar")
		}
		i = p.lineEnd(i)
		s.end = i
	}
	p.pos, p.lineStart, p.fresh = len(d), len(d), true
	return s, true
}

// # Duplicate keys

type keyHash struct {
	hash uint64
	key  uint32
}

// manyKeys is from how many keys on a mapping's keys are sorted by hash instead of compared each with each.
const manyKeys = 16

// findDuplicates flags the keys of mapping m that repeat an earlier one.
func (p *parser) findDuplicates(m uint32) {
	f := p.f
	end := f.nodes[m].next
	n := 0
	for k := m + 1; k < end; k = f.nodes[f.nodes[k].next].next {
		if n++; n > manyKeys {
			p.findManyDuplicates(m)
			return
		}
	}
	for k := m + 1; k < end; k = f.nodes[f.nodes[k].next].next {
		for e := m + 1; e < k; e = f.nodes[f.nodes[e].next].next {
			if p.sameKey(e, k) {
				p.duplicate(k)
				break
			}
		}
	}
}

func (p *parser) findManyDuplicates(m uint32) {
	f := p.f
	hs := p.hashes[:0]
	for k := m + 1; k < f.nodes[m].next; k = f.nodes[f.nodes[k].next].next {
		h := uint64(14695981039346656037)
		for _, c := range []byte(Node{f, k}.Text()) {
			h = (h ^ uint64(c)) * 1099511628211
		}
		hs = append(hs, keyHash{h, k})
	}
	slices.SortFunc(hs, func(a, b keyHash) int {
		if c := cmp.Compare(a.hash, b.hash); c != 0 {
			return c
		}
		if c := strings.Compare(Node{f, a.key}.Text(), Node{f, b.key}.Text()); c != 0 {
			return c
		}
		return cmp.Compare(a.key, b.key)
	})
	for i := 1; i < len(hs); i++ {
		if hs[i].hash == hs[i-1].hash && p.sameKey(hs[i-1].key, hs[i].key) {
			p.duplicate(hs[i].key)
		}
	}
	p.hashes = hs
}

func (p *parser) sameKey(a, b uint32) bool {
	x, y := &p.f.nodes[a], &p.f.nodes[b]
	if (x.flags|y.flags)&flagMerge != 0 {
		return false
	}
	if x.style == Plain && y.style == Plain && (x.flags|y.flags)&flagEscaped == 0 {
		return x.end-x.start == y.end-y.start && bytes.Equal(p.data[x.start:x.end], p.data[y.start:y.end])
	}
	return Node{p.f, a}.Text() == Node{p.f, b}.Text()
}

func (p *parser) duplicate(k uint32) {
	p.f.nodes[k].flags |= flagDuplicate
	p.dups = append(p.dups, Node{p.f, k})
}
