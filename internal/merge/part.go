package merge

import (
	"bytes"
	"strings"

	"github.com/fairway-k8s/fairway/internal/source"
)

// part is one entry of a block mapping or one item of a block list, as lines:
//
//	lead   →  # comments and blank lines above it
//	start  →  resources:  # a remark
//	            requests:
//	              cpu: 100m
//	              # indented further than resources: still part of it
//	end    →
//
// The first entry of a mapping may stand behind the dash of a list item (- name: app); it is called compact, and lead and start are where its
// key is.
type part struct {
	key, value source.Node // key is zero for items
	lead       int
	start      int
	end        int
	column     int // of the key or dash
	compact    bool
}

// parts returns the parts of a block collection; above is where what stands above the first of them begins: behind the line of the key that
// leads to the collection. Entries that a later one of the same key overrides are among them.
func parts(n source.Node, above int) []part {
	var out []part
	d := n.File().Data
	add := func(key, value source.Node, lead int) {
		p := part{key: key, value: value, start: lineBegin(d, lead), column: lead - lineBegin(d, lead)}
		p.compact = len(bytes.TrimLeft(d[p.start:lead], " ")) > 0
		p.end = lineEnd(d, max(key.Span().End, value.Span().End))
		if keepsBreaks(value) {
			for p.end < len(d) && blankLine(d, p.end) {
				p.end = lineEnd(d, p.end)
			}
		}
		p.end = pastDeeper(d, p.end, p.column)
		switch {
		case p.compact:
			p.start, p.lead = lead, lead
		case len(out) > 0:
			p.lead = out[len(out)-1].end
		default:
			p.lead = max(min(above, p.start), len(byteOrderMark(d)))
		}
		out = append(out, p)
	}
	for e := range n.Entries() {
		add(e.Key, e.Value, e.Key.Lead())
	}
	for _, item := range n.Items() {
		add(source.Node{}, item, item.Lead())
	}
	return out
}

// lastOf returns the last part of a block collection; false for all other values.
func lastOf(n source.Node) (part, bool) {
	if n.Style() != source.Block || n.Len() == 0 {
		return part{}, false
	}
	ps := parts(n, 0)
	return ps[len(ps)-1], true
}

// tail is what stands below the last part of a block and still belongs to it: comments, and blank lines between them.
type tail struct {
	file   *source.File
	span   source.Span
	column int // of the parts above it
}

// tail returns the tail of a part's value; false when it is no block.
func (p part) tail() (tail, bool) {
	last, ok := lastOf(p.value)
	if !ok || last.end > p.end {
		return tail{}, false
	}
	return tail{p.value.File(), source.Span{Start: last.end, End: p.end}, last.column}, true
}

// text is the tail as it would stand at column 0.
func (t tail) text() string {
	if t.span.Start == t.span.End {
		return ""
	}
	return joinLines(unindented(string(t.file.Data[t.span.Start:t.span.End]), t.column))
}

// behindKey returns where what stands above the first child of a part's value begins: the line below its key or dash.
func (p part) behindKey(d []byte) int {
	at := p.key.Span().End
	if p.key.IsZero() {
		at = p.value.Lead()
	}
	return lineEnd(d, at)
}

// keepsBreaks reports whether the lines below a value, when they are blank, belong to it: a block scalar with a plus, or the last value below
// n is one.
func keepsBreaks(n source.Node) bool {
	for n.Kind() == source.Mapping || n.Kind() == source.Sequence {
		if n.Style() == source.Flow || n.Len() == 0 {
			return false
		}
		last := source.Node{}
		for e := range n.Entries() {
			last = e.Value
		}
		for _, x := range n.Items() {
			last = x
		}
		n = last
	}
	if n.Style() != source.Literal && n.Style() != source.Folded {
		return false
	}
	header, _, _ := strings.Cut(n.Raw(), "\n")
	header, _, _ = strings.Cut(header, "#")
	return strings.Contains(header, "+")
}

// pastDeeper returns the end of the comments at offset that are indented further than column, and of the blank lines between them.
func pastDeeper(d []byte, offset, column int) int {
	end := offset
	for at := offset; at < len(d); at = lineEnd(d, at) {
		if blankLine(d, at) {
			continue
		}
		text := bytes.TrimLeft(d[at:], " ")
		if len(text) == 0 || text[0] != '#' || len(d)-at-len(text) <= column {
			break
		}
		end = lineEnd(d, at)
	}
	return end
}

// lineBegin returns where the line of an offset begins, lineEnd where the next one does.
func lineBegin(d []byte, offset int) int {
	begin := bytes.LastIndexByte(d[:offset], '\n') + 1
	if begin == 0 {
		begin = min(len(byteOrderMark(d)), offset)
	}
	return begin
}

// byteOrderMark is the mark that some editors put before the first line. It takes no column.
func byteOrderMark(d []byte) []byte {
	if mark := []byte("\ufeff"); bytes.HasPrefix(d, mark) {
		return mark
	}
	return nil
}

func lineEnd(d []byte, offset int) int {
	if i := bytes.IndexByte(d[offset:], '\n'); i >= 0 {
		return offset + i + 1
	}
	return len(d)
}

func blankLine(d []byte, at int) bool { return len(bytes.TrimSpace(d[at:lineEnd(d, at)])) == 0 }

// leadLines are the comments and blank lines above a part, without the indentation of the part.
func (p part) leadLines(d []byte) []string {
	if p.lead == p.start {
		return nil
	}
	return unindented(string(d[p.lead:p.start]), p.column)
}

// unindented cuts text into lines without their breaks and without so many spaces, or all there are when there are fewer.
func unindented(text string, column int) []string {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	for i, line := range lines {
		line = strings.TrimRight(line, "\r")
		body := strings.TrimLeft(line, " ")
		if body == "" {
			lines[i] = ""
		} else {
			lines[i] = line[min(column, len(line)-len(body)):]
		}
	}
	return lines
}

// remark is the comment behind a part's key, dash or value, on its first line; for scalars and brackets behind the value. It is empty when
// there is none, and Start then is where one would begin.
func (p part) remark() source.Span {
	f := p.value.File()
	d := f.Data
	at := p.key.Span().End
	switch k := p.value.Kind(); {
	case p.value.IsEmpty() || k != source.Mapping && k != source.Sequence:
		at = p.value.Span().End
		if s := p.value.Style(); s == source.Literal || s == source.Folded {
			at = p.value.Span().Start
		}
	case p.value.Style() == source.Flow:
		at = p.value.Span().End
	case p.key.IsZero():
		if p.value.Position().Line == f.Position(p.value.Lead()).Line {
			return source.Span{Start: -1, End: -1} // the line belongs to the first part of the value
		}
		at = p.value.Lead() + 1
	}
	end := lineEnd(d, at)
	i := commentFrom(f, at)
	if i < len(f.Comments) && f.Comments[i].Start < end && !f.Comments[i].Own {
		return f.Comments[i].Span
	}
	for end > at && (d[end-1] == '\n' || d[end-1] == '\r') {
		end--
	}
	return source.Span{Start: end, End: end}
}

// commentFrom returns the index of the first comment at or behind an offset.
func commentFrom(f *source.File, offset int) int {
	lo, hi := 0, len(f.Comments)
	for lo < hi {
		if mid := (lo + hi) / 2; f.Comments[mid].Start < offset {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}

// comments returns the texts of the comments between two offsets.
func comments(f *source.File, start, end int) (texts []string) {
	for i := commentFrom(f, start); i < len(f.Comments) && f.Comments[i].Start < end; i++ {
		texts = append(texts, string(f.Data[f.Comments[i].Start:f.Comments[i].End]))
	}
	return texts
}
