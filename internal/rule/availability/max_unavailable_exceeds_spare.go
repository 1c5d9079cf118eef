package availability

import (
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
	"github.com/fairway-k8s/fairway/internal/source"
)

// maxUnavailableExceedsSpare knows the load from the autoscaler: it keeps the pods at its target, so that with k of N gone those left have target x
// N/(N-k) to do. It looks at every N that the autoscaler may choose, as rounding makes some of them worse than others. What
// strategy-max-unavailable-all has to say is worse.
var maxUnavailableExceedsSpare = &rule.Rule{
	ID:    "max-unavailable-exceeds-spare",
	Title: "a rollout takes away more pods than the autoscaler leaves to spare",
	Why: "The pods that stay get the load of those that a rollout has stopped, before the new ones are ready. Above what they can do, queues grow, probes fail " +
		"and pods are restarted, which takes away more of them: the rollout of a good release becomes an outage.",
	How:      "Set maxUnavailable: 0 with a surge, or lower the autoscaler's target so that target x N/(N - k) stays below 100 % for the k pods that a rollout may stop.",
	Example:  "strategy:\n  rollingUpdate:\n    maxSurge: 25%\n    maxUnavailable: 0\n",
	Severity: finding.Could, Profile: rule.Strict, Since: "0.1.0", Incident: "cascading-restarts", Gathers: true, Fixes: true,
	Links: []string{linkRolling, linkHPA},
	Workload: func(p *rule.Pass, w *cluster.Workload) {
		d := cluster.As[*appsv1.Deployment](w.Object)
		if d == nil || !kept(w) || d.Spec.Strategy.RollingUpdate == nil || d.Spec.Strategy.RollingUpdate.MaxUnavailable == nil {
			return
		}
		ru := d.Spec.Strategy.RollingUpdate
		for _, o := range p.ScalersOf(w) {
			h, s := cluster.As[*autoscalingv2.HorizontalPodAutoscaler](o), scaler{}
			ok := false
			if s, ok = scalerOf(o); h == nil || !ok {
				continue
			}
			target := 0
			for i := range h.Spec.Metrics {
				target = max(target, cluster.CPUTarget(&h.Spec.Metrics[i]))
			}
			pods, away := worst(ru, s.min, min(s.max, 1000))
			if target == 0 || away == 0 || target*pods <= 100*(pods-away) {
				continue
			}
			const field = "spec.strategy.rollingUpdate.maxUnavailable"
			f := p.Report(w.Object, field, "with %d of %d pods stopped those left have to do %d %% of what they reserve, as %s aims at %d %%",
				away, pods, (target*pods+pods-away-1)/(pods-away), title(o), target)
			if surge, _ := fenceposts(ru, int32(pods)); surge > 0 && roomy(p, w) {
				f.Fix = rule.Mend("set maxUnavailable: 0", rule.Set(field, source.Int(0), "maxSurge"))
			}
			return
		}
	},
}

// worst returns the number of pods, between two, of which a rollout may stop the largest share, all aside, and how many that are.
func worst(ru *appsv1.RollingUpdateDeployment, from, to int32) (pods, away int) {
	for n := max(from, 1); n <= to; n++ {
		if _, k := fenceposts(ru, n); k < int(n) && k*pods > away*int(n) || pods == 0 && k < int(n) {
			pods, away = int(n), k
		}
	}
	return pods, away
}
