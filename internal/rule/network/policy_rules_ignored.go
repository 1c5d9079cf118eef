package network

import (
	"slices"

	networkingv1 "k8s.io/api/networking/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
)

// policyRulesIgnored offers no mend: listing the type would close what is open today, dropping the rules would lose what was meant.
var policyRulesIgnored = &rule.Rule{
	ID:    "networkpolicy-rules-ignored",
	Title: "a NetworkPolicy has rules for a direction that its policyTypes leave out",
	Why: "When policyTypes is written, only the directions in it count. The rules of the other direction are accepted and never applied, so " +
		"the pods stay open where the policy seems to close them.",
	How:      "List the direction in policyTypes, or remove its rules.",
	Example:  "policyTypes: [Ingress, Egress]\n",
	Severity: finding.Should, Profile: rule.Basic, Since: "0.1.0", Incident: "policy-matched-nothing",
	Links: []string{linkPolicy + "#networkpolicy-resource"},
	Object: func(p *rule.Pass, o *cluster.Object) {
		np := cluster.As[*networkingv1.NetworkPolicy](o)
		if np == nil {
			return
		}
		check := func(rules int, t networkingv1.PolicyType, field string) {
			if rules > 0 && !slices.Contains(np.Spec.PolicyTypes, t) {
				p.Report(o, field, "policyTypes does not list %s, so these rules (%d) are never applied", t, rules)
			}
		}
		check(len(np.Spec.Ingress), networkingv1.PolicyTypeIngress, "spec.ingress")
		check(len(np.Spec.Egress), networkingv1.PolicyTypeEgress, "spec.egress")
	},
}
