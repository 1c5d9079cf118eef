// Package finding holds what a check found: where, how bad, why it hurts and what would mend it.
//
// # Words
//
//	finding   a rule found something at a place
//	unknown   a rule could not be judged, and what it would have needed
//	skipped   input that was not checked, with the reason
//	error     input that could not be read, with the place
//	fix       changes of the finding's document that mend it
package finding

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/fairway-k8s/fairway/internal/source"
)

// Severity is how bad a finding is. The zero value means that the rule is off.
type Severity uint8

// Severities, in rising order.
const (
	Off    Severity = iota
	Could           // worth knowing; does not fail a run by default
	Should          // will hurt one day
	Must            // hurts now, or the API server refuses it
)

var severityNames = [...]string{"off", "could", "should", "must"}

func (s Severity) String() string { return severityNames[s] }

// MarshalText writes the name: off, could, should or must.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads a name that MarshalText writes.
func (s *Severity) UnmarshalText(b []byte) error {
	for i, n := range severityNames {
		if n == string(b) {
			*s = Severity(i)
			return nil
		}
	}
	return fmt.Errorf("severity %q is none of off, could, should, must", b)
}

// Ref names an object.
type Ref struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Namespace  string `json:"namespace"` // "" when the manifest leaves it to whoever applies it, and for cluster-scoped kinds
	Name       string `json:"name"`
}

func (r Ref) String() string {
	s := r.Kind + "/" + r.Name
	if r.Namespace != "" {
		s = r.Namespace + "/" + s
	}
	return s
}

// Compare orders references by namespace, kind, name and API version.
func (r Ref) Compare(o Ref) int {
	return cmp.Or(cmp.Compare(r.Namespace, o.Namespace), cmp.Compare(r.Kind, o.Kind), cmp.Compare(r.Name, o.Name), cmp.Compare(r.APIVersion, o.APIVersion))
}

// Place is a range of text in a file. Lines and columns count from 1; the end is exclusive. The zero Place means "no file", as
// for objects of a live cluster.
type Place struct {
	File               string
	Line, Column       int
	EndLine, EndColumn int
}

func (p Place) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// Compare orders places by file, line, column and end.
func (p Place) Compare(o Place) int {
	if p.File != o.File {
		return strings.Compare(p.File, o.File)
	}
	return cmp.Or(cmp.Compare(p.Line, o.Line), cmp.Compare(p.Column, o.Column),
		cmp.Compare(p.EndLine, o.EndLine), cmp.Compare(p.EndColumn, o.EndColumn))
}

// Finding is one thing that a rule found at one place.
type Finding struct {
	Rule     string
	Severity Severity
	Object   Ref
	// Workload is the object under which reports group the finding: the workload it concerns, or Object itself.
	Workload Ref
	// Root is the object's tree, the zero Node for objects without a file. Field paths and fixes start there.
	Root source.Node
	// Field is the path of the field concerned, in Kubernetes' notation (spec.template.spec.containers[0].image). The field
	// may be missing from the manifest.
	Field string
	// Place is where the field is written; for a missing field, the first line of the mapping that should hold it.
	Place Place
	// Message says what is wrong here, in one sentence without a final stop.
	Message string
	// Fix mends the finding; nil when no edit is safe.
	Fix *Fix
}

// Fix is a set of changes that mends a finding. It never invents a value that cannot be known.
type Fix struct {
	Title   string          // what it does, imperative: "set allowPrivilegeEscalation: false"
	Changes []source.Change // applied to Finding.Root, in order
}

// Compare orders findings for output that is the same on every run: by place, rule, object, field and message.
func (f *Finding) Compare(o *Finding) int {
	// Not cmp.Or, which compares everything before it looks: findings are sorted by the ten thousand.
	if c := f.Place.Compare(o.Place); c != 0 {
		return c
	}
	if f.Rule != o.Rule {
		return strings.Compare(f.Rule, o.Rule)
	}
	if c := f.Object.Compare(o.Object); c != 0 {
		return c
	}
	return cmp.Or(strings.Compare(f.Field, o.Field), strings.Compare(f.Message, o.Message))
}

// Unknown says that a rule could not be judged for an object.
type Unknown struct {
	Rule    string
	Object  Ref
	Place   Place
	Missing string // what was not in the input: "no NetworkPolicy was in the input"
}

// Skipped is input that was not checked.
type Skipped struct {
	Place  Place
	Object Ref    // zero when the input was not read as objects
	Reason string // enumerated in packages load and lint: helm-template, no-schema, ...
	Detail string
}

// Failure is input that could not be read or judged. The rest was checked all the same.
type Failure struct {
	Place   Place
	Message string
	Hint    string // what to do about it
}

// Compare orders unknowns by place, rule and object.
func (u Unknown) Compare(o Unknown) int {
	return cmp.Or(u.Place.Compare(o.Place), cmp.Compare(u.Rule, o.Rule), u.Object.Compare(o.Object), cmp.Compare(u.Missing, o.Missing))
}
