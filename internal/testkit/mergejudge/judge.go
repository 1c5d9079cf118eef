package mergejudge

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// Conflict is a conflict that a merge reported.
type Conflict struct {
	Object string // such as Deployment shop/checkout; empty means any
	Field  string // such as spec.template.spec.containers[name=app].image; empty means the whole object
}

// Fault is a guarantee that a merge breaks.
type Fault struct {
	Guarantee string // a to g
	Weak      bool
	Path      string // of the value, or of the line
	What      string
}

func (f Fault) String() string {
	weak := ""
	if f.Weak {
		weak = " weak"
	}
	return fmt.Sprintf("(%s)%s %s: %s", f.Guarantee, weak, f.Path, f.What)
}

// Strong returns the faults by which something is lost or wrong.
func Strong(faults []Fault) []Fault {
	return slices.DeleteFunc(slices.Clone(faults), func(f Fault) bool { return f.Weak })
}

// Judge says what is wrong with a merge of three files. Inputs that cannot be read are an error: there is nothing to judge then.
func Judge(baseData, oursData, theirsData, mergedData []byte, conflicts []Conflict) ([]Fault, error) {
	var files [versions]file
	for v, data := range [][]byte{baseData, oursData, theirsData} {
		f, err := read(data)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", []string{"base", "ours", "theirs"}[v], err)
		}
		files[v] = f
	}
	f, err := read(mergedData)
	if err != nil {
		return []Fault{{Guarantee: "g", What: "cannot be read: " + err.Error()}}, nil
	}
	files[merged] = f

	j := judge{}
	for _, c := range conflicts {
		j.conflicts = append(j.conflicts, conflict{object: c.Object, field: parseField(c.Field), text: strings.TrimSpace(c.Object + " " + c.Field)})
	}
	res := j.list(nil, "", lists(files), false)
	faults := res.faults
	faults = append(faults, j.needless(res)...)
	for _, path := range files[merged].twice {
		if !slices.Contains(files[ours].twice, path) {
			faults = append(faults, Fault{Guarantee: "g", Path: strings.TrimPrefix(path, "."), What: "a key is there twice"})
		}
	}
	remarks := comments(baseData, oursData, theirsData, mergedData, len(conflicts) > 0)
	faults = append(faults, remarks.faults...)
	faults = append(faults, lines(baseData, oursData, theirsData, mergedData, res, remarks)...)
	return faults, nil
}

// lists are the objects of each file.
func lists(files [versions]file) (out [versions]*node) {
	for v, f := range files {
		out[v] = f.objects
	}
	return out
}

// conflict is a reported conflict, parsed.
type conflict struct {
	object string
	field  []step
	text   string
}

// needless reports the conflicts at which not both sides changed something.
func (j *judge) needless(res result) (faults []Fault) {
	for _, c := range j.conflicts {
		near := func(p path) bool { return c.near(p) || c.nearUnion(p) }
		if !slices.ContainsFunc(res.ours, near) || !slices.ContainsFunc(res.theirs, near) {
			faults = append(faults, Fault{Guarantee: "c", Weak: true, Path: c.text, What: "a conflict where not both changed something"})
		}
	}
	return faults
}

// Same says whether two files mean the same.
func Same(a, b []byte) bool {
	if bytes.Equal(a, b) {
		return true
	}
	x, errX := read(a)
	y, errY := read(b)
	return errX == nil && errY == nil && x.objects.canon() == y.objects.canon()
}
