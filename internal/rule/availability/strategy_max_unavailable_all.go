package availability

import (
	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
	"github.com/fairway-k8s/fairway/internal/source"
)

// strategyMaxUnavailableAll rounds as the Deployment controller does (kubernetes 1.36, deployment/util ResolveFenceposts): maxUnavailable down,
// maxSurge up, and one unavailable pod where both would be 0. A surge does not help, for old pods may go before new ones are ready.
//
// Its mend is maxUnavailable: 0 where there is a surge and nothing that keeps an extra pod from starting (claims, host ports, required
// anti-affinity: a rollout would wait for ever); otherwise, with two pods or more, one at a time.
var strategyMaxUnavailableAll = &rule.Rule{
	ID:    "strategy-max-unavailable-all",
	Title: "a rollout may stop all pods at once",
	Why: "maxUnavailable says how many pods a rollout may take away before new ones are ready. When that is all of them, every deploy is " +
		"an outage as long as the boot, and a broken release leaves nothing that works.",
	How:      "Set maxUnavailable: 0 with maxSurge: 25% or 1, so that an old pod goes only when a new one is ready.",
	Example:  "strategy:\n  type: RollingUpdate\n  rollingUpdate:\n    maxSurge: 25%\n    maxUnavailable: 0\n",
	Severity: finding.Must, Profile: rule.Golden, Since: "0.1.0", Incident: "single-replica-drained", NeedsContext: true, Fixes: true,
	Links: []string{linkRolling},
	Workload: func(p *rule.Pass, w *cluster.Workload) {
		d := cluster.As[*appsv1.Deployment](w.Object)
		if d == nil || !kept(w) || d.Spec.Strategy.RollingUpdate == nil || d.Spec.Strategy.RollingUpdate.MaxUnavailable == nil {
			return
		}
		ru := d.Spec.Strategy.RollingUpdate
		const field = "spec.strategy.rollingUpdate.maxUnavailable"
		if written := w.Root.Get("spec").Get("strategy").Get("rollingUpdate"); cluster.Placeholder(written.Get("maxUnavailable").Text()) || cluster.Placeholder(written.Get("maxSurge").Text()) {
			return
		}
		f, ok := floorOf(p, w)
		all := ru.MaxUnavailable.StrVal == "100%"
		if !all && !ok || f.pods == 0 && f.by == nil && ok {
			return
		}
		pods := max(f.pods, 1)
		surge, away := fenceposts(ru, pods)
		if !all && away < int(pods) || pods == 1 && alone(p, w) {
			return
		}
		svc := receivesAlone(p, w, w.Object, field)
		if svc == nil {
			return
		}
		if !all && f.open {
			p.Unknown(w.Object, field, missingScaler)
			return
		}
		what := "its only pod"
		switch {
		case pods == 1 && all:
			what = "all pods"
		case pods > 1:
			what = "all " + plural(pods, "pod")
		}
		x := p.Report(w.Object, field, "a rollout may stop %s before a new one is ready (maxUnavailable %s), and Service %s then has nobody", what, ru.MaxUnavailable, svc.Name)
		switch {
		case surge > 0 && roomy(p, w):
			x.Fix = rule.Mend("set maxUnavailable: 0", rule.Set(field, source.Int(0), "maxSurge"))
		case ok && f.pods > 1:
			x.Fix = rule.Mend("set maxUnavailable: 1", rule.Set(field, source.Int(1), "maxSurge"))
		}
	},
}

// fenceposts returns how many pods a rollout may have too many and too few.
func fenceposts(ru *appsv1.RollingUpdateDeployment, pods int32) (surge, away int) {
	none := intstr.FromInt32(0)
	surge, errSurge := intstr.GetScaledValueFromIntOrPercent(intstr.ValueOrDefault(ru.MaxSurge, none), int(pods), true)
	away, errAway := intstr.GetScaledValueFromIntOrPercent(intstr.ValueOrDefault(ru.MaxUnavailable, none), int(pods), false)
	if errSurge != nil || errAway != nil {
		return 0, 0 // the API server says so
	}
	if surge == 0 && away == 0 {
		away = 1
	}
	return surge, away
}

// roomy reports whether nothing in w keeps one pod more from starting beside the others.
func roomy(p *rule.Pass, w *cluster.Workload) bool {
	a := w.Template.Spec.Affinity
	return !alone(p, w) && (a == nil || a.PodAntiAffinity == nil || len(a.PodAntiAffinity.RequiredDuringSchedulingIgnoredDuringExecution) == 0)
}
