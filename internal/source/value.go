package source

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Value is a piece of YAML to be written: what a change puts into a document. It says what, never how: quotes, indentation and
// style come from the neighbours of the place where it lands.
type Value struct {
	kind   Kind
	text   string // scalar text
	quoted bool   // a string, whatever it looks like
	fields []Field
	items  []Value
}

// Field is one entry of a mapping Value.
type Field struct {
	Key   string
	Value Value
	// Comment, when not empty, is written behind the key or value, or above the key when it has several lines; without #.
	Comment string
}

// String makes a string value; it is quoted where YAML would read something else.
func String(s string) Value { return Value{kind: Scalar, text: s, quoted: true} }

// Literal text that is written as it is: numbers, booleans, null.
func literal(s string) Value { return Value{kind: Scalar, text: s} }

// Bool makes true or false.
func Bool(b bool) Value {
	if b {
		return literal("true")
	}
	return literal("false")
}

// Int makes a whole number.
func Int(n int64) Value { return literal(itoa(n)) }

// Null makes null.
func Null() Value { return literal("null") }

// Map makes a mapping with its fields in that order.
func Map(fields ...Field) Value { return Value{kind: Mapping, fields: fields} }

// List makes a sequence.
func List(items ...Value) Value { return Value{kind: Sequence, items: items} }

// F is short for a Field without comment.
func F(key string, v Value) Field { return Field{Key: key, Value: v} }

// Op is what a Change does.
type Op uint8

// The operations of a Change.
const (
	// Set gives the field at Path a value: a field that exists is replaced in place (its comment stays), one that does not is
	// added, and so are the mappings that lead to it. Setting [n] with n = length appends to a sequence.
	Set Op = iota
	// Remove takes the entry or item at Path away. A parent left empty stays, as {} or []. Comments above it stay.
	Remove
	// Insert puts Value before the item at Path, whose last step is an index; index = length appends.
	Insert
	// Rename gives the key at Path the name in Value (a string). The value stays.
	Rename
	// Append adds Value as a new document at the end of the file; Path is empty.
	Append
	// Dedupe drops the entries that have the key at Path before the last one, which is the one that Kubernetes reads.
	Dedupe
)

// Change is one wish for one document.
type Change struct {
	Op    Op
	Path  Path // from the node the change is applied to
	Value Value
	// Comment, when not empty, is written with a newly added field, like Field.Comment.
	Comment string
	// After names sibling keys behind which a new field would best stand, the first that exists wins. Without it or them a new
	// field is added at the end of its mapping.
	After []string
}

// Edit replaces the bytes of a span.
type Edit struct {
	Span
	New string
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// Equal reports whether v and w mean the same: the order of a mapping's fields, comments, and the ways to write null do not
// count; 1 and "1" differ.
func (v Value) Equal(w Value) bool {
	if v.kind != w.kind || len(v.fields) != len(w.fields) || len(v.items) != len(w.items) {
		return false
	}
	switch v.kind {
	case Scalar:
		return v.quoted == w.quoted && (v.text == w.text || v.isNull() && w.isNull())
	case Sequence:
		for i := range v.items {
			if !v.items[i].Equal(w.items[i]) {
				return false
			}
		}
	case Mapping:
		other := make(map[string]Value, len(w.fields))
		for _, f := range w.fields {
			other[f.Key] = f.Value
		}
		for _, f := range v.fields {
			if x, ok := other[f.Key]; !ok || !f.Value.Equal(x) {
				return false
			}
		}
	}
	return true
}

func (v Value) isNull() bool {
	if v.kind != Scalar || v.quoted {
		return false
	}
	switch v.text {
	case "", "~", "null", "Null", "NULL":
		return true
	}
	return false
}

// isEmpty reports whether v is {} or [].
func (v Value) isEmpty() bool {
	return v.kind == Mapping && len(v.fields) == 0 || v.kind == Sequence && len(v.items) == 0
}

// endsInLines reports whether the last scalar of v is a string of several lines, which may be written as a block scalar.
func (v Value) endsInLines() bool {
	switch {
	case len(v.fields) > 0:
		return v.fields[len(v.fields)-1].Value.endsInLines()
	case len(v.items) > 0:
		return v.items[len(v.items)-1].endsInLines()
	}
	return strings.Contains(v.text, "\n")
}

// ParseValue reads a value as YAML writes it, such as "5", "{cpu: 100m}" or several lines. Comments are not kept.
func ParseValue(yaml string) (Value, error) {
	f := Parse("value", []byte(yaml))
	var v Value
	found := 0
	for _, d := range f.Docs {
		if d.Err != nil {
			return Value{}, d.Err
		}
		if !d.Root.IsZero() {
			found++
			v = d.Root.Value()
		}
	}
	switch {
	case found == 0:
		return Null(), nil
	case found > 1:
		return Value{}, fmt.Errorf("a value is one YAML document, not %d", found)
	case v.kind == Invalid:
		return Value{}, errors.New("a value cannot have tags of its own, keys that are not scalars, or endless aliases")
	}
	return v, nil
}

// MustValue is ParseValue for values in the program's own tables; it panics on a bad one.
func MustValue(yaml string) Value {
	v, err := ParseValue(yaml)
	if err != nil {
		panic(fmt.Sprintf("value %q: %v", yaml, err))
	}
	return v
}

// maxValueNodes bounds what aliases may expand to in one Value: ten times the fields of the largest custom resource
// definitions in use, and far below what an alias bomb asks for.
const maxValueNodes = 200_000

// Value returns what n means, to be written elsewhere: aliases and merge keys are expanded, of duplicate keys the last is taken.
// It is the zero Value, which Apply refuses, when n is nothing, has a tag of its own (!Ref), a key that is not a scalar, or
// aliases that expand without measure.
func (n Node) Value() Value {
	budget := maxValueNodes
	v, ok := n.value(&budget)
	if !ok {
		return Value{}
	}
	return v
}

func (n Node) value(budget *int) (Value, bool) {
	if *budget--; *budget < 0 {
		return Value{}, false
	}
	n = n.Resolve()
	switch tag := n.Tag(); tag {
	case "", "!!map", "!!seq", "!!str", "!!int", "!!float", "!!bool", "!!null":
	default:
		return Value{}, false
	}
	switch n.Kind() {
	case Scalar:
		switch {
		case n.Tag() == "!!str":
			return String(n.Text()), true
		case n.Style() != Plain && n.Tag() == "":
			return String(n.Text()), true
		case !ambiguous(n.Text()):
			return String(n.Text()), true
		}
		v := literal(n.Text())
		if v.isNull() {
			v = Null()
		}
		return v, true
	case Sequence:
		v := List()
		for _, item := range n.Items() {
			x, ok := item.value(budget)
			if !ok {
				return Value{}, false
			}
			v.items = append(v.items, x)
		}
		return v, true
	case Mapping:
		v := Map()
		ok := n.fields(&v, budget)
		return v, ok
	}
	return Value{}, false
}

// fields adds n's entries to v where v does not have them yet, first n's own, then those it merges in.
func (n Node) fields(v *Value, budget *int) bool {
	has := make(map[string]int, len(v.fields))
	for i, f := range v.fields {
		has[f.Key] = i
	}
	inherited := len(v.fields)
	var merges []Node
	for e := range n.Entries() {
		if e.Key.IsMergeKey() {
			merges = append(merges, e.Value.Resolve())
			continue
		}
		key := e.Key.Resolve()
		if key.Kind() != Scalar {
			return false
		}
		x, ok := e.Value.value(budget)
		if !ok {
			return false
		}
		name := key.Text()
		if i, dup := has[name]; !dup {
			has[name] = len(v.fields)
			v.fields = append(v.fields, F(name, x))
		} else if i >= inherited {
			v.fields[i].Value = x
		}
	}
	for _, m := range merges {
		sources := []Node{m}
		if m.Kind() == Sequence {
			sources = sources[:0]
			for _, item := range m.Items() {
				sources = append(sources, item.Resolve())
			}
		}
		for _, s := range sources {
			if *budget--; *budget < 0 || s.Kind() != Mapping || !s.fields(v, budget) {
				return false
			}
		}
	}
	return true
}

// Inline writes v on one line: a scalar in the given quotes (' or "), or with 0 in quotes only where YAML would read something else;
// collections in brackets. flow says that it stands within brackets itself.
func (v Value) Inline(quote byte, flow bool) string {
	s := style{quote: '"', colon: ": ", sep: ", ", shown: true}
	if v.kind != Scalar {
		return s.flow(v, "", false)
	}
	if quote != 0 && v.quoted {
		return s.quoted(v.text, quote)
	}
	return s.scalar(v, flow, 0)
}

// Keys returns the keys of a mapping value, nil of others.
func (v Value) Keys() []string {
	var keys []string
	for _, f := range v.fields {
		keys = append(keys, f.Key)
	}
	return keys
}

// Kind returns what v is; Invalid for the zero Value.
func (v Value) Kind() Kind { return v.kind }

// Field returns the value of a mapping's field, the zero Value when there is none.
func (v Value) Field(key string) Value {
	for _, f := range v.fields {
		if f.Key == key {
			return f.Value
		}
	}
	return Value{}
}

// Items returns the items of a list value. Nobody may change them.
func (v Value) Items() []Value { return v.items }

// Scalar returns the text of a scalar, and whether it is a string whatever it looks like.
func (v Value) Scalar() (text string, isString bool) { return v.text, v.quoted }
