package probes

import (
	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
)

// onJob leaves readiness alone when the pods of a Job find each other by name (a Service, a subdomain): DNS then waits for it.
// Taking a readiness probe away that nobody waits for changes nothing but a number in the Job's status.
var onJob = &rule.Rule{
	ID:    "probe-on-job",
	Title: "a probe watches pods that are meant to end",
	Why: "Nothing waits for the readiness of a Job's pod. A liveness probe kills the work when the process is too busy to answer, " +
		"the work begins again, and after backoffLimit of these the Job has failed.",
	How:      "Leave the probes out and bound the time with activeDeadlineSeconds instead.",
	Example:  "kind: Job\nspec:\n  backoffLimit: 2\n  activeDeadlineSeconds: 1800\n",
	Severity: finding.Could, Profile: rule.Strict, Since: "0.1.0", Incident: "job-never-ended", Fixes: true,
	Links: []string{"https://kubernetes.io/docs/concepts/workloads/controllers/job/#job-termination-and-cleanup"},
	Container: func(p *rule.Pass, w *cluster.Workload, c *cluster.Container) {
		if c.Init || !w.Is("batch", "Job") && !w.Is("batch", "CronJob") || !whole(c) {
			return
		}
		if c.LivenessProbe != nil {
			p.Report(w.Object, c.Path+".livenessProbe", "liveness restarts the work from its beginning after %s without an answer", timingOf(c.LivenessProbe).patience())
		}
		if c.ReadinessProbe != nil && w.Template.Spec.Subdomain == "" && len(p.ServicesOf(w)) == 0 {
			field := c.Path + ".readinessProbe"
			p.Report(w.Object, field, "no Service asks whether the pods of this %s are ready", w.Kind).Fix = rule.Mend("remove the readiness probe", rule.Remove(field))
		}
	},
}
