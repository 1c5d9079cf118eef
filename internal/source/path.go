package source

import (
	"fmt"
	"strconv"
	"strings"
)

// Step is one step of a Path: into a mapping by Key, into a sequence by Index, or into a sequence by the field that identifies
// an item (Key is the field, Match its value).
type Step struct {
	Key   string
	Index int // used when Key is ""
	Match string
	ByKey bool // an item selector [Key=Match]
}

// Path leads from a node to one below it. Written, it is as in Kubernetes' own messages: spec.containers[0].image,
// metadata.labels[app.kubernetes.io/name], and, to name a list item by its merge key, spec.containers[name=app].image.
type Path []Step

// ParsePath reads the written form. Every string that Path.String makes is read back as the same path.
func ParsePath(s string) (Path, error) {
	if s == "" {
		return nil, nil
	}
	p := make(Path, 0, 1+strings.Count(s, ".")+strings.Count(s, "["))
	for i := 0; i < len(s); {
		switch s[i] {
		case '.':
			if i == 0 || i+1 == len(s) || s[i+1] == '.' || s[i+1] == '[' {
				return nil, fmt.Errorf("field path %q: a name is missing at byte %d", s, i)
			}
			i++
		case '[':
			end := closing(s, i)
			if end < 0 {
				return nil, fmt.Errorf("field path %q: [ at byte %d is not closed", s, i)
			}
			p = append(p, bracketStep(s[i+1:end]))
			i = end + 1
		default:
			end := i
			for end < len(s) && s[end] != '.' && s[end] != '[' {
				end++
			}
			p = append(p, Step{Key: s[i:end]})
			i = end
		}
	}
	return p, nil
}

// closing finds the ] that ends the bracket at s[i], passing over a quoted key.
func closing(s string, i int) int {
	if i+1 < len(s) && s[i+1] == '"' {
		if q, err := strconv.QuotedPrefix(s[i+1:]); err == nil && i+1+len(q) < len(s) && s[i+1+len(q)] == ']' {
			return i + 1 + len(q)
		}
	}
	if end := strings.IndexByte(s[i:], ']'); end >= 0 {
		return i + end
	}
	return -1
}

func bracketStep(in string) Step {
	if key, err := strconv.Unquote(in); err == nil && strings.HasPrefix(in, `"`) {
		return Step{Key: key}
	}
	if n, err := strconv.Atoi(in); err == nil && n >= 0 && strconv.Itoa(n) == in {
		return Step{Index: n}
	}
	if k, v, ok := strings.Cut(in, "="); ok && k != "" {
		return Step{Key: k, Match: v, ByKey: true}
	}
	return Step{Key: in}
}

// AnyItem writes a field path with [] in the place of each index and selector: what is said of any item of a list. Keys in brackets stay.
func AnyItem(field string) string {
	var b strings.Builder
	for {
		start := strings.IndexByte(field, '[')
		if start < 0 {
			break
		}
		end := closing(field, start)
		if end < 0 {
			break
		}
		in := field[start+1 : end]
		if s := bracketStep(in); s.ByKey || s.Key == "" && in != `""` {
			in = ""
		}
		b.WriteString(field[:start+1] + in + "]")
		field = field[end+1:]
	}
	return b.String() + field
}

// MustPath is ParsePath for paths in the program's own tables; it panics on a bad one.
func MustPath(s string) Path {
	p, err := ParsePath(s)
	if err != nil {
		panic(err)
	}
	return p
}

func (p Path) String() string {
	var b strings.Builder
	for _, s := range p {
		switch {
		case s.ByKey:
			b.WriteString("[" + s.Key + "=" + s.Match + "]")
		case s.Key == "" && s != (Step{Index: s.Index}):
			b.WriteString(`[""]`)
		case s.Key == "":
			b.WriteString("[" + strconv.Itoa(s.Index) + "]")
		case isIndex(s.Key) || strings.ContainsAny(s.Key, `[]"=\`) || s.Key == "":
			b.WriteString("[" + strconv.Quote(s.Key) + "]")
		case strings.ContainsAny(s.Key, "./"):
			b.WriteString("[" + s.Key + "]")
		default:
			if b.Len() > 0 {
				b.WriteByte('.')
			}
			b.WriteString(s.Key)
		}
	}
	return b.String()
}

func isIndex(s string) bool {
	n, err := strconv.Atoi(s)
	return err == nil && n >= 0 && strconv.Itoa(n) == s
}

// Find follows p from n, through aliases and merge keys. It returns the value, and the key that leads to it when the last step
// enters a mapping.
func (n Node) Find(p Path) (Entry, bool) {
	e, rest := n.Reach(p)
	return e, len(rest) == 0 && !e.Value.IsZero()
}

// Reach follows p from n as far as the nodes go. It returns the deepest entry that exists (Key is zero for n itself and for
// list items) and the steps that are left.
func (n Node) Reach(p Path) (Entry, Path) {
	at := Entry{Value: n}
	for i, s := range p {
		next, ok := at.Value.Resolve().step(s)
		if !ok {
			return at, p[i:]
		}
		at = next
	}
	return at, nil
}

func (n Node) step(s Step) (Entry, bool) {
	switch {
	case s.ByKey:
		for _, item := range n.Items() {
			if v := item.Get(s.Key); v.Kind() == Scalar && v.Text() == s.Match {
				return Entry{Value: item}, true
			}
		}
		return Entry{}, false
	case n.Kind() == Sequence && s.Key == "":
		item := n.Item(s.Index)
		return Entry{Value: item}, !item.IsZero()
	}
	return n.lookup(s.Key)
}
