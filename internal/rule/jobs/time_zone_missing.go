package jobs

import (
	"strings"

	batchv1 "k8s.io/api/batch/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
)

var timeZoneMissing = &rule.Rule{
	ID:    "cronjob-time-zone-missing",
	Title: "a schedule at a time of day does not say in which time zone",
	Why: "Without timeZone the controller manager's local time counts. Managed clusters run on UTC, so a job for the night can run at " +
		"noon, and move by an hour twice a year in the eyes of its users.",
	How:      "Set timeZone, to Etc/UTC or to the zone that is meant.",
	Example:  "spec:\n  schedule: \"15 4 * * *\"\n  timeZone: Europe/Berlin\n",
	Severity: finding.Could, Profile: rule.Strict, Since: "0.1.0",
	Links: []string{"https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/#time-zones"},
	Gate:  &rule.Gate{Kinds: []string{"CronJob"}, Object: "!has(object.spec.timeZone) && object.spec.schedule.matches(r'^\\s*\\S+\\s+[0-9]+(\\s+\\S+){3}\\s*$')"},
	Object: func(p *rule.Pass, o *cluster.Object) {
		c := cluster.As[*batchv1.CronJob](o)
		if c == nil || c.Spec.TimeZone != nil {
			return
		}
		if fields := strings.Fields(c.Spec.Schedule); len(fields) == 5 && isNumber(fields[1]) {
			p.Report(o, "spec.timeZone", "the schedule %q names an hour of the day, but no timeZone says whose", c.Spec.Schedule)
		}
	},
}

func isNumber(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
