package availability

import (
	policyv1 "k8s.io/api/policy/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
)

// pdbOverlap compares budgets that are applied together: those of other folders are often copies for other places. It is told once for
// each budget, of the first workload that an earlier one selects as well.
var pdbOverlap = &rule.Rule{
	ID:    "pdb-overlap",
	Title: "two disruption budgets select the same pods",
	Why: "The eviction API refuses every pod that more than one budget selects, with an error rather than a wait, so the node can never " +
		"be drained.",
	How:      "Keep one budget a workload. Give shared budgets selectors that leave out what has a budget of its own.",
	Severity: finding.Must, Profile: rule.Basic, Since: "0.1.0", Gathers: true, Incident: "drain-blocked",
	Links: []string{linkEviction, linkBudget},
	Object: func(p *rule.Pass, o *cluster.Object) {
		if cluster.As[*policyv1.PodDisruptionBudget](o) == nil {
			return
		}
		for _, w := range p.PodsOf(o) {
			if !w.LongRunning() || w.Is("apps", "DaemonSet") {
				continue
			}
			for _, first := range p.BudgetsOf(w) {
				if first == o {
					break
				}
				if rivals(first, o) {
					p.Report(o, "spec.selector", "PodDisruptionBudget %s selects the pods of %s too, and the eviction API refuses pods with two budgets", first.Name, title(w.Object))
					return
				}
			}
		}
	},
}

// rivals reports whether a and b, which want the same thing, are applied together: not copies for different places, nor one object said
// twice.
func rivals(a, b *cluster.Object) bool {
	return a.Scope == b.Scope && cluster.SameNamespace(a.Namespace, b.Namespace) && (a.Kind != b.Kind || a.Name != b.Name)
}
