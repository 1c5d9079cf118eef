package crd

import (
	"errors"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	structuralschema "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel/model"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"k8s.io/apiserver/pkg/cel/environment"

	"github.com/fairway-k8s/fairway/internal/apiserver"
	"github.com/fairway-k8s/fairway/internal/source"
)

// IsDefinition reports whether an object is a CustomResourceDefinition of apiextensions.k8s.io/v1.
func IsDefinition(root source.Node) bool {
	gvk, ok := gvkOf(root.Resolve())
	return ok && gvk == apiextensionsv1.SchemeGroupVersion.WithKind("CustomResourceDefinition")
}

// Add has objects of the kind that a CustomResourceDefinition defines checked against it; other objects are ignored. Definitions
// are to be added before the objects are checked. Of several definitions of one kind the nearest to an object counts.
func (s *Schemas) Add(root source.Node) {
	if !IsDefinition(root) {
		return
	}
	root = root.Resolve()
	gk := definedBy(root)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.added == nil {
		s.added, s.byRoot = map[schema.GroupKind][]*definition{}, map[source.Node]*definition{}
	}
	d := &definition{root: root}
	s.added[gk] = append(s.added[gk], d)
	s.byRoot[root] = d
	s.nearest, s.checkers = nil, nil
}

// schemaErrors says which schemas of a definition are not structural, and which of their rules do not compile.
func schemaErrors(def *apiextensions.CustomResourceDefinition) field.ErrorList {
	var errs field.ErrorList
	check := func(v *apiextensions.CustomResourceValidation, version int) {
		if v == nil || v.OpenAPIV3Schema == nil {
			return
		}
		path := field.NewPath("spec", "versions").Index(version).Child("schema", "openAPIV3Schema")
		s, err := structuralschema.NewStructural(v.OpenAPIV3Schema)
		if err != nil {
			errs = append(errs, field.Invalid(path, field.OmitValueType{}, err.Error()))
			return
		}
		if more := structuralschema.ValidateStructural(path, s); len(more) > 0 {
			errs = append(errs, more...)
			return
		}
		errs = append(errs, ruleErrors(path, s, true)...)
	}
	// What all versions have in common is kept once; it is reported for the first.
	check(def.Spec.Validation, 0)
	for i := range def.Spec.Versions {
		check(def.Spec.Versions[i].Schema, i)
	}
	return errs
}

// ruleErrors compiles the rules of a schema.
func ruleErrors(path *field.Path, s *structuralschema.Structural, root bool) field.ErrorList {
	var errs field.ErrorList
	if len(s.XValidations) > 0 {
		env := environment.MustBaseEnvSet(environment.DefaultCompatibilityVersion())
		results, err := cel.Compile(s, model.SchemaDeclType(s, root), celconfig.PerCallLimit, env, cel.NewExpressionsEnvLoader())
		if err != nil {
			errs = append(errs, field.Invalid(path.Child("x-kubernetes-validations"), field.OmitValueType{}, err.Error()))
		}
		for i, r := range results {
			at := path.Child("x-kubernetes-validations").Index(i)
			if r.Error != nil {
				errs = append(errs, field.Invalid(at.Child("rule"), s.XValidations[i].Rule, r.Error.Detail))
			}
			if r.MessageExpressionError != nil {
				errs = append(errs, field.Invalid(at.Child("messageExpression"), s.XValidations[i].MessageExpression, r.MessageExpressionError.Detail))
			}
		}
	}
	for _, name := range sortedKeys(s.Properties) {
		p := s.Properties[name]
		errs = append(errs, ruleErrors(path.Child("properties").Key(name), &p, p.XEmbeddedResource)...)
	}
	if s.Items != nil {
		errs = append(errs, ruleErrors(path.Child("items"), s.Items, s.Items.XEmbeddedResource)...)
	}
	if a := s.AdditionalProperties; a != nil && a.Structural != nil {
		errs = append(errs, ruleErrors(path.Child("additionalProperties"), a.Structural, a.Structural.XEmbeddedResource)...)
	}
	return errs
}

// nameErrors says what is wrong with names, scope and versions of a definition.
func nameErrors(def *apiextensionsv1.CustomResourceDefinition) field.ErrorList {
	var errs field.ErrorList
	spec := field.NewPath("spec")
	if want := def.Spec.Names.Plural + "." + def.Spec.Group; def.Name != want {
		errs = append(errs, field.Invalid(field.NewPath("metadata", "name"), def.Name, `must be spec.names.plural+"."+spec.group, `+want))
	}
	switch def.Spec.Scope {
	case apiextensionsv1.NamespaceScoped, apiextensionsv1.ClusterScoped:
	case "":
		errs = append(errs, field.Required(spec.Child("scope"), ""))
	default:
		errs = append(errs, field.NotSupported(spec.Child("scope"), def.Spec.Scope,
			[]apiextensionsv1.ResourceScope{apiextensionsv1.ClusterScoped, apiextensionsv1.NamespaceScoped}))
	}
	stored := 0
	for _, v := range def.Spec.Versions {
		if v.Storage {
			stored++
		}
	}
	if stored != 1 {
		errs = append(errs, field.Invalid(spec.Child("versions"), field.OmitValueType{}, "must have exactly one version marked as storage version"))
	}
	return errs
}

// CheckDefinition says what the API server would refuse of a CustomResourceDefinition: unknown fields and wrong types, its name,
// scope and stored version, schemas that are not structural, rules that do not compile. It does not call the API server's whole
// validation, which links clients for webhooks; a test compares the two. Problems are in the order of the document. A definition
// that was added is not read again.
func (s *Schemas) CheckDefinition(root source.Node) []Problem {
	r := report{root: root.Resolve()}
	d := s.definitionAt(r.root)
	d.read()
	r.problems = append(r.problems, d.problems...)
	if d.err != nil {
		return r.sorted()
	}
	errs := nameErrors(d.crd)
	if span := r.root.Span(); span.End-span.Start <= handWritten {
		def, err := d.internal()
		if err != nil {
			r.add(Problem{Rule: apiserver.Invalid, Node: r.root, Message: err.Error()})
			return r.sorted()
		}
		errs = append(errs, schemaErrors(def)...)
	}
	for _, e := range errs {
		r.fieldError(e)
	}
	return r.sorted()
}

// handWritten is the size in bytes above which a definition is taken for the output of a generator, whose schemas are structural and
// whose rules compile. Checking those as well would cost more than all other objects of a repository; an object of the kind still
// says when its schema cannot be used.
const handWritten = 64 << 10

// definitionAt returns what Add made of a definition, or makes it.
func (s *Schemas) definitionAt(root source.Node) *definition {
	s.mu.Lock()
	defer s.mu.Unlock()
	if d := s.byRoot[root]; d != nil {
		return d
	}
	return &definition{root: root}
}

// definedBy returns the kind that a definition defines.
func definedBy(root source.Node) schema.GroupKind {
	spec := root.Get("spec")
	return schema.GroupKind{Group: spec.Get("group").Text(), Kind: spec.Get("names").Get("kind").Text()}
}

// read decodes the definition, once.
func (d *definition) read() {
	d.once.Do(func() {
		read := apiserver.Check(d.root, apiserver.Options{})
		d.problems = read.Problems
		in, ok := read.Object.(*apiextensionsv1.CustomResourceDefinition)
		if !ok {
			d.err = errors.New("it is no CustomResourceDefinition of apiextensions.k8s.io/v1")
			return
		}
		for _, p := range read.Problems {
			if p.Rule != apiserver.UnknownField {
				d.err = errors.New(p.Message)
				return
			}
		}
		d.crd = in
	})
}

// internal returns the form in which the API server holds the definition. Making it takes as long as reading, and is seldom needed.
func (d *definition) internal() (*apiextensions.CustomResourceDefinition, error) {
	d.read()
	if d.err != nil {
		return nil, d.err
	}
	d.converted.Do(func() {
		out := new(apiextensions.CustomResourceDefinition)
		if d.failed = apiextensionsv1.Convert_v1_CustomResourceDefinition_To_apiextensions_CustomResourceDefinition(d.crd, out, nil); d.failed != nil {
			return
		}
		out.Status = apiextensions.CustomResourceDefinitionStatus{}
		for _, v := range out.Spec.Versions {
			if v.Storage {
				out.Status.StoredVersions = []string{v.Name}
				break
			}
		}
		d.held = out
	})
	return d.held, d.failed
}
