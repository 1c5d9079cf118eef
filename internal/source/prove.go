package source

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// This file is the second opinion: it reads old and new text with another YAML reader, makes the changes on what that reader saw,
// and compares. It shares nothing with the code that wrote the edits but paths and values.

// prove returns a *ProofError unless next is f with just the edits, and means what f means with just the changes made inside its
// documents and behind the last, and has all comments that f has.
func prove(f, next *File, edits []Edit, inside map[int][]rooted, appended []appended) error {
	if !bytes.Equal(ApplyEdits(f.Data, edits), next.Data) {
		return &ProofError{Message: "the edits do not lead to the new text"}
	}
	if err := proveComments(f, next); err != nil {
		return err
	}
	if len(appended) == 0 {
		if able, err := proveAlone(f, next, inside); able {
			return err
		}
	}
	before, err := forest(f.Data)
	if err != nil {
		return &ProofError{Old: true, Message: "the text before the changes cannot be read: " + err.Error()}
	}
	after, err := forest(next.Data)
	if err != nil {
		return &ProofError{Message: "the new text cannot be read: " + err.Error()}
	}
	if want := len(before) + len(appended); len(after) != want {
		return &ProofError{Message: fmt.Sprintf("%d documents wanted, %d found", want, len(after))}
	}
	var docs []int // those that hold something, as the forests have them
	for i, d := range f.Docs {
		if !d.Root.IsZero() {
			docs = append(docs, i)
		}
	}
	for i, old := range before {
		var changes []rooted
		if i < len(docs) {
			changes = inside[docs[i]]
		}
		if err := proveTree(old, after[i], changes); err != nil {
			return err
		}
	}
	for i, c := range appended {
		got, err := newBuilder().build(after[len(before)+i])
		if err != nil {
			return &ProofError{Message: err.Error()}
		}
		if err := sameMeaning(treeOf(c.Value), got, nil, map[[2]*tree]bool{}); err != nil {
			return err
		}
	}
	return nil
}

// proveAlone reads the changed documents each by itself and compares the others as bytes. It reports false where that is not possible.
func proveAlone(f, next *File, inside map[int][]rooted) (able bool, err error) {
	if len(f.Docs) == 1 || len(f.Docs) != len(next.Docs) {
		return false, nil
	}
	for i := range f.Docs {
		was, is := f.Docs[i].Span, next.Docs[i].Span
		old, now := f.Data[was.Start:was.End], next.Data[is.Start:is.End]
		if len(inside[i]) == 0 {
			if !bytes.Equal(old, now) {
				return false, nil
			}
			continue
		}
		before, err1 := forest(old)
		after, err2 := forest(now)
		if err1 != nil || err2 != nil || len(before) != 1 || len(after) != 1 {
			return false, nil
		}
		if err := proveTree(before[0], after[0], inside[i]); err != nil {
			return true, err
		}
	}
	return true, nil
}

// proveComments looks for comments that got lost.
func proveComments(f, next *File) error {
	count := make(map[string]int, len(next.Comments))
	for _, c := range next.Comments {
		count[strings.TrimSpace(string(next.Data[c.Start:c.End]))]++
	}
	for _, c := range f.Comments {
		text := strings.TrimSpace(string(f.Data[c.Start:c.End]))
		if count[text]--; count[text] < 0 {
			return &ProofError{Message: "the comment " + text + " got lost"}
		}
	}
	return nil
}

// ordinals leads from top to n by the places of values among their siblings.
func ordinals(top, n Node) []int {
	var route []int
	for top.i != n.i {
		k := 0
		into := func(v Node) bool {
			if v.i <= n.i && n.i < n.f.nodes[v.i].next {
				top = v
				route = append(route, k)
				return true
			}
			k++
			return false
		}
		before := len(route)
		for e := range top.Entries() {
			if into(e.Value) {
				break
			}
		}
		if len(route) == before {
			for _, item := range top.Items() {
				if into(item) {
					break
				}
			}
		}
		if len(route) == before {
			break
		}
	}
	return route
}

// forest reads all documents that hold something.
func forest(data []byte) ([]*yaml.Node, error) {
	loader, err := yaml.NewLoader(bytes.NewReader(data), yaml.WithUniqueKeys(false))
	if err != nil {
		return nil, err
	}
	var docs []*yaml.Node
	for {
		var n yaml.Node
		switch err := loader.Load(&n); {
		case errors.Is(err, io.EOF):
			return docs, nil
		case err != nil:
			return nil, err
		}
		if n.Kind == yaml.DocumentNode {
			if len(n.Content) == 0 {
				continue
			}
			n = *n.Content[0]
		}
		if n.Kind == yaml.ScalarNode && n.Tag == "!!null" && n.Value == "" && n.Style == 0 && n.Anchor == "" {
			continue
		}
		docs = append(docs, &n)
	}
}

// tree is a document as the other reader sees it: aliases and merge keys expanded, of duplicate keys the last.
type tree struct {
	kind Kind
	keys []string
	vals []*tree // of keys, or the items of a list
	own  int     // keys[own:] come from merge keys

	// Of scalars:
	text   string
	tag    string // one's own, such as !Ref
	null   bool
	str    bool // a string in YAML 1.1 as in 1.2
	plain  bool // written without quotes
	wanted bool // made from a Value that is no string: to be written without quotes, just so

	shared bool // met more than once
}

type builder struct {
	done map[*yaml.Node]*tree
	left int // nodes, so that merge keys upon merge keys come to an end
}

func newBuilder() *builder { return &builder{done: map[*yaml.Node]*tree{}, left: 5_000_000} }

func (b *builder) build(n *yaml.Node) (*tree, error) {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n.Anchor != "" {
		if t, seen := b.done[n]; seen {
			if t == nil {
				return nil, errors.New("an alias means something that it is part of")
			}
			t.shared = true
			return t, nil
		}
		b.done[n] = nil
	}
	t, err := b.make(n)
	if n.Anchor != "" {
		b.done[n] = t
	}
	return t, err
}

func (b *builder) make(n *yaml.Node) (*tree, error) {
	if b.left--; b.left < 0 {
		return nil, errors.New("aliases and merge keys expand without measure")
	}
	t := &tree{}
	if !strings.HasPrefix(n.Tag, "!!") {
		t.tag = n.Tag
	}
	switch n.Kind {
	case yaml.ScalarNode:
		t.kind, t.text = Scalar, n.Value
		const quoted = yaml.SingleQuotedStyle | yaml.DoubleQuotedStyle | yaml.LiteralStyle | yaml.FoldedStyle
		t.plain = n.Style&quoted == 0
		t.null = n.Tag == "!!null"
		t.str = n.Tag == "!!str" && (!t.plain || n.Style&yaml.TaggedStyle != 0 || !readsOld(n.Value))
	case yaml.SequenceNode:
		t.kind = Sequence
		for _, x := range n.Content {
			item, err := b.build(x)
			if err != nil {
				return nil, err
			}
			t.vals = append(t.vals, item)
		}
	case yaml.MappingNode:
		t.kind = Mapping
		return t, b.entries(t, n)
	default:
		return nil, fmt.Errorf("a node of unknown kind %d", n.Kind)
	}
	return t, nil
}

func (b *builder) entries(t *tree, n *yaml.Node) error {
	has := make(map[string]bool, len(n.Content)/2)
	// From the end, so that the last of duplicates is met first.
	for i := len(n.Content) - 2; i >= 0; i -= 2 {
		k := n.Content[i]
		if k.Kind == yaml.AliasNode {
			k = k.Alias
		}
		if k.Kind != yaml.ScalarNode {
			return errors.New("a key is not a scalar")
		}
		if k.Tag == "!!merge" || has[k.Value] {
			continue
		}
		v, err := b.build(n.Content[i+1])
		if err != nil {
			return err
		}
		has[k.Value] = true
		t.keys, t.vals = append(t.keys, k.Value), append(t.vals, v)
	}
	slices.Reverse(t.keys)
	slices.Reverse(t.vals)
	t.own = len(t.keys)
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Tag != "!!merge" {
			continue
		}
		v, err := b.build(n.Content[i+1])
		if err != nil {
			return err
		}
		sources := []*tree{v}
		if v.kind == Sequence {
			sources = v.vals
		}
		for _, s := range sources {
			for j, key := range s.keys {
				if b.left--; b.left < 0 {
					return errors.New("aliases and merge keys expand without measure")
				}
				if !has[key] {
					has[key] = true
					t.keys, t.vals = append(t.keys, key), append(t.vals, s.vals[j])
				}
			}
		}
	}
	return nil
}

// oldWord, oldNumber and oldTime match what YAML 1.1 reads as something else than a string, as PyYAML's resolver has it, and y
// and n besides.
var (
	oldWord   = regexp.MustCompile(`^(?:y|Y|yes|Yes|YES|n|N|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF|~|null|Null|NULL||<<|=|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$`)
	oldNumber = regexp.MustCompile(`^(?:[-+]?0b[01_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+|` +
		`[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+]?[0-9]+)?|[-+]?\.[0-9][0-9_]*(?:[eE][-+]?[0-9]+)?|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*)$`)
	oldTime = regexp.MustCompile(`^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:(?:[Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]*)?(?:[ \t]*(?:Z|[-+][0-9]{1,2}(?::?[0-9]{2})?))?)?$`)
)

func readsOld(s string) bool {
	// The longest word has five letters; everything else begins with a digit, a sign or a point.
	if len(s) > 5 && s[0] > '9' {
		return false
	}
	return oldWord.MatchString(s) || oldNumber.MatchString(s) || oldTime.MatchString(s)
}

// treeOf makes a tree of a value.
func treeOf(v Value) *tree {
	t := &tree{kind: v.kind}
	switch v.kind {
	case Scalar:
		t.text, t.str, t.wanted = v.text, v.quoted, !v.quoted
		t.null = !v.quoted && (v.text == "null" || v.text == "~" || v.text == "")
	case Mapping:
		for _, f := range v.fields {
			t.keys, t.vals = append(t.keys, f.Key), append(t.vals, treeOf(f.Value))
		}
		t.own = len(t.keys)
	case Sequence:
		for _, x := range v.items {
			t.vals = append(t.vals, treeOf(x))
		}
	}
	return t
}

// proveTree makes changes on the old document and compares the outcome with the new one.
func proveTree(before, after *yaml.Node, changes []rooted) error {
	was, err := newBuilder().build(before)
	if err != nil {
		return &ProofError{Old: true, Message: "the text before the changes cannot be read: " + err.Error()}
	}
	is, err := newBuilder().build(after)
	if err != nil {
		return &ProofError{Message: "the new text cannot be read: " + err.Error()}
	}
	want := was
	var all []Change
	for _, r := range changes {
		top, err := followed(before, r.route)
		if err != nil {
			return err
		}
		for _, c := range r.changes {
			if c.Op == Append {
				continue
			}
			p := append(top[:len(top):len(top)], c.Path...)
			if want, err = want.change(p, c); err != nil {
				return &ProofError{Path: p.String(), Message: err.Error()}
			}
		}
		all = append(all, r.changes...)
	}
	if err := sameMeaning(want, is, nil, map[[2]*tree]bool{}); err != nil {
		return err
	}
	return sameOrder(was, is, nil, returning(all), map[[2]*tree]bool{})
}

// followed returns the path along a route from n.
func followed(n *yaml.Node, route []int) (Path, error) {
	var top Path
	for _, k := range route {
		switch {
		case n.Kind == yaml.MappingNode && 2*k+1 < len(n.Content):
			top = append(top, Step{Key: n.Content[2*k].Value})
			n = n.Content[2*k+1]
		case n.Kind == yaml.SequenceNode && k < len(n.Content):
			top = append(top, Step{Index: k})
			n = n.Content[k]
		default:
			return nil, &ProofError{Old: true, Path: top.String(), Message: "the two readers see different nodes"}
		}
	}
	return top, nil
}

// returning returns the keys that changes take away, by themselves or with what they stand in, and that may have come back at the end.
func returning(changes []Change) map[string]bool {
	moved := map[string]bool{}
	for i, c := range changes {
		n := len(c.Path)
		if n == 0 {
			continue
		}
		again := c.Op == Remove || c.Op == Rename
		for _, before := range changes[:i] {
			again = again || before.Op == Set && len(before.Path) < n
		}
		if again {
			for _, s := range c.Path {
				moved[s.Key] = true
			}
		}
	}
	return moved
}

// change returns t with one change made. What is not on the way is shared with t, and t stays what it is.
func (t *tree) change(p Path, c Change) (*tree, error) {
	if len(p) == 0 {
		if v := treeOf(c.Value); c.Op == Set && !(v.null && t.null && !t.wanted && t.tag == "") {
			return v, nil
		}
		return t, nil
	}
	s, last := p[0], len(p) == 1
	at := t.find(s)
	makes := c.Op == Set || c.Op == Insert
	if t.kind == Scalar {
		switch {
		case !makes:
			return t, nil
		case !t.null:
			return nil, errors.New("the path leads through a scalar")
		case s.Key == "":
			return (&tree{kind: Sequence}).change(p, c)
		}
		return (&tree{kind: Mapping}).change(p, c)
	}
	n := &tree{kind: t.kind, tag: t.tag, own: t.own, keys: slices.Clone(t.keys), vals: slices.Clone(t.vals)}
	switch {
	case last && c.Op == Remove:
		if at >= 0 {
			n.vals = slices.Delete(n.vals, at, at+1)
			if t.kind == Mapping {
				n.keys = slices.Delete(n.keys, at, at+1)
			}
		}
		return n, nil
	case last && c.Op == Insert:
		if t.kind != Sequence || s.Index > len(t.vals) {
			return nil, errors.New("there is no such place in a list")
		}
		n.vals = slices.Insert(n.vals, s.Index, treeOf(c.Value))
		return n, nil
	case last && c.Op == Rename:
		if at >= 0 {
			n.keys[at] = c.Value.text
		}
		return n, nil
	case last && c.Op == Dedupe:
		return n, nil
	}
	var child *tree
	if at >= 0 {
		child = n.vals[at]
	} else if !makes {
		return t, nil
	} else {
		child = &tree{kind: Scalar, null: true, wanted: true}
		n.vals = append(n.vals, child)
		if at = len(n.vals) - 1; t.kind == Mapping {
			n.keys = append(n.keys, s.Key)
		} else if s.ByKey || s.Key != "" || s.Index != at {
			return nil, errors.New("there is no such item")
		}
	}
	var err error
	n.vals[at], err = child.change(p[1:], c)
	return n, err
}

// find returns the place of what a step leads to, or -1.
func (t *tree) find(s Step) int {
	switch {
	case t.kind == Mapping && !s.ByKey:
		return slices.Index(t.keys, s.Key)
	case t.kind == Sequence && s.ByKey:
		return slices.IndexFunc(t.vals, func(x *tree) bool {
			i := slices.Index(x.keys, s.Key)
			return i >= 0 && x.vals[i].kind == Scalar && x.vals[i].text == s.Match
		})
	case t.kind == Sequence && s.Key == "" && s.Index < len(t.vals):
		return s.Index
	}
	return -1
}

// sameMeaning returns a *ProofError for the first place where two trees differ. The order of keys does not count here.
func sameMeaning(want, got *tree, p Path, seen map[[2]*tree]bool) error {
	if got.shared {
		if seen[[2]*tree{want, got}] {
			return nil
		}
		seen[[2]*tree{want, got}] = true
	}
	differ := func(format string, args ...any) error {
		return &ProofError{Path: p.String(), Message: fmt.Sprintf(format, args...)}
	}
	switch {
	case want.kind != got.kind:
		return differ("%s wanted, %s found", want, got)
	case want.kind == Scalar:
		same := want.tag == got.tag && want.str == got.str && want.null == got.null && (want.null || want.text == got.text)
		if want.wanted {
			same = want.null && got.null || want.text == got.text && got.plain && got.tag == "" && !want.null
		}
		if !same {
			return differ("%s wanted, %s found", want, got)
		}
	case want.tag != got.tag:
		return differ("the tag %q wanted, %q found", want.tag, got.tag)
	case want.kind == Sequence:
		if len(want.vals) != len(got.vals) {
			return differ("%d items wanted, %d found", len(want.vals), len(got.vals))
		}
		for i := range want.vals {
			if err := sameMeaning(want.vals[i], got.vals[i], append(p, Step{Index: i}), seen); err != nil {
				return err
			}
		}
	case want.kind == Mapping:
		at := make(map[string]int, len(got.keys))
		for i, key := range got.keys {
			at[key] = i
		}
		for i, key := range want.keys {
			j, ok := at[key]
			if !ok {
				return differ("the key %s is missing", key)
			}
			if err := sameMeaning(want.vals[i], got.vals[j], append(p, Step{Key: key}), seen); err != nil {
				return err
			}
		}
		if len(got.keys) != len(want.keys) {
			for _, key := range got.keys {
				if !slices.Contains(want.keys, key) {
					return differ("the key %s is new", key)
				}
			}
		}
	}
	return nil
}

func (t *tree) String() string {
	switch {
	case t.kind == Mapping:
		return "a mapping"
	case t.kind == Sequence:
		return "a list"
	case t.null:
		return "null"
	case t.str:
		return fmt.Sprintf("the string %q", t.text)
	}
	return t.tag + t.text
}

// sameOrder returns a *ProofError when keys of a mapping that were there before have changed places.
func sameOrder(was, is *tree, p Path, moved map[string]bool, seen map[[2]*tree]bool) error {
	if was.kind != is.kind || was.kind == Scalar {
		return nil
	}
	if is.shared {
		if seen[[2]*tree{was, is}] {
			return nil
		}
		seen[[2]*tree{was, is}] = true
	}
	if was.kind == Sequence {
		for i := 0; i < len(was.vals) && len(was.vals) == len(is.vals); i++ {
			if err := sameOrder(was.vals[i], is.vals[i], append(p, Step{Index: i}), moved, seen); err != nil {
				return err
			}
		}
		return nil
	}
	at := make(map[string]int, is.own)
	for i, key := range is.keys[:is.own] {
		at[key] = i
	}
	last := -1
	for i, key := range was.keys[:was.own] {
		j, ok := at[key]
		if !ok || moved[key] {
			continue
		}
		if j < last {
			return &ProofError{Path: p.String(), Message: "the key " + key + " changed its place"}
		}
		last = j
		if err := sameOrder(was.vals[i], is.vals[j], append(p, Step{Key: key}), moved, seen); err != nil {
			return err
		}
	}
	return nil
}
