package source

import (
	"bytes"
	"sort"
)

// CommentBehind returns the span of the comment that follows a node of f on the line that it ends on, with nothing but blanks between the two.
func (f *File) CommentBehind(n Node) (Span, bool) {
	if n.f != f || f == nil {
		return Span{}, false
	}
	end := n.Span().End
	i := sort.Search(len(f.Comments), func(i int) bool { return f.Comments[i].Start >= end })
	if i == len(f.Comments) || f.Comments[i].Own || len(bytes.Trim(f.Data[end:f.Comments[i].Start], " \t")) > 0 {
		return Span{}, false
	}
	return f.Comments[i].Span, true
}

// Remarks returns the comments that speak of what begins on n's line: the one at the end of the line, and those on lines of their own directly
// above. They are in the order of the file, with their #.
func (n Node) Remarks() []string {
	f := n.f
	if f == nil || len(f.Comments) == 0 {
		return nil
	}
	line := n.Position().Line
	// The first comment behind the line; those that count are before it.
	last := sort.Search(len(f.Comments), func(i int) bool { return f.Position(f.Comments[i].Start).Line > line })
	first := last
	for first > 0 {
		c := f.Comments[first-1]
		at := f.Position(c.Start).Line
		if !(at == line && !c.Own) && !(c.Own && at == line-1) {
			break
		}
		if c.Own {
			line--
		}
		first--
	}
	var out []string
	for _, c := range f.Comments[first:last] {
		out = append(out, string(f.Data[c.Start:c.End]))
	}
	return out
}
