package source

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
	sigsyaml "sigs.k8s.io/yaml"
)

// compare reads data with this package and with go.yaml.in/yaml/v4, which shares no code with it, and describes the first
// difference: in the trees, in the JSON (against sigs.k8s.io/yaml), or in the invariants of the spans. refused counts the
// documents that only this package refuses, the first of them is described in why.
//
// The other reader stops at the first error, at times before the document that has it. Where there are errors each document is
// therefore compared alone.
func compare(data []byte) (diff string, refused int, why string) {
	f := Parse("test.yaml", data)
	if d := checkSpans(f); d != "" {
		return d, 0, ""
	}
	theirs, theirErr := readOther(data)
	errs := 0
	for _, doc := range f.Docs {
		if doc.Err != nil {
			errs++
		}
	}
	if theirErr == nil && errs == 0 {
		roots := 0
		for _, doc := range f.Docs {
			if doc.Root.IsZero() {
				continue
			}
			if roots++; roots > len(theirs) {
				break
			}
			if d := sameDocument(doc, theirs[roots-1], 1); d != "" {
				return d, 0, ""
			}
		}
		if roots != len(theirs) {
			return fmt.Sprintf("%d documents with content, want %d", roots, len(theirs)), 0, ""
		}
		return "", 0, ""
	}
	for _, doc := range f.Docs {
		alone, firstLine := data[doc.Span.Start:doc.Span.End], f.Position(doc.Span.Start).Line
		if doc.Index > 0 { // it knows another rule for tabs in the first line of a file
			alone, firstLine = append([]byte("\n"), alone...), firstLine-1
		}
		theirs, err := readOther(alone)
		roots := 1
		if doc.Root.IsZero() {
			roots = 0
		}
		switch {
		case doc.Err != nil && err == nil && len(theirs) > 0:
			refused++
			why = cmp.Or(why, fmt.Sprintf("%d:%d: %s", doc.Err.Line, doc.Err.Column, doc.Err.Message))
		case doc.Err != nil:
		case err != nil:
			return fmt.Sprintf("document %d is accepted, the other reader says %v", doc.Index, err), 0, ""
		case roots != len(theirs):
			return fmt.Sprintf("document %d is %d documents with content, want %d", doc.Index, roots, len(theirs)), 0, ""
		case roots == 1:
			if d := sameDocument(doc, theirs[0], firstLine); d != "" {
				return d, 0, ""
			}
		}
	}
	if errs == 0 {
		return fmt.Sprintf("the file is accepted, the other reader says %v", theirErr), 0, ""
	}
	return "", refused, why
}

// sameDocument compares a document with the other reader's, which counts lines from firstLine.
func sameDocument(doc Document, other *yaml.Node, firstLine int) string {
	d := sameTree(doc.Root, other, "$", firstLine-1)
	if d == "" {
		d = sameJSON(doc, other)
	}
	if d != "" {
		return fmt.Sprintf("document %d: %s", doc.Index, d)
	}
	return ""
}

// readOther returns the roots of the documents that have content, up to the first error.
func readOther(data []byte) (roots []*yaml.Node, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	dec := yaml.NewDecoder(bytes.NewReader(data))
	for {
		var n yaml.Node
		if err := dec.Decode(&n); errors.Is(err, io.EOF) {
			return roots, nil
		} else if err != nil {
			return roots, err
		}
		root := n.Content[0]
		if root.Kind == yaml.ScalarNode && root.Value == "" && root.Anchor == "" && root.Style == 0 && root.Tag == "!!null" {
			continue
		}
		roots = append(roots, root)
	}
}

func sameTree(n Node, o *yaml.Node, at string, before int) string {
	kinds := map[Kind]yaml.Kind{Mapping: yaml.MappingNode, Sequence: yaml.SequenceNode, Scalar: yaml.ScalarNode, Alias: yaml.AliasNode}
	if kinds[n.Kind()] != o.Kind {
		return fmt.Sprintf("%s: kind %d, want %d", at, n.Kind(), o.Kind)
	}
	style := n.Style()
	switch n.Kind() {
	case Alias:
		if n.Raw() != "*"+o.Value || n.Resolve().Anchor() != o.Alias.Anchor || n.Resolve().Kind() != Scalar && o.Alias.Kind == yaml.ScalarNode {
			return fmt.Sprintf("%s: alias %s to &%s, want *%s", at, n.Raw(), n.Resolve().Anchor(), o.Value)
		}
	case Scalar:
		if n.Text() != o.Value {
			return fmt.Sprintf("%s: text %q, want %q", at, n.Text(), o.Value)
		}
		styles := map[Style]yaml.Style{Plain: 0, SingleQuoted: yaml.SingleQuotedStyle, DoubleQuoted: yaml.DoubleQuotedStyle, Literal: yaml.LiteralStyle, Folded: yaml.FoldedStyle}
		if styles[style] != o.Style&^yaml.TaggedStyle {
			return fmt.Sprintf("%s: style %d, want %d", at, style, o.Style)
		}
		start := n.Span().Start
		if n.f.nodes[n.i].flags&flagProps != 0 {
			start = n.f.props[n.i].start()
		}
		if p := n.f.Position(start); !n.IsEmpty() && (p.Line != o.Line+before || p.Column != o.Column) {
			return fmt.Sprintf("%s: position %v, want %d:%d", at, p, o.Line, o.Column)
		}
	default:
		if (style == Flow) != (o.Style&yaml.FlowStyle != 0) {
			return fmt.Sprintf("%s: style %d, want %d", at, style, o.Style)
		}
	}
	if n.Anchor() != o.Anchor {
		return fmt.Sprintf("%s: anchor %q, want %q", at, n.Anchor(), o.Anchor)
	}
	if tag := shortTag(n.Tag()); o.Style&yaml.TaggedStyle != 0 && tag != o.Tag || o.Style&yaml.TaggedStyle == 0 && tag != "" && tag != "!" {
		return fmt.Sprintf("%s: tag %q, want %q", at, tag, o.Tag)
	}
	i := 0
	child := func(c Node, name string) string {
		if i == len(o.Content) {
			return fmt.Sprintf("%s: more than %d children", at, i)
		}
		i++
		return sameTree(c, o.Content[i-1], at+name, before)
	}
	for e := range n.Entries() {
		if d := child(e.Key, ".key"); d != "" {
			return d
		}
		if d := child(e.Value, "."+e.Key.Text()); d != "" {
			return d
		}
	}
	for k, item := range n.Items() {
		if d := child(item, fmt.Sprintf("[%d]", k)); d != "" {
			return d
		}
	}
	if i < len(o.Content) {
		return fmt.Sprintf("%s: %d children, want %d", at, i, len(o.Content))
	}
	return ""
}

func shortTag(tag string) string {
	if in, ok := strings.CutPrefix(tag, "!<"); ok {
		tag = strings.TrimSuffix(in, ">")
	}
	if name, ok := strings.CutPrefix(tag, "tag:yaml.org,2002:"); ok {
		return "!!" + name
	}
	return tag
}

// sameJSON compares the JSON of a document with what Kubernetes' reader makes of it. That reader has YAML syntax of its own age,
// so it is given the other reader's tree in a form about which there is no doubt.
func sameJSON(doc Document, root *yaml.Node) string {
	want, wantErr := sigsyaml.YAMLToJSON([]byte(plainForm(root, map[*yaml.Node]string{})))
	got, err := doc.Root.AppendJSON(nil)
	if wantErr != nil {
		return "" // infinities and the like, which have rows of their own
	}
	if err != nil {
		return fmt.Sprintf("no JSON: %v; want %s", err, want)
	}
	g, err := decodeNumbers(got)
	if err != nil {
		return fmt.Sprintf("invalid JSON %s: %v", got, err)
	}
	w, err := decodeNumbers(want)
	if err != nil {
		return err.Error()
	}
	if !reflect.DeepEqual(g, w) {
		return fmt.Sprintf("JSON %s, want %s", got, want)
	}
	return ""
}

// plainForm writes a tree in flow style, with everything quoted that is no word or number.
func plainForm(n *yaml.Node, anchors map[*yaml.Node]string) string {
	var b strings.Builder
	if n.Kind == yaml.AliasNode {
		return "*" + anchors[n.Alias] + " "
	}
	if n.Anchor != "" {
		anchors[n] = fmt.Sprintf("a%d", len(anchors))
		b.WriteString("&" + anchors[n] + " ")
	}
	plain := n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) == 0
	if n.Style&yaml.TaggedStyle != 0 {
		fmt.Fprintf(&b, "!<%s> ", strings.Replace(n.Tag, "!!", "tag:yaml.org,2002:", 1))
	} else if n.Tag == "!" {
		plain = false
	}
	switch n.Kind {
	case yaml.ScalarNode:
		if plain && strings.Trim(n.Value, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-._~<") == "" && (n.Value == "" || strings.Trim(n.Value, "-.") != "") {
			return b.String() + n.Value
		}
		quoted, err := json.Marshal(n.Value)
		if err != nil {
			panic(err)
		}
		return b.String() + strings.ReplaceAll(string(quoted), "\u0085", `\N`)
	case yaml.SequenceNode:
		b.WriteString("[")
		for _, c := range n.Content {
			b.WriteString(plainForm(c, anchors) + ", ")
		}
		return b.String() + "]"
	}
	b.WriteString("{")
	for i, c := range n.Content {
		b.WriteString(plainForm(c, anchors) + []string{" : ", ", "}[i%2])
	}
	return b.String() + "}"
}

func decodeNumbers(data []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	if d.More() {
		return nil, errors.New("text behind the JSON value")
	}
	return normalise(v), nil
}

// normalise gives numbers one spelling: 1e3 and 1000 are the same.
func normalise(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k := range v {
			v[k] = normalise(v[k])
		}
	case []any:
		for i := range v {
			v[i] = normalise(v[i])
		}
	case json.Number:
		if r, ok := new(big.Rat).SetString(v.String()); ok {
			return r.RatString()
		}
	}
	return v
}

// checkSpans checks that documents cover the file and that nodes and comments lie where they must.
func checkSpans(f *File) string {
	at := 0
	for i, d := range f.Docs {
		if d.Index != i || d.Span.Start != at || d.Span.End < at {
			return fmt.Sprintf("document %d has index %d and span %v, the last one ended at %d", i, d.Index, d.Span, at)
		}
		at = d.Span.End
		if d.Err != nil {
			if d.Err.Offset < d.Span.Start || d.Err.Offset > d.Span.End || d.Err.Line < 1 || d.Err.Column < 1 || d.Err.Message == "" {
				return fmt.Sprintf("document %d %v has the error %+v", i, d.Span, *d.Err)
			}
			continue
		}
		if !d.Root.IsZero() {
			if s := checkNode(d.Root, d.Span); s != "" {
				return fmt.Sprintf("document %d: %s", i, s)
			}
		}
	}
	if at != len(f.Data) || len(f.Docs) == 0 {
		return fmt.Sprintf("%d documents end at %d of %d bytes", len(f.Docs), at, len(f.Data))
	}
	at = 0
	for _, c := range f.Comments {
		own := strings.TrimLeft(string(f.Data[startOfLine(f, c.Start):c.Start]), " \t\uFEFF") == ""
		if c.Start < at || c.End > len(f.Data) || f.Data[c.Start] != '#' || own != c.Own || bytes.ContainsAny(f.Data[c.Start:c.End], "\r\n") {
			return fmt.Sprintf("comment %v (own line: %v)", c.Span, c.Own)
		}
		at = c.End
	}
	return ""
}

func startOfLine(f *File, i int) int {
	for i > 0 && f.Data[i-1] != '\n' && f.Data[i-1] != '\r' {
		i--
	}
	return i
}

func checkNode(n Node, in Span) string {
	x := n.f.nodes[n.i]
	s := n.Span()
	if int(x.lead) < in.Start || x.lead > x.start || s.End < s.Start || s.End > in.End {
		return fmt.Sprintf("node at %v with lead %d lies outside %v", s, x.lead, in)
	}
	switch x.kind {
	case Mapping, Sequence:
		at := s.Start
		i := n.i + 1
		for i < x.next {
			if d := checkNode(Node{n.f, i}, Span{at, s.End}); d != "" {
				return d
			}
			at = int(n.f.nodes[i].end)
			i = n.f.nodes[i].next
		}
		if i != x.next {
			return fmt.Sprintf("collection at %v: its children end at node %d, not %d", s, i, x.next)
		}
	default:
		if x.next != n.i+1 {
			return fmt.Sprintf("scalar %d has next %d", n.i, x.next)
		}
		for _, c := range n.f.Comments {
			if c.Start < s.End && c.End > s.Start && x.style != Literal && x.style != Folded {
				return fmt.Sprintf("comment %v lies in the scalar at %v", c.Span, s)
			}
		}
	}
	return ""
}

// TestCorpus compares the readers on every file of the folder in FAIRWAY_CORPUS.
func TestCorpus(t *testing.T) {
	root := os.Getenv("FAIRWAY_CORPUS")
	if root == "" {
		t.Skip("FAIRWAY_CORPUS names no folder")
	}
	files, docs, refusedDocs, templates, different := 0, 0, 0, 0, 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		switch filepath.Ext(path) {
		case ".yaml", ".yml", ".json":
		default:
			return nil
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		files++
		docs += len(Parse(path, data).Docs)
		diff, refused, why := compare(data)
		if diff != "" {
			different++
			t.Errorf("%s: %s", path, diff)
		}
		if refused > 0 && bytes.Contains(data, []byte("{{")) {
			templates++
		} else if refused > 0 {
			refusedDocs++
			t.Logf("%s: refused: %s", path, why)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d files, %d documents: %d differ, %d refused, and %d in templates", files, docs, different, refusedDocs, templates)
	if refusedDocs*1000 > docs {
		t.Errorf("%d of %d documents that the other reader accepts are refused; at most one in a thousand may be", refusedDocs, docs)
	}
}
