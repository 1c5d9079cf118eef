package network

import (
	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
)

// policyMissing counts any policy, of either direction: whether it is strict enough is a matter of review. Pods in the host's network
// are outside NetworkPolicy.
var policyMissing = &rule.Rule{
	ID:    "networkpolicy-missing",
	Title: "no NetworkPolicy selects the pods",
	Why: "A pod that no policy selects accepts connections from every pod of the cluster and may open them to anywhere. Whoever takes over " +
		"one pod can then try all others, and each service that learns to depend on it makes closing the network later harder.",
	How: "Add a default-deny policy to the namespace, and one for the workload that allows DNS and its declared peers.",
	Example: "kind: NetworkPolicy\nmetadata:\n  name: default-deny\nspec:\n  podSelector: {}\n  policyTypes: [Ingress, Egress]\n" +
		"  egress:\n    - ports:\n        - {protocol: UDP, port: 53}\n        - {protocol: TCP, port: 53}\n",
	Severity: finding.Should, Profile: rule.Golden, Since: "0.1.0", Incident: "allow-all-network", NeedsContext: true,
	Links: []string{linkPolicy + "#default-policies"},
	Workload: func(p *rule.Pass, w *cluster.Workload) {
		if w.Template.Spec.HostNetwork || !whole(w) || !ownsPods(w) || isHook(w) {
			return
		}
		own, shared := p.PolicyLists(w)
		if len(own)+len(shared[0])+len(shared[1]) > 0 {
			return
		}
		field := w.MetaPath + ".labels"
		switch other := otherPolicies(p.Snapshot, w); {
		case other != nil:
			p.Unknown(w.Object, field, "what policies of other kinds (%s %s) select", other.Kind, other.Name)
		case !p.Covers(w.Object, "networking.k8s.io", "NetworkPolicy"):
			p.Unknown(w.Object, field, "the NetworkPolicies of the namespace")
		default:
			p.Report(w.Object, field, "no NetworkPolicy selects the pods of %s %s, so everybody may call them and they may call anybody", w.Kind, w.Name)
		}
	},
}
