package source

import "strconv"

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
