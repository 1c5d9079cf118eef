package cluster

import (
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// policies are the NetworkPolicies, by what they select. Those with an empty podSelector select a whole namespace; as every
// namespace has such a one, or every application brings its own, they are kept as lists that all pods of a namespace share.
type policies struct {
	labels    map[*Workload][]*Object
	namespace map[string][]*Object // for a whole namespace, by its name
	open      map[string][]*Object // for a whole namespace that the manifest leaves open, by scope
	scope     map[string][]*Object // those of namespace again, by scope: for workloads that leave theirs open
}

func newPolicies() policies {
	return policies{labels: map[*Workload][]*Object{}, namespace: map[string][]*Object{}, open: map[string][]*Object{}, scope: map[string][]*Object{}}
}

// linkNamespace takes in a policy that selects whole namespaces; false when it does not, or when its own scope has none of the
// pods, which are then to be looked for elsewhere.
func (s *Snapshot) linkNamespace(o *Object, sel *metav1.LabelSelector) bool {
	if !SelectorEmpty(sel) {
		return false
	}
	p := &s.relations.policies
	switch {
	case o.Namespace != "" && len(s.inside[o.Namespace])+len(s.scopes[o.Scope].open) > 0:
		p.namespace[o.Namespace] = append(p.namespace[o.Namespace], o)
		p.scope[o.Scope] = append(p.scope[o.Scope], o)
		return true
	case o.Namespace == "" && len(s.scopes[o.Scope].labels) > 0:
		p.open[o.Scope] = append(p.open[o.Scope], o)
		return true
	}
	return false
}

// everyPod returns all workloads of a namespace as from sees it. An explicit namespace is the same one in every folder; a
// workload that leaves its own open is in it when it is applied together with from. Where that finds none, the nearest
// workloads that could be in it are taken.
func (s *Snapshot) everyPod(from *Object, namespace string) []*Workload {
	sc := s.scopes[from.Scope]
	if namespace == "" {
		if sc != nil && len(sc.labels) > 0 {
			return sc.labels[""]
		}
		return nearest(from, s.labels[""], (*Workload).object)
	}
	found := s.inside[namespace]
	if sc != nil && len(sc.open) > 0 {
		return slices.Concat(found, sc.open)
	}
	if len(found) > 0 {
		return found
	}
	return nearest(from, s.inside[""], (*Workload).object)
}

func (w *Workload) object() *Object { return w.Object }

// PoliciesOf returns the NetworkPolicies that select w's pods. It makes a list of its own for each call; a rule that asks for
// every workload takes PolicyLists.
func (s *Snapshot) PoliciesOf(w *Workload) []*Object {
	own, shared := s.PolicyLists(w)
	return slices.Concat(own, shared[0], shared[1])
}

// PolicyLists returns the NetworkPolicies that select w's pods: those that do so by labels, and two lists of those that select
// the whole namespace. The latter are the same slices for all pods of a namespace and a scope: what is found out about one can be
// kept under the address of its first element. The caller must not change them.
func (s *Snapshot) PolicyLists(w *Workload) (own []*Object, shared [2][]*Object) {
	p := &s.related().policies
	if w.Namespace == "" {
		return p.labels[w], [2][]*Object{p.scope[w.Scope], p.open[w.Scope]}
	}
	return p.labels[w], [2][]*Object{p.namespace[w.Namespace], p.open[w.Scope]}
}
