package merge

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/fairway-k8s/fairway/internal/source"
)

// This file is the second opinion. It reads base, ours, theirs and the result with another YAML reader and checks the guarantees on what that
// reader saw. From the merge it takes nothing but which list items belong together, which block scalars were merged by line, and what was
// reported as a conflict.

// ProofError says that a result is not what it should be: a fault of this program.
type ProofError struct {
	File   string
	Object Object
	Field  string
	Why    string
}

func (e *ProofError) Error() string {
	var at []string
	if e.Object != (Object{}) {
		at = append(at, e.Object.String())
	}
	if e.Field != "" {
		at = append(at, e.Field)
	}
	return strings.Join(append(at, e.Why), ": ")
}

// tree is a value as the other reader sees it: aliases and merge keys expanded, of a repeated key the last. nil is what is not there.
type tree struct {
	kind  yaml.Kind
	text  string
	tag   string
	keys  map[string]*tree
	items []*tree
	twice []string // keys that were repeated
}

// forest reads all documents of a text that hold something.
func forest(data []byte) (out []*tree, err error) {
	loader, err := yaml.NewLoader(bytes.NewReader(data), yaml.WithUniqueKeys(false))
	if err != nil {
		return nil, err
	}
	for {
		var n yaml.Node
		switch err := loader.Load(&n); {
		case errors.Is(err, io.EOF):
			return out, nil
		case err != nil:
			return nil, err
		}
		root := &n
		if n.Kind == yaml.DocumentNode {
			if len(n.Content) == 0 {
				continue
			}
			root = n.Content[0]
		}
		if root.Kind == yaml.ScalarNode && root.Tag == "!!null" && root.Value == "" && root.Style == 0 && root.Anchor == "" {
			continue
		}
		budget := 2_000_000
		t, err := grow(root, &budget)
		if err != nil {
			return nil, err
		}
		out = append(out, t)
	}
}

func grow(n *yaml.Node, budget *int) (*tree, error) {
	if *budget--; *budget < 0 {
		return nil, errors.New("aliases expand without measure")
	}
	t := &tree{kind: n.Kind}
	switch n.Kind {
	case yaml.AliasNode:
		return grow(n.Alias, budget)
	case yaml.ScalarNode:
		t.text, t.tag = n.Value, n.Tag
	case yaml.SequenceNode:
		for _, x := range n.Content {
			item, err := grow(x, budget)
			if err != nil {
				return nil, err
			}
			t.items = append(t.items, item)
		}
	case yaml.MappingNode:
		t.keys = map[string]*tree{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			v, err := grow(n.Content[i+1], budget)
			if err != nil {
				return nil, err
			}
			if n.Content[i].Tag != "!!merge" {
				key := n.Content[i].Value
				if _, has := t.keys[key]; has {
					t.twice = append(t.twice, key)
				}
				t.keys[key] = v
			}
		}
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].Tag != "!!merge" {
				continue
			}
			v, err := grow(n.Content[i+1], budget)
			if err != nil {
				return nil, err
			}
			for _, s := range append(slices.Clone(v.items), v) {
				for key, x := range s.keys {
					if _, has := t.keys[key]; !has {
						t.keys[key] = x
					}
				}
			}
		}
	}
	return t, nil
}

// same reports whether two trees mean the same.
func same(under trail, a, b *tree) bool {
	if a == nil || b == nil {
		return a == b
	}
	if a.kind != b.kind || len(a.items) != len(b.items) || len(a.keys) != len(b.keys) {
		return false
	}
	for i := range a.items {
		if !same(under, a.items[i], b.items[i]) {
			return false
		}
	}
	for key, x := range a.keys {
		if y, has := b.keys[key]; !has || !same(under.enter(key), x, y) {
			return false
		}
	}
	switch {
	case a.kind != yaml.ScalarNode || a.text == b.text && a.tag == b.tag:
		return true
	case a.tag == "!!null" || b.tag == "!!null":
		return a.tag == b.tag
	case under.isQuantity():
		x, y := quantity(a.text), quantity(b.text)
		return x != nil && y != nil && x.Cmp(y) == 0
	case under.isIntOrString():
		return a.text == b.text
	case a.tag != b.tag || a.tag == "!!str":
		return false
	}
	return numberOf(a.text) == numberOf(b.text)
}

// numberOf reads a whole number or a boolean as YAML 1.1 does; other texts are themselves.
func numberOf(text string) any {
	var v any
	if err := yaml.Unmarshal([]byte(text), &v); err != nil {
		return text
	}
	switch v.(type) {
	case int, int64, uint64, bool, float64:
		return v
	}
	return text
}

// prove checks the result of one file.
func (w *work) prove(f File, here, coming []*object) error {
	result := source.Parse(f.Name, f.After)
	for _, d := range result.Docs {
		if d.Err != nil {
			return &ProofError{File: f.Name, Why: fmt.Sprintf("the result cannot be read: line %d: %s", d.Err.Line, d.Err.Message)}
		}
	}
	docs, err := forest(f.After)
	if err != nil {
		return &ProofError{File: f.Name, Why: "another reader cannot read the result: " + err.Error()}
	}
	after := documents(result)
	if len(after) != len(docs) {
		return &ProofError{File: f.Name, Why: fmt.Sprintf("two readers see %d and %d documents in the result", len(after), len(docs))}
	}
	left := slices.Clone(docs)
	for _, x := range slices.Concat(here, coming) {
		if x.gone() {
			continue
		}
		i := slices.IndexFunc(left, func(t *tree) bool { return t != nil && meansValue(x.out.value, t) })
		if i < 0 {
			return unlike(f.Name, x, docs)
		}
		if err := proveObject(f.Name, x, left[i]); err != nil {
			return err
		}
		left[i] = nil
	}
	for _, t := range left {
		if t != nil {
			return &ProofError{File: f.Name, Why: "the result has a document that nothing accounts for"}
		}
	}
	if ours := w.ours[f.Name]; ours != nil {
		if lost := w.lostComments(ours, result, here); len(lost) > 0 {
			return &ProofError{File: f.Name, Why: "the comment " + lost[0] + " is lost"}
		}
	}
	return nil
}

// unlike is the error for an object whose text does not mean what was intended.
func unlike(file string, x *object, docs []*tree) error {
	e := &ProofError{File: file, Object: x.merger.object, Why: "the text does not mean what was intended"}
	for _, t := range docs {
		if field, why := difference("", x.out.value, t); why != "" && (e.Field == "" || len(field) > len(e.Field)) {
			e.Field, e.Why = field, why
		}
	}
	return e
}

// meansValue reports whether a tree is just what a value says.
func meansValue(v source.Value, t *tree) bool {
	_, why := difference("", v, t)
	return why == ""
}

// difference returns the first place where a tree is not what a value says.
func difference(field string, v source.Value, t *tree) (at, why string) {
	kinds := map[source.Kind]yaml.Kind{source.Mapping: yaml.MappingNode, source.Sequence: yaml.SequenceNode, source.Scalar: yaml.ScalarNode}
	if t == nil || kinds[v.Kind()] != t.kind {
		return field, "is of another kind than intended"
	}
	switch v.Kind() {
	case source.Mapping:
		keys := v.Keys()
		for _, key := range keys {
			x, has := t.keys[key]
			if !has {
				return field, "lacks " + key
			}
			if at, why := difference(field+"."+key, v.Field(key), x); why != "" {
				return at, why
			}
		}
		if len(keys) != len(t.keys) {
			return field, "has a field too many"
		}
	case source.Sequence:
		if len(v.Items()) != len(t.items) {
			return field, fmt.Sprintf("has %d items instead of %d", len(t.items), len(v.Items()))
		}
		for i, x := range v.Items() {
			if at, why := difference(fmt.Sprintf("%s[%d]", field, i), x, t.items[i]); why != "" {
				return at, why
			}
		}
	case source.Scalar:
		if text, isString := v.Scalar(); isString && (t.tag != "!!str" || t.text != text) || !isString && t.text != text && (t.tag != "!!null" || text != "null") {
			return field, fmt.Sprintf("is %q instead of %q", t.text, text)
		}
	}
	return "", ""
}

// proof is the check of one object.
type proof struct {
	x      *object
	file   string
	fields map[string]bool // by the id of a place: reported, skipped or held back
}

// proveObject checks the guarantees (a), (b), (c), (f) and (g) on one object.
func proveObject(file string, x *object, result *tree) error {
	read := func(d document) (*tree, error) {
		if d.root.IsZero() {
			return nil, nil
		}
		docs, err := forest([]byte(d.text()))
		if err != nil || len(docs) != 1 {
			// A document may mean something only with what stands before it in the file, such as a directive.
			if docs, err = forest(d.file.Data); err == nil {
				for i, other := range documents(d.file) {
					if other.index == d.index && i < len(docs) {
						return docs[i], nil
					}
				}
			}
			return nil, &ProofError{File: file, Object: x.merger.object, Why: "another reader cannot read one of the sides"}
		}
		return docs[0], nil
	}
	b, err := read(x.docs.base)
	if err != nil {
		return err
	}
	o, err := read(x.docs.ours)
	if err != nil {
		return err
	}
	t, err := read(x.docs.theirs)
	if err != nil {
		return err
	}
	p := &proof{x: x, file: file, fields: map[string]bool{}}
	for _, c := range x.out.conflicts {
		p.fields[c.id] = true
	}
	for id := range x.merger.held {
		p.fields[id] = true
	}
	return p.check(place{}, b, o, t, result)
}

func (p *proof) fault(at place, format string, args ...any) error {
	return &ProofError{File: p.file, Object: p.x.merger.object, Field: at.field, Why: fmt.Sprintf(format, args...)}
}

// check compares one value on four sides.
func (p *proof) check(at place, b, o, t, r *tree) error {
	if p.x.merger.prefers(&at) {
		b = o
	}
	if r != nil && len(r.twice) > 0 && (o == nil || len(o.twice) < len(r.twice)) && (t == nil || len(t.twice) < len(r.twice)) {
		return p.fault(at, "the key %s stands twice in the result", r.twice[0])
	}
	if p.fields[at.id] {
		switch {
		case same(at.trail, o, r):
			return nil
		case !isMap(o) || !isMap(r):
			return p.fault(at, "was reported as a conflict and changed nevertheless")
		}
	}
	if isMap(o) && isMap(t) && isMap(r) && (isMap(b) || b.says() == nil) {
		return p.checkMap(at, b.says(), o, t, r)
	}
	if quads, known := p.x.merger.pairs[at.id]; known && isList(o) && isList(t) && isList(r) {
		if same(at.trail, b, o) && !same(at.trail, r, t) && !p.below(at.id) {
			return p.fault(at, "only the path changed it, and it is not as the path has it")
		}
		return p.checkList(at, quads, b, o, t, r)
	}
	switch {
	case same(at.trail, o, t):
		if !same(at.trail, r, o) {
			return p.fault(at, "both sides agree, and the result does not")
		}
	case same(at.trail, b, t):
		if !same(at.trail, r, o) {
			return p.fault(at, "only the team changed it, and its value is lost")
		}
	case same(at.trail, b, o):
		if !same(at.trail, r, t) && !p.below(at.id) {
			return p.fault(at, "only the path changed it, and its value did not arrive")
		}
	case p.x.merger.joined[at.id]:
		return p.checkText(at, b, o, t, r)
	case b.says() == nil && isList(o) && isList(t) && isList(r):
		for _, side := range []*tree{o, t} {
			for _, item := range side.items {
				if !slices.ContainsFunc(r.items, func(x *tree) bool { return same(at.trail, x, item) }) && !p.below(at.id) {
					return p.fault(at, "an item of one side is missing")
				}
			}
		}
	case p.below(at.id) && same(at.trail, r, o):
	default:
		return p.fault(at, "both sides changed it, and no conflict was reported")
	}
	return nil
}

// says is the tree, nil when it says nothing: null, {} or [].
func (t *tree) says() *tree {
	if t == nil || t.tag == "!!null" || t.kind != yaml.ScalarNode && len(t.items)+len(t.keys) == 0 {
		return nil
	}
	return t
}

// below reports whether something at or below a place was reported or held back.
func (p *proof) below(id string) bool {
	for f := range p.fields {
		if strings.HasPrefix(f, id) {
			return true
		}
	}
	return false
}

func isMap(t *tree) bool  { return t != nil && t.kind == yaml.MappingNode }
func isList(t *tree) bool { return t != nil && t.kind == yaml.SequenceNode }

func (p *proof) checkMap(at place, b, o, t, r *tree) error {
	if b == nil {
		b = &tree{}
	}
	all := map[string]bool{}
	for _, side := range []*tree{b, o, t, r} {
		for key := range side.keys {
			all[key] = true
		}
	}
	keys := make([]string, 0, len(all))
	for key := range all {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range keys {
		if err := p.check(*at.entry(key, source.Node{}), b.keys[key], o.keys[key], t.keys[key], r.keys[key]); err != nil {
			return err
		}
	}
	for _, group := range alternatives(at.trail, keys) {
		count := func(side *tree) (n int) {
			for _, key := range group {
				if _, has := side.keys[key]; has {
					n++
				}
			}
			return n
		}
		if n := count(r); n > 1 && n > count(o) && n > count(t) {
			return p.fault(at, "%s exclude each other, and the result has them all", strings.Join(group, " and "))
		}
	}
	return nil
}

// checkList compares items that belong together.
func (p *proof) checkList(at place, quads []quad, b, o, t, r *tree) error {
	get := func(side *tree, i int) *tree {
		if i < 0 || side == nil || i >= len(side.items) {
			return nil
		}
		return side.items[i]
	}
	seen := [4]int{}
	for _, q := range quads {
		for i, index := range []int{q.base, q.ours, q.theirs, q.merged} {
			if index >= 0 {
				seen[i]++
			}
		}
		if err := p.check(*at.item(q, source.Node{}), get(b, q.base), get(o, q.ours), get(t, q.theirs), get(r, q.merged)); err != nil {
			return err
		}
	}
	for i, side := range []*tree{b, o, t, r} {
		if side != nil && seen[i] != len(side.items) {
			return p.fault(at, "not all items of the list are accounted for")
		}
	}
	for _, fields := range mergeKeys[at.trail.key] {
		if apart(fields, o) && apart(fields, t) && !apart(fields, r) {
			return p.fault(at, "two items have the same %s", strings.Join(fields, " and "))
		}
	}
	return nil
}

// apart reports whether fields tell the items of a list apart; all but the first may be left to a default.
func apart(fields []string, list *tree) bool {
	seen := map[string]bool{}
	for _, item := range list.items {
		var id strings.Builder
		for i, field := range fields {
			v := item.keys[field]
			switch {
			case v != nil && v.kind == yaml.ScalarNode && v.tag != "!!null":
				id.WriteString(v.text)
			case i == 0:
				return false
			}
			id.WriteByte(0)
		}
		if seen[id.String()] {
			return false
		}
		seen[id.String()] = true
	}
	return true
}

// checkText checks a text that was merged by lines: what a side added is there.
func (p *proof) checkText(at place, b, o, t, r *tree) error {
	count := func(x *tree) map[string]int {
		lines := map[string]int{}
		if x != nil {
			for _, line := range strings.Split(x.text, "\n") {
				lines[line]++
			}
		}
		return lines
	}
	base, result := count(b), count(r)
	for _, side := range []*tree{o, t} {
		for line, n := range count(side) {
			if n > base[line] && result[line] < n {
				return p.fault(at, "the line %q is missing in the result", line)
			}
		}
	}
	return nil
}

// lostComments returns the comments of ours that a result lacks, but those that theirs changed or removed where the team had left them alone.
func (w *work) lostComments(before, result *source.File, here []*object) (lost []string) {
	count := func(texts []string) map[string]int {
		m := map[string]int{}
		for _, text := range texts {
			m[strings.TrimSpace(text)]++
		}
		return m
	}
	// The files that the objects come from, and those of the same name: a comment may stand beside all objects.
	from := three[map[*source.File]bool]{base: map[*source.File]bool{w.base[before.Name]: true}, theirs: map[*source.File]bool{w.theirs[before.Name]: true}}
	for _, x := range here {
		from.base[x.docs.base.file], from.theirs[x.docs.theirs.file] = true, true
	}
	all := func(files map[*source.File]bool) (texts []string) {
		for f := range files {
			if f != nil {
				texts = append(texts, comments(f, 0, len(f.Data)+1)...)
			}
		}
		return texts
	}
	had, has := count(comments(before, 0, len(before.Data)+1)), count(comments(result, 0, len(result.Data)+1))
	was, is := count(all(from.base)), count(all(from.theirs))
	for text, n := range had {
		if gone := n - has[text]; gone > 0 && gone > was[text]-is[text] {
			lost = append(lost, text)
		}
	}
	slices.Sort(lost)
	return lost
}
