package apiserver

import (
	"cmp"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/fairway-k8s/fairway/internal/source"
)

// problemOf turns what validation says into a problem with a place in the document.
func problemOf(e *field.Error, root source.Node) Problem {
	p := Problem{Rule: Invalid, Field: e.Field, Node: root}
	given := false
	path, err := source.ParsePath(refine(e))
	if err == nil {
		at, rest := root.Reach(path)
		p.Field, p.Node = path.String(), at.Value
		if at, ok := refused(at.Value, e); ok {
			path = append(path, source.Step{Key: at.Key.Text()})
			p.Field, p.Node = path.String(), at.Value
		}
		p.absent = len(rest) > 0
		given = len(rest) == 0 && at.Value.Kind() == source.Scalar && at.Value.Text() != "" && at.Value.Type() != source.NullValue
	}
	last := lastName(path)
	detail, value := e.Detail, badValue(e)
	switch e.Type {
	case field.ErrorTypeRequired:
		p.Rule = RequiredMissing
		p.Message = last + " is required"
		if given {
			// A job's restartPolicy: Always is refused in these words, as a job must state another than the default.
			p.Rule = UnsupportedValue
			p.Message = fmt.Sprintf("%s is not a value of %s here", p.Node.Raw(), last)
		}
	case field.ErrorTypeNotSupported:
		p.Rule = UnsupportedValue
		p.Message = fmt.Sprintf("%s is not a value of %s", cmp.Or(value, "this"), last)
		p.Suggestion, p.Fix = among(e, path)
	case field.ErrorTypeTypeInvalid:
		p.Rule = WrongType
		p.Message = last + " has the wrong type"
	case field.ErrorTypeForbidden:
		p.Message = last + " is not allowed here"
	case field.ErrorTypeDuplicate:
		p.Message = fmt.Sprintf("%s is given twice in %s", value, last)
	case field.ErrorTypeNotFound:
		p.Message = fmt.Sprintf("%s refers to %s, which is not there", last, value)
	case field.ErrorTypeInternal:
		p.Rule = Unjudged
		p.Message = last + " could not be judged"
	default:
		p.Message = last + " is refused"
		if value != "" {
			p.Message = fmt.Sprintf("%s cannot be %s", last, value)
		}
	}
	if p.Fix == nil && p.Rule != UnsupportedValue {
		if suggestion, fix := mend(e, path, root); suggestion != "" {
			p.Suggestion, p.Fix = suggestion, fix
		}
	}
	if detail != "" {
		p.Message += ": " + strings.TrimSuffix(detail, ".")
	}
	p.Message += " (" + e.Type.String() + ")"
	return p
}

// overLimit is how validation says that a request is above its limit. It names the resource but points at all requests.
var overLimit = regexp.MustCompile(`^must be (?:less than or )?equal to (\S+) limit`)

// refine returns the error's field, down to the resource it is about.
func refine(e *field.Error) string {
	if strings.HasSuffix(e.Field, ".requests") {
		if m := overLimit.FindStringSubmatch(e.Detail); m != nil {
			return e.Field + "[" + m[1] + "]"
		}
	}
	return e.Field
}

// refused finds the label or annotation whose value the error is about: validation points at all of them.
func refused(n source.Node, e *field.Error) (source.Entry, bool) {
	value, ok := e.BadValue.(string)
	if !ok || value == "" || !strings.HasSuffix(e.Field, "abels") && !strings.HasSuffix(e.Field, "annotations") {
		return source.Entry{}, false
	}
	for entry := range n.Resolve().Entries() {
		if entry.Value.Kind() == source.Scalar && entry.Value.Text() == value || entry.Key.Text() == value {
			return entry, true
		}
	}
	return source.Entry{}, false
}

// placeholders are what other tools or people fill in before the API server sees the object: ${NAME} (envsubst, Flux), $(name)
// (kustomize), {{name}}, <your name>, __NAME__, "...some text..." and YOUR-NAME.
var placeholders = regexp.MustCompile(`__[A-Z][A-Z0-9_]*__|^["']?\.\.\..*\.\.\.["']?$|\$\([\w.-]+\)|\$\{\w+[^}]*\}|\{\{[^}]*\}\}|<\w[^<>]*>|\b(YOUR|REPLACE)[-_][A-Z_-]*[A-Z]`)

// constant matches what is written like a constant, IMAGE_TAG. Where a number or a list has to be, or a field's name, a tool puts something
// else; as a text it may be meant: ISTIO_MUTUAL.
var constant = regexp.MustCompile(`^[A-Z][A-Z0-9]*(_[A-Z0-9]+)+$`)

// toReplace matches a comment that tells to put something else in the place of a value.
var toReplace = regexp.MustCompile(`(?i)\b(replace (this|it|me|with|the)|(change|fill in|fill|set|put) (this|your|me)|your own)\b`)

// numberWanted matches a word in capitals where a number has to be: containerPort: PORT.
var numberWanted = regexp.MustCompile(`^[A-Z][A-Z0-9_]{2,}$`)

// Placeholder turns a problem about a value that is not filled in yet into one that cannot be judged.
func (p *Problem) Placeholder() {
	if p.Rule == UnknownField && (p.Node.Kind() != source.Scalar || !constant.MatchString(p.Node.Text())) {
		return
	}
	m := ""
	switch p.Node.Kind() {
	case source.Scalar:
		if m = placeholders.FindString(p.Node.Raw()); m == "" && p.Rule != Invalid && p.Rule != UnsupportedValue {
			m = constant.FindString(p.Node.Text())
		}
		if m == "" && p.Rule == WrongType {
			m = numberWanted.FindString(p.Node.Text())
		}
		if m == "" && p.Rule == Invalid && p.Field == "metadata.name" {
			m = constant.FindString(p.Node.Text()) // no name is written so
		}
	case source.Sequence: // validation points at the list when one of its values is refused
		for _, item := range p.Node.Items() {
			if item.Kind() == source.Scalar && m == "" {
				m = placeholders.FindString(item.Raw())
			}
		}
	case source.Mapping: // labels and selectors
		m = placeholderIn(p.Node, 2)
	}
	if m == "" && p.Node.Kind() == source.Scalar && slices.ContainsFunc(p.Node.Remarks(), toReplace.MatchString) {
		m = "it"
	}
	if m != "" {
		*p = Problem{Rule: Unjudged, Field: p.Field, Node: p.Node,
			Message: "this cannot be judged before " + m + " is filled in"}
	}
}

// lastName returns what to call the field that path leads to.
func lastName(path source.Path) string {
	for i := len(path) - 1; i >= 0; i-- {
		if s := path[i]; s.Key != "" {
			if i == len(path)-1 {
				return s.Key
			}
			return "an item of " + s.Key
		}
	}
	return "the object"
}

// badValue returns the value that was refused when it is a scalar, as a message shows it.
func badValue(e *field.Error) string {
	v := reflect.ValueOf(e.BadValue)
	for v.Kind() == reflect.Pointer && !v.IsNil() {
		v = v.Elem()
	}
	switch {
	case v.Kind() == reflect.String:
		return abbreviate(strconv.Quote(v.String()))
	case v.CanInt(), v.CanUint(), v.CanFloat(), v.Kind() == reflect.Bool:
		return fmt.Sprint(v.Interface())
	}
	if s, ok := e.BadValue.(fmt.Stringer); ok && v.Kind() == reflect.Struct {
		return abbreviate(s.String())
	}
	return ""
}

var quoted = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)

// among suggests one of the values that a field supports, with a change when only the spelling was wrong.
func among(e *field.Error, path source.Path) (string, []source.Change) {
	_, list, _ := strings.Cut(e.Detail, "supported values: ")
	values := quoted.FindAllString(list, -1)
	for i, v := range values {
		values[i], _ = strconv.Unquote(v)
	}
	v := reflect.ValueOf(e.BadValue)
	for v.Kind() == reflect.Pointer && !v.IsNil() {
		v = v.Elem()
	}
	if v.Kind() != reflect.String || v.String() == "" {
		return "", nil
	}
	best, distance := nearest(v.String(), values)
	if best == "" {
		return "", nil
	}
	var fix []source.Change
	if distance <= 1 && len(path) > 0 {
		fix = []source.Change{{Op: source.Set, Path: path, Value: source.String(best)}}
	}
	return "did you mean " + best + "?", fix
}

// explains reports whether p says no more than what is known from reading the document: it is about a value that could not be
// read, or about the lack of a field that was misspelled.
func (d *decoder) explains(p Problem) bool {
	for i := range d.problems {
		q := &d.problems[i]
		switch {
		case q.Rule == UnknownField:
			if p.Rule == RequiredMissing && p.Field == q.meant {
				return true
			}
		case strings.HasSuffix(q.Field, ".port") && p.Field == strings.TrimSuffix(q.Field, "port")+"targetPort":
			return true // a Service's targetPort is its port when nothing is said
		case within(p.Field, q.Field), within(q.Field, p.Field) && p.Rule == RequiredMissing, q.scope != "" && within(p.Field, q.scope):
			return true
		}
	}
	return false
}

// within reports whether field path inner is outer or below it.
func within(inner, outer string) bool {
	rest, ok := strings.CutPrefix(inner, outer)
	return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
}

// placeholderIn returns a placeholder among the keys and values of a mapping that holds nothing but texts, and such mappings to a depth.
func placeholderIn(n source.Node, depth int) (found string) {
	for e := range n.Entries() {
		if k := constant.FindString(e.Key.Text()); k != "" { // a tool puts something else in the place of the entry
			return k
		}
		m := ""
		switch v := e.Value.Resolve(); {
		case v.Kind() == source.Scalar:
			m = placeholders.FindString(v.Raw())
		case v.Kind() == source.Mapping && depth > 1:
			m = placeholderIn(v, depth-1)
		default:
			return ""
		}
		if found == "" {
			found = m
		}
	}
	return found
}

// scaleToZero leaves a minimum of no pods open where a metric counts work from outside: whether the API server takes it depends on the
// feature gate HPAScaleToZero, which is alpha in Kubernetes 1.36 (pkg/features/kube_features.go) and which some switch on.
func (p *Problem) scaleToZero(root source.Node, k typeName) {
	if k.kind != "HorizontalPodAutoscaler" || p.Rule != Invalid || p.Field != "spec.minReplicas" || p.Node.Text() != "0" {
		return
	}
	for _, m := range root.Get("spec").Resolve().Get("metrics").Resolve().Items() {
		if t := m.Resolve().Get("type").Resolve().Text(); t == "External" || t == "Object" {
			*p = Problem{Rule: Unjudged, Field: p.Field, Node: p.Node,
				Message: "whether the feature gate HPAScaleToZero is on; without it minReplicas must be 1 or more"}
			return
		}
	}
}
