package apiserver

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unsafe"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/fairway-k8s/fairway/content/knowledge"
	"github.com/fairway-k8s/fairway/internal/source"
)

// Linked is the version of Kubernetes whose types, defaults and validation are linked.
const Linked = "1.36"

const linkedMinor = 36

// minor returns the minor version of o.Version, the linked one when it is empty or not a version.
func (o Options) minor() int {
	parts := strings.SplitN(strings.TrimPrefix(o.Version, "v"), ".", 3)
	if len(parts) < 2 || parts[0] != "1" {
		return linkedMinor
	}
	n, err := strconv.Atoi(parts[1])
	if err != nil {
		return linkedMinor
	}
	return n
}

// gone is a row of content/knowledge/apis.yaml, which explains the fields.
type gone struct {
	APIVersion  string   `json:"apiVersion"`
	Kinds       []string `json:"kinds"`
	Deprecated  int      `json:"deprecated"`
	Removed     int      `json:"removed"`
	Use         string   `json:"use"`
	Same        bool     `json:"same"`
	UnlessEmpty string   `json:"unlessEmpty"`
	Note        string   `json:"note"`
	Source      string   `json:"source"`
}

// goneAPIs are the rows of content/knowledge/apis.yaml by what they are about. Reading them is decoding as any other.
var goneAPIs = sync.OnceValue(func() map[typeName]*gone {
	var rows []gone
	var d decoder
	d.decode(source.Parse("apis.yaml", knowledge.APIs).Docs[0].Root, planOf(reflect.TypeFor[[]gone]()), unsafe.Pointer(&rows))
	if len(d.problems) > 0 {
		panic("apiserver: apis.yaml: " + d.problems[0].Field + ": " + d.problems[0].Message)
	}
	m := map[typeName]*gone{}
	for i, row := range rows {
		for _, kind := range row.Kinds {
			m[typeName{row.APIVersion, kind}] = &rows[i]
		}
	}
	return m
})

// identify finds the type to read an object with, and says what is wrong with its apiVersion and kind. The kind is nil when
// there is no type for it; ok is false when the object is none of Kubernetes' own.
func identify(root source.Node, name typeName, o Options) (k *kind, problems []Problem, ok bool) {
	c := known()
	if k := c.kinds[name]; k != nil {
		if p, ok := outdated(root, name, k.life(), o); ok {
			p.Node = root.Get("apiVersion")
			return k, []Problem{p}, true
		}
		return k, nil, true
	}
	if row := goneAPIs()[name]; row != nil {
		if row.Same {
			k = c.kinds[typeName{row.Use, name.kind}]
		}
		p, ok := outdated(root, name, life{}, o)
		if !ok {
			return k, nil, true
		}
		p.Node = root.Get("apiVersion")
		return k, []Problem{p}, true
	}
	gv, err := schema.ParseGroupVersion(name.apiVersion)
	if err != nil {
		return nil, nil, false
	}
	k, p, ok := c.misnamed(gv, name)
	if !ok {
		return nil, nil, false
	}
	p.Node = root.Get(p.Field)
	return k, []Problem{p}, true
}

// outdated says what the target version makes of an API that the linked version has a type for, or that it had once.
func outdated(root source.Node, name typeName, l life, o Options) (Problem, bool) {
	row := goneAPIs()[name]
	if row != nil {
		l.deprecated, l.removed = row.Deprecated, row.Removed
	}
	p := Problem{Field: "apiVersion"}
	switch {
	case l.removed != 0 && l.removed <= o.minor():
		p.Rule = Removed
		p.Message = fmt.Sprintf("%s %s is gone since Kubernetes 1.%d: the API server answers \"no matches for kind\"", name.apiVersion, name.kind, l.removed)
	case l.deprecated != 0 && l.deprecated <= o.minor():
		p.Rule = Deprecated
		p.Message = fmt.Sprintf("%s %s is deprecated since Kubernetes 1.%d", name.apiVersion, name.kind, l.deprecated)
		if l.removed != 0 {
			p.Message += fmt.Sprintf(" and gone from 1.%d on", l.removed)
		}
	case l.introduced > o.minor():
		p.Rule = UnknownVersion
		p.Message = fmt.Sprintf("%s %s comes with Kubernetes 1.%d: 1.%d does not serve it", name.apiVersion, name.kind, l.introduced, o.minor())
		return p, true
	default:
		return p, false
	}
	switch {
	case row != nil:
		if row.Use != "" {
			p.Suggestion = "write apiVersion: " + row.Use
		}
		if row.Note != "" {
			p.Suggestion = strings.TrimPrefix(p.Suggestion+"; "+row.Note, "; ")
		}
		if row.Same && !row.differs(root) {
			p.Fix = setAPIVersion(row.Use)
		} else if migrate := migrations[name]; migrate != nil {
			if changes, ok := migrate(root); ok {
				p.Fix = append(setAPIVersion(row.Use), changes...)
			}
		}
	case l.replacement.Kind != "":
		p.Suggestion = fmt.Sprintf("use %s %s", l.replacement.GroupVersion(), l.replacement.Kind)
	}
	return p, true
}

// differs reports whether an object means something else in the version to use.
func (g *gone) differs(root source.Node) bool {
	if g.UnlessEmpty == "" {
		return false
	}
	at, missing := root.Reach(source.MustPath(g.UnlessEmpty))
	return len(missing) == 0 && holdsNothing(at.Value)
}

// holdsNothing reports whether a value is {}, [], 0 or made of such.
func holdsNothing(n source.Node) bool {
	n = n.Resolve()
	for e := range n.Entries() {
		if !holdsNothing(e.Value) {
			return false
		}
	}
	for _, item := range n.Items() {
		if !holdsNothing(item) {
			return false
		}
	}
	number, ok := n.Int()
	return n.Kind() != source.Scalar || ok && number == 0
}

func setAPIVersion(gv string) []source.Change {
	return []source.Change{{Op: source.Set, Path: source.Path{{Key: "apiVersion"}}, Value: source.String(gv)}}
}

// misnamed finds out what was meant by an apiVersion and kind of which there is no type: a kind in the wrong version or group,
// or a misspelled kind or group. It reports false for what may well be a custom resource.
func (c *catalogue) misnamed(gv schema.GroupVersion, name typeName) (*kind, Problem, bool) {
	ours := c.groups[gv.Group] || !strings.Contains(gv.Group, ".") // groups of custom resources have a dot
	group := gv.Group
	if !ours {
		if c.byKind[name.kind] == nil {
			return nil, Problem{}, false
		}
		near := nearestKey(gv.Group, c.groups)
		if near == "" || !c.has(near, name.kind) {
			return nil, Problem{}, false
		}
		group = near
	}
	p := Problem{Rule: UnknownVersion, Field: "apiVersion"}
	var meant *kind
	for _, k := range c.byKind[name.kind] {
		if k.object && (meant == nil || k.gvk.Group == group && meant.gvk.Group != group) {
			meant = k
		}
	}
	if meant != nil {
		right := meant.gvk.GroupVersion().String()
		p.Message = fmt.Sprintf("there is no %s in %s", name.kind, name.apiVersion)
		p.Suggestion = "write apiVersion: " + right
		if meant.gvk == meant.hub {
			p.Fix = setAPIVersion(right)
		}
		return meant, p, true
	}
	p.Rule, p.Field = UnknownKind, "kind"
	p.Message = fmt.Sprintf("%s has no kind %s", name.apiVersion, name.kind)
	var kinds []string
	for _, k := range c.kinds {
		if k.object && k.gvk.Group == group {
			kinds = append(kinds, k.gvk.Kind)
		}
	}
	slices.Sort(kinds)
	best, distance := nearest(name.kind, kinds)
	if best == "" && (gv.Group == "" || !c.groups[gv.Group]) {
		// Kubeconfigs (v1 Config), skaffold files and the like are not for the API server.
		return nil, Problem{}, false
	}
	if best != "" {
		p.Suggestion = "did you mean " + best + "?"
		if distance <= 1 {
			p.Fix = []source.Change{{Op: source.Set, Path: source.Path{{Key: "kind"}}, Value: source.String(best)}}
		}
	}
	return nil, p, true
}

func (c *catalogue) has(group, kind string) bool {
	for _, k := range c.byKind[kind] {
		if k.gvk.Group == group {
			return true
		}
	}
	return false
}

// nearestKey is nearest over the keys of a set.
func nearestKey(name string, set map[string]bool) string {
	best, _ := nearest(name, slices.Sorted(maps.Keys(set)))
	return best
}
