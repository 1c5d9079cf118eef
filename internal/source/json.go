package source

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"unicode/utf8"
)

// maxExpanded is how many nodes aliases and merge keys may add to a document's JSON. It is what the reader of Kubernetes allows
// for documents of ordinary size.
const maxExpanded = 400_000

// AppendJSON appends the subtree as JSON, as Kubernetes sees it: the result is equal to that of sigs.k8s.io/yaml.YAMLToJSON, save
// that keys keep their order. Aliases and merge keys are expanded, of repeated keys the last one is kept. It fails on what JSON
// cannot hold (null keys, infinities), on text that is not of the type its tag demands, and when aliases multiply beyond reason.
func (n Node) AppendJSON(b []byte) ([]byte, error) {
	if n.IsZero() {
		return append(b, "null"...), nil
	}
	w := jsonWriter{}
	return w.append(b, n)
}

type jsonWriter struct {
	aliased  int // how many aliases lead to the present node
	expanded int // nodes reached through them
}

func (w *jsonWriter) append(b []byte, n Node) ([]byte, error) {
	if w.aliased > 0 {
		if w.expanded++; w.expanded > maxExpanded {
			return b, n.errorf("aliases expand to more than %d values", maxExpanded)
		}
	}
	var err error
	switch n.Kind() {
	case Alias:
		w.aliased++
		b, err = w.append(b, n.Resolve())
		w.aliased--
		return b, err
	case Mapping:
		return w.mapping(b, n)
	case Sequence:
		b = append(b, '[')
		for i, item := range n.Items() {
			if i > 0 {
				b = append(b, ',')
			}
			if b, err = w.append(b, item); err != nil {
				return b, err
			}
		}
		return append(b, ']'), nil
	}
	return appendScalar(b, n)
}

func (n Node) errorf(format string, args ...any) error {
	e := &SyntaxError{Offset: n.Span().Start, Position: n.Position(), Message: fmt.Sprintf(format, args...)}
	return e
}

// member is one member of a JSON object to be.
type member struct {
	key    string
	value  Node
	merged bool // reached through a merge key
}

func (w *jsonWriter) mapping(b []byte, n Node) ([]byte, error) {
	members, err := w.members(nil, n, 0)
	if err != nil {
		return b, err
	}
	last := map[string]int{}
	if len(members) > 8 {
		for i, m := range members {
			last[m.key] = i
		}
	}
	b = append(b, '{')
	first := true
	for i, m := range members {
		if repeated(members, last, i) {
			continue
		}
		if !first {
			b = append(b, ',')
		}
		first = false
		b = append(appendString(b, m.key), ':')
		if m.merged {
			w.aliased++
		}
		b, err = w.append(b, m.value)
		if m.merged {
			w.aliased--
		}
		if err != nil {
			return b, err
		}
	}
	return append(b, '}'), nil
}

// repeated reports whether member i is followed by another with its key. last is filled for long lists only.
func repeated(members []member, last map[string]int, i int) bool {
	if len(last) > 0 {
		return last[members[i].key] != i
	}
	return slices.ContainsFunc(members[i+1:], func(m member) bool { return m.key == members[i].key })
}

// members lists the members of mapping n in the order in which they override each other.
func (w *jsonWriter) members(to []member, n Node, depth int) ([]member, error) {
	for e := range n.Entries() {
		if depth > 0 {
			if w.expanded++; w.expanded > maxExpanded {
				return to, n.errorf("merge keys expand to more than %d values", maxExpanded)
			}
		}
		if !e.Key.IsMergeKey() {
			key, err := e.Key.jsonKey()
			if err != nil {
				return to, err
			}
			to = append(to, member{key, e.Value, depth > 0})
			continue
		}
		from := []Node{e.Value}
		if e.Value.Kind() == Sequence {
			from = from[:0]
			for _, item := range e.Value.Items() {
				from = append(from, item)
			}
			slices.Reverse(from) // the first of the sequence wins
		}
		for _, m := range from {
			m = m.Resolve()
			if m.Kind() != Mapping {
				return to, e.Key.errorf("a merge key (<<) needs a mapping or a list of mappings")
			}
			if depth >= maxMerges {
				return to, e.Key.errorf("merge keys lead through more than %d mappings", maxMerges)
			}
			var err error
			if to, err = w.members(to, m, depth+1); err != nil {
				return to, err
			}
		}
	}
	return to, nil
}

// jsonKey returns the key as a JSON object has it.
func (n Node) jsonKey() (string, error) {
	r := n.resolve()
	switch {
	case r.mismatch:
		return "", n.errorf("the key %q is not of the type its tag demands", n.Text())
	case r.typ == NullValue:
		return "", n.errorf("null cannot be a key")
	case r.typ == BoolValue:
		return strconv.FormatBool(r.b), nil
	case r.typ == IntValue && r.u > 0:
		return "", n.errorf("the number %s is too large for a key", n.Text())
	case r.typ == IntValue:
		return strconv.FormatInt(r.i, 10), nil
	case r.typ == FloatValue:
		switch s := strconv.FormatFloat(r.f, 'g', -1, 32); s {
		case "+Inf":
			return ".inf", nil
		case "-Inf":
			return "-.inf", nil
		case "NaN":
			return ".nan", nil
		default:
			return s, nil
		}
	}
	return r.s, nil
}

func appendScalar(b []byte, n Node) ([]byte, error) {
	r := n.resolve()
	switch {
	case r.mismatch:
		return b, n.errorf("%q is not of the type its tag %s demands", n.Text(), n.Tag())
	case r.typ == NullValue:
		return append(b, "null"...), nil
	case r.typ == BoolValue:
		return strconv.AppendBool(b, r.b), nil
	case r.typ == IntValue && r.u > 0:
		return strconv.AppendUint(b, r.u, 10), nil
	case r.typ == IntValue:
		return strconv.AppendInt(b, r.i, 10), nil
	case r.typ == FloatValue:
		if math.IsInf(r.f, 0) || math.IsNaN(r.f) {
			return b, n.errorf("JSON has no %s", n.Text())
		}
		return strconv.AppendFloat(b, r.f, 'g', -1, 64), nil
	}
	return appendString(b, r.s), nil
}

// appendString appends s as a JSON string.
func appendString(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	plain := 0 // s[plain:i] needs no escape and is not written yet
	for i := 0; i < len(s); {
		c := s[i]
		if c >= 0x20 && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			if r != utf8.RuneError || size > 1 {
				i += size
				continue
			}
		}
		b = append(b, s[plain:i]...)
		switch {
		case c >= utf8.RuneSelf:
			b = append(b, "\uFFFD"...)
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c == '\n':
			b = append(b, '\\', 'n')
		case c == '\t':
			b = append(b, '\\', 't')
		case c == '\r':
			b = append(b, '\\', 'r')
		default:
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
		i++
		plain = i
	}
	return append(append(b, s[plain:]...), '"')
}
