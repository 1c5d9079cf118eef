package merge

import (
	"strconv"

	"github.com/fairway-k8s/fairway/internal/source"
)

// Part says how much of a field is wanted.
type Part int

// What Prune keeps of a field.
const (
	None Part = iota // nothing, its comments neither
	Some             // what is wanted below it
	All
)

// Prune takes from a file what is not wanted, with the comments that stand above and behind it. wanted is asked for each field from the top of its
// object down, with list items by their index; a field of which nothing is left goes too, and so does a document. Values in brackets are
// taken whole or not at all.
func Prune(f *source.File, wanted func(o Object, field string) Part) *source.File {
	var edits []source.Edit
	for i, d := range f.Docs {
		if d.Root.IsZero() {
			continue
		}
		o := objectOf(d.Root)
		if some := prune(d.Root, func(field string) Part { return wanted(o, field) }, "", &edits); !some {
			span := f.Docs[i].Span
			for len(edits) > 0 && edits[len(edits)-1].Start >= span.Start {
				edits = edits[:len(edits)-1]
			}
			edits = append(edits, source.Edit{Span: span})
		}
	}
	if len(edits) == 0 {
		return f
	}
	return source.Parse(f.Name, source.ApplyEdits(f.Data, edits))
}

// prune notes the edits that leave of n what is wanted, and reports whether anything is.
func prune(n source.Node, wanted func(string) Part, field string, edits *[]source.Edit) bool {
	if n.Style() != source.Block || n.Len() == 0 {
		return false
	}
	some := false
	index := 0
	for _, x := range parts(n, aboveOf(n)) {
		at := field + "[" + strconv.Itoa(index) + "]"
		if !x.key.IsZero() {
			at = (&place{field: field}).entry(x.key.Text(), source.Node{}).field
		}
		index++
		switch wanted(at) {
		case All:
			some = true
			continue
		case Some:
			before := len(*edits)
			if prune(x.value, wanted, at, edits) {
				some = true
				continue
			}
			*edits = (*edits)[:before]
		}
		*edits = append(*edits, source.Edit{Span: source.Span{Start: x.lead, End: x.end}})
	}
	return some
}
