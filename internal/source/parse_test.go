package source

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
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
func compare(data []byte) (diff string, refused int, why string) {
	f := Parse("test.yaml", data)
	if d := checkSpans(f); d != "" {
		return d, 0, ""
	}
	theirs, theirErr := readOther(data)
	i := 0
	for _, doc := range f.Docs {
		if doc.Err == nil && doc.Root.IsZero() {
			continue
		}
		if i == len(theirs) {
			switch {
			case doc.Err != nil:
				if theirErr == nil {
					return fmt.Sprintf("document %d is refused (%v), the other reader has no such document", doc.Index, doc.Err), 0, ""
				}
				return "", refused, why // it cannot read further
			case theirErr != nil:
				return fmt.Sprintf("document %d is accepted, the other reader says %v", doc.Index, theirErr), 0, ""
			}
			return fmt.Sprintf("document %d does not exist for the other reader", doc.Index), 0, ""
		}
		if doc.Err != nil {
			// The other reader may have split what is left in other documents.
			return "", 1, fmt.Sprintf("%d:%d: %s", doc.Err.Line, doc.Err.Column, doc.Err.Message)
		}
		if d := sameTree(doc.Root, theirs[i], "$"); d != "" {
			return fmt.Sprintf("document %d: %s", doc.Index, d), 0, ""
		}
		if d := sameJSON(doc, data); d != "" {
			return fmt.Sprintf("document %d: %s", doc.Index, d), 0, ""
		}
		i++
	}
	if i < len(theirs) && theirErr == nil {
		return fmt.Sprintf("the other reader has %d documents, this one %d", len(theirs), i), 0, ""
	}
	return "", refused, why
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

func sameTree(n Node, o *yaml.Node, at string) string {
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
		if p := n.f.Position(start); !n.IsEmpty() && (p.Line != o.Line || p.Column != o.Column) {
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
		return sameTree(c, o.Content[i-1], at+name)
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

// sameJSON compares the JSON of a document with what Kubernetes' reader makes of its bytes.
func sameJSON(doc Document, data []byte) string {
	text := data[doc.Span.Start:doc.Span.End]
	want, wantErr := sigsyaml.YAMLToJSON(text)
	got, err := doc.Root.AppendJSON(nil)
	if wantErr != nil {
		return "" // it is stricter or older than the other reader of trees, which has judged already
	}
	if err != nil {
		return fmt.Sprintf("no JSON: %v; want %s", err, want)
	}
	var g, w any
	if err := decodeNumbers(got, &g); err != nil {
		return fmt.Sprintf("invalid JSON %s: %v", got, err)
	}
	if err := decodeNumbers(want, &w); err != nil {
		return err.Error()
	}
	if !reflect.DeepEqual(g, w) {
		return fmt.Sprintf("JSON %s, want %s", got, want)
	}
	return ""
}

func decodeNumbers(data []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if err := d.Decode(v); err != nil {
		return err
	}
	if d.More() {
		return errors.New("text behind the JSON value")
	}
	normalise(*(v.(*any)))
	return nil
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
		if strings.ContainsAny(v.String(), ".eE") {
			f, _ := v.Float64()
			return f
		}
		return v.String()
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
		own := strings.TrimLeft(string(f.Data[lineStart(f, c.Start):c.Start]), " \t\uFEFF") == ""
		if c.Start < at || c.End > len(f.Data) || f.Data[c.Start] != '#' || own != c.Own || bytes.ContainsAny(f.Data[c.Start:c.End], "\r\n") {
			return fmt.Sprintf("comment %v (own line: %v)", c.Span, c.Own)
		}
		at = c.End
	}
	return ""
}

func lineStart(f *File, i int) int {
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
