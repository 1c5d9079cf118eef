package jobs

import (
	"fmt"
	"strings"
	"time"

	batchv1 "k8s.io/api/batch/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
	"github.com/fairway-k8s/fairway/internal/source"
)

const linkSchedule = "https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/#starting-deadline"

// startingDeadlineMissing says what the controller does today (pkg/controller/cronjob/utils.go of Kubernetes 1.36): of missed runs it starts
// the last, however late, and of more than 100 it warns. The controller of old gave up then, which the documentation still says. The last
// one is late by less than the time between two runs, so the rule is silent where that is an hour or less.
var startingDeadlineMissing = &rule.Rule{
	ID:    "cronjob-starting-deadline-missing",
	Title: "a missed run of a CronJob has no latest start",
	Why: "After an outage of the control plane, or when a run that forbade others ends, the last run that was missed starts at once, " +
		"however late: the nightly backup in the middle of the day. With a deadline a run that would come too late is skipped.",
	How:      "Set startingDeadlineSeconds to how late a run may start and still be of use.",
	Example:  "spec:\n  schedule: \"30 2 * * *\"\n  startingDeadlineSeconds: 7200\n",
	Severity: finding.Could, Profile: rule.Golden, Since: "0.1.0", Incident: "schedule-piled-up",
	Links: []string{linkSchedule},
	Object: func(p *rule.Pass, o *cluster.Object) {
		if c := cluster.As[*batchv1.CronJob](o); c != nil && c.Spec.StartingDeadlineSeconds == nil && !hourly(c.Spec.Schedule) {
			p.Report(o, "spec.startingDeadlineSeconds", "startingDeadlineSeconds is not set: a run that was missed starts as soon as it can, however late")
		}
	},
}

// hourly reports whether a schedule has a run in every hour of every day.
func hourly(schedule string) bool {
	if rest, ok := strings.CutPrefix(schedule, "@every "); ok {
		d, err := time.ParseDuration(strings.TrimSpace(rest))
		return err == nil && d <= time.Hour
	}
	fields := strings.Fields(schedule)
	every := func(s string) bool { return s == "*" || s == "?" || s == "*/1" }
	return schedule == "@hourly" || len(fields) == 5 && every(fields[1]) && every(fields[2]) && every(fields[3]) && every(fields[4])
}

// checkInterval is how often the CronJob controller of old looked; a deadline below it could let every run be missed. The limit
// of 10 s is the documentation's.
const checkInterval = 10

// The fix is the least that can be kept: nearer to what was asked for there is nothing. 0 is left, nobody can have asked for it.
var startingDeadlineTooShort = &rule.Rule{
	ID:       "cronjob-starting-deadline-too-short",
	Title:    "startingDeadlineSeconds is so short that runs may never start",
	Why:      "The controller checks CronJobs about every 10 seconds. With a shorter deadline each run can be too late when it is looked at.",
	How:      "Set startingDeadlineSeconds to at least 10, better to minutes.",
	Severity: finding.Must, Profile: rule.Basic, Since: "0.1.0", Incident: "schedule-piled-up", Fixes: true,
	Links: []string{linkSchedule},
	Gate:  &rule.Gate{Kinds: []string{"CronJob"}, Object: fmt.Sprintf("has(object.spec.startingDeadlineSeconds) && object.spec.startingDeadlineSeconds >= 0 && object.spec.startingDeadlineSeconds < %d", checkInterval)},
	Object: func(p *rule.Pass, o *cluster.Object) {
		c := cluster.As[*batchv1.CronJob](o)
		if c == nil || c.Spec.StartingDeadlineSeconds == nil {
			return
		}
		if s := *c.Spec.StartingDeadlineSeconds; s >= 0 && s < checkInterval {
			const field = "spec.startingDeadlineSeconds"
			f := p.Report(o, field, "a run that is %d s late is skipped, but the controller looks only about every %d s", s, checkInterval)
			if s > 0 {
				f.Fix = rule.Mend("set startingDeadlineSeconds: 10, the least that the controller can keep", rule.Set(field, source.Int(checkInterval)))
			}
		}
	},
}
