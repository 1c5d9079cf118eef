// Package jobs judges Jobs and CronJobs: that runs do not pile up, that a missed or a stuck run ends, and that finished ones go
// away.
//
// A standalone Job and the Job that a CronJob makes have the same fields; work is the view that the rules share.
package jobs

import (
	batchv1 "k8s.io/api/batch/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/rule"
)

// Rules returns the family.
func Rules() []*rule.Rule {
	return []*rule.Rule{
		concurrencyUnset,
		deadlineMissing,
		scheduleEveryMinute,
		startingDeadlineMissing,
		startingDeadlineTooShort,
		timeZoneMissing,
		ttlMissing,
	}
}

// letWork is work in CEL.
var letWork = rule.Let{Name: "work", Expression: "object.kind == 'CronJob' ? dyn(object).spec.jobTemplate.spec : dyn(object).spec"}

// work is a Job's spec with the path that leads to it; ok is false for objects that are neither Job nor CronJob.
func work(o *cluster.Object) (spec *batchv1.JobSpec, path string, ok bool) {
	switch t := o.Typed.(type) {
	case *batchv1.Job:
		return &t.Spec, "spec", true
	case *batchv1.CronJob:
		return &t.Spec.JobTemplate.Spec, "spec.jobTemplate.spec", true
	}
	return nil, "", false
}
