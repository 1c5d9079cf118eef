package network

import (
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
)

// policySelectsNothing leaves the empty podSelector alone: it selects a whole namespace, whoever will be in it.
var policySelectsNothing = &rule.Rule{
	ID:    "networkpolicy-selects-nothing",
	Title: "a NetworkPolicy selects no pods",
	Why: "A policy whose podSelector matches no pod is accepted and does nothing: the pods it was written for stay open, or stay " +
		"closed although it was to open them. Nothing ever reports it.",
	How:      "Make spec.podSelector equal labels of the pod template, in the same namespace.",
	Example:  "spec:\n  podSelector:\n    matchLabels:\n      app.kubernetes.io/name: shop   # as on the pods\n",
	Severity: finding.Should, Profile: rule.Basic, Since: "0.1.0", Incident: "policy-matched-nothing", NeedsContext: true, Fixes: true,
	Links: []string{linkPolicy, linkSelector},
	Object: func(p *rule.Pass, o *cluster.Object) {
		np := cluster.As[*networkingv1.NetworkPolicy](o)
		if np == nil || cluster.SelectorEmpty(&np.Spec.PodSelector) || len(p.PodsOf(o)) > 0 || selectorHidden(&np.Spec.PodSelector) {
			return
		}
		const field = "spec.podSelector"
		sel := np.Spec.PodSelector.MatchLabels
		if ok, missing := judgesPods(p, o, sel); !ok {
			p.Unknown(o, field, "%s", missing)
			return
		}
		said := metav1.FormatLabelSelector(&np.Spec.PodSelector)
		if len(np.Spec.PodSelector.MatchExpressions) == 0 {
			if s := slipOf(p, o, o.Name, sel); s != nil {
				p.Report(o, field, "no pod has %s, so the policy guards nothing; %s", said, s).Fix = s.mend(field + ".matchLabels")
				return
			}
			p.Report(o, field, "no pod has %s%s, so the policy guards nothing", said, elsewhere(p, o, sel))
			return
		}
		p.Report(o, field, "no pod has %s, so the policy guards nothing", said)
	},
}

// selectorHidden reports whether a placeholder hides what a selector says.
func selectorHidden(s *metav1.LabelSelector) bool {
	if s == nil {
		return false
	}
	for _, e := range s.MatchExpressions {
		for _, v := range e.Values {
			if placeholder(v) {
				return true
			}
		}
	}
	return hasPlaceholder(s.MatchLabels)
}
