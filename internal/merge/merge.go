package merge

import (
	"bytes"
	"strings"

	"github.com/fairway-k8s/fairway/internal/source"
)

// Op says what a change does.
type Op string

// The kinds of change.
const (
	Add     Op = "add"
	Set     Op = "set"
	Remove  Op = "remove"
	Comment Op = "comment"
)

// Reason says why something is a conflict.
type Reason string

// The reasons.
const (
	BothChanged   Reason = "both-changed"    // to different values
	RemovedByTeam Reason = "removed-by-team" // and changed by the path
	RemovedByPath Reason = "removed-by-path" // and changed by the team
	Contradiction Reason = "contradiction"   // both together are no valid object
	Together      Reason = "together"        // a field beside it, with which it makes sense only together, was changed by the team
	Shared        Reason = "shared"          // an anchor, alias or merge key of the file means it too
	Unwritable    Reason = "unwritable"      // the file's layout does not allow the change
	Unreadable    Reason = "unreadable"      // one of the files is no YAML, and both changed the same lines
)

// Sentence says what a conflict is about.
func (r Reason) Sentence() string {
	switch r {
	case BothChanged:
		return "you and the path both changed it"
	case RemovedByTeam:
		return "you removed it, and the path changed it"
	case RemovedByPath:
		return "the path removed it, and you changed it"
	case Contradiction:
		return "yours and the path's exclude each other"
	case Together:
		return "it counts only together with a field beside it that you changed"
	case Shared:
		return "an anchor, alias or merge key stands for it in other places too"
	case Unwritable:
		return "the layout of the file does not allow the change"
	}
	return "a file cannot be read as YAML, and both changed the same lines"
}

// Object is a Kubernetes object, or a whole file when Kind is empty.
type Object struct {
	Group, Kind, Namespace, Name string
	File                         string // of objects without a name, and of files that are no objects
}

func (o Object) String() string {
	name := o.Name
	if o.Namespace != "" {
		name = o.Namespace + "/" + name
	}
	switch {
	case o.Kind == "":
		return o.File
	case o.Name == "":
		return o.Kind + " " + o.File
	}
	return o.Kind + " " + name
}

func (o Object) id() string {
	return strings.Join([]string{o.Group, o.Kind, o.Namespace, o.Name, o.File}, "\x00")
}

// objectOf says which object a node is; the zero Object when it is none.
func objectOf(n source.Node) Object {
	n = n.Resolve()
	kind, version := n.Get("kind"), n.Get("apiVersion")
	if n.Kind() != source.Mapping || kind.Kind() != source.Scalar || version.Kind() != source.Scalar {
		return Object{}
	}
	group, _, found := strings.Cut(version.Text(), "/")
	if !found {
		group = ""
	}
	meta := n.Get("metadata")
	return Object{Group: group, Kind: kind.Text(), Namespace: meta.Get("namespace").Text(), Name: meta.Get("name").Text()}
}

// Change is something of theirs that went into ours.
type Change struct {
	Object Object
	File   string // of ours
	Line   int    // in ours before the merge, 0 for what is new
	Field  string // "" for the whole object
	Op     Op
	From   string // as YAML, "" when there was nothing
	To     string // likewise
}

// Conflict is something that was left as ours has it, although theirs changed it.
type Conflict struct {
	Object             Object
	File               string
	Line               int // 0 when ours does not have it
	Field              string
	Base, Ours, Theirs *string // as YAML; nil where the side does not have it
	Reason             Reason

	id string // of its place
}

// Options say what to take.
type Options struct {
	// Skip reports whether a change of theirs is left alone: it is then neither made nor reported. nil takes everything.
	Skip func(o Object, field string) bool
	// AddOnly leaves every line that ours has as it is: theirs adds what is missing and nothing else, no comments either.
	AddOnly bool
	// Prefer reports whether theirs is taken where both changed something. nil leaves ours everywhere.
	Prefer func(o Object, field string) bool
}

// File is a file of the result.
type File struct {
	Name          string
	Before, After []byte // nil when the file was not there, or goes
}

// Changed reports whether the file is another than before.
func (f File) Changed() bool {
	return (f.Before == nil) != (f.After == nil) || !bytes.Equal(f.Before, f.After)
}

// Result is the outcome of a merge.
type Result struct {
	Files     []File // all of ours and those that theirs brings, by name
	Changes   []Change
	Conflicts []Conflict
	// Duplicates are the keys that ours has twice in one mapping. Kubernetes takes the last; they are left as they are.
	Duplicates []Duplicate
}

// Duplicate is a key that stands twice in one mapping.
type Duplicate struct {
	File string
	Line int
	Key  string
}

// Input is the files of one side.
type Input []*source.File

// merger merges one object.
type merger struct {
	opts    Options
	object  Object
	file    string
	anchors map[source.Node]bool // nodes of ours that an alias stands for

	// What the proof needs to know; see prove.go.
	pairs  map[string][]quad // of a list of ours by its path
	joined map[string]bool   // block scalars that were merged by line
	held   map[string]bool   // places that were skipped, or held back with a conflict elsewhere

	precious map[string]bool // comments that theirs drops here and has elsewhere: they stay
}

// takes reports whether a change of a value is taken, and notes for the proof when it is not.
func (m *merger) takes(p *place) bool {
	if m.skips(p) {
		m.held[p.id] = true
		return false
	}
	return true
}

// skips reports whether a change is left alone. Those of comments ask only this: the proof of values has no place for them.
func (m *merger) skips(p *place) bool {
	return m.opts.Skip != nil && m.opts.Skip(m.object, p.field)
}

// prefers reports whether theirs is taken at a place although both changed it.
func (m *merger) prefers(p *place) bool {
	return m.opts.Prefer != nil && m.opts.Prefer(m.object, p.field)
}

func (m *merger) holdsAnchor(n source.Node) bool {
	if len(m.anchors) == 0 {
		return false
	}
	if m.anchors[n] {
		return true
	}
	for e := range n.Entries() {
		if m.anchors[e.Key] || m.holdsAnchor(e.Value) {
			return true
		}
	}
	for _, x := range n.Items() {
		if m.holdsAnchor(x) {
			return true
		}
	}
	return false
}

func (m *merger) change(p *place, op Op, n nodes) Change {
	c := Change{Object: m.object, File: m.file, Field: p.field, Op: op}
	if !n.ours.IsZero() {
		c.Line, c.From = n.ours.Position().Line, brief(n.ours)
	}
	if op != Remove {
		c.To = brief(n.theirs)
	}
	return c
}

func (m *merger) commentChange(p *place, from, to string) Change {
	return Change{Object: m.object, File: m.file, Line: p.ours.Position().Line, Field: p.field, Op: Comment, From: strings.TrimSpace(from), To: strings.TrimSpace(to)}
}

func (m *merger) conflict(p *place, n nodes, why Reason) Conflict {
	text := func(x source.Node) *string {
		if x.IsZero() {
			return nil
		}
		s := brief(x)
		return &s
	}
	return Conflict{Object: m.object, File: m.file, Line: n.ours.Position().Line, Field: p.field,
		Base: text(n.base), Ours: text(n.ours), Theirs: text(n.theirs), Reason: why, id: p.id}
}

func brief(n source.Node) string { return briefly(n.Value()) }

// briefly is a value on one line, cut when it is long.
func briefly(v source.Value) string {
	const most = 300
	s := v.Inline(0, false)
	if r := []rune(s); len(r) > most {
		s = string(r[:most]) + " ..."
	}
	return s
}

// aliased returns the nodes of a file that aliases stand for.
func aliased(f *source.File) map[source.Node]bool {
	if !bytes.ContainsRune(f.Data, '*') {
		return nil
	}
	out := map[source.Node]bool{}
	var walk func(n source.Node)
	walk = func(n source.Node) {
		if n.Kind() == source.Alias {
			out[n.Resolve()] = true
		}
		for e := range n.Entries() {
			walk(e.Key)
			walk(e.Value)
		}
		for _, x := range n.Items() {
			walk(x)
		}
	}
	for _, d := range f.Docs {
		walk(d.Root)
	}
	return out
}

// readable reports whether a file can be merged by structure: all its documents are read, and hold no tags and no keys that are no scalars.
func readable(f *source.File) bool {
	if f == nil {
		return true
	}
	var sound func(n source.Node) bool
	sound = func(n source.Node) bool {
		if tag := n.Tag(); tag != "" && !strings.HasPrefix(tag, "!!") {
			return false
		}
		for e := range n.Entries() {
			if e.Key.Kind() != source.Scalar || !sound(e.Value) {
				return false
			}
		}
		for _, x := range n.Items() {
			if !sound(x) {
				return false
			}
		}
		return true
	}
	for _, d := range f.Docs {
		if d.Err != nil || !sound(d.Root) || !d.Root.IsZero() && d.Root.Value().Equal(source.Value{}) {
			return false
		}
	}
	return !bytes.ContainsRune(bytes.ReplaceAll(f.Data, []byte("\r\n"), nil), '\r')
}
