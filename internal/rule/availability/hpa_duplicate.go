package availability

import (
	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
)

// hpaDuplicate leaves alone two files whose names say that they are two forms of one thing, of which somebody applies one; the autoscaler
// that a ScaledObject takes over (annotation scaledobject.keda.sh/transfer-hpa-ownership); and the one that KEDA has made.
var hpaDuplicate = &rule.Rule{
	ID:    "hpa-duplicate",
	Title: "two autoscalers scale the same workload",
	Why: "Each sets the number of pods that its own metric asks for, every 15 seconds, so that pods are started and stopped all day; recent " +
		"versions notice and stop scaling altogether (AmbiguousSelector).",
	How: "Keep one autoscaler and give it all metrics: it takes the highest answer of them.",
	Example: "kind: HorizontalPodAutoscaler\nspec:\n  metrics:\n" +
		"    - {type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 70}}}\n" +
		"    - {type: Resource, resource: {name: memory, target: {type: Utilization, averageUtilization: 80}}}\n",
	Severity: finding.Must, Profile: rule.Basic, Since: "0.1.0", Gathers: true, Incident: "replicas-fought-hpa",
	Links: []string{linkHPA, "https://keda.sh/docs/latest/concepts/scaling-deployments/"},
	Workload: func(p *rule.Pass, w *cluster.Workload) {
		scalers := p.ScalersOf(w)
		for i, o := range scalers {
			for _, first := range scalers[:i] {
				if rivals(first, o) && !alternatives(first, o) && !handsOver(first, o) && !handsOver(o, first) && !controlled(first) && !controlled(o) {
					p.Report(o, "spec.scaleTargetRef", "%s scales %s already", title(first), title(w.Object))
					break
				}
			}
		}
	},
}

// handsOver reports whether a ScaledObject takes over an autoscaler that was there before.
func handsOver(scaled, hpa *cluster.Object) bool {
	return scaled.Is("keda.sh", "ScaledObject") && hpa.Is("autoscaling", "HorizontalPodAutoscaler") &&
		scaled.Annotations["scaledobject.keda.sh/transfer-hpa-ownership"] == "true"
}

func alternatives(a, b *cluster.Object) bool {
	x, y := a.Root.File(), b.Root.File()
	return x != y && x != nil && y != nil && cluster.Alternatives(x.Name, y.Name)
}
