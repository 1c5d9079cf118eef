package availability

import (
	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
)

// hpaAndReplicas mends replicas: 1 only. With client-side apply, the first apply after the line is gone prunes the field, and the API
// server's default of 1 comes in, or that of the Rollout's controller: what every apply has set so far, and the last time that it does.
// What other controllers do with a workload that says no number is not known. For another number than 1 the autoscaler
// would have to climb from 1 under full load; How says the way round. replicas: 0 is silent, as that is how an autoscaler is switched
// off on purpose.
var hpaAndReplicas = &rule.Rule{
	ID:    "hpa-and-replicas",
	Title: "the manifest and an autoscaler both decide the number of pods",
	Why: "Each apply sets replicas back to the number in the file, at the busiest hour too, and the autoscaler has to climb back while the " +
		"few pods left take all of the load.",
	How: "Take replicas out of the manifest. So that the first apply does not fall back to 1, first give the field up: " +
		"delete the line with kubectl apply edit-last-applied, then apply. With server-side apply, remove it once the autoscaler has changed the number.",
	Example:  "kind: Deployment\nspec:\n  # no replicas: the HorizontalPodAutoscaler decides\n  selector: {}\n",
	Severity: finding.Should, Profile: rule.Golden, Since: "0.1.0", Incident: "replicas-fought-hpa", NeedsContext: true, Fixes: true,
	Links: []string{"https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/#migrating-deployments-and-statefulsets-to-horizontal-autoscaling", linkHPA},
	Object: func(p *rule.Pass, o *cluster.Object) {
		s, ok := scalerOf(o)
		if !ok {
			return
		}
		w := scaled(p, o)
		if w == nil {
			return
		}
		n, written := w.Root.Get("spec").Get("replicas").Resolve().Int()
		if !written || n == 0 || !kept(w) || p.ScalersOf(w)[0] != o {
			return
		}
		f := p.Report(w.Object, "spec.replicas", "every apply sets %s again, whatever %s (%d to %d) has decided", plural(int32(n), "replica"), title(o), s.min, s.max)
		if n == 1 && (w.Group() == "apps" || w.Is("argoproj.io", "Rollout")) {
			f.Fix = rule.Mend("remove replicas: 1, which is the default as well", rule.Remove("spec.replicas"))
		}
	},
}
