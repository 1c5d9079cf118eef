package crd

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/fairway-k8s/fairway/internal/apiserver"
	"github.com/fairway-k8s/fairway/internal/source"
)

// report collects the problems of one object.
type report struct {
	root   source.Node
	schema *wide // nil for definitions
	// origin names the release that a schema is from: "istio v1.31.4"; "" for schemas of the input.
	origin   string
	problems []Problem
	untold   int // problems that are not among them
	// renamed are the fields that unknown fields were probably meant to be.
	renamed []string
}

// add files a problem, once. The release of the schema is put behind what the API server calls the problem.
func (r *report) add(p Problem) {
	if r.origin != "" {
		p.Message = strings.TrimSuffix(p.Message, ")") + ", " + r.origin + ")"
	}
	if !slices.ContainsFunc(r.problems, func(q Problem) bool { return q.Rule == p.Rule && q.Field == p.Field && q.Message == p.Message }) {
		r.problems = append(r.problems, p)
	}
}

// more says that n problems are not told, if there are any.
func (r *report) more(n int) {
	if n > 0 {
		r.untold += n
		r.add(apiserver.More(r.root, n))
	}
}

// abound says that there are many more problems, nobody knows how many.
func (r *report) abound() {
	r.untold = math.MaxInt32
	r.add(Problem{Rule: apiserver.Invalid, Node: r.root, Message: "many more problems of this object are not listed; mend these first"})
}

func (r *report) sorted() []Problem {
	for i := range r.problems {
		r.problems[i].Placeholder()
		if apiserver.Untold(r.untold) {
			r.problems[i].Fix = nil
		}
	}
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
	if n := len(errs) - apiserver.MaxProblems; n > 0 {
		r.more(n)
		errs = errs[:apiserver.MaxProblems]
	}
	var wrong []string
	for _, e := range errs {
		if e.Type == field.ErrorTypeTypeInvalid {
			wrong = append(wrong, e.Field)
		}
	}
	for _, e := range errs {
		if composed := compositionOf(e); composed != "" {
			// The errors inside say why no alternative fits.
			if slices.ContainsFunc(errs, func(o *field.Error) bool { return compositionOf(o) == "" && within(o.Field, composed) }) {
				continue
			}
		} else if e.Type != field.ErrorTypeTypeInvalid && slices.Contains(wrong, e.Field) {
			continue
		}
		r.fieldError(e)
	}
}

var (
	// inBody is how kube-openapi begins: "spec.a in body must be of type integer".
	inBody     = regexp.MustCompile(`^\S* ?in body `)
	mustBeType = regexp.MustCompile(`^must be of type ((?:object|array|string|integer|number|boolean|null|,)+)(?:: "?([a-z]+)"?)?$`)
	// composition is how it complains about allOf, anyOf, oneOf and not; the path is not in the error, only in its text.
	composition = regexp.MustCompile(`^"([^"]*)" must (?:not )?validate `)
)

// compositionOf returns the path that a complaint about allOf, anyOf, oneOf or not is about, "" for other errors.
func compositionOf(e *field.Error) string {
	if m := composition.FindStringSubmatch(inBody.ReplaceAllString(e.Detail, "")); m != nil {
		return m[1]
	}
	return ""
}

// within reports whether field path inner is outer or below it.
func within(inner, outer string) bool {
	rest, ok := strings.CutPrefix(inner, outer)
	return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
}

func (r *report) fieldError(e *field.Error) {
	e = new(*e)
	e.Field = strings.TrimPrefix(e.Field, "<nil>")
	e.Detail = inBody.ReplaceAllString(e.Detail, "")
	composed := compositionOf(e)
	if composed != "" {
		e.Field, e.BadValue = composed, field.OmitValueType{}
	}
	at := locate(r.root, e.Field)
	if e.Type == field.ErrorTypeRequired && slices.Contains(r.renamed, at.path.String()) {
		return
	}
	e.Field = at.path.String()
	p := apiserver.ProblemOf(e, r.root)
	p.Field, p.Node = at.path.String(), at.node()
	if n := at.entry.Value.Resolve(); n.Kind() != source.Scalar && p.Rule == apiserver.Invalid {
		// For what is not a scalar the value is a count or a type, which the detail says better.
		p.Message = fmt.Sprintf("%s is refused: %s (%s)", lastName(at.path), e.Detail, e.Type)
		if e.Type == field.ErrorTypeDuplicate {
			p.Message = fmt.Sprintf("%s is there twice%s (%s)", lastName(at.path), keysOf(e.BadValue), e.Type)
		}
	}
	switch {
	case e.Type == field.ErrorTypeTypeInvalid:
		if m := mustBeType.FindStringSubmatch(e.Detail); m != nil {
			r.wrongType(&p, at, m[1], m[2])
		} else if _, format, ok := strings.Cut(e.Detail, "must be of type "); ok {
			format, _, _ = strings.Cut(format, ":")
			p.Rule = apiserver.Invalid
			p.Message = fmt.Sprintf("%s is not a valid %s (Invalid value)", lastName(at.path), format)
		}
	case e.Type == field.ErrorTypeNotSupported && p.Suggestion == "":
		p.Suggestion = containing(e)
	case composed != "":
		if choice := r.choice(at); choice != "" {
			p.Message = choice + " (Invalid value)"
		}
	}
	r.add(p)
}

// wrongType says which type a value must have, and how to write it when it only needs other quotes.
func (r *report) wrongType(p *Problem, at place, want, got string) {
	p.Message = fmt.Sprintf("%s must be %s", lastName(at.path), article(want))
	if got != "" {
		p.Message += ", not " + article(got)
	}
	p.Message += " (Invalid value)"
	v := at.entry.Value.Resolve()
	if !at.found || v.Kind() != source.Scalar {
		return
	}
	text := v.Text()
	var value source.Value
	switch i, err := strconv.ParseInt(text, 10, 64); {
	case want == "string":
		p.Suggestion, value = fmt.Sprintf("quote it: %q", v.Raw()), source.String(v.Raw())
	case want == "integer" && err == nil:
		p.Suggestion, value = "write it without quotes: "+text, source.Int(i)
	case want == "boolean" && (text == "true" || text == "false"):
		p.Suggestion, value = "write it without quotes: "+text, source.Bool(text == "true")
	default:
		return
	}
	p.Fix = []source.Change{{Op: source.Set, Path: at.path, Value: value}}
}

// keysOf shows the keys by which a list tells its items apart.
func keysOf(v any) string {
	m, ok := v.(map[string]any)
	if !ok {
		return ""
	}
	var out []string
	for _, k := range sortedKeys(m) {
		out = append(out, fmt.Sprintf("%s %v", k, m[k]))
	}
	return ": " + strings.Join(out, ", ")
}

// containing suggests the one supported value that contains what was written: Prefix, of which PathPrefix is the whole name.
func containing(e *field.Error) string {
	given, _ := e.BadValue.(string)
	_, list, _ := strings.Cut(e.Detail, "supported values: ")
	if len(given) < 3 {
		return ""
	}
	var found []string
	for v := range strings.SplitSeq(list, ", ") {
		if v = strings.Trim(v, `"`); strings.Contains(strings.ToLower(v), strings.ToLower(given)) {
			found = append(found, v)
		}
	}
	if len(found) != 1 {
		return ""
	}
	return "did you mean " + found[0] + "?"
}

// choice explains a schema of which exactly one alternative must fit, as most say: of these fields, one.
func (r *report) choice(at place) string {
	s := r.schema.at(at.path)
	if s == nil {
		return ""
	}
	var names, given []string
	for i := range s.OneOf {
		names = append(names, s.OneOf[i].Required...)
	}
	slices.Sort(names)
	names = slices.Compact(names)
	for _, name := range names {
		if !at.entry.Value.Get(name).IsZero() {
			given = append(given, name)
		}
	}
	if len(names) < 2 {
		return ""
	}
	switch len(given) {
	case 0:
		return "one of " + strings.Join(names, ", ") + " is required"
	case 1:
		return ""
	}
	return "only one of " + strings.Join(names, ", ") + " can be set, not " + strings.Join(given, " and ")
}

// lastName returns what to call the field that path leads to.
func lastName(path source.Path) string {
	for i := len(path) - 1; i >= 0; i-- {
		if key := path[i].Key; key != "" {
			if i < len(path)-1 {
				return "an item of " + key
			}
			return key
		}
	}
	return "the object"
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
func (r *report) unknown(path string) {
	at := locate(r.root, path)
	parent := at.path[:len(at.path)-1]
	var names []string
	switch in := r.schema.at(parent); {
	case in != nil && len(in.Properties) > 0:
		names = sortedKeys(in.Properties)
		if in.XEmbeddedResource || len(parent) == 0 {
			names = append(names, "apiVersion", "kind", "metadata")
		}
	case len(parent) > 0 && parent[len(parent)-1].Key == "metadata":
		names = metaFields
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
		Message: fmt.Sprintf("%s is not a field of %s (unknown field %q)", name, holder, at.path)}
	if p.Node.IsZero() {
		p.Node = at.entry.Value
	}
	if best, _ := apiserver.Nearest(name, names); best != "" {
		p.Suggestion = "did you mean " + best + "?"
		p.Fix = []source.Change{{Op: source.Rename, Path: at.path, Value: source.String(best)}}
		meant := slices.Clone(at.path)
		meant[len(meant)-1].Key = best
		r.renamed = append(r.renamed, meant.String())
	} else if where := r.elsewhere(at.path); where != "" {
		p.Suggestion = fmt.Sprintf("%s belongs to %s", name, where)
	} else if r.origin != "" {
		// Other releases have other fields. What is near to a known name, or has its place elsewhere, is wrong in all of them.
		p = Problem{Rule: apiserver.Unjudged, Field: p.Field, Node: p.Node,
			Message: fmt.Sprintf("whether your release has the field %s of %s, which %s has not", name, holder, r.origin)}
		r.problems = append(r.problems, p)
		return
	}
	r.add(p)
}

// elsewhere returns the place near an unknown field that has a field of its name: something it is inside of, nearest first, or the
// only mapping beside it that has.
func (r *report) elsewhere(path source.Path) string {
	name := path[len(path)-1].Key
	if slices.Contains(everywhere, name) {
		return ""
	}
	for i := len(path) - 1; i >= 0; i-- {
		s := r.schema.at(path[:i])
		if s == nil {
			continue
		}
		if _, ok := s.Properties[name]; ok && i < len(path)-1 {
			if i == 0 {
				return "the top level of the object"
			}
			return path[:i].String()
		}
		var beside []string
		for sub, p := range s.Properties {
			if _, ok := r.schema.resolve(&p).Properties[name]; ok && sub != "status" && (i == len(path)-1 || sub != path[i].Key) {
				beside = append(beside, sub)
			}
		}
		if len(beside) == 1 {
			return append(slices.Clone(path[:i]), source.Step{Key: beside[0]}).String()
		}
	}
	return ""
}

// everywhere are names that so many mappings have that meeting them elsewhere means nothing.
var everywhere = []string{"name", "namespace", "kind", "apiVersion", "type", "value", "key", "path", "port", "labels", "annotations", "status"}

// stringMaps reports labels and annotations that are not strings, and says whether all are.
func (r *report) stringMaps() bool {
	meta := r.root.Get("metadata").Resolve()
	ok, untold := true, 0
	for _, name := range []string{"labels", "annotations"} {
		for e := range meta.Get(name).Resolve().Entries() {
			v := e.Value.Resolve()
			if e.Key.IsMergeKey() || v.Kind() == source.Scalar && (v.Type() == source.StringValue || v.Type() == source.NullValue) {
				continue
			}
			ok = false
			if len(r.problems) >= apiserver.MaxProblems {
				untold++
				continue
			}
			path := source.Path{{Key: "metadata"}, {Key: name}, {Key: e.Key.Text()}}
			p := Problem{Rule: apiserver.WrongType, Field: path.String(), Node: v,
				Message: fmt.Sprintf("%s of %s must be a string (Invalid value)", e.Key.Text(), name)}
			if v.Kind() == source.Scalar {
				p.Suggestion = fmt.Sprintf("quote it: %q", v.Raw())
				p.Fix = []source.Change{{Op: source.Set, Path: path, Value: source.String(v.Raw())}}
			}
			r.add(p)
		}
	}
	r.more(untold)
	return ok
}
