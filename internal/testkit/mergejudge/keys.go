package mergejudge

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// mergeKeys are the fields that tell the items of a list apart, by the name of the list; the first row counts that all items have, each with
// values of its own. A list that is not here is told apart by name or key when it can be.
var mergeKeys = map[string][][]string{
	"ports":                     {{"containerPort", "protocol"}, {"port", "protocol"}},
	"volumeMounts":              {{"mountPath"}},
	"volumeDevices":             {{"devicePath"}},
	"topologySpreadConstraints": {{"topologyKey", "whenUnsatisfiable"}},
	"hostAliases":               {{"ip"}},
	"conditions":                {{"type"}},
	"ownerReferences":           {{"uid"}},
	"volumeClaimTemplates":      {{"metadata.name"}},
	"items":                     {{"key"}, {"metadata.name"}},
	"tolerations":               {},
	"egress":                    {},
	"ingress":                   {},
	"rules":                     {},
	"metrics":                   {},
	"matchExpressions":          {},
}

var anyKeys = [][]string{{"name"}, {"key"}, {"id"}}

// ordered are the lists whose order and length mean something: they are one value.
var ordered = map[string]bool{"args": true, "command": true}

// keyDefaults are what the API server takes for a key that is left out.
var keyDefaults = map[string]string{"protocol": "TCP"}

// identity is the value of the keys in an item, "" when one is missing.
func (n *node) identity(keys []string) string {
	var id []string
	for _, k := range keys {
		v := n.field(strings.Split(k, ".")...)
		if v = cmp.Or(v, keyDefaults[k]); v == "" {
			return ""
		}
		id = append(id, k+"="+v)
	}
	return strings.Join(id, ",")
}

// objectID says which object a document is. The version of its API is no part of it.
func (n *node) objectID() string {
	group, _, ok := strings.Cut(n.field("apiVersion"), "/")
	if !ok {
		group = ""
	}
	return fmt.Sprintf("%s/%s %s/%s", group, n.field("kind"), n.field("metadata", "namespace"), n.field("metadata", "name"))
}

func (n *node) isObject() bool { return n.field("kind") != "" && n.field("apiVersion") != "" }

// hold says whether all items of some lists pass a test.
func hold(lists [versions]*node, ok func(*node) bool) bool {
	for _, l := range lists {
		if l != nil && slices.ContainsFunc(l.items, func(n *node) bool { return !ok(n) }) {
			return false
		}
	}
	return true
}

// keysFor picks the keys of a list from what its versions hold, nil when its items have none.
func keysFor(name string, versions ...*node) []string {
	rows, known := mergeKeys[name]
	if !known {
		rows = anyKeys
	}
	for _, keys := range rows {
		if !slices.ContainsFunc(versions, func(v *node) bool { return v != nil && !toldApart(v, keys) }) {
			return keys
		}
	}
	return nil
}

func toldApart(l *node, keys []string) bool {
	seen := map[string]bool{}
	for _, item := range l.items {
		id := item.identity(keys)
		if id == "" || seen[id] {
			return false
		}
		seen[id] = true
	}
	return true
}

// The versions of a file, as indices of a group.
const (
	base = iota
	ours
	theirs
	merged
	versions
)

// group is what is the same item in the versions of a list, nil where a version does not have it.
type group struct {
	label string
	of    [versions]*node
	at    [versions]int // where it stands in the list of each version
}

// align says which items of four lists are the same. With renames, items of which at least half is equal are the same too.
func align(name string, lists [versions]*node, renames bool) (groups []*group, renamed bool) {
	identify := func(n *node) string { return n.canon() }
	if name == "" || name == "items" && hold(lists, (*node).isObject) { // the objects of a file or of a List
		identify = (*node).objectID
	} else if keys := keysFor(name, lists[base], lists[ours], lists[theirs]); keys != nil {
		identify = func(n *node) string { return cmp.Or(n.identity(keys), n.canon()) }
	}
	byLabel := map[string]*group{}
	for v, l := range lists {
		if l == nil {
			continue
		}
		times := map[string]int{}
		for i, item := range l.items {
			label := identify(item)
			if times[label]++; times[label] > 1 {
				label = fmt.Sprintf("%s#%d", label, times[label])
			}
			g := byLabel[label]
			if g == nil {
				g = &group{label: label}
				byLabel[label] = g
				groups = append(groups, g)
			}
			g.of[v], g.at[v] = item, i
		}
	}
	if renames {
		groups, renamed = join(groups)
	}
	return groups, renamed
}

// join joins groups of like content that no version has both of, the most alike first. What was joined is compared as a whole: an item that
// both sides changed may be liker to either than to base.
func join(groups []*group) ([]*group, bool) {
	joined := false
	known := map[[2]*node]float64{}
	likeness := func(a, b *group) (best float64) {
		for _, x := range a.of[:merged] {
			for _, y := range b.of {
				if x == nil || y == nil {
					continue
				}
				l, ok := known[[2]*node{x, y}]
				if !ok {
					l = alike(x, y)
					known[[2]*node{x, y}] = l
				}
				best = max(best, l)
			}
		}
		return best
	}
	for {
		var a, b *group
		best := 0.5
		for _, x := range groups {
			for _, y := range groups {
				onlyMerged := y.of[base] == nil && y.of[ours] == nil && y.of[theirs] == nil
				if x == y || y.of[base] != nil || x.of[base] == nil && !onlyMerged || !disjoint(x, y) {
					continue
				}
				if l := likeness(x, y); l > best || l == best && a == nil {
					a, b, best = x, y, l
				}
			}
		}
		if a == nil {
			return groups, joined
		}
		for v, n := range b.of {
			if n != nil {
				a.of[v], a.at[v] = n, b.at[v]
			}
		}
		groups = slices.DeleteFunc(groups, func(g *group) bool { return g == b })
		joined = true
	}
}

func disjoint(a, b *group) bool {
	for v := range a.of {
		if a.of[v] != nil && b.of[v] != nil {
			return false
		}
	}
	return true
}
