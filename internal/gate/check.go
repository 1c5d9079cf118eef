package gate

import (
	"slices"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
)

// Decision is a finding with what the gate does about it.
type Decision struct {
	*finding.Finding
	Action string
	Title  string // of the rule
	Why    string
	How    string
}

// Judges reports whether a rule of the plan is asked about an object, and if not, whether that is because of an exemption. It says of an
// object in the input what the match constraints and conditions of the policy say of one in a request.
func (p *Plan) Judges(e *Entry, o *cluster.Object) (judged, exempt bool) {
	if !p.concerns(e.Kinds(), o) {
		return false, false
	}
	for i := range e.passing {
		if e.passing[i].covers(e.ID, o.Ref, o.Labels) {
			return false, true
		}
	}
	return true, false
}

func (p *Plan) concerns(kinds []string, o *cluster.Object) bool {
	r, ok := resources[o.Kind]
	if !ok || !o.Is(r.group, o.Kind) || !slices.Contains(kinds, o.Kind) {
		return false
	}
	namespace := o.Namespace
	if o.Kind == "Namespace" {
		namespace = o.Name
	}
	return !slices.Contains(p.System, namespace) && !(r.pods && owned(o))
}

// owned is the opposite of notOwned.
func owned(o *cluster.Object) bool {
	meta, ok := o.Typed.(metav1.Object)
	return ok && slices.ContainsFunc(meta.GetOwnerReferences(), func(r metav1.OwnerReference) bool {
		made := r.Kind == "Node" || resources[r.Kind].pods
		return r.Controller != nil && *r.Controller && made && slices.Contains([]string{"apps/v1", "batch/v1", "v1"}, r.APIVersion)
	})
}

// Decide says what the gate does about findings of its rules, which nobody has suppressed, and how many an exemption lets pass. The order of
// the findings is kept.
func (p *Plan) Decide(s *cluster.Snapshot, findings []*finding.Finding) (out []Decision, exempt int) {
	objects := map[finding.Ref][]*cluster.Object{}
	for _, o := range s.Objects {
		objects[o.Ref] = append(objects[o.Ref], o)
	}
	for _, f := range findings {
		e := p.Entry(f.Rule)
		o := objectOf(objects[f.Object], f)
		if e == nil || o == nil {
			continue
		}
		switch judged, passes := p.Judges(e, o); {
		case judged:
			out = append(out, Decision{f, e.Action, e.Title, e.Why, e.How})
		case passes:
			exempt++
		}
	}
	return out, exempt
}

// objectOf returns the object of a finding, among those of its name.
func objectOf(list []*cluster.Object, f *finding.Finding) *cluster.Object {
	for _, o := range list {
		if o.Root == f.Root || o.Origin == f.Root {
			return o
		}
	}
	if len(list) > 0 {
		return list[0]
	}
	return nil
}

// DefaultDenyLabel marks the NetworkPolicy that denies everything in its namespace which no other policy allows.
const DefaultDenyLabel = "gate.fairway-k8s.io/default-deny"

// deniesAll reports whether a policy selects all pods of its namespace and allows nothing, in both directions.
func deniesAll(n *networkingv1.NetworkPolicy) bool {
	return cluster.SelectorEmpty(&n.Spec.PodSelector) && len(n.Spec.Ingress) == 0 && len(n.Spec.Egress) == 0 &&
		slices.Contains(n.Spec.PolicyTypes, networkingv1.PolicyTypeIngress) && slices.Contains(n.Spec.PolicyTypes, networkingv1.PolicyTypeEgress)
}

// Network is the NetworkPolicy gate: what it does about every workload whose namespace has no default-deny policy. Where that is
// no fact, it is unknown.
func (p *Plan) Network(s *cluster.Snapshot) (out []Decision, unknown []finding.Unknown) {
	if p.NetworkPolicy == "" {
		return nil, nil
	}
	type state struct{ marked, broken *cluster.Object }
	states := map[string]*state{}
	for _, o := range s.Of("networking.k8s.io", "NetworkPolicy") {
		n := cluster.As[*networkingv1.NetworkPolicy](o)
		if n == nil || o.Labels[DefaultDenyLabel] != "true" {
			continue
		}
		x := states[o.Namespace]
		if x == nil {
			x = &state{}
			states[o.Namespace] = x
		}
		x.marked = o
		if !deniesAll(n) {
			x.broken = o
		}
	}
	for _, w := range s.Workloads {
		if !p.concerns(networkKinds, w.Object) {
			continue
		}
		x := states[w.Namespace]
		if x != nil && x.broken == nil {
			continue
		}
		field := "metadata.namespace"
		root, place := rule.Locate(w.Object, field)
		f := &finding.Finding{Rule: NetworkPolicyID, Severity: finding.Should, Object: w.Ref, Workload: w.Ref, Root: root, Place: place, Field: field}
		switch {
		case x != nil:
			f.Message = "NetworkPolicy " + x.broken.Name + " carries the label " + DefaultDenyLabel + " but does not deny everything in both directions"
		case knowsNamespace(s, w.Namespace):
			f.Message = "namespace " + w.Namespace + " has no default-deny NetworkPolicy with the label " + DefaultDenyLabel + ": \"true\""
		default:
			unknown = append(unknown, finding.Unknown{Rule: NetworkPolicyID, Object: w.Ref, Place: place,
				Missing: strings.TrimSpace("whether namespace "+w.Namespace) + " has a default-deny NetworkPolicy with the label " + DefaultDenyLabel})
			continue
		}
		out = append(out, Decision{f, p.NetworkPolicy, networkTitle, networkWhy, networkHow})
	}
	return out, unknown
}

// knowsNamespace reports whether it is a fact that a namespace has no other NetworkPolicies than those of the snapshot that are about all of
// it. In a cluster it is when they were listed. Files know it when the Namespace is among them: a service's own files
// have its own policies, and the one for all pods comes with the namespace, often from another repository.
func knowsNamespace(s *cluster.Snapshot, namespace string) bool {
	if c := s.Coverage(); c != nil {
		return c.Of("networking.k8s.io", "NetworkPolicy", namespace).Known()
	}
	return slices.ContainsFunc(s.Of("", "Namespace"), func(o *cluster.Object) bool { return o.Name == namespace })
}
