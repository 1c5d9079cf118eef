package availability

import (
	policyv1 "k8s.io/api/policy/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
	"github.com/fairway-k8s/fairway/internal/source"
)

// The mend is safe: AlwaysAllow never takes away a pod that is ready, and what is not ready serves nobody. A budget that says
// IfHealthyBudget is left alone, somebody chose it.
var pdbUnhealthyEvictionPolicy = &rule.Rule{
	ID:    "pdb-unhealthy-eviction-policy",
	Title: "pods that never become ready block a drain",
	Why: "By default a pod that runs but is not ready may only be evicted while the budget is met. One release that crash-loops, or a wrong " +
		"probe, then holds up every node drain although nothing would be lost.",
	How:      "Set unhealthyPodEvictionPolicy: AlwaysAllow, or write IfHealthyBudget where a starting pod must not be disturbed.",
	Example:  "kind: PodDisruptionBudget\nspec:\n  maxUnavailable: 1\n  unhealthyPodEvictionPolicy: AlwaysAllow\n",
	Severity: finding.Should, Profile: rule.Golden, Since: "0.1.0", Incident: "drain-blocked", Fixes: true,
	Links: []string{"https://kubernetes.io/docs/tasks/run-application/configure-pdb/#unhealthy-pod-eviction-policy", "https://github.com/kubernetes/enhancements/issues/3017"},
	Object: func(p *rule.Pass, o *cluster.Object) {
		pdb := cluster.As[*policyv1.PodDisruptionBudget](o)
		if pdb == nil || pdb.Spec.UnhealthyPodEvictionPolicy != nil {
			return
		}
		const field = "spec.unhealthyPodEvictionPolicy"
		p.Report(o, field, "unhealthyPodEvictionPolicy is not set: pods that are not ready cannot be evicted while too few are ready").
			Fix = rule.Mend("set unhealthyPodEvictionPolicy: AlwaysAllow", rule.Set(field, source.String("AlwaysAllow"), "maxUnavailable", "minAvailable"))
	},
}
