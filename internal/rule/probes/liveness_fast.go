package probes

import (
	"fmt"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
	"github.com/fairway-k8s/fairway/internal/source"
)

// livenessFast is the careful sibling of probe-liveness-hair-trigger, which has worse to say of the same probe. A minute is what C. Breck's
// advice on probes comes to (liveness: threshold x period of 60 s or more unless there is a reason), and what the golden path gives.
var livenessFast = &rule.Rule{
	ID:    "probe-liveness-fast",
	Title: "liveness gives a process less than a minute",
	Why: "A restart is the most expensive answer there is: it drops requests, empties caches and takes the pod away for a boot. Overload, a slow disk " +
		"or a long collection of garbage is over within a minute most of the time; a process that is stuck for good still is stuck then.",
	How:      "Let failureThreshold x periodSeconds of liveness be 60 s or more. Where a hang has to be noticed sooner, allow this rule with the reason.",
	Example:  "livenessProbe: {periodSeconds: 20, timeoutSeconds: 5, failureThreshold: 3}   # restarted after 45-65 s\n",
	Severity: finding.Could, Profile: rule.Strict, Since: "0.1.0", Incident: "restart-fixes-everything", Fixes: true,
	Links: []string{linkProbes},
	Params: []rule.Param{
		{Name: "patience", Unit: "s", Doc: "the least that failureThreshold x periodSeconds has to be", Default: 60},
	},
	Gate: &rule.Gate{Of: "running", Container: "has(c.livenessProbe) && c.livenessProbe.failureThreshold * c.livenessProbe.periodSeconds < param.patience", Outdone: &rule.Outdone{
		By: "probe-liveness-hair-trigger", Container: "has(c.livenessProbe) && (c.livenessProbe.failureThreshold == 1 ||\n" +
			"  (c.livenessProbe.failureThreshold - 1) * c.livenessProbe.periodSeconds + c.livenessProbe.timeoutSeconds < 5)"}},
	Container: func(p *rule.Pass, w *cluster.Workload, c *cluster.Container) {
		if c.LivenessProbe == nil || !probed(c) {
			return
		}
		t, least := timingOf(c.LivenessProbe), int64(p.Int("patience"))
		if t.failures*t.period >= least || t.hairTrigger() {
			return
		}
		field := c.Path + ".livenessProbe.failureThreshold"
		n := (least + t.period - 1) / t.period
		p.Report(w.Object, field, "a process that does not answer for %s is restarted", t.hang()).Fix =
			rule.Mend(fmt.Sprintf("set failureThreshold: %d", n), rule.Set(field, source.Int(n), "periodSeconds", "timeoutSeconds"))
	},
}

// hairTrigger reports whether probe-liveness-hair-trigger, with the parameter it comes with, speaks of a liveness probe.
func (t timing) hairTrigger() bool {
	return t.failures == 1 || t.patience().from+t.timeout < silenceSeconds
}
