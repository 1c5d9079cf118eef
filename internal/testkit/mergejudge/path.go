package mergejudge

import "strings"

// step is one step of a path: a key of a mapping, or an item of a list.
type step struct {
	key  string
	item *group // of a list
	sel  string // of a parsed field, what stands between the brackets
}

// path is where a value is. Its first step is the object.
type path []step

func (p path) to(s step) path { return append(p[:len(p):len(p)], s) }

// last is the key of the innermost mapping.
func (p path) last() string {
	for i := len(p) - 1; i >= 0; i-- {
		if p[i].item == nil {
			return p[i].key
		}
	}
	return ""
}

// above is the key that is so many keys above the innermost.
func (p path) above() string {
	keys := 0
	for i := len(p) - 1; i >= 0; i-- {
		if p[i].item == nil {
			if keys++; keys == 2 {
				return p[i].key
			}
		}
	}
	return ""
}

func (p path) String() string {
	var b strings.Builder
	for i, s := range p {
		switch {
		case s.item != nil && i == 0:
			b.WriteString(s.item.label)
		case s.item != nil:
			label := strings.ReplaceAll(s.item.label, "\x00", "")
			if len(label) > 80 {
				label = label[:80] + "..."
			}
			b.WriteString("[" + label + "]")
		case i == 1:
			b.WriteString(" " + s.key)
		default:
			b.WriteString("." + s.key)
		}
	}
	return b.String()
}

// parseField reads a field as conflicts name it: keys with dots between them, items and keys with dots of their own in brackets.
func parseField(field string) (steps []step) {
	key := ""
	flush := func() {
		if key != "" {
			steps = append(steps, step{key: key})
		}
		key = ""
	}
	for i := 0; i < len(field); i++ {
		switch c := field[i]; c {
		case '.':
			flush()
		case '"':
			if end := strings.IndexByte(field[i+1:], '"'); end >= 0 {
				key += field[i+1 : i+1+end]
				i += 1 + end
			}
		case '[':
			flush()
			end := closing(field[i:])
			steps = append(steps, step{sel: field[i+1 : i+end]})
			i += end
		default:
			key += string(c)
		}
	}
	flush()
	return steps
}

// closing is where the bracket ends that a text begins with.
func closing(s string) int {
	depth := 0
	for i := range s {
		switch s[i] {
		case '[', '{':
			depth++
		case ']', '}':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return len(s) - 1
}

// near says whether a conflict is at a path, above it or below it.
func (c conflict) near(p path) bool {
	if len(p) == 0 {
		return true
	}
	if c.object != "" && !c.names(p[0].item) {
		return false
	}
	for i := 0; i < len(c.field) && i+1 < len(p); i++ {
		if !c.field[i].matches(p[i+1]) {
			return false
		}
	}
	return true
}

// nearUnion says whether a conflict is near a path when fields that exclude each other count as one.
func (c conflict) nearUnion(p path) bool {
	n := len(c.field)
	if n == 0 || c.field[n-1].key == "" || len(p) <= n {
		return false
	}
	key, other := c.field[n-1].key, p[n].key
	up := conflict{object: c.object, field: c.field[:n-1]}
	return other != key && up.near(p) && excludes(p[:n].last(), key, other)
}

// names says whether the conflict's object is this one, in any of its versions. One without a name of its own is called by its file.
func (c conflict) names(g *group) bool {
	for _, n := range g.of {
		if n == nil {
			continue
		}
		name, kind := n.field("metadata", "name"), n.field("kind")
		if ns := n.field("metadata", "namespace"); ns != "" && c.object == kind+" "+ns+"/"+name {
			return true
		}
		if c.object == strings.TrimSpace(kind+" "+name) || name == "" && strings.HasPrefix(c.object, kind) {
			return true
		}
	}
	return false
}

// matches says whether a step of a field is a step of a path. Items are matched by any version's fields; a selector that is no field of any
// item's is taken to match, so that a report in other words is not called wrong.
func (s step) matches(p step) bool {
	if p.item == nil {
		return s.key == p.key || s.key == "" && s.sel == p.key
	}
	if s.sel == "" {
		return false
	}
	known := false
	for _, n := range p.item.of {
		if n == nil || n.kind != mapping {
			continue
		}
		all := true
		for part := range strings.SplitSeq(s.sel, ",") {
			k, v, ok := strings.Cut(part, "=")
			if !ok || strings.ContainsAny(k, "{[ ") {
				all = false
				continue
			}
			known = true
			if have := n.field(strings.Split(k, ".")...); have != v && (have != "" || keyDefaults[k] != v) {
				all = false
			}
		}
		if all {
			return true
		}
	}
	return !known
}
