package source

import (
	"bytes"
	"iter"
	"sort"
	"sync"
)

// Kind says what a node is.
type Kind uint8

// The kinds of node. The zero Node has kind Invalid.
const (
	Invalid Kind = iota
	Mapping
	Sequence
	Scalar
	Alias // a reference (*name) to an anchored node; see Node.Resolve
)

// Style says how a node was written.
type Style uint8

// Plain to Folded are styles of scalars, Block and Flow of mappings and sequences.
const (
	Plain Style = iota
	SingleQuoted
	DoubleQuoted
	Literal // |
	Folded  // >
	Block
	Flow // {} and [], JSON among it
)

// Span is a half-open range of byte offsets in a file.
type Span struct{ Start, End int }

// Position is a place in a file as an editor shows it: both count from 1, columns in Unicode code points.
type Position struct{ Line, Column int }

// node is one entry of a file's flat tree, in document order. A mapping's children are key, value, key, value ...; a sequence's
// are its items. The children of node i begin at i+1, and each child's next is its sibling's index; the subtree ends at next.
type node struct {
	kind  Kind
	style Style
	flags uint8
	// indent is the indentation of a block scalar's content when its header gives one (|2), otherwise 0.
	indent uint8
	// start and end are the span of the content: quotes and brackets included, anchor and tag not. A block scalar's starts at its
	// indicator and ends after its last content line, line break excluded. An empty value (key:) has an empty span right after the
	// colon; an empty item (-) right after its dash.
	start, end uint32
	next       uint32
	// lead is where the node's introduction begins: a block item's dash, a value's colon, an explicit key's question mark;
	// for other nodes, its anchor, tag or content, whichever is first.
	lead uint32
}

// Bits of node.flags.
const (
	flagProps     uint8 = 1 << iota // has an anchor or a tag: see File.props
	flagEscaped                     // a quoted scalar whose text differs from the bytes between its quotes, or a plain one of several lines
	flagDuplicate                   // a key that its mapping already had
	flagMerge                       // a plain << key
	flagExplicit                    // a key written with "? "
	flagEmpty                       // an empty value
)

type props struct {
	anchor, tag Span // without & and with !; empty when absent
}

// File is the bytes of one file and the trees read from them. It is immutable and safe for concurrent use.
type File struct {
	// Name is how messages call the file, usually its path with forward slashes.
	Name string
	// Data is the file as it is. Nobody may change it.
	Data []byte
	// Virtual files are nobody's text, such as an object that an API server sent: there is no use in telling lines of them.
	Virtual bool
	// Docs are the documents in order. Documents that hold nothing but comments are among them, with a zero Root.
	Docs []Document
	// Comments are all comments, in order. Text that looks like a comment inside a scalar is not among them.
	Comments []Comment

	nodes   []node
	props   map[uint32]props
	aliases map[uint32]uint32 // from an alias to the node it stands for

	once  sync.Once
	lines []uint32
	marks []mark // in long lines

	indexes sync.Map // from a large mapping to its *keyIndex
}

// mark is a place in a long line, so that its columns need not be counted from the beginning each time.
type mark struct{ offset, column uint32 }

// Document is one YAML document of a file.
type Document struct {
	// Index counts the file's documents from 0.
	Index int
	// Span reaches from the document's separator or first byte to the next separator or the end of the file.
	Span Span
	// Root is the top node, or the zero Node when the document is empty or was refused.
	Root Node
	// Err says why the document was refused; nil otherwise.
	Err *SyntaxError
	// Duplicates are the keys that repeat an earlier key of their mapping, in order. They are kept, not refused: Kubernetes
	// takes the last of them.
	Duplicates []Node
}

// Comment is the span of one comment from # to the end of its line, line break excluded.
type Comment struct {
	Span
	// Own is true when nothing but white space precedes the comment on its line.
	Own bool
}

// SyntaxError says why a document could not be read. It is an ordinary result: the other documents of the file stand.
type SyntaxError struct {
	Offset int // byte offset in the file
	Position
	Message string // lower case, no final stop
	Hint    string // what to do about it, may be empty
}

func (e *SyntaxError) Error() string { return e.Message }

// Node is a handle on a node of a file. The zero Node means "nothing here"; all its methods are safe and say so.
type Node struct {
	f *File
	i uint32
}

// IsZero reports whether n is nothing.
func (n Node) IsZero() bool { return n.f == nil }

// File returns the file that holds n, nil for the zero Node.
func (n Node) File() *File { return n.f }

// Kind returns what n is.
func (n Node) Kind() Kind {
	if n.f == nil {
		return Invalid
	}
	return n.f.nodes[n.i].kind
}

// Style returns how n was written.
func (n Node) Style() Style {
	if n.f == nil {
		return Plain
	}
	return n.f.nodes[n.i].style
}

// Span returns the bytes n was written in, without anchor, tag and trailing comment.
func (n Node) Span() Span {
	if n.f == nil {
		return Span{}
	}
	x := &n.f.nodes[n.i]
	return Span{int(x.start), int(x.end)}
}

// Position returns where n starts. The zero Node has the zero Position.
func (n Node) Position() Position {
	if n.f == nil {
		return Position{}
	}
	return n.f.Position(int(n.f.nodes[n.i].start))
}

// IsEmpty reports whether n is a value that was left out ("key:" or "-" with nothing behind).
func (n Node) IsEmpty() bool { return n.f != nil && n.f.nodes[n.i].flags&flagEmpty != 0 }

// IsMergeKey reports whether n is a plain << key.
func (n Node) IsMergeKey() bool { return n.f != nil && n.f.nodes[n.i].flags&flagMerge != 0 }

// IsDuplicate reports whether n is a key that its mapping already had.
func (n Node) IsDuplicate() bool { return n.f != nil && n.f.nodes[n.i].flags&flagDuplicate != 0 }

// Raw returns n's bytes as a string, quotes and brackets included.
func (n Node) Raw() string {
	s := n.Span()
	if n.f == nil {
		return ""
	}
	return string(n.f.Data[s.Start:s.End])
}

// Anchor returns n's anchor without &, or "".
func (n Node) Anchor() string {
	if n.f == nil || n.f.nodes[n.i].flags&flagProps == 0 {
		return ""
	}
	s := n.f.props[n.i].anchor
	return string(n.f.Data[s.Start:s.End])
}

// Tag returns n's explicit tag as written (!!str, !Ref), or "".
func (n Node) Tag() string {
	if n.f == nil || n.f.nodes[n.i].flags&flagProps == 0 {
		return ""
	}
	s := n.f.props[n.i].tag
	return string(n.f.Data[s.Start:s.End])
}

// Entry is one key and value of a mapping.
type Entry struct{ Key, Value Node }

// Entries yields the entries of a mapping as written: merge keys are not expanded, duplicates are not dropped. Other kinds
// yield nothing.
func (n Node) Entries() iter.Seq[Entry] {
	return func(yield func(Entry) bool) {
		if n.Kind() != Mapping {
			return
		}
		nodes := n.f.nodes
		for i, end := n.i+1, nodes[n.i].next; i < end; {
			v := nodes[i].next
			if !yield(Entry{Node{n.f, i}, Node{n.f, v}}) {
				return
			}
			i = nodes[v].next
		}
	}
}

// Items yields the items of a sequence with their indices. Other kinds yield nothing.
func (n Node) Items() iter.Seq2[int, Node] {
	return func(yield func(int, Node) bool) {
		if n.Kind() != Sequence {
			return
		}
		nodes := n.f.nodes
		k := 0
		for i, end := n.i+1, nodes[n.i].next; i < end; i = nodes[i].next {
			if !yield(k, Node{n.f, i}) {
				return
			}
			k++
		}
	}
}

// Len returns the number of entries or items of n; 0 for scalars.
func (n Node) Len() int {
	k := 0
	switch n.Kind() {
	case Mapping:
		for range n.Entries() {
			k++
		}
	case Sequence:
		for range n.Items() {
			k++
		}
	}
	return k
}

// Entry returns the entry of a mapping with that key, the last one when the key is repeated, as Kubernetes reads it. Merge keys
// are not looked through; see Node.Get.
func (n Node) Entry(key string) (Entry, bool) {
	var found Entry
	ok := false
	for e := range n.Entries() {
		if e.Key.is(key) {
			found, ok = e, true
		}
	}
	return found, ok
}

// Item returns the i-th item of a sequence, or the zero Node.
func (n Node) Item(i int) Node {
	for k, item := range n.Items() {
		if k == i {
			return item
		}
	}
	return Node{}
}

// is reports whether scalar n's text is s, without making a string.
func (n Node) is(s string) bool {
	x := &n.f.nodes[n.i]
	if x.kind != Scalar {
		return false
	}
	if x.flags&flagEscaped != 0 || x.style == Literal || x.style == Folded {
		return n.Text() == s
	}
	b := n.f.Data[x.start:x.end]
	if x.style == SingleQuoted || x.style == DoubleQuoted {
		b = b[1 : len(b)-1]
	}
	return string(b) == s
}

// Position turns a byte offset into a line and column.
func (f *File) Position(offset int) Position {
	f.once.Do(f.indexLines)
	line := sort.Search(len(f.lines), func(i int) bool { return int(f.lines[i]) > offset })
	col := 1
	start := int(f.lines[line-1])
	if line == 1 && bytes.HasPrefix(f.Data, bom) {
		start = min(len(bom), offset)
	}
	if i := sort.Search(len(f.marks), func(i int) bool { return int(f.marks[i].offset) > offset }); i > 0 && int(f.marks[i-1].offset) > start {
		start, col = int(f.marks[i-1].offset), int(f.marks[i-1].column)
	}
	return Position{line, col + codePoints(f.Data[start:min(offset, len(f.Data))])}
}

// codePoints counts characters by their first bytes.
func codePoints(text []byte) (n int) {
	for _, b := range text {
		if b&0xC0 != 0x80 {
			n++
		}
	}
	return n
}

// Line returns the text of a line (from 1) without its line break, and "" for lines the file does not have.
func (f *File) Line(n int) string {
	f.once.Do(f.indexLines)
	if n < 1 || n > len(f.lines) {
		return ""
	}
	start, end := int(f.lines[n-1]), len(f.Data)
	if n < len(f.lines) {
		end = int(f.lines[n])
	}
	for end > start && (f.Data[end-1] == '\n' || f.Data[end-1] == '\r') {
		end--
	}
	return string(f.Data[start:end])
}

// LineCount returns the number of lines. A final line break does not begin another line.
func (f *File) LineCount() int {
	f.once.Do(f.indexLines)
	n := len(f.lines)
	if n > 1 && int(f.lines[n-1]) == len(f.Data) {
		n--
	}
	return n
}

// longLine is how many bytes apart the marks of a line are. Lines that people write have none.
const longLine = 4096

func (f *File) indexLines() {
	f.lines = append(f.lines, 0)
	start, column := 0, 1 // of the last line or mark
	if bytes.HasPrefix(f.Data, bom) {
		start = len(bom)
	}
	for i, b := range f.Data {
		switch {
		case b == '\n' || b == '\r' && (i+1 == len(f.Data) || f.Data[i+1] != '\n'):
			f.lines = append(f.lines, uint32(i+1))
			start, column = i+1, 1
		case i-start == longLine:
			column += codePoints(f.Data[start:i])
			start = i
			f.marks = append(f.marks, mark{uint32(i), uint32(column)})
		}
	}
}

// Lead returns the offset where n's introduction begins: a block item's dash, a value's colon, the question mark of an explicit key; for other
// nodes their anchor, tag or content, whichever is first.
func (n Node) Lead() int {
	if n.f == nil {
		return 0
	}
	return n.lead()
}
