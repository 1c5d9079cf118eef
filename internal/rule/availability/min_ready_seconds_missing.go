package availability

import (
	"fmt"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
	"github.com/fairway-k8s/fairway/internal/source"
)

// minReadySecondsMissing speaks of Deployments with a readiness probe only: without one, ready means started, and seconds more say little. Its mend gives two
// more turns of the slowest readiness probe, and nothing where progressDeadlineSeconds leaves no room for it.
var minReadySecondsMissing = &rule.Rule{
	ID:    "min-ready-seconds-missing",
	Title: "a new pod counts after its first good answer",
	Why: "A rollout stops the next old pod as soon as a new one is available, which without minReadySeconds is its first passed readiness probe. A release that " +
		"answers once and then fails replaces all pods, one after the other.",
	How:      "Set minReadySeconds to two or more periods of the readiness probe.",
	Example:  "kind: Deployment\nspec:\n  minReadySeconds: 10   # two more readiness probes, 5 s apart\n",
	Severity: finding.Could, Profile: rule.Strict, Since: "0.1.0", Fixes: true,
	Links: []string{"https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#min-ready-seconds"},
	Gate: &rule.Gate{Kinds: []string{"Deployment"}, Object: "object.spec.?minReadySeconds.orValue(0) == 0 && object.spec.?strategy.?type.orValue('') != 'Recreate' &&\n" +
		"object.spec.?replicas.orValue(1) > 0 && object.spec.template.spec.containers.exists(c, has(c.readinessProbe))"},
	Workload: func(p *rule.Pass, w *cluster.Workload) {
		d := cluster.As[*appsv1.Deployment](w.Object)
		if d == nil || d.Spec.MinReadySeconds > 0 || recreates(w) || d.Spec.Replicas != nil && *d.Spec.Replicas == 0 {
			return
		}
		var slowest, boot int64 = 0, 0
		name := ""
		for c := range w.Apps() {
			if r := c.ReadinessProbe; r != nil {
				if period := max(int64(r.PeriodSeconds), 1); period > slowest {
					slowest, name = period, c.Name
				}
			}
			if s := c.StartupProbe; s != nil {
				boot = max(boot, int64(s.InitialDelaySeconds)+int64(s.PeriodSeconds)*int64(s.FailureThreshold))
			}
		}
		if slowest == 0 {
			return
		}
		const field = "spec.minReadySeconds"
		f := p.Report(w.Object, field, "a rollout goes on after one good answer of container %s, and the next is %d s away", name, slowest)
		want := max(10, 2*slowest)
		if d.Spec.ProgressDeadlineSeconds == nil || boot+want <= int64(*d.Spec.ProgressDeadlineSeconds) {
			f.Fix = rule.Mend(fmt.Sprintf("set minReadySeconds: %d", want), rule.Set(field, source.Int(want), "replicas"))
		}
	},
}
