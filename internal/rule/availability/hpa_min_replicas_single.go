package availability

import (
	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
	"github.com/fairway-k8s/fairway/internal/source"
)

// hpaMinReplicasSingle leaves scaling to zero alone: that is a choice. Its mend is a minimum of 2, the least that survives the loss of one; a
// workload that may be scaled above one already runs with several pods at times.
var hpaMinReplicasSingle = &rule.Rule{
	ID:    "hpa-min-replicas-single",
	Title: "an autoscaler may leave a single pod behind a Service",
	Why: "At quiet times one pod is all there is. A node drain or a crash then means no answer until another one has booted, and no " +
		"disruption budget can help.",
	How:      "Set the minimum to 2 or more.",
	Example:  "kind: HorizontalPodAutoscaler\nspec:\n  minReplicas: 2\n  maxReplicas: 10\n",
	Severity: finding.Should, Profile: rule.Golden, Since: "0.1.0", Incident: "single-replica-drained", NeedsContext: true, Fixes: true,
	Links: []string{linkHPA, linkDisruptions},
	Object: func(p *rule.Pass, o *cluster.Object) {
		s, ok := scalerOf(o)
		if !ok || s.min != 1 || controlled(o) {
			return
		}
		w := scaled(p, o)
		if w == nil || !kept(w) || alone(p, w) || recreates(w) {
			return
		}
		svc := receivesAlone(p, w, o, s.minField)
		if svc == nil {
			return
		}
		f := p.Report(o, s.minField, "at quiet times 1 pod of %s answers for Service %s, and a node drain takes it away", title(w.Object), svc.Name)
		if s.max >= 2 {
			f.Fix = rule.Mend("keep at least 2 pods", rule.Set(s.minField, source.Int(2), "scaleTargetRef"))
		}
	},
}
