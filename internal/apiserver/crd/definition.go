package crd

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation"
	"k8s.io/apimachinery/pkg/runtime/schema"
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
	if d.crd, err = readDefinition(root); err != nil {
		d.broken = fmt.Sprintf("the definition of %s in the input cannot be read: %v", gk.Kind, err)
	} else if errs := validation.ValidateCustomResourceDefinition(context.Background(), d.crd); len(errs) > 0 {
		d.broken = fmt.Sprintf("the definition of %s in the input is not valid: %v", gk.Kind, errs[0])
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

// readDefinition returns a definition as the API server would hold it on creation.
func readDefinition(root source.Node) (*apiextensions.CustomResourceDefinition, error) {
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

// CheckDefinition says what the API server's validation says of a CustomResourceDefinition: names, versions, schemas that are
// not structural, CEL rules that do not compile or cost too much. What cannot be read, and unknown fields, are for
// apiserver.Check to report; here a definition that cannot be read has no problems. They are in the order of the document.
func CheckDefinition(root source.Node) []Problem {
	root = root.Resolve()
	crd, err := readDefinition(root)
	if err != nil {
		return nil
	}
	r := report{root: root}
	for _, e := range validation.ValidateCustomResourceDefinition(context.Background(), crd) {
		e.Field = versioned(e.Field, crd)
		r.fieldError(e)
	}
	return r.sorted()
}

// hoisted are the parts of versions that the API server keeps once when all versions agree, under these names.
var hoisted = regexp.MustCompile(`^spec\.(validation|subresources|additionalPrinterColumns|selectableFields)(\W|$)`)

// versioned returns a path of the API server's own form of a definition as it is in v1, where every version has its schema.
func versioned(path string, crd *apiextensions.CustomResourceDefinition) string {
	m := hoisted.FindStringSubmatch(path)
	if m == nil || len(crd.Spec.Versions) == 0 {
		return path
	}
	// The storage version is the one that people look at first.
	i := max(0, slices.IndexFunc(crd.Spec.Versions, func(v apiextensions.CustomResourceDefinitionVersion) bool { return v.Storage }))
	name := m[1]
	if name == "validation" {
		name = "schema"
	}
	return "spec.versions[" + strconv.Itoa(i) + "]." + name + strings.TrimPrefix(path, "spec."+m[1])
}
