// Package podtemplate finds the pod templates in objects of kinds that Kubernetes does not define: an Argo Rollout carries one
// like a Deployment, an Experiment several. Where well-known kinds keep them is data (content/knowledge/podtemplates.yaml); other
// kinds are searched for mappings of that shape.
package podtemplate

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"go.yaml.in/yaml/v4"

	"github.com/fairway-k8s/fairway/content/knowledge"
	"github.com/fairway-k8s/fairway/internal/source"
)

// Row is one place in which a kind keeps pod templates.
type Row struct {
	Group  string `yaml:"group"`
	Kind   string `yaml:"kind"`
	Path   string `yaml:"path"`   // [] stands for every item of a list, {} for every value of a mapping
	Source string `yaml:"source"` // URL of the documentation that says so
}

type groupKind struct{ group, kind string }

var table = sync.OnceValue(func() map[groupKind][]string {
	m := map[groupKind][]string{}
	for _, r := range Rows() {
		k := groupKind{r.Group, r.Kind}
		m[k] = append(m[k], r.Path)
	}
	return m
})

// Rows returns the table.
func Rows() []Row {
	data, err := knowledge.FS.ReadFile("podtemplates.yaml")
	if err != nil {
		panic(err)
	}
	var rows []Row
	if err := yaml.Unmarshal(data, &rows); err != nil {
		panic(fmt.Sprintf("podtemplates.yaml: %v", err))
	}
	return rows
}

// Paths returns the paths at which a kind is known to keep pod templates, nil for kinds that are not in the table.
func Paths(apiVersion, kind string) []string {
	group, _, ok := strings.Cut(apiVersion, "/")
	if !ok {
		return nil
	}
	return slices.Clone(table()[groupKind{group, kind}])
}

// Place is a pod template in an object.
type Place struct {
	Path     source.Path // from the object to the template: spec.template
	Template source.Node // a mapping with spec, and mostly metadata
}

// Find returns the pod templates of a custom resource, in the order of the document. Kinds of the table are looked at where the
// table says; in others every mapping counts that has spec.containers, a list of mappings with an image, and stands under a
// name that ends in template.
func Find(root source.Node) []Place {
	root = root.Resolve()
	paths := Paths(root.Get("apiVersion").Resolve().Text(), root.Get("kind").Resolve().Text())
	var out []Place
	for _, p := range paths {
		out = follow(out, root, nil, p)
	}
	if paths == nil {
		out = search(out, root, nil)
	}
	slices.SortStableFunc(out, func(a, b Place) int { return a.Template.Span().Start - b.Template.Span().Start })
	return out
}

// follow appends the templates that a path of the table leads to.
func follow(out []Place, n source.Node, at source.Path, rest string) []Place {
	n = n.Resolve()
	if rest == "" {
		if isTemplate(n) {
			out = append(out, Place{slices.Clone(at), n})
		}
		return out
	}
	switch {
	case strings.HasPrefix(rest, "[]"):
		for i, item := range n.Items() {
			out = follow(out, item, append(at, source.Step{Index: i}), strings.TrimPrefix(rest[2:], "."))
		}
		return out
	case strings.HasPrefix(rest, "{}"):
		for e := range n.Entries() {
			out = follow(out, e.Value, append(at, source.Step{Key: e.Key.Text()}), strings.TrimPrefix(rest[2:], "."))
		}
		return out
	}
	end := strings.IndexAny(rest, ".[{")
	if end < 0 {
		end = len(rest)
	}
	key := rest[:end]
	if v := n.Get(key); !v.IsZero() {
		return follow(out, v, append(at, source.Step{Key: key}), strings.TrimPrefix(rest[end:], "."))
	}
	return out
}

// searchDepth is how deep a template may be: the deepest of the table is under seven names.
const searchDepth = 12

func search(out []Place, n source.Node, at source.Path) []Place {
	if len(at) > searchDepth {
		return out
	}
	for e := range n.Entries() {
		key := e.Key.Text()
		path := append(at, source.Step{Key: key})
		if len(key) >= len("template") && strings.EqualFold(key[len(key)-len("template"):], "template") && isTemplate(e.Value) {
			out = append(out, Place{slices.Clone(path), e.Value})
			continue
		}
		out = search(out, e.Value, path)
	}
	for i, item := range n.Items() {
		out = search(out, item, append(at, source.Step{Index: i}))
	}
	return out
}

// isTemplate reports whether n has the shape of a pod template.
func isTemplate(n source.Node) bool {
	containers := n.Resolve().Get("spec").Resolve().Get("containers").Resolve()
	if containers.Kind() != source.Sequence || containers.Len() == 0 {
		return false
	}
	for _, c := range containers.Items() {
		if c = c.Resolve(); c.Get("image").IsZero() && c.Get("name").IsZero() {
			return false
		}
	}
	return true
}
