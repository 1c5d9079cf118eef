package crd

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/fairway-k8s/fairway/content/knowledge"
	"github.com/fairway-k8s/fairway/internal/source"
)

// Schemas are the schemas that custom resources are checked against: the embedded ones, and those that were added. The zero
// value has the embedded ones. It is safe for concurrent use.
type Schemas struct {
	mu sync.Mutex
	// added are definitions from the input, by group and kind. A broken one is there with its reason.
	added map[schema.GroupKind]*definition
	// checkers are made on first use.
	checkers map[schema.GroupVersionKind]*checker
}

// definition is a custom resource of the user's input.
type definition struct {
	root source.Node
	// Reading waits until it is needed: a definition can be larger than all objects of its kind.
	once     sync.Once
	crd      *apiextensions.CustomResourceDefinition // nil when err is not
	problems []Problem                               // of reading it
	err      error
}

// broken says why the definition cannot be used; "" if it can.
func (d *definition) broken() string {
	d.read()
	kind := d.root.Get("spec").Get("names").Get("kind").Text()
	if d.err != nil {
		return fmt.Sprintf("the definition of %s in the input cannot be read: %v", kind, d.err)
	}
	if err := nameErrors(d.crd).ToAggregate(); err != nil {
		return fmt.Sprintf("the definition of %s in the input is not valid: %v", kind, err)
	}
	return ""
}

// Project is where embedded schemas come from.
type Project struct {
	Name    string `json:"name"`
	Version string `json:"version"` // of the release
	Licence string `json:"licence"` // SPDX identifier
	Source  string `json:"source"`  // URL of the folder that the definitions are in
	Kinds   []Kind `json:"kinds"`
}

// Kind is a custom resource whose schema is embedded.
type Kind struct {
	Group string `json:"group"`
	Kind  string `json:"kind"`
	Scope string `json:"scope"` // Namespaced or Cluster
	// Versions are the served ones, in the order of the definition. Unserved ones are known to the release, but refused.
	Versions []string `json:"versions"`
	Unserved []string `json:"unserved"`
	// Status says that the status is a subresource.
	Status bool `json:"status"`
}

// embedded is the index of the embedded schemas, and the schemas of the projects that were needed so far.
type embedded struct {
	projects []Project
	kinds    map[schema.GroupKind]*embeddedKind
}

type embeddedKind struct {
	Kind
	project *Project
	// schemas unpacks the project's file.
	schemas func() map[string]*shape
}

var index = sync.OnceValue(func() *embedded {
	data, err := knowledge.FS.ReadFile("crds/index.json")
	if err != nil {
		panic(err)
	}
	e := &embedded{kinds: map[schema.GroupKind]*embeddedKind{}}
	if err := json.Unmarshal(data, &e.projects); err != nil {
		panic(err)
	}
	for i := range e.projects {
		p := &e.projects[i]
		schemas := sync.OnceValue(func() map[string]*shape {
			s, err := unpack(p.Name)
			if err != nil {
				panic(fmt.Sprintf("embedded schemas of %s: %v", p.Name, err))
			}
			return s
		})
		for _, k := range p.Kinds {
			e.kinds[schema.GroupKind{Group: k.Group, Kind: k.Kind}] = &embeddedKind{k, p, schemas}
		}
	}
	return e
})

// Projects returns the projects whose schemas are embedded, sorted by name.
func Projects() []Project { return slices.Clone(index().projects) }

// packed is a project's file. Schemas are keyed group/version/kind. {"$ref":"n"} stands for the n-th of Defs, which refers to
// earlier ones only.
type packed struct {
	Schemas map[string]*apiextensionsv1.JSONSchemaProps `json:"schemas"`
	Defs    []*apiextensionsv1.JSONSchemaProps          `json:"defs"`
}

func unpack(project string) (map[string]*shape, error) {
	f, err := knowledge.FS.Open("crds/" + project + ".json.gz")
	if err != nil {
		return nil, err
	}
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, err
	}
	var p packed
	if err := json.NewDecoder(z).Decode(&p); err != nil {
		return nil, err
	}
	shared := make([]*shape, 0, len(p.Defs)) // not nil
	convert := func(in *apiextensionsv1.JSONSchemaProps) (*shape, error) {
		var s apiextensions.JSONSchemaProps
		if err := apiextensionsv1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(in, &s, nil); err != nil {
			return nil, err
		}
		return newShape(&s, shared)
	}
	for i, d := range p.Defs {
		s, err := convert(d)
		if err != nil {
			return nil, fmt.Errorf("definition %d: %w", i, err)
		}
		shared = append(shared, s)
	}
	schemas := make(map[string]*shape, len(p.Schemas))
	for name, in := range p.Schemas {
		s, err := convert(in)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		schemas[name] = s
	}
	return schemas, nil
}

// gvkOf reads apiVersion and kind of an object.
func gvkOf(root source.Node) (schema.GroupVersionKind, bool) {
	v, k := root.Get("apiVersion").Resolve(), root.Get("kind").Resolve()
	if v.Kind() != source.Scalar || k.Kind() != source.Scalar {
		return schema.GroupVersionKind{}, false
	}
	gv, err := schema.ParseGroupVersion(v.Text())
	return gv.WithKind(k.Text()), err == nil && gv.Version != "" && k.Text() != ""
}

// checkerFor returns the checker of a kind, or why there is none.
func (s *Schemas) checkerFor(gvk schema.GroupVersionKind) (*checker, string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.checkers[gvk]; c != nil {
		return c, ""
	}
	c, why := s.find(gvk)
	if c != nil {
		if s.checkers == nil {
			s.checkers = map[schema.GroupVersionKind]*checker{}
		}
		s.checkers[gvk] = c
	}
	return c, why
}

func (s *Schemas) find(gvk schema.GroupVersionKind) (*checker, string) {
	if d := s.added[gvk.GroupKind()]; d != nil {
		if why := d.broken(); why != "" {
			return nil, why
		}
		var names []string
		for i := range d.crd.Spec.Versions {
			v := &d.crd.Spec.Versions[i]
			if v.Name == gvk.Version {
				return addedChecker(d.crd, v)
			}
			names = append(names, v.Name)
		}
		return nil, fmt.Sprintf("the definition of %s in the input has no version %s, only %s", gvk.Kind, gvk.Version, strings.Join(names, ", "))
	}
	k := index().kinds[gvk.GroupKind()]
	if k == nil {
		return nil, fmt.Sprintf("no schema of %s in group %s is known; add its CustomResourceDefinition to the input", gvk.Kind, gvk.Group)
	}
	if !slices.Contains(k.Versions, gvk.Version) && !slices.Contains(k.Unserved, gvk.Version) {
		return nil, fmt.Sprintf("%s %s has no version %s of %s, only %s; add the CustomResourceDefinition of your cluster to the input",
			k.project.Name, k.project.Version, gvk.Version, gvk.Kind, strings.Join(k.Versions, ", "))
	}
	return &checker{gvk: gvk, namespaced: k.Scope == "Namespaced", status: k.Status,
		origin: k.project.Name + " " + k.project.Version,
		make:   func() (*shape, error) { return k.schemas()[gvk.Group+"/"+gvk.Version+"/"+gvk.Kind], nil }}, ""
}

// addedChecker makes a checker for a version of a definition from the input.
func addedChecker(crd *apiextensions.CustomResourceDefinition, v *apiextensions.CustomResourceDefinitionVersion) (*checker, string) {
	validation, sub := crd.Spec.Validation, crd.Spec.Subresources
	if v.Schema != nil {
		validation = v.Schema
	}
	if v.Subresources != nil {
		sub = v.Subresources
	}
	if validation == nil || validation.OpenAPIV3Schema == nil {
		return nil, fmt.Sprintf("the definition of %s in the input has no schema for version %s", crd.Spec.Names.Kind, v.Name)
	}
	c := &checker{gvk: schema.GroupVersionKind{Group: crd.Spec.Group, Version: v.Name, Kind: crd.Spec.Names.Kind},
		namespaced: crd.Spec.Scope == apiextensions.NamespaceScoped,
		make:       func() (*shape, error) { return newShape(validation.OpenAPIV3Schema, nil) }}
	if sub != nil {
		c.status, c.scale = sub.Status != nil, sub.Scale
	}
	return c, ""
}

// Missing returns why there is no schema for a kind, for the reader of a report; "" when there is one.
func (s *Schemas) Missing(apiVersion, kind string) string {
	gv, err := schema.ParseGroupVersion(apiVersion)
	if err != nil {
		return err.Error()
	}
	_, why := s.checkerFor(gv.WithKind(kind))
	return why
}

// Namespaced reports whether objects of a kind live in namespaces; known is false for kinds without a definition.
func (s *Schemas) Namespaced(apiVersion, kind string) (namespaced, known bool) {
	gv, err := schema.ParseGroupVersion(apiVersion)
	if err != nil {
		return false, false
	}
	gk := schema.GroupKind{Group: gv.Group, Kind: kind}
	s.mu.Lock()
	d := s.added[gk]
	s.mu.Unlock()
	if d != nil && d.broken() == "" {
		return d.crd.Spec.Scope == apiextensions.NamespaceScoped, true
	}
	if k := index().kinds[gk]; k != nil {
		return k.Scope == "Namespaced", true
	}
	return false, false
}
