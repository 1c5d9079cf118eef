package jobs

import (
	"strings"

	batchv1 "k8s.io/api/batch/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
)

var scheduleEveryMinute = &rule.Rule{
	ID:    "cronjob-schedule-every-minute",
	Title: "a CronJob starts a pod every minute",
	Why: "Scheduling a pod, pulling its image and starting it takes seconds to minutes of every minute, and leaves thousands of Jobs a " +
		"day in the API server's history.",
	How:      "Run a worker that sleeps a minute between turns, or run less often.",
	Severity: finding.Could, Profile: rule.Strict, Since: "0.1.0",
	Links: []string{"https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/"},
	Gate:  &rule.Gate{Kinds: []string{"CronJob"}, Object: "!object.spec.?suspend.orValue(false) && object.spec.schedule.matches(r'^\\s*[*](/1)?(\\s+[*]){4}\\s*$')"},
	Object: func(p *rule.Pass, o *cluster.Object) {
		c := cluster.As[*batchv1.CronJob](o)
		if c == nil || c.Spec.Suspend != nil && *c.Spec.Suspend {
			return
		}
		if fields := strings.Fields(c.Spec.Schedule); len(fields) == 5 && (fields[0] == "*" || fields[0] == "*/1") && strings.Join(fields[1:], " ") == "* * * *" {
			p.Report(o, "spec.schedule", "the schedule %q starts 1,440 pods a day", c.Spec.Schedule)
		}
	},
}
