package merge

import (
	"bytes"
	"strings"

	"github.com/fairway-k8s/fairway/internal/source"
)

// breaks gives text the line breaks of a file.
func breaks(f *source.File, text string) string {
	text = unix(text)
	if crlf(f) {
		text = strings.ReplaceAll(text, "\n", "\r\n")
	}
	return text
}

// unix gives text line breaks without carriage returns.
func unix(text string) string { return strings.ReplaceAll(text, "\r\n", "\n") }

// crlf reports whether the lines of a file end as Windows ends them.
func crlf(f *source.File) bool {
	i := bytes.IndexByte(f.Data, '\n')
	return i > 0 && f.Data[i-1] == '\r'
}

// columnOfEntry is the column of the key or dash that leads to a value: that of the first text on its line, behind the dash of a list item when
// there is a key.
func columnOfEntry(n source.Node) int {
	d := n.File().Data
	at := lineBegin(d, n.Lead())
	column := 0
	for at < len(d) && (d[at] == ' ' || d[at] == '-' && at+1 < len(d) && d[at+1] == ' ' && at < n.Lead()) {
		at, column = at+1, column+1
	}
	return column
}

// shifted moves all lines but the first by delta columns. A line that has fewer spaces than are to go loses those it has.
func shifted(text string, delta int) []string {
	lines := strings.Split(unix(text), "\n")
	for i := range lines {
		if i > 0 {
			lines[i] = shift(lines[i], delta)
		}
	}
	return lines
}

func shift(line string, delta int) string {
	body := strings.TrimLeft(line, " ")
	if body == "" {
		return ""
	}
	return strings.Repeat(" ", max(len(line)-len(body)+delta, 0)) + body
}

// manner is how the nearest blocks of ours are laid out.
type manner struct {
	step   int // columns from a mapping's key to the keys below it; -1 when nothing shows it
	dashes int // columns from a key to the dashes below it; -1 likewise
}

// mannerAt looks at the blocks around a place, the nearest first.
func mannerAt(p *place) manner {
	x := manner{-1, -1}
	for ; p != nil && (x.step < 0 || x.dashes < 0); p = p.up {
		x.see(p.ours, 3)
	}
	return x
}

func (x *manner) see(n source.Node, depth int) {
	if n.Style() != source.Block || depth == 0 {
		return
	}
	d := n.File().Data
	for e := range n.Entries() {
		v := e.Value
		if v.Style() != source.Block || v.Len() == 0 {
			continue
		}
		column := e.Key.Lead() - lineBegin(d, e.Key.Lead())
		switch first := firstLead(v); {
		case v.Kind() == source.Mapping && x.step < 0:
			x.step = first - lineBegin(d, first) - column
		case v.Kind() == source.Sequence && x.dashes < 0:
			x.dashes = first - lineBegin(d, first) - column
		}
		x.see(v, depth-1)
	}
	for _, item := range n.Items() {
		x.see(item, depth-1)
	}
}

// firstLead returns where the first entry or item of a collection begins.
func firstLead(n source.Node) int {
	for e := range n.Entries() {
		return e.Key.Lead()
	}
	for _, x := range n.Items() {
		return x.Lead()
	}
	return 0
}

// transplant returns the lines of a part of theirs, those above it included, as they stand in ours at a column and in ours' manner.
func transplant(t part, column int, x manner) []string {
	d := t.value.File().Data
	deltas := map[int]int{} // by the offset of a line, for the lines from there on
	spread(t, column-t.column, x, deltas)
	start := t.lead
	var lines []string
	delta := column - t.column
	if t.compact {
		end := lineEnd(d, start)
		lines = append(lines, strings.Repeat(" ", column)+strings.TrimRight(string(d[start:end]), "\r\n"))
		start = end
	}
	for at := start; at < t.end; at = lineEnd(d, at) {
		if x, ok := deltas[at]; ok {
			delta = x
		}
		lines = append(lines, shift(strings.TrimRight(string(d[at:lineEnd(d, at)]), "\r\n"), delta))
	}
	return lines
}

// spread notes by how much the lines of a part and of those below it move.
func spread(t part, delta int, x manner, deltas map[int]int) {
	d := t.value.File().Data
	if !t.compact {
		deltas[t.lead] = delta
	}
	v := t.value
	if v.Style() == source.Block && v.Len() > 0 && (v.Kind() == source.Mapping || v.Kind() == source.Sequence) {
		for _, c := range parts(v, t.behindKey(d)) {
			inner := delta
			switch {
			case t.key.IsZero():
			case v.Kind() == source.Mapping && x.step > 0:
				inner += x.step - (c.column - t.column)
			case v.Kind() == source.Sequence && x.dashes >= 0:
				inner += x.dashes - (c.column - t.column)
			}
			spread(c, inner, x, deltas)
			deltas[c.end] = delta
		}
	}
}

// movable reports whether the text of a part can stand elsewhere: whether it is laid out in lines and stands for nothing that is written
// elsewhere.
func movable(holder source.Node, t part) bool {
	if holder.Style() != source.Block {
		return false
	}
	start, end := t.start, t.end
	text := t.value.File().Data[start:end]
	if bytes.ContainsAny(text, "&*!\t") {
		return plainTree(t.value)
	}
	return true
}

// plainTree reports whether nothing in n is an alias, has an anchor, a tag or a merge key.
func plainTree(n source.Node) bool {
	if n.Kind() == source.Alias || n.Anchor() != "" || n.Tag() != "" {
		return false
	}
	for e := range n.Entries() {
		if e.Key.IsMergeKey() || e.Key.Kind() != source.Scalar || e.Key.Anchor() != "" || e.Key.Tag() != "" || !plainTree(e.Value) {
			return false
		}
	}
	for _, x := range n.Items() {
		if !plainTree(x) {
			return false
		}
	}
	return true
}
