package rule

import (
	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/source"
)

// Locate returns where a field of an object is written, and the tree that holds it. A scalar is shown at its value, a mapping or
// sequence at its key, a field that is not there at the first line of the mapping that should hold it.
//
// An object that a build made is shown in its file of origin, unless the build gave the field another value: then the build is
// where it is wrong.
func Locate(o *cluster.Object, field string) (source.Node, finding.Place) {
	path, err := source.ParsePath(field)
	if err != nil {
		path = nil // the field is shown in the message all the same; the object is the nearest place
	}
	root := o.Root
	if root.IsZero() {
		return root, finding.Place{}
	}
	e, rest := root.Reach(path)
	if o.Origin != root && !o.Origin.IsZero() {
		origin, originRest := o.Origin.Reach(InOrigin(o, path))
		same := origin.Value.Kind() != source.Scalar || origin.Value.Text() == e.Value.Text()
		if len(originRest) == len(rest) && same {
			return o.Origin, placeOf(origin, originRest)
		}
	}
	return root, placeOf(e, rest)
}

// placeOf is PlaceOf, but for a field that is missing below e the mapping's first line.
func placeOf(e source.Entry, missing source.Path) finding.Place {
	if len(missing) > 0 && e.Value.Len() > 0 {
		e.Key = source.Node{}
	}
	return PlaceOf(e)
}

// InOrigin returns the path that leads in an object's file of origin to what path leads to in the object. Builds may order lists
// anew, so items that have a name are named by it.
func InOrigin(o *cluster.Object, path source.Path) source.Path {
	if o.Origin == o.Root {
		return path
	}
	out := make(source.Path, len(path))
	at := o.Root
	for i, s := range path {
		out[i] = s
		e, rest := at.Reach(source.Path{s})
		if len(rest) > 0 {
			copy(out[i:], path[i:])
			break
		}
		at = e.Value.Resolve()
		if name := at.Get("name"); s.Key == "" && !s.ByKey && name.Kind() == source.Scalar {
			out[i] = source.Step{Key: "name", Match: name.Text(), ByKey: true}
		}
	}
	return out
}

// PlaceOf returns where an entry is shown: a scalar at its value, a mapping or sequence at its key.
func PlaceOf(e source.Entry) finding.Place {
	n := e.Value
	if !e.Key.IsZero() && (n.Kind() != source.Scalar || n.IsEmpty()) {
		n = e.Key
	}
	f := n.File()
	if f.Virtual {
		return finding.Place{} // the object and the field say where
	}
	span := n.Span()
	start := f.Position(span.Start)
	end := f.Position(span.End)
	if end.Line != start.Line { // the first line is enough to find it
		end = f.Position(firstLineEnd(f, span))
	}
	return finding.Place{File: f.Name, Line: start.Line, Column: start.Column, EndLine: end.Line, EndColumn: end.Column}
}

// firstLineEnd returns the end of the span's first line, line break excluded.
func firstLineEnd(f *source.File, s source.Span) int {
	for i := s.Start; i < s.End; i++ {
		if c := f.Data[i]; c == '\n' || c == '\r' {
			return i
		}
	}
	return s.End
}
