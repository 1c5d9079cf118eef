package workspace

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
)

// Both namespaces have to be written: one that is left open is the neighbours'.
var namespaceMismatch = &rule.Rule{
	ID:    "namespace-mismatch",
	Title: "an object and the pods it is for are in different namespaces",
	Why: "Selectors and references work within a namespace. The Service has no endpoints, the budget guards nothing, the autoscaler has " +
		"no target, and each of them looks right by itself.",
	How:      "Give both the same namespace.",
	Severity: finding.Must, Profile: rule.Basic, Since: "0.1.0", Gathers: true, Incident: "wrong-namespace",
	Links: []string{"https://kubernetes.io/docs/concepts/overview/working-with-objects/namespaces/"},
	Object: func(p *rule.Pass, o *cluster.Object) {
		if o.Namespace == "" {
			return
		}
		var there func(*cluster.Workload) bool
		switch t := o.Typed.(type) {
		case *corev1.Service:
			if len(t.Spec.Selector) == 0 {
				return
			}
			there = selects(&metav1.LabelSelector{MatchLabels: t.Spec.Selector})
		case *policyv1.PodDisruptionBudget:
			there = selects(t.Spec.Selector)
		case *networkingv1.NetworkPolicy:
			there = selects(&t.Spec.PodSelector)
		case *autoscalingv2.HorizontalPodAutoscaler:
			ref := t.Spec.ScaleTargetRef
			if p.ScaleTarget(o, ref.APIVersion, ref.Kind, ref.Name) != nil {
				return
			}
			there = func(w *cluster.Workload) bool { return w.Kind == ref.Kind && w.Name == ref.Name }
		default:
			return
		}
		if len(p.PodsOf(o)) > 0 {
			return
		}
		for _, w := range p.Workloads {
			if w.Scope == o.Scope && w.Namespace != "" && w.Namespace != o.Namespace && there(w) {
				p.Report(o, "metadata.namespace", "%s %s is in namespace %s, %s %s, which it is for, in %s", o.Kind, o.Name, o.Namespace, w.Kind, w.Name, w.Namespace)
				return
			}
		}
	},
}

// selects returns a test of pods against a selector; an empty one is for a whole namespace and passes none.
func selects(s *metav1.LabelSelector) func(*cluster.Workload) bool {
	return func(w *cluster.Workload) bool {
		return !cluster.SelectorEmpty(s) && cluster.SelectorMatches(s, w.PodLabels())
	}
}
