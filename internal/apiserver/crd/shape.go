package crd

import (
	"fmt"
	"strconv"
	"sync"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	structuralschema "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	schemavalidation "k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	"k8s.io/apiserver/pkg/cel/environment"
	"k8s.io/kube-openapi/pkg/validation/spec"

	"github.com/fairway-k8s/fairway/internal/source"
)

// shape is a schema in the forms that the API server's code wants.
type shape struct {
	structural *structuralschema.Structural // for defaulting, pruning and metadata
	// validator validates values. It panics on a schema that it cannot be made of.
	validator func() schemavalidation.SchemaValidator
}

func newShape(s *apiextensionsv1.JSONSchemaProps) (*shape, error) {
	in, err := internal(s)
	if err != nil {
		return nil, err
	}
	structural, err := structuralschema.NewStructural(in)
	if err != nil {
		return nil, err
	}
	return &shape{structural, sync.OnceValue(func() schemavalidation.SchemaValidator {
		openapi := new(spec.Schema)
		formats := schemavalidation.StripUnsupportedFormatsPostProcessorForVersion(environment.DefaultCompatibilityVersion())
		process := func(s *spec.Schema) error {
			s.UniqueItems = false // the API server refuses it in a definition: it takes time in the square of the list's length
			return formats(s)
		}
		if err := schemavalidation.ConvertJSONSchemaPropsWithPostProcess(in, openapi, process); err != nil {
			panic(err)
		}
		return schemavalidation.NewSchemaValidatorFromOpenAPI(openapi)
	})}, nil
}

func internal(s *apiextensionsv1.JSONSchemaProps) (*apiextensions.JSONSchemaProps, error) {
	out := new(apiextensions.JSONSchemaProps)
	return out, apiextensionsv1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(s, out, nil)
}

// wide is a whole schema as it is written.
type wide struct {
	root *apiextensionsv1.JSONSchemaProps
	*library
}

// library has what several schemas have in common. {"$ref":"n"} in them stands for the n-th of the shared ones: written out, an Argo
// Workflow's would be forty times as large.
type library struct {
	// shared are schemas that several others refer to; each refers to earlier ones only. nil for schemas that are written out.
	shared []func() *apiextensionsv1.JSONSchemaProps

	mu    sync.Mutex
	rules map[string][]*rules // by their text
}

// resolve returns what a schema stands for.
func (l *library) resolve(s *apiextensionsv1.JSONSchemaProps) *apiextensionsv1.JSONSchemaProps {
	if s.Ref == nil || l.shared == nil {
		return s
	}
	n, err := strconv.Atoi(*s.Ref)
	if err != nil || n < 0 || n >= len(l.shared) {
		panic(fmt.Sprintf("embedded schemas: there is no definition %q", *s.Ref))
	}
	return l.shared[n]()
}

// at returns the schema of what path leads to, nil when there is none.
func (w *wide) at(path source.Path) *apiextensionsv1.JSONSchemaProps {
	if w == nil {
		return nil
	}
	s := w.resolve(w.root)
	for _, step := range path {
		if p, ok := s.Properties[step.Key]; ok && step.Key != "" {
			s = w.resolve(&p)
		} else if v := below(s); v != nil {
			s = w.resolve(v)
		} else {
			return nil
		}
	}
	return s
}
