package probes

import (
	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
)

// initialDelayInsteadOfStartup keeps the delay when it mends: a kubelet restart can open the startup gate early (startup-gate-leaks), and the
// delay still holds then.
var initialDelayInsteadOfStartup = &rule.Rule{
	ID:    "probe-initial-delay-instead-of-startup",
	Title: "an initial delay stands in for a startup probe",
	Why: "The delay is a guess that has to fit the slowest boot, and every restart waits it out, so a container that hangs early is " +
		"found late. A boot that outlasts it has only failureThreshold - 1 periods left.",
	How:      "Add a startup probe with room for the slowest boot; it ends as soon as the container answers.",
	Example:  "startupProbe:\n  httpGet: {path: /health/started, port: health}\n  periodSeconds: 10\n  failureThreshold: 30\n",
	Severity: finding.Could, Profile: rule.Strict, Since: "0.1.0", Incident: "cascading-restarts", Fixes: true,
	Links: []string{linkProbes, linkConfigure},
	Gate:  &rule.Gate{Of: "running", Let: []rule.Let{letLongRunning}, Container: "longRunning && has(c.livenessProbe) && !has(c.startupProbe) && c.livenessProbe.?initialDelaySeconds.orValue(0) > 0"},
	Container: func(p *rule.Pass, w *cluster.Workload, c *cluster.Container) {
		if c.LivenessProbe == nil || c.StartupProbe != nil || !w.LongRunning() || !probed(c) {
			return
		}
		t := timingOf(c.LivenessProbe)
		if t.delay == 0 {
			return
		}
		p.Report(w.Object, c.Path+".livenessProbe.initialDelaySeconds", "liveness waits %d s after every start and then kills a boot that has taken %s",
			t.delay, t.budget()).Fix = addStartup(w, c, t.budget().to)
	},
}
