package source

import "bytes"

// The reader is one pass over the bytes, by recursive descent, into File.nodes: documents (document.go) hold block nodes
// (block.go), these hold flow collections (flow.go) and scalars (scan.go), and space.go moves from one token to the next. A node
// is appended when its first byte has been seen and its kind is known. The one place that has to look ahead is a scalar that may
// turn out to be the first key of a mapping: scalars are scanned first (type scalar) and appended afterwards, behind the mapping
// if there is one.
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
	// Two nodes are usual in a line, three when it begins an item; text has many bytes and lines and few nodes.
	f.nodes = make([]node, 0, min(len(data)/9, 5*bytes.Count(data, []byte{'\n'})/2)+8)
	p := parser{f: f, data: data, hasCR: bytes.IndexByte(data, '\r') >= 0, fresh: true}
	if bytes.HasPrefix(data, bom) {
		p.pos, p.lineStart = len(bom), len(bom)
	}
	p.stream()
	return f
}

// Compact gives back the room that the reader took in advance: for small files that are kept in their ten thousands.
func (f *File) Compact() {
	if cap(f.nodes) > len(f.nodes)+len(f.nodes)/16 {
		f.nodes = append(make([]node, 0, len(f.nodes)), f.nodes...)
	}
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
	case bytes.HasPrefix(data, []byte("\x1F\x8B")):
		return &SyntaxError{Message: "the file is compressed (gzip), not YAML", Hint: "unpack it first"}
	case bytes.HasPrefix(data, []byte("\xFF\xFE")), bytes.HasPrefix(data, []byte("\xFE\xFF")), utf16:
		return &SyntaxError{Message: "the file is encoded as UTF-16, not UTF-8",
			Hint: "save it as UTF-8 (iconv -f UTF-16 -t UTF-8); PowerShell's > writes UTF-16"}
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
	props      *props
}

// fail refuses the document. It returns false for its caller to return.
func (p *parser) fail(offset int, message, hint string) bool {
	if p.err == nil {
		p.err = &SyntaxError{Offset: offset, Message: message, Hint: hint}
	}
	return false
}

// add appends a node. A negative lead means that the node is introduced by its own anchor, tag or first byte.
func (p *parser) add(n node, lead int, pr *props) uint32 {
	i := uint32(len(p.f.nodes))
	n.next = i + 1
	n.lead = n.start
	if pr != nil {
		n.flags |= flagProps
		n.lead = min(n.lead, uint32(pr.start()))
		p.addProps(i, *pr)
	}
	if lead >= 0 {
		n.lead = uint32(lead)
	}
	p.f.nodes = append(p.f.nodes, n)
	p.tail = int(n.end)
	return i
}

func (p *parser) addProps(i uint32, pr props) {
	if p.f.props == nil {
		p.f.props = map[uint32]props{}
	}
	p.f.props[i] = pr
	if pr.anchor != (Span{}) {
		if p.anchors == nil {
			p.anchors = map[string]uint32{}
		}
		p.anchors[string(p.data[pr.anchor.Start:pr.anchor.End])] = i
	}
}

func (p *parser) addScalar(s *scalar, lead int) uint32 {
	n := node{kind: Scalar, style: s.style, flags: s.flags, indent: s.indent, start: uint32(s.start), end: uint32(s.end)}
	return p.add(n, lead, s.props)
}

// addEmpty appends the scalar of a value that was left out.
func (p *parser) addEmpty(at, lead int, pr *props) bool {
	if pr != nil {
		at = pr.end()
	}
	p.add(node{kind: Scalar, flags: flagEmpty, start: uint32(at), end: uint32(at)}, lead, pr)
	return true
}

// open appends a collection; its end and next are set by finish.
func (p *parser) open(kind Kind, style Style, start, lead int, pr *props) (uint32, bool) {
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
