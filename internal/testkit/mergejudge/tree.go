package mergejudge

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

type kind int

const (
	scalar kind = iota
	mapping
	list
)

// node is a value as it means, without style, comments and anchors.
type node struct {
	kind   kind
	text   string           // of a scalar: its tag and value
	names  []string         // of a mapping, in the order of the file
	fields map[string]*node // of a mapping; a null is no field, and of two with one key the last counts
	items  []*node          // of a list
}

// file is what a file holds: the list of its objects, and the mapping keys that it has twice.
type file struct {
	objects *node
	twice   []string
}

// deepest is how far aliases are followed; more is a file that holds itself.
const deepest = 200

// read reads all documents of a file that are not empty.
func read(data []byte) (file, error) {
	f := file{objects: &node{kind: list}}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	for i := 1; ; i++ {
		var y yaml.Node
		err := dec.Decode(&y)
		if errors.Is(err, io.EOF) {
			return f, nil
		}
		if err != nil {
			return f, fmt.Errorf("document %d: %w", i, err)
		}
		n, err := f.convert(&y, "", 0)
		if err != nil {
			return f, fmt.Errorf("document %d: %w", i, err)
		}
		if n != nil {
			f.objects.items = append(f.objects.items, n)
		}
	}
}

func (f *file) convert(y *yaml.Node, path string, depth int) (*node, error) {
	if depth > deepest {
		return nil, fmt.Errorf("line %d: too deep", y.Line)
	}
	switch y.Kind {
	case yaml.DocumentNode:
		if len(y.Content) == 0 {
			return nil, nil
		}
		return f.convert(y.Content[0], path, depth+1)
	case yaml.AliasNode:
		return f.convert(y.Alias, path, depth+1)
	case yaml.SequenceNode:
		n := &node{kind: list}
		for i, c := range y.Content {
			item, err := f.convert(c, fmt.Sprintf("%s[%d]", path, i), depth+1)
			if err != nil {
				return nil, err
			}
			if item == nil {
				item = &node{text: "!!null "}
			}
			n.items = append(n.items, item)
		}
		return n, nil
	case yaml.MappingNode:
		return f.mapping(y, path, depth)
	case yaml.ScalarNode:
		tag, value := y.ShortTag(), y.Value
		switch tag {
		case "!!null":
			return nil, nil
		case "!!bool":
			value = strings.ToLower(value)
		}
		return &node{text: tag + " " + value}, nil
	}
	return nil, nil
}

func (f *file) mapping(y *yaml.Node, path string, depth int) (*node, error) {
	n := &node{kind: mapping, fields: map[string]*node{}}
	seen := map[string]bool{}
	var merged []*node
	for i := 0; i+1 < len(y.Content); i += 2 {
		k := y.Content[i]
		key := k.Value
		if k.Kind != yaml.ScalarNode {
			key = fmt.Sprintf("key at line %d", k.Line)
		}
		below := path + "." + key
		v, err := f.convert(y.Content[i+1], below, depth+1)
		if err != nil {
			return nil, err
		}
		if k.ShortTag() == "!!merge" {
			if v != nil && v.kind == list {
				merged = append(merged, v.items...)
			} else if v != nil {
				merged = append(merged, v)
			}
			continue
		}
		if seen[key] {
			f.twice = append(f.twice, below)
			n.names = slices.DeleteFunc(n.names, func(name string) bool { return name == key })
			delete(n.fields, key)
		}
		if seen[key] = true; v != nil {
			n.set(key, v)
		}
	}
	for _, m := range merged {
		for _, name := range m.names {
			if !seen[name] && n.fields[name] == nil {
				n.set(name, m.fields[name])
			}
		}
	}
	return n, nil
}

func (n *node) set(key string, v *node) {
	n.names = append(n.names, key)
	n.fields[key] = v
}

// field is the text of a scalar below a mapping, by its path, "" when there is none.
func (n *node) field(path ...string) string {
	for _, p := range path {
		if n == nil || n.kind != mapping {
			return ""
		}
		n = n.fields[p]
	}
	if n == nil || n.kind != scalar {
		return ""
	}
	return n.value()
}

// value is the text of a scalar without its tag.
func (n *node) value() string {
	_, v, _ := strings.Cut(n.text, " ")
	return v
}

// canon is the text of a node in which equal nodes are equal, whatever order their keys have.
func (n *node) canon() string {
	if n == nil {
		return ""
	}
	switch n.kind {
	case scalar:
		return n.text
	case list:
		parts := make([]string, len(n.items))
		for i, item := range n.items {
			parts[i] = item.canon()
		}
		return "[" + strings.Join(parts, "\x00,") + "]"
	}
	names := slices.Sorted(slices.Values(n.names))
	parts := make([]string, len(names))
	for i, name := range names {
		parts[i] = name + ": " + n.fields[name].canon()
	}
	return "{" + strings.Join(parts, "\x00,") + "}"
}

// leaves adds the leaves of a node to a set, each as its path and value.
func (n *node) leaves(path string, into map[string]bool) {
	switch {
	case n == nil:
	case n.kind == scalar:
		into[path+"="+n.text] = true
	case n.kind == list:
		for _, item := range n.items {
			item.leaves(path+"[]", into)
		}
	default:
		for _, name := range n.names {
			n.fields[name].leaves(path+"."+name, into)
		}
	}
}

// alike is how much of two nodes is equal, from 0 to 1.
func alike(a, b *node) float64 {
	if a == nil || b == nil || a.kind != b.kind || a.kind == scalar {
		return 0
	}
	la, lb := map[string]bool{}, map[string]bool{}
	a.leaves("", la)
	b.leaves("", lb)
	both := 0
	for l := range la {
		if lb[l] {
			both++
		}
	}
	if most := max(len(la), len(lb)); most > 0 {
		return float64(both) / float64(most)
	}
	return 0
}
