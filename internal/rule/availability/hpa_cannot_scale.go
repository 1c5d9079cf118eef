package availability

import (
	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
)

var hpaCannotScale = &rule.Rule{
	ID:    "hpa-cannot-scale",
	Title: "an autoscaler has no room to scale",
	Why: "With the same minimum and maximum the number of pods never changes: the autoscaler only looks as if it would answer to load, and " +
		"replicas set by hand are undone.",
	How:      "Raise the maximum to what the load may need and the cluster can hold, or use replicas instead of the autoscaler.",
	Example:  "kind: HorizontalPodAutoscaler\nspec:\n  minReplicas: 3\n  maxReplicas: 12\n",
	Severity: finding.Could, Profile: rule.Golden, Since: "0.1.0", Incident: "hpa-blind",
	Links: []string{linkHPA},
	Object: func(p *rule.Pass, o *cluster.Object) {
		s, ok := scalerOf(o)
		if !ok || s.min != s.max || controlled(o) {
			return
		}
		p.Report(o, s.maxField, "minimum and maximum are both %d, so the number of pods never follows the load", s.max)
	},
}
