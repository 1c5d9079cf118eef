package lint

import (
	"runtime"
	"slices"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/fairway-k8s/fairway/internal/apiserver"
	"github.com/fairway-k8s/fairway/internal/apiserver/crd"
	"github.com/fairway-k8s/fairway/internal/apiserver/podtemplate"
	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/load"
	"github.com/fairway-k8s/fairway/internal/source"
)

// object is one object with what the API server says of it.
type object struct {
	*cluster.Object
	problems []apiserver.Problem
	unknown  string // why its kind could not be judged; "" when it was
}

// judge says what the API server does. It can remember the objects of one check for the next, which asks again for most of them:
// they stay true as long as the definitions of custom resources are the same.
type judge struct {
	version     string // of Kubernetes
	keep        bool
	definitions []source.Node
	schemas     *crd.Schemas
	known       map[load.Tree]object
}

// objects gives trees their typed form, on all processors, in the order of the trees.
func (j *judge) objects(trees []load.Tree) []object {
	var definitions []source.Node
	for _, t := range trees {
		if t.Kind == "CustomResourceDefinition" {
			definitions = append(definitions, t.Root)
		}
	}
	if j.schemas == nil || !slices.Equal(definitions, j.definitions) {
		j.definitions, j.schemas, j.known = definitions, &crd.Schemas{}, nil
		for _, d := range definitions {
			j.schemas.Add(d)
		}
	}
	j.schemas.Expect(func(yield func(source.Node) bool) {
		for _, t := range trees {
			_, builtIn := apiserver.Namespaced(schema.FromAPIVersionAndKind(t.APIVersion, t.Kind))
			if _, known := j.known[t]; !builtIn && !known && !yield(t.Root) {
				return
			}
		}
	})
	out := make([]object, len(trees))
	const batch = 32
	next := make(chan int)
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for start := range next {
				for i := start; i < min(start+batch, len(trees)); i++ {
					if o, ok := j.known[trees[i]]; ok {
						out[i] = o
					} else {
						out[i] = newObject(trees[i], j.version, j.schemas)
					}
				}
			}
		})
	}
	for start := 0; start < len(trees); start += batch {
		next <- start
	}
	close(next)
	wg.Wait()
	if j.keep {
		j.known = make(map[load.Tree]object, len(trees))
		for i, t := range trees {
			j.known[t] = out[i]
		}
	}
	return out
}

func newObject(t load.Tree, version string, schemas *crd.Schemas) object {
	meta := t.Root.Get("metadata").Resolve()
	o := &cluster.Object{
		Ref: finding.Ref{APIVersion: finding.Brief(t.APIVersion), Kind: finding.Brief(t.Kind),
			Namespace: finding.Brief(meta.Get("namespace").Text()), Name: finding.Brief(nameOf(meta))},
		Root:    t.Root,
		Origin:  t.Origin,
		Scope:   t.Scope,
		Context: t.Context,
	}
	x := object{Object: o}
	defer func() {
		// A typed object has its labels already, unless something in it could not be read.
		if m, ok := o.Typed.(metav1.Object); ok && len(x.problems) == 0 {
			o.Labels, o.Annotations = m.GetLabels(), m.GetAnnotations()
			return
		}
		o.Labels, o.Annotations = stringMap(meta.Get("labels")), stringMap(meta.Get("annotations"))
	}()
	if crd.IsDefinition(t.Root) {
		o.Namespace = ""
		x.problems = schemas.CheckDefinition(t.Root)
		return x
	}
	namespaced, known := apiserver.Namespaced(schema.FromAPIVersionAndKind(t.APIVersion, t.Kind))
	r := apiserver.Check(t.Root, apiserver.Options{Version: version})
	x.problems = r.Problems
	switch {
	case r.Status == apiserver.Foreign:
		if x.problems, known = schemas.Check(t.Root); !known {
			x.unknown = schemas.Missing(t.Root)
		}
		namespaced, known = schemas.Namespaced(t.Root)
		// A kind may carry several templates (an Argo Experiment); rules look at the first.
		if found := podtemplate.Find(t.Root); len(found) > 0 {
			o.Pods = apiserver.PodTemplate(found[0].Template)
			o.SpecPath = append(found[0].Path, source.Step{Key: "spec"}).String()
		}
	case r.Object != nil:
		o.Typed = r.Object
		x.problems = append(x.problems, newerFields(t.Root, t.APIVersion, t.Kind, version)...)
	}
	if known && !namespaced {
		o.Namespace = ""
	}
	if len(x.problems) > 0 && encrypted(t.Root) {
		x.problems = []apiserver.Problem{{Rule: apiserver.Unjudged, Node: t.Root.Get("sops"), Message: "what SOPS has encrypted; decrypt it to have its fields checked"}}
	}
	return x
}

// encrypted reports whether SOPS has encrypted values of an object: whoever decrypts it takes its own field away again.
func encrypted(root source.Node) bool {
	sops := root.Get("sops").Resolve()
	return sops.Get("mac").Resolve().Kind() == source.Scalar || sops.Get("lastmodified").Resolve().Kind() == source.Scalar
}

// nameOf returns the name of an object, or its generateName with a star for what the API server adds.
func nameOf(meta source.Node) string {
	if n := meta.Get("name").Text(); n != "" {
		return n
	}
	if g := meta.Get("generateName").Text(); g != "" {
		return g + "*"
	}
	return ""
}

func stringMap(n source.Node) map[string]string {
	n = n.Resolve()
	if n.Len() == 0 {
		return nil
	}
	m := make(map[string]string, n.Len())
	for e := range n.Entries() {
		m[e.Key.Text()] = e.Value.Resolve().Text()
	}
	return m
}
