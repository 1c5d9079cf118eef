package crd

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	structuralschema "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/fairway-k8s/fairway/internal/apiserver"
	"github.com/fairway-k8s/fairway/internal/source"
)

// report collects the problems of one object.
type report struct {
	root     source.Node
	origin   string
	problems []Problem
	// renamed are the fields that unknown fields were probably meant to be.
	renamed []string
}

func (r *report) add(p Problem) {
	if !slices.ContainsFunc(r.problems, func(q Problem) bool { return q.Rule == p.Rule && q.Field == p.Field && q.Message == p.Message }) {
		r.problems = append(r.problems, p)
	}
}

func (r *report) sorted() []Problem {
	slices.SortFunc(r.problems, byPlace)
	return r.problems
}

// place is where a path of the API server's leads.
type place struct {
	entry source.Entry // the deepest that exists
	path  source.Path
	found bool // the entry is the one that the path names
}

// node returns what to point at: a scalar, or the key of a mapping or list.
func (p place) node() source.Node {
	if n := p.entry.Value; !p.entry.Key.IsZero() && (n.Kind() != source.Scalar || n.IsEmpty()) {
		return p.entry.Key
	}
	return p.entry.Value
}

// locate finds the place of a field path from the API server's code for custom resources. It joins names with dots without
// saying which dots belong to a name, as in metadata.annotations.example.com/a: what the document has decides.
func locate(root source.Node, field string) place {
	at := place{entry: source.Entry{Value: root}, found: true}
	for rest := field; rest != ""; {
		var within source.Node
		if at.found {
			within = at.entry.Value
		}
		step, n := nextStep(within, rest)
		rest = strings.TrimPrefix(rest[n:], ".")
		at.path = append(at.path, step)
		if at.found {
			if e, ok := at.entry.Value.Find(source.Path{step}); ok {
				at.entry = e
			} else {
				at.found = false
			}
		}
	}
	return at
}

// nextStep reads one step off a path that goes down from n, and returns its length.
func nextStep(n source.Node, rest string) (source.Step, int) {
	n = n.Resolve()
	if rest[0] == '[' {
		end := strings.IndexByte(rest, ']')
		if end < 0 {
			end = len(rest) - 1
		}
		in := rest[1:end]
		if i, err := strconv.Atoi(in); err == nil && n.Kind() != source.Mapping {
			return source.Step{Index: i}, end + 1
		}
		if key, err := strconv.Unquote(in); err == nil {
			in = key
		}
		return source.Step{Key: in}, end + 1
	}
	end := strings.IndexAny(rest, ".[")
	if end < 0 {
		end = len(rest)
	}
	best := rest[:end]
	for e := range n.Entries() {
		key := e.Key.Text()
		if after, ok := strings.CutPrefix(rest, key); ok && len(key) > len(best) && (after == "" || after[0] == '.' || after[0] == '[') {
			best = key
		}
	}
	return source.Step{Key: best}, len(best)
}

// fieldErrors files what validation found. Complaints about the lack of a field that was only misspelled are left out, and so is
// what follows from a value of the wrong type.
func (r *report) fieldErrors(errs field.ErrorList) {
	var wrong []string
	for _, e := range errs {
		if e.Type == field.ErrorTypeTypeInvalid {
			wrong = append(wrong, e.Field)
		}
	}
	for _, e := range errs {
		if e.Type != field.ErrorTypeTypeInvalid && slices.ContainsFunc(wrong, func(w string) bool { return e.Field == w }) {
			continue
		}
		r.fieldError(e)
	}
}

var (
	// valueInBody is how kube-openapi begins: spec.a in body must be of type integer: "string".
	valueInBody = regexp.MustCompile(`^\S* ?in body `)
	mustBeType  = regexp.MustCompile(`^must be of type ([a-z,]+)(?:: "?([a-z]+)"?)?$`)
)

func (r *report) fieldError(e *field.Error) {
	at := locate(r.root, strings.TrimPrefix(e.Field, "<nil>"))
	if e.Type == field.ErrorTypeRequired && slices.Contains(r.renamed, at.path.String()) {
		return
	}
	clean := *e
	clean.Field = at.path.String()
	clean.Detail = valueInBody.ReplaceAllString(clean.Detail, "")
	if m := mustBeType.FindStringSubmatch(clean.Detail); m != nil {
		clean.Detail = "it must be " + article(m[1])
		if m[2] != "" {
			clean.Detail += ", not " + article(m[2])
		}
	}
	p := apiserver.ProblemOf(&clean, r.root)
	p.Field, p.Node = at.path.String(), at.node()
	r.add(p)
}

// article names JSON types as a reader of YAML does.
func article(types string) string {
	names := map[string]string{"object": "a mapping", "array": "a list", "string": "a string", "integer": "a whole number",
		"number": "a number", "boolean": "true or false", "null": "null"}
	var out []string
	for t := range strings.SplitSeq(types, ",") {
		if name, ok := names[t]; ok {
			t = name
		}
		out = append(out, t)
	}
	return strings.Join(out, " or ")
}

// unknown reports a field that the schema does not have.
func (r *report) unknown(path string, s *structuralschema.Structural) {
	at := locate(r.root, path)
	var names []string
	if in := schemaAt(s, at.path[:len(at.path)-1]); in != nil {
		names = sortedKeys(in.Properties)
		if in.XEmbeddedResource || len(at.path) == 1 {
			names = append(names, "apiVersion", "kind", "metadata")
		}
	}
	r.unknownAmong(at, names)
}

// metaFields are the fields of metadata that people write.
var metaFields = []string{"annotations", "finalizers", "generateName", "labels", "name", "namespace", "ownerReferences"}

// unknownMeta reports a field that metadata does not have.
func (r *report) unknownMeta(path string) { r.unknownAmong(locate(r.root, path), metaFields) }

func (r *report) unknownAmong(at place, names []string) {
	name := at.path[len(at.path)-1].Key
	holder := "this kind"
	if len(at.path) > 1 {
		holder = at.path[:len(at.path)-1].String()
	}
	p := Problem{Rule: apiserver.UnknownField, Field: at.path.String(), Node: at.entry.Key,
		Message: fmt.Sprintf("%s is not a field of %s%s (unknown field %q)", name, holder, r.origin, at.path)}
	if p.Node.IsZero() {
		p.Node = at.entry.Value
	}
	if best, _ := apiserver.Nearest(name, names); best != "" {
		p.Suggestion = "did you mean " + best + "?"
		p.Fix = []source.Change{{Op: source.Rename, Path: at.path, Value: source.String(best)}}
		meant := slices.Clone(at.path)
		meant[len(meant)-1].Key = best
		r.renamed = append(r.renamed, meant.String())
	}
	r.add(p)
}

// schemaAt returns the schema of what path leads to, nil when there is none.
func schemaAt(s *structuralschema.Structural, path source.Path) *structuralschema.Structural {
	for _, step := range path {
		if s == nil {
			return nil
		}
		if p, ok := s.Properties[step.Key]; ok && step.Key != "" {
			s = &p
			continue
		}
		switch {
		case s.Items != nil:
			s = s.Items
		case s.AdditionalProperties != nil:
			s = s.AdditionalProperties.Structural
		default:
			return nil
		}
	}
	return s
}

// stringMaps reports labels and annotations that are not strings, and says whether all are.
func (r *report) stringMaps() bool {
	meta := r.root.Get("metadata").Resolve()
	ok := true
	for _, name := range []string{"labels", "annotations"} {
		for e := range meta.Get(name).Resolve().Entries() {
			v := e.Value.Resolve()
			if e.Key.IsMergeKey() || v.Kind() == source.Scalar && (v.Type() == source.StringValue || v.Type() == source.NullValue) {
				continue
			}
			ok = false
			path := source.Path{{Key: "metadata"}, {Key: name}, {Key: e.Key.Text()}}
			p := Problem{Rule: apiserver.WrongType, Field: path.String(), Node: v,
				Message: fmt.Sprintf("%s of %s must be a string", e.Key.Text(), name)}
			if v.Kind() == source.Scalar {
				p.Suggestion = fmt.Sprintf("quote it: %q", v.Raw())
				p.Fix = []source.Change{{Op: source.Set, Path: path, Value: source.String(v.Raw())}}
			}
			r.add(p)
		}
	}
	return ok
}
