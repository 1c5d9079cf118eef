package availability

import (
	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
)

// strategyRecreateBehindService is silent where only one pod at a time can have what it needs: a claim that one node or pod may hold, a
// port of the node. It has no mend, as the application may be unable to run in two versions at once, and only its author knows.
var strategyRecreateBehindService = &rule.Rule{
	ID:    "strategy-recreate-behind-service",
	Title: "every rollout stops a Service",
	Why: "Recreate stops all pods before it starts the first new one. From then until a new pod has booted and is ready the Service has no " +
		"endpoints, at every deploy; if the new version does not start, it stays that way.",
	How: "Use RollingUpdate with maxUnavailable: 0 and a surge. If two versions must not run side by side, make them able to, or say in a " +
		"comment why not and suppress the rule.",
	Example:  "strategy:\n  type: RollingUpdate\n  rollingUpdate:\n    maxSurge: 1\n    maxUnavailable: 0\n",
	Severity: finding.Should, Profile: rule.Golden, Since: "0.1.0", Incident: "single-replica-drained", NeedsContext: true,
	Links: []string{linkRolling},
	Workload: func(p *rule.Pass, w *cluster.Workload) {
		if !recreates(w) || !kept(w) || alone(p, w) {
			return
		}
		const field = "spec.strategy.type"
		f, ok := floorOf(p, w)
		if ok && f.pods == 0 && f.by == nil {
			return
		}
		svc := receivesAlone(p, w, w.Object, field)
		if svc == nil {
			return
		}
		pods := "its pods"
		if ok && !f.open && f.pods > 0 {
			pods = plural(f.pods, "pod")
		}
		p.Report(w.Object, field, "Recreate stops %s before it starts a new one: Service %s has nobody for as long as a boot takes", pods, svc.Name)
	},
}
