package merge

import (
	"strings"

	"github.com/aymanbagabas/go-udiff"

	"github.com/fairway-k8s/fairway/internal/source"
)

// Mark puts markers around the lines of a result on which the sides conflict, in the style of diff3; all else stays as it was merged.
//
//	spec:
//	<<<<<<< ours
//	  replicas: 8  # black friday
//	||||||| base
//	  replicas: 2
//	=======
//	  replicas: 3
//	>>>>>>> theirs
//	  minReadySeconds: 10
//
// It merges the result once more with base and with theirs, and takes from them nothing but what the conflicts are about: where the three texts
// differ, lines conflict. Each part is as it would have to stand in this file, so that a merge of one's own choice is left when the markers go.
// A conflict that cannot be written so, as that of a value behind an anchor, has no markers. The error is that of Merge.
//
// base and theirs are what the file was merged from; nil where they do not have it.
func Mark(f File, conflicts []Conflict, base, theirs *source.File) ([]byte, error) {
	result := source.Parse(f.Name, f.After)
	byLine := len(conflicts) > 0 && conflicts[0].Reason == Unreadable
	in := func(side *source.File) (string, error) {
		if side == nil {
			side = source.Parse(f.Name, nil)
		}
		r, err := Merge(Input{result}, Input{result}, Input{side}, Options{Skip: func(o Object, field string) bool {
			for _, c := range conflicts {
				if c.concerns(o, field) {
					return false
				}
			}
			return true
		}})
		if err != nil || len(r.Files) == 0 {
			return "", err
		}
		if byLine {
			return breaks(result, string(r.Files[0].After)), nil
		}
		return string(r.Files[0].After), nil
	}
	was, err := in(base)
	if err != nil {
		return nil, err
	}
	other, err := in(theirs)
	if err != nil {
		return nil, err
	}
	return []byte(mark(string(f.After), was, other, breaks(result, "\n"), byLine)), nil
}

// concerns reports whether a conflict is about a field: about itself, about what it lies in, or about one that excludes it.
func (c Conflict) concerns(o Object, field string) bool {
	// The merge may have given the object another group or namespace.
	if x := c.Object; o.Kind != x.Kind || o.Name != x.Name || o.File != x.File || o.Namespace != x.Namespace && o.Namespace != "" && x.Namespace != "" {
		return false
	}
	rest, ok := strings.CutPrefix(field, c.Field)
	if ok && (c.Field == "" || rest == "" || rest[0] == '.' || rest[0] == '[') {
		return true
	}
	if c.Reason != Contradiction {
		return false
	}
	a, err := source.ParsePath(c.Field)
	b, errB := source.ParsePath(field)
	if err != nil || errB != nil || len(a) == 0 || len(b) < len(a) || a[:len(a)-1].String() != b[:len(a)-1].String() {
		return false
	}
	var under trail
	for _, s := range a[:len(a)-1] {
		if !s.ByKey && s.Key != "" {
			under = under.enter(s.Key)
		}
	}
	pair := []string{a[len(a)-1].Key, b[len(a)-1].Key}
	linked := together(under, pair)
	return len(alternatives(under, pair)) > 0 || len(linked) > 0 && len(linked[0]) > 1
}

// mark puts markers where theirs differs from ours. Of texts that can only be merged by line theirs has left alone what is as in base; what it
// changed is marked everywhere, since a conflict keeps all of it out.
func mark(ours, base, theirs, lineBreak string, byLine bool) string {
	a, b := udiff.Lines(ours, base), udiff.Lines(ours, theirs)
	var out strings.Builder
	// part writes a part of a conflict; what was the last line of its file has others below it here.
	part := func(marker, text string) {
		out.WriteString(marker + lineBreak + text)
		if text != "" && !strings.HasSuffix(text, "\n") {
			out.WriteString(lineBreak)
		}
	}
	at := 0
	for len(a) > 0 || len(b) > 0 {
		// A stretch of ours with all the edits that touch it, of both texts.
		start := len(ours)
		for _, edits := range [][]udiff.Edit{a, b} {
			if len(edits) > 0 {
				start = min(start, edits[0].Start)
			}
		}
		end := start
		var mine, other []udiff.Edit
		for grown := true; grown; {
			grown = false
			for _, x := range []struct{ left, taken *[]udiff.Edit }{{&a, &mine}, {&b, &other}} {
				for len(*x.left) > 0 && (*x.left)[0].Start <= end {
					end, grown = max(end, (*x.left)[0].End), true
					*x.taken, *x.left = append(*x.taken, (*x.left)[0]), (*x.left)[1:]
				}
			}
		}
		stretch := ours[start:end]
		was, is := edited(stretch, start, mine), edited(stretch, start, other)
		out.WriteString(ours[at:start])
		at = end
		switch {
		case is == stretch || byLine && is == was:
			out.WriteString(stretch)
			continue
		case was == stretch && !byLine:
			was = "" // base has nothing there: with the same, nothing would conflict
		}
		if text := out.String(); text != "" && !strings.HasSuffix(text, "\n") {
			out.WriteString(lineBreak)
		}
		part("<<<<<<< ours", stretch)
		part("||||||| base", was)
		part("=======", is)
		part(">>>>>>> theirs", "")
	}
	out.WriteString(ours[at:])
	return out.String()
}

// edited makes edits in a stretch of a text that begins at an offset.
func edited(stretch string, offset int, edits []udiff.Edit) string {
	var out strings.Builder
	at := 0
	for _, e := range edits {
		out.WriteString(stretch[at : e.Start-offset])
		out.WriteString(e.New)
		at = e.End - offset
	}
	return out.String() + stretch[at:]
}
