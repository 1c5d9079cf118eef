package lint

import (
	"errors"
	"slices"

	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/source"
)

// Spot is what is known of one line of a file.
type Spot struct {
	Object   finding.Ref
	Field    string // the innermost field that the line begins; "" for the object as a whole
	Findings []*finding.Finding
}

// At returns what a line of a file holds.
func At(r *Result, file string, line int) (Spot, error) {
	for _, o := range r.Snapshot.Objects {
		f := o.Root.File()
		if f == nil || f.Name != file {
			continue
		}
		s := o.Root.Span()
		first, last := f.Position(s.Start).Line, f.Position(s.End).Line
		if line < first || line > last {
			continue
		}
		return Spot{Object: o.Ref, Field: fieldAt(o.Root, line).String(), Findings: On(r, file, line)}, nil
	}
	return Spot{}, errors.New("no object is on this line")
}

// On returns the findings on a line of a file.
func On(r *Result, file string, line int) []*finding.Finding {
	return slices.DeleteFunc(slices.Clone(r.Findings), func(f *finding.Finding) bool {
		return f.Place.File != file || f.Place.Line != line
	})
}

// fieldAt returns the path of the first field that begins on a line, or else of the innermost one that covers it.
func fieldAt(n source.Node, line int) source.Path {
	f := n.File()
	within := func(v source.Node) bool {
		s := v.Span()
		return f.Position(s.Start).Line <= line && line <= f.Position(max(s.Start, s.End-1)).Line
	}
	for e := range n.Entries() {
		step := source.Step{Key: e.Key.Text()}
		if e.Key.Position().Line == line {
			return source.Path{step}
		}
		if within(e.Value) {
			return append(source.Path{step}, fieldAt(e.Value, line)...)
		}
	}
	for i, item := range n.Items() {
		if within(item) {
			return append(source.Path{{Index: i}}, fieldAt(item, line)...)
		}
	}
	return nil
}
