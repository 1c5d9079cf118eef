package crd

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	structuralschema "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/listtype"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/objectmeta"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	schemavalidation "k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	kjson "sigs.k8s.io/json"

	"github.com/fairway-k8s/fairway/internal/apiserver"
	"github.com/fairway-k8s/fairway/internal/source"
)

// Problem is one reason for which the API server would refuse an object.
type Problem = apiserver.Problem

// checker checks the objects of one kind in one version.
type checker struct {
	gvk        schema.GroupVersionKind
	namespaced bool
	status     bool // the status is a subresource: what a manifest says of it is dropped
	scale      *apiextensionsv1.CustomResourceSubresourceScale
	origin     string // see report
	schema     func() (*wide, error)

	mu       sync.RWMutex // of what follows
	expected []source.Node
	wide     *wide // nil before the first use
	part     *part
	shape    *shape // of part
}

// Check says what the API server would say of a custom resource. known is false when there is no usable schema of its kind; see
// Missing. Problems are in the order of the document. Where the input holds several definitions that may count, a problem is what all of
// them say.
func (s *Schemas) Check(root source.Node) (problems []Problem, known bool) {
	root = root.Resolve()
	gvk, ok := gvkOf(root)
	if !ok {
		return nil, false
	}
	all, _ := s.checkersFor(gvk, root)
	for i, c := range all {
		found := c.check(root)
		if i == 0 {
			problems = found
			continue
		}
		problems = slices.DeleteFunc(problems, func(p Problem) bool {
			return !slices.ContainsFunc(found, func(q Problem) bool { return p.Rule == q.Rule && p.Field == q.Field && p.Message == q.Message })
		})
	}
	return problems, len(all) > 0
}

// check runs the steps of the API server in its order: read, default, prune, validate (customresource_handler.go and
// registry/customresource/strategy.go of k8s.io/apiextensions-apiserver v0.36).
func (c *checker) check(root source.Node) (problems []Problem) {
	r := report{root: root, origin: c.origin}
	defer func() {
		if p := recover(); p != nil {
			r.add(Problem{Rule: apiserver.Unjudged, Node: root,
				Message: fmt.Sprintf("this %s could not be judged: Kubernetes' own code failed on it (%v)", c.gvk.Kind, p)})
		}
		problems = r.sorted()
	}()
	obj, err := readObject(root)
	c.mu.RLock()
	defer c.mu.RUnlock()
	var part *part
	var shape *shape
	if err == nil {
		if c.status {
			delete(obj, "status")
		}
		part, shape, err = c.shapeFor(obj)
	}
	if err != nil {
		r.add(Problem{Rule: apiserver.Unjudged, Node: root, Message: fmt.Sprintf("this %s could not be judged: %v", c.gvk.Kind, err)})
		return nil
	}
	r.schema = c.wide
	meta, readable := c.metadata(obj, &r)
	defaulting.Default(obj, shape.structural)
	unknown := pruning.PruneWithOptions(obj, shape.structural, true, structuralschema.UnknownFieldPathOptions{TrackUnknownFieldPaths: true})
	defaulting.PruneNonNullableNullsWithoutDefaults(obj, shape.structural)
	fieldErr, more := objectmeta.CoerceWithOptions(nil, obj, shape.structural, false, objectmeta.CoerceOptions{ReturnUnknownFieldPaths: true})
	unknown = append(unknown, more...)
	for _, path := range unknown[:min(len(unknown), apiserver.MaxProblems)] {
		r.unknown(path)
	}
	r.more(len(unknown) - apiserver.MaxProblems)
	if fieldErr != nil {
		r.fieldError(fieldErr)
		return nil
	}

	if readable && meta != nil {
		r.fieldErrors(apivalidation.ValidateObjectMetaAccessor(meta, c.namespaced, apivalidation.NameIsDNSSubdomain, field.NewPath("metadata")))
	}
	var errs field.ErrorList
	if !part.fits(obj) {
		errs = shape.validate(obj, &r)
	}
	errs = append(errs, c.replicas(obj)...)
	errs = append(errs, objectmeta.Validate(nil, obj, shape.structural, false)...)
	errs = append(errs, listtype.ValidateListSetsAndMaps(nil, shape.structural, obj)...)
	if number := endlessIn(obj); number != "" && part.ruled {
		r.add(Problem{Rule: apiserver.Unjudged, Node: root,
			Message: fmt.Sprintf("the rules of this %s were not run: the number %.60s is too large for them", c.gvk.Kind, number)})
	} else if !blocking(errs) {
		more, _ := c.wide.check(context.Background(), part, nil, obj, celconfig.RuntimeCELCostBudget)
		errs = append(errs, more...)
	}
	r.fieldErrors(errs)
	return nil
}

// validate runs the validation of the schema. The API server's code compares every error with every other one, which takes minutes for
// 50,000; an object of that size is first looked at in part, and when errors abound there, they are all that is said.
func (s *shape) validate(obj map[string]any, r *report) field.ErrorList {
	if large(obj) {
		errs := schemavalidation.ValidateCustomResource(nil, partOf(obj), s.validator())
		errs = slices.DeleteFunc(errs, func(e *field.Error) bool { return e.Type == field.ErrorTypeRequired }) // it may have been left out
		if len(errs) > apiserver.MaxProblems/10 {
			r.abound()
			return errs
		}
	}
	return schemavalidation.ValidateCustomResource(nil, obj, s.validator())
}

// manyEntries is from how many entries on a mapping or list is looked at in part.
const manyEntries = 2000

// large reports whether a value has a mapping or list with many entries.
func large(value any) bool {
	switch value := value.(type) {
	case map[string]any:
		if len(value) > manyEntries {
			return true
		}
		for _, v := range value {
			if large(v) {
				return true
			}
		}
	case []any:
		return len(value) > manyEntries || slices.ContainsFunc(value, large)
	}
	return false
}

// partOf returns a value with entries left out of its large mappings, evenly, and of its large lists, at the end, so that the others
// keep their indices.
func partOf(value any) any {
	switch value := value.(type) {
	case map[string]any:
		out := make(map[string]any, min(len(value), manyEntries))
		keys := sortedKeys(value)
		for i := 0; i < len(keys); i += max(1, len(keys)/manyEntries) {
			out[keys[i]] = partOf(value[keys[i]])
		}
		return out
	case []any:
		out := make([]any, min(len(value), manyEntries))
		for i := range out {
			out[i] = partOf(value[i])
		}
		return out
	}
	return value
}

// readObject returns the object as the API server would read it.
func readObject(root source.Node) (map[string]any, error) {
	text, err := root.AppendJSON(nil)
	if err != nil {
		return nil, err
	}
	var obj map[string]any
	return obj, kjson.UnmarshalCaseSensitivePreserveInts(text, &obj)
}

// metadata reports what is wrong with the metadata as such, and returns it completed with what the API server would fill in.
// readable is false when values of the wrong type were in the way.
func (c *checker) metadata(obj map[string]any, r *report) (*unstructured.Unstructured, bool) {
	if !r.stringMaps() {
		delete(obj, "metadata")
		return nil, false
	}
	meta, found, unknown, err := objectmeta.GetObjectMetaWithOptions(obj, objectmeta.ObjectMetaOptions{ReturnUnknownFieldPaths: true})
	if err != nil {
		r.fieldError(field.TypeInvalid(field.NewPath("metadata"), nil, err.Error()))
		delete(obj, "metadata")
		return nil, false
	}
	for _, path := range unknown {
		r.unknownMeta(path)
	}
	if !found {
		obj["metadata"] = map[string]any{}
	} else if err := objectmeta.SetObjectMeta(obj, meta); err != nil {
		return nil, false
	}
	u := &unstructured.Unstructured{Object: obj}
	switch {
	case !c.namespaced:
		u.SetNamespace("")
	case u.GetNamespace() == "":
		u.SetNamespace("default")
	}
	if base := u.GetGenerateName(); base != "" && u.GetName() == "" {
		// k8s.io/apiserver/pkg/storage/names cuts the base so that five random letters end a name of 63.
		u.SetName(base[:min(len(base), 58)] + "x7k2v")
	}
	return u, true
}

// replicas checks the field that the scale subresource writes (customResourceValidator.ValidateScaleSpec).
func (c *checker) replicas(obj map[string]any) field.ErrorList {
	if c.scale == nil {
		return nil
	}
	path := strings.Split(strings.TrimPrefix(c.scale.SpecReplicasPath, "."), ".")
	n, _, err := unstructured.NestedInt64(obj, path...)
	at := field.NewPath(path[0], path[1:]...)
	switch {
	case err != nil:
		return field.ErrorList{field.Invalid(at, nil, "must be a whole number")}
	case n < 0:
		return field.ErrorList{field.Invalid(at, n, "should be a non-negative integer")}
	case n > math.MaxInt32:
		return field.ErrorList{field.Invalid(at, n, fmt.Sprintf("should be less than or equal to %d", math.MaxInt32))}
	}
	return nil
}

// blocking reports whether the API server would leave the CEL rules out (hasBlockingErr of its strategy).
func blocking(errs field.ErrorList) bool {
	return slices.ContainsFunc(errs, func(e *field.Error) bool {
		switch e.Type {
		case field.ErrorTypeNotSupported, field.ErrorTypeRequired, field.ErrorTypeTooLong, field.ErrorTypeTooMany, field.ErrorTypeTypeInvalid:
			return true
		}
		return false
	})
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// byPlace orders problems as they are in the document, and those of one place by field and message.
func byPlace(a, b Problem) int {
	return cmp.Or(cmp.Compare(a.Node.Span().Start, b.Node.Span().Start), cmp.Compare(a.Field, b.Field), cmp.Compare(a.Message, b.Message))
}
