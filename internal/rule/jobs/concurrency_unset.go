package jobs

import (
	batchv1 "k8s.io/api/batch/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
	"github.com/fairway-k8s/fairway/internal/source"
)

// The fix writes Forbid: nobody who left the field out asked for runs beside each other, and a run that is skipped because the one
// before still goes is started at the next turn.
var concurrencyUnset = &rule.Rule{
	ID:    "cronjob-concurrency-unset",
	Title: "a CronJob does not say what happens when a run is still going",
	Why: "The default is Allow: when a run takes longer than the interval, the next one starts beside it, and the one after that. " +
		"Slow runs slow each other down until nothing finishes.",
	How: "Set concurrencyPolicy: Forbid to skip a run while the last one is going, or Replace to end the old one. Write Allow when " +
		"runs beside each other are meant.",
	Example:  "spec:\n  schedule: \"15 4 * * *\"\n  concurrencyPolicy: Forbid\n",
	Severity: finding.Should, Profile: rule.Basic, Since: "0.1.0", Incident: "schedule-piled-up", Fixes: true,
	Links: []string{"https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/#concurrency-policy"},
	Object: func(p *rule.Pass, o *cluster.Object) {
		c := cluster.As[*batchv1.CronJob](o)
		if c == nil || o.Has("spec.concurrencyPolicy") {
			return
		}
		p.Report(o, "spec.concurrencyPolicy", "concurrencyPolicy is not set: a run that is slower than the schedule gets the next one beside it (Allow)").
			Fix = rule.Mend("set concurrencyPolicy: Forbid, so that a run waits for the one before",
			rule.Set("spec.concurrencyPolicy", source.String("Forbid"), "timeZone", "schedule"))
	},
}
