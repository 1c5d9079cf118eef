package crd

import (
	"fmt"
	"strconv"
	"strings"
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
	shared []*sharedSchema // nil for schemas that are written out

	mu    sync.Mutex
	rules map[string][]*rules // by their text
}

// sharedSchema is a schema that several others refer to. It refers to earlier ones only.
type sharedSchema struct {
	schema func() *apiextensionsv1.JSONSchemaProps

	once sync.Once
	bare *structuralschema.Structural
	err  error
}

// resolve returns what a schema stands for.
func (l *library) resolve(s *apiextensionsv1.JSONSchemaProps) *apiextensionsv1.JSONSchemaProps {
	if s.Ref == nil || l.shared == nil {
		return s
	}
	return l.reference(*s.Ref).schema()
}

func (l *library) reference(number string) *sharedSchema {
	n, err := strconv.Atoi(number)
	if err != nil || n < 0 || n >= len(l.shared) {
		panic(fmt.Sprintf("embedded schemas: there is no definition %q", number))
	}
	return l.shared[n]
}

// structural returns the form of a schema that rules are compiled against. Shared schemas in it are not in their places yet.
func (l *library) structural(s *apiextensionsv1.JSONSchemaProps) (*structuralschema.Structural, error) {
	in, err := internal(s)
	if err != nil {
		return nil, err
	}
	if l.shared != nil {
		markReferences(in)
	}
	return structuralschema.NewStructural(in)
}

// mark begins the title of a schema that stands for a shared one, whose number follows. No title of a project does.
const mark = "\x00shared "

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

// strip takes the rules out of a schema and puts shared ones in their places.
func (l *library) strip(s *structuralschema.Structural) error {
	if number, ok := strings.CutPrefix(s.Title, mark); ok && l.shared != nil {
		m := l.reference(number)
		m.once.Do(func() {
			if m.bare, m.err = l.structural(m.schema()); m.err == nil {
				m.err = l.strip(m.bare)
			}
		})
		if m.err == nil {
			*s = *m.bare
		}
		return m.err
	}
	s.XValidations = nil
	if v := s.ValueValidation; v != nil && len(v.AllOf) > 0 {
		w := *v
		w.AllOf = nil
		s.ValueValidation = &w
	}
	for name, p := range s.Properties {
		if err := l.strip(&p); err != nil {
			return err
		}
		s.Properties[name] = p
	}
	if s.Items != nil {
		if err := l.strip(s.Items); err != nil {
			return err
		}
	}
	if a := s.AdditionalProperties; a != nil && a.Structural != nil {
		return l.strip(a.Structural)
	}
	return nil
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
