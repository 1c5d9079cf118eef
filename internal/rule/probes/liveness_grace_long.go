package probes

import (
	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
)

// livenessGraceLong has no mend: how long a process that does hear SIGTERM needs is not in the manifest.
var livenessGraceLong = &rule.Rule{
	ID:    "probe-liveness-grace-long",
	Title: "a process that hangs is given the whole grace period to end",
	Why: "A restart by liveness waits for the pod's grace period, as a clean stop does. A process that is deadlocked does not hear SIGTERM, so all of it is " +
		"time in which the container does nothing; its preStop hook is in it too.",
	How: "Give the liveness probe a terminationGracePeriodSeconds of its own: the preStop pause and some seconds. The pod's stays for rollouts and drains. " +
		"Without it, a hang costs the time that liveness takes and the grace period.",
	Example:  "terminationGracePeriodSeconds: 130   # the longest job\ncontainers:\n  - livenessProbe:\n      terminationGracePeriodSeconds: 30   # what hangs has no job to end\n",
	Severity: finding.Could, Profile: rule.Strict, Since: "0.1.0",
	Links: []string{"https://kubernetes.io/docs/tasks/configure-pod-container/configure-liveness-readiness-startup-probes/#probe-level-terminationgraceperiodseconds"},
	Params: []rule.Param{
		{Name: "grace", Unit: "s", Doc: "a grace period this long or shorter may be used for a process that hangs", Default: 60},
	},
	Gate: &rule.Gate{Of: "running", Container: "pod.?terminationGracePeriodSeconds.orValue(30) > param.grace && has(c.livenessProbe) && !has(c.livenessProbe.terminationGracePeriodSeconds)"},
	Container: func(p *rule.Pass, w *cluster.Workload, c *cluster.Container) {
		grace := w.Template.Spec.TerminationGracePeriodSeconds
		if c.LivenessProbe == nil || !probed(c) || grace == nil || *grace <= int64(p.Int("grace")) || c.LivenessProbe.TerminationGracePeriodSeconds != nil {
			return
		}
		t := timingOf(c.LivenessProbe)
		p.Report(w.Object, c.Path+".livenessProbe.terminationGracePeriodSeconds", "a process that hangs and does not hear SIGTERM runs %d s longer after liveness has given up, %s in all",
			*grace, window{t.hang().from + *grace, t.hang().to + *grace})
	},
}
