package jobs

import (
	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
)

var deadlineMissing = &rule.Rule{
	ID:    "job-deadline-missing",
	Title: "a Job may run for ever",
	Why: "Without activeDeadlineSeconds a run that hangs never ends: it holds its resources, and under concurrencyPolicy Forbid no " +
		"later run starts, without an alert from Kubernetes. backoffLimit bounds failures, not time.",
	How:      "Set activeDeadlineSeconds to a few times the longest run you have seen, and backoffLimit to the retries that make sense.",
	Example:  "jobTemplate:\n  spec:\n    activeDeadlineSeconds: 3600\n    backoffLimit: 2\n",
	Severity: finding.Should, Profile: rule.Golden, Since: "0.1.0", Incident: "job-never-ended",
	Links: []string{"https://kubernetes.io/docs/concepts/workloads/controllers/job/#job-termination-and-cleanup"},
	Gate:  &rule.Gate{Kinds: []string{"CronJob", "Job"}, Let: []rule.Let{letWork}, Object: "!has(work.activeDeadlineSeconds) && !has(work.template.spec.activeDeadlineSeconds)"},
	Object: func(p *rule.Pass, o *cluster.Object) {
		spec, path, ok := work(o)
		if !ok || spec.ActiveDeadlineSeconds != nil || spec.Template.Spec.ActiveDeadlineSeconds != nil {
			return
		}
		message := "activeDeadlineSeconds is not set: a run that hangs never ends"
		if !o.Has(path + ".backoffLimit") {
			message += ", and backoffLimit is left at 6 retries"
		}
		p.Report(o, path+".activeDeadlineSeconds", "%s", message)
	},
}
