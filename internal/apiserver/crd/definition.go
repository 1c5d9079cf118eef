package crd

import (
	"fmt"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	structuralschema "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
	kjson "sigs.k8s.io/json"

	"github.com/fairway-k8s/fairway/internal/source"
)

// IsDefinition reports whether an object is a CustomResourceDefinition of apiextensions.k8s.io/v1.
func IsDefinition(root source.Node) bool {
	gvk, ok := gvkOf(root.Resolve())
	return ok && gvk == apiextensionsv1.SchemeGroupVersion.WithKind("CustomResourceDefinition")
}

// Add has objects of the kind that a CustomResourceDefinition defines checked against it; other objects are ignored. Definitions
// are to be added before the objects are checked. Of two definitions of one kind the last counts.
func (s *Schemas) Add(root source.Node) {
	if !IsDefinition(root) {
		return
	}
	spec := root.Resolve().Get("spec").Resolve()
	gk := schema.GroupKind{Group: spec.Get("group").Resolve().Text(), Kind: spec.Get("names").Resolve().Get("kind").Resolve().Text()}
	d := &definition{}
	var err error
	if d.crd, err = ReadDefinition(root); err != nil {
		d.broken = fmt.Sprintf("the definition of %s in the input cannot be read: %v", gk.Kind, err)
	} else if err = d.usable(); err != nil {
		d.broken = fmt.Sprintf("the definition of %s in the input is not valid: %v", gk.Kind, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.added == nil {
		s.added = map[schema.GroupKind]*definition{}
	}
	s.added[gk] = d
	for gvk := range s.checkers {
		if gvk.GroupKind() == gk {
			delete(s.checkers, gvk)
		}
	}
}

// usable says what keeps objects from being checked against the definition; package definition finds everything that is wrong.
func (d *definition) usable() error {
	if s := d.crd.Spec.Scope; s != apiextensions.NamespaceScoped && s != apiextensions.ClusterScoped {
		return fmt.Errorf("spec.scope is %q, not Namespaced or Cluster", s)
	}
	check := func(v *apiextensions.CustomResourceValidation) error {
		if v == nil || v.OpenAPIV3Schema == nil {
			return nil
		}
		s, err := structuralschema.NewStructural(v.OpenAPIV3Schema)
		if err != nil {
			return err
		}
		return structuralschema.ValidateStructural(field.NewPath("openAPIV3Schema"), s).ToAggregate()
	}
	if err := check(d.crd.Spec.Validation); err != nil {
		return err
	}
	for i := range d.crd.Spec.Versions {
		if err := check(d.crd.Spec.Versions[i].Schema); err != nil {
			return err
		}
	}
	return nil
}

// ReadDefinition returns a CustomResourceDefinition as the API server would hold it on creation.
func ReadDefinition(root source.Node) (*apiextensions.CustomResourceDefinition, error) {
	text, err := root.AppendJSON(nil)
	if err != nil {
		return nil, err
	}
	var in apiextensionsv1.CustomResourceDefinition
	if err := kjson.UnmarshalCaseSensitivePreserveInts(text, &in); err != nil {
		return nil, err
	}
	apiextensionsv1.SetObjectDefaults_CustomResourceDefinition(&in)
	out := new(apiextensions.CustomResourceDefinition)
	if err := apiextensionsv1.Convert_v1_CustomResourceDefinition_To_apiextensions_CustomResourceDefinition(&in, out, nil); err != nil {
		return nil, err
	}
	out.Status = apiextensions.CustomResourceDefinitionStatus{}
	for _, v := range out.Spec.Versions {
		if v.Storage {
			out.Status.StoredVersions = []string{v.Name}
			break
		}
	}
	return out, nil
}

// ProblemsOf turns what the API server's validation says of an object into problems with places, in the order of the document.
func ProblemsOf(root source.Node, errs field.ErrorList) []Problem {
	r := report{root: root.Resolve()}
	for _, e := range errs {
		r.fieldError(e)
	}
	return r.sorted()
}
