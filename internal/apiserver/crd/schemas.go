package crd

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"iter"
	"math"
	"reflect"
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
	added  map[schema.GroupKind][]*definition
	byRoot map[source.Node]*definition
	// nearest are those for the objects of a file, and checkers are made, on first use.
	nearest  map[kindIn][]*definition
	checkers map[checkerKey]*checker
	library  library // of the added ones
	expected map[schema.GroupVersionKind][]source.Node
}

type kindIn struct {
	schema.GroupKind
	file string
}

type checkerKey struct {
	from *definition // nil for an embedded schema
	schema.GroupVersionKind
}

// definition is a custom resource of the user's input.
type definition struct {
	root source.Node
	// Reading waits until it is needed: a definition can be larger than all objects of its kind.
	once     sync.Once
	crd      *apiextensionsv1.CustomResourceDefinition // nil when err is not
	problems []Problem                                 // of reading it
	err      error

	written sync.Once
	text    []byte

	converted sync.Once
	held      *apiextensions.CustomResourceDefinition // nil when failed is not
	failed    error
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
	// schemas unpacks the project's file. Keys are group/version/kind.
	schemas func() map[string]func() (*wide, error)
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
		schemas := sync.OnceValue(func() map[string]func() (*wide, error) {
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

// packed is a project's file. Schemas are keyed group/version/kind. {"$ref":"n"} stands for the n-th of Defs, which refers to
// earlier ones only.
type packed struct {
	Schemas map[string]json.RawMessage `json:"schemas"`
	Defs    []json.RawMessage          `json:"defs"`
}

// unpack returns a project's schemas, which are read when they are needed.
func unpack(project string) (map[string]func() (*wide, error), error) {
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
	common := &library{shared: make([]func() *apiextensionsv1.JSONSchemaProps, len(p.Defs))}
	for i, text := range p.Defs {
		common.shared[i] = sync.OnceValue(func() *apiextensionsv1.JSONSchemaProps {
			s := new(apiextensionsv1.JSONSchemaProps)
			if err := json.Unmarshal(text, s); err != nil {
				panic(fmt.Sprintf("embedded schemas of %s: definition %d: %v", project, i, err))
			}
			return s
		})
	}
	schemas := make(map[string]func() (*wide, error), len(p.Schemas))
	for name, text := range p.Schemas {
		schemas[name] = func() (*wide, error) {
			root := new(apiextensionsv1.JSONSchemaProps)
			return &wide{root, common}, json.Unmarshal(text, root)
		}
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

// checkersFor returns the checkers of a kind for an object, or why there are none.
func (s *Schemas) checkersFor(gvk schema.GroupVersionKind, root source.Node) ([]*checker, string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	from := s.definitionsFor(gvk.GroupKind(), root)
	switch {
	case len(from) == 0:
		from = []*definition{nil}
	case len(from) > maxDefinitions:
		return nil, fmt.Sprintf("the input holds more than %d different definitions of %s, and none is nearer than the others", maxDefinitions, gvk.Kind)
	}
	var out []*checker
	for _, d := range from {
		key := checkerKey{d, gvk}
		c := s.checkers[key]
		if c == nil {
			var why string
			if c, why = s.find(gvk, d); c == nil {
				return nil, why
			}
			c.expected = s.expected[gvk]
			if s.checkers == nil {
				s.checkers = map[checkerKey]*checker{}
			}
			s.checkers[key] = c
		}
		out = append(out, c)
	}
	return out, ""
}

// Expect says which objects are going to be checked, instead of those of the last call. It is not needed, but what is needed of the schema
// of several objects is cheaper to convert in one go.
func (s *Schemas) Expect(roots iter.Seq[source.Node]) {
	expected := map[schema.GroupVersionKind][]source.Node{}
	for root := range roots {
		if gvk, ok := gvkOf(root.Resolve()); ok && len(expected[gvk]) < mostExpected {
			expected[gvk] = append(expected[gvk], root.Resolve())
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expected = expected
}

// How many objects of a kind are looked through beforehand, and how many values in them. They have nearly all fields that the others have.
const (
	mostExpected  = 5000
	expectedNodes = 100_000
)

// definitionsFor returns the definitions of the input that an object is to be checked against. A repository may hold several of one kind,
// of several versions (vendored charts, examples, releases): those with the longest way of folders in common count. Where such definitions
// differ, nobody knows which one the cluster has.
func (s *Schemas) definitionsFor(gk schema.GroupKind, root source.Node) []*definition {
	all := s.added[gk]
	if len(all) < 2 {
		return all
	}
	key := kindIn{gk, fileOf(root)}
	near, known := s.nearest[key]
	if !known {
		near = nearestOf(all, key.file)
		if s.nearest == nil {
			s.nearest = map[kindIn][]*definition{}
		}
		s.nearest[key] = near
	}
	return near
}

// maxDefinitions is how many definitions an object is checked against; where there are more, the input is a collection.
const maxDefinitions = 4

// nearestOf returns the definitions that are nearest to a file and differ, and no more than one above maxDefinitions of them.
func nearestOf(all []*definition, file string) (near []*definition) {
	best := -1
	for _, d := range all {
		n := nearness(fileOf(d.root), file)
		if n > best {
			best, near = n, nil
		}
		if n == best && len(near) <= maxDefinitions && !slices.ContainsFunc(near, d.same) {
			near = append(near, d)
		}
	}
	return near
}

// same reports whether two definitions define the same.
func (d *definition) same(e *definition) bool {
	a, b := d.root.Get("spec"), e.root.Get("spec")
	if a.File() != nil && b.File() != nil && bytes.Equal(textOf(a), textOf(b)) {
		return true
	}
	// Comments, quotes and indentation are gone in JSON. Of two that differ only in the order of fields, it has the same length.
	x, y := d.json(), e.json()
	if len(x) != len(y) || len(x) == 0 {
		return false
	}
	if bytes.Equal(x, y) {
		return true
	}
	d.read()
	e.read()
	return d.err == nil && e.err == nil && reflect.DeepEqual(d.crd.Spec, e.crd.Spec)
}

// json returns what the definition says as JSON, nil when that cannot be.
func (d *definition) json() []byte {
	d.written.Do(func() {
		d.text, _ = d.root.Get("spec").AppendJSON(nil)
	})
	return d.text
}

func textOf(n source.Node) []byte { return n.File().Data[n.Span().Start:n.Span().End] }

func fileOf(n source.Node) string {
	if f := n.File(); f != nil {
		return f.Name
	}
	return ""
}

// nearness counts the leading folders that two files have in common; nothing is nearer than the file itself. What a build made is in the
// folder that it is named after.
func nearness(a, b string) int {
	if a == b {
		return math.MaxInt
	}
	const build = " (kustomize build)"
	x, y := strings.Split(strings.TrimSuffix(a, build), "/"), strings.Split(strings.TrimSuffix(b, build), "/")
	n := 0
	for n < len(x) && n < len(y) && x[n] == y[n] {
		n++
	}
	return n
}

func (s *Schemas) find(gvk schema.GroupVersionKind, d *definition) (*checker, string) {
	if d != nil {
		if why := d.broken(); why != "" {
			return nil, why
		}
		var names []string
		for i := range d.crd.Spec.Versions {
			v := &d.crd.Spec.Versions[i]
			if v.Name == gvk.Version {
				return s.library.addedChecker(d.crd, v)
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
		schema: func() (*wide, error) { return k.schemas()[gvk.Group+"/"+gvk.Version+"/"+gvk.Kind]() }}, ""
}

// addedChecker makes a checker for a version of a definition from the input.
func (l *library) addedChecker(crd *apiextensionsv1.CustomResourceDefinition, v *apiextensionsv1.CustomResourceDefinitionVersion) (*checker, string) {
	if v.Schema == nil || v.Schema.OpenAPIV3Schema == nil {
		return nil, fmt.Sprintf("the definition of %s in the input has no schema for version %s", crd.Spec.Names.Kind, v.Name)
	}
	c := &checker{gvk: schema.GroupVersionKind{Group: crd.Spec.Group, Version: v.Name, Kind: crd.Spec.Names.Kind},
		namespaced: crd.Spec.Scope == apiextensionsv1.NamespaceScoped,
		schema:     func() (*wide, error) { return &wide{v.Schema.OpenAPIV3Schema, l}, nil }}

	if sub := v.Subresources; sub != nil {
		c.status, c.scale = sub.Status != nil, sub.Scale
	}
	return c, ""
}

// Missing returns why there is no schema for a custom resource, for the reader of a report; "" when there is one.
func (s *Schemas) Missing(root source.Node) string {
	root = root.Resolve()
	gvk, ok := gvkOf(root)
	if _, err := schema.ParseGroupVersion(root.Get("apiVersion").Resolve().Text()); err != nil {
		return err.Error()
	}
	if !ok {
		return "apiVersion and kind do not say what it is"
	}
	_, why := s.checkersFor(gvk, root)
	return why
}

// Namespaced reports whether a custom resource lives in a namespace; known is false for kinds without a definition.
func (s *Schemas) Namespaced(root source.Node) (namespaced, known bool) {
	gvk, ok := gvkOf(root.Resolve())
	if !ok {
		return false, false
	}
	s.mu.Lock()
	from := s.definitionsFor(gvk.GroupKind(), root)
	s.mu.Unlock()
	for _, d := range from {
		if d.broken() != "" {
			continue
		}
		n := d.crd.Spec.Scope == apiextensionsv1.NamespaceScoped
		if known && n != namespaced {
			return false, false
		}
		namespaced, known = n, true
	}
	if known {
		return namespaced, true
	}
	if k := index().kinds[gvk.GroupKind()]; k != nil {
		return k.Scope == "Namespaced", true
	}
	return false, false
}
