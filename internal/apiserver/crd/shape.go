package crd

import (
	"fmt"
	"strconv"
	"strings"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	structuralschema "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	schemavalidation "k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	"k8s.io/apiserver/pkg/cel/environment"
	"k8s.io/kube-openapi/pkg/validation/spec"
)

// shape is a schema in the forms that the API server's code wants. Shapes share what they have in common and never change:
// written out, an Argo Workflow's schema would be forty times as large.
type shape struct {
	structural *structuralschema.Structural // for defaulting, pruning and metadata
	bare       *structuralschema.Structural // without rules, for compiling them
	openapi    *spec.Schema                 // for validation
	rules      *rules                       // nil when there are none
}

// mark begins the title of a schema that stands for a shared one, whose number follows. No title of a project does.
const mark = "\x00shape "

// newShape makes the forms of a schema that refers to shapes made before. root says that it is the schema of a whole object, whose rules may
// use its name.
func newShape(s *apiextensions.JSONSchemaProps, root bool, shared []*shape) (*shape, error) {
	if shared != nil {
		markReferences(s)
	}
	var out shape
	var err error
	if out.structural, err = structuralschema.NewStructural(s); err != nil {
		return nil, err
	}
	ruled := shared != nil || hasRules(out.structural)
	if out.bare = out.structural; ruled {
		out.bare = withoutRules(out.structural)
	}
	out.openapi = new(spec.Schema)
	formats := schemavalidation.StripUnsupportedFormatsPostProcessorForVersion(environment.DefaultCompatibilityVersion())
	process := func(s *spec.Schema) error {
		s.UniqueItems = false // the API server refuses it in a definition: it takes time in the square of the list's length
		return formats(s)
	}
	if err := schemavalidation.ConvertJSONSchemaPropsWithPostProcess(s, out.openapi, process); err != nil {
		return nil, err
	}
	graft(out.bare, shared, func(s *shape) *structuralschema.Structural { return s.bare })
	if ruled {
		out.rules = rulesOf(out.structural, out.bare, root || out.structural.XEmbeddedResource, shared)
	}
	graft(out.structural, shared, func(s *shape) *structuralschema.Structural { return s.structural })
	graftOpenAPI(out.openapi, shared)
	return &out, nil
}

// markReferences turns {"$ref":"n"} into something that the API server's conversions let pass.
func markReferences(s *apiextensions.JSONSchemaProps) {
	if s.Ref != nil {
		*s = apiextensions.JSONSchemaProps{Type: "object", Title: mark + *s.Ref}
		return
	}
	for name, p := range s.Properties {
		markReferences(&p)
		s.Properties[name] = p
	}
	if s.Items != nil && s.Items.Schema != nil {
		markReferences(s.Items.Schema)
	}
	if s.AdditionalProperties != nil && s.AdditionalProperties.Schema != nil {
		markReferences(s.AdditionalProperties.Schema)
	}
}

// marked returns the shape that a title stands for, nil when it is an ordinary one.
func marked(title string, shared []*shape) *shape {
	if shared == nil || !strings.HasPrefix(title, mark) {
		return nil
	}
	n, err := strconv.Atoi(title[len(mark):])
	if err != nil || n >= len(shared) {
		panic(fmt.Sprintf("embedded schemas: there is no definition %q", title))
	}
	return shared[n]
}

// graft puts shared shapes in their places.
func graft(s *structuralschema.Structural, shared []*shape, form func(*shape) *structuralschema.Structural) {
	if shared == nil {
		return
	}
	for name, p := range s.Properties {
		if m := marked(p.Title, shared); m != nil {
			p = *form(m)
		} else {
			graft(&p, shared, form)
		}
		s.Properties[name] = p
	}
	put := func(p **structuralschema.Structural) {
		if m := marked((*p).Title, shared); m != nil {
			*p = form(m)
		} else {
			graft(*p, shared, form)
		}
	}
	if s.Items != nil {
		put(&s.Items)
	}
	if s.AdditionalProperties != nil && s.AdditionalProperties.Structural != nil {
		put(&s.AdditionalProperties.Structural)
	}
}

// graftOpenAPI is graft for the other form.
func graftOpenAPI(s *spec.Schema, shared []*shape) {
	if shared == nil {
		return
	}
	for name, p := range s.Properties {
		if m := marked(p.Title, shared); m != nil {
			p = *m.openapi
		} else {
			graftOpenAPI(&p, shared)
		}
		s.Properties[name] = p
	}
	put := func(p **spec.Schema) {
		if m := marked((*p).Title, shared); m != nil {
			*p = m.openapi
		} else {
			graftOpenAPI(*p, shared)
		}
	}
	if s.Items != nil && s.Items.Schema != nil {
		put(&s.Items.Schema)
	}
	if s.AdditionalProperties != nil && s.AdditionalProperties.Schema != nil {
		put(&s.AdditionalProperties.Schema)
	}
}
