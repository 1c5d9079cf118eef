package probes

import (
	"fmt"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
	"github.com/fairway-k8s/fairway/internal/source"
)

// budgetExceedsProgressDeadline compares the most that a boot may take with the deadline. Its mend is the golden path's: the budget and
// five minutes for scheduling and image pull. The deadline only sets a condition, so more of it breaks nothing.
var budgetExceedsProgressDeadline = &rule.Rule{
	ID:    "probe-budget-exceeds-progress-deadline",
	Title: "the rollout is declared failed while a boot may still go on",
	Why: "A Deployment that sees no new pod become available for progressDeadlineSeconds reports failure, and pipelines roll back on it. " +
		"When the startup probe allows a longer boot than that, a healthy release is thrown away.",
	How:      "Set progressDeadlineSeconds to the startup budget plus time to schedule the pod and pull the image, or shorten the budget.",
	Example:  "progressDeadlineSeconds: 900   # startup 10 s x 60 and 300 s to schedule and pull\n",
	Severity: finding.Should, Profile: rule.Golden, Since: "0.1.0", Incident: "rollout-deadline", Fixes: true,
	Links: []string{"https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#progress-deadline-seconds", linkConfigure},
	Gate: &rule.Gate{Of: "running", Container: "object.kind == 'Deployment' && has(c.startupProbe) && c.startupProbe.?initialDelaySeconds.orValue(0) +\n" +
		"c.startupProbe.failureThreshold * c.startupProbe.periodSeconds + dyn(object).spec.?minReadySeconds.orValue(0) > dyn(object).spec.?progressDeadlineSeconds.orValue(2147483647)"},
	Workload: func(p *rule.Pass, w *cluster.Workload) {
		d := cluster.As[*appsv1.Deployment](w.Object)
		if d == nil || d.Spec.ProgressDeadlineSeconds == nil {
			return
		}
		deadline := int64(*d.Spec.ProgressDeadlineSeconds)
		var slowest *cluster.Container
		var budget int64
		for c := range w.Main() {
			if c.StartupProbe == nil || !whole(c) {
				continue
			}
			if b := timingOf(c.StartupProbe).budget().to; b > budget {
				slowest, budget = c, b
			}
		}
		if slowest == nil || budget+int64(d.Spec.MinReadySeconds) <= deadline {
			return
		}
		const field = "spec.progressDeadlineSeconds"
		origin := ""
		if deadline == 600 && !w.Has(field) {
			origin = " (the default)"
		}
		ready := ""
		if d.Spec.MinReadySeconds > 0 {
			ready = fmt.Sprintf(" and minReadySeconds %d s more", d.Spec.MinReadySeconds)
		}
		want := budget + int64(d.Spec.MinReadySeconds) + 300
		set := rule.Set(field, source.Int(want), "minReadySeconds", "revisionHistoryLimit", "replicas")
		set.Comment = "startup budget and 300 s to schedule and pull"
		p.Report(w.Object, field, "the rollout counts as failed after %d s%s, but the startup probe of container %s lets a boot take up to %d s%s",
			deadline, origin, slowest.Name, budget, ready).Fix =
			rule.Mend(fmt.Sprintf("set progressDeadlineSeconds: %d", want), set)
	},
}
