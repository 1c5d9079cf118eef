package probes

import (
	"fmt"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
	"github.com/fairway-k8s/fairway/internal/source"
)

// livenessCloseToReadiness leaves to probe-liveness-stricter-than-readiness what is worse. 15 s are what a pod out of traffic needs to catch up:
// 1-3 s until proxies have heard, and a client's usual 10 s until what still waits has given up.
var livenessCloseToReadiness = &rule.Rule{
	ID:    "probe-liveness-close-to-readiness",
	Title: "liveness restarts a pod that was just taken out of traffic",
	Why: "Readiness takes an overloaded pod out of traffic so that it can catch up. When liveness gives up at about the same time, the pod is restarted before " +
		"that could help, and all of its load is moved to the others.",
	How:      "Let failureThreshold x periodSeconds of liveness be more than 15 s above that of readiness.",
	Example:  "readinessProbe: {periodSeconds: 5, failureThreshold: 3}    # out after 10-15 s\nlivenessProbe:  {periodSeconds: 20, failureThreshold: 3}   # restarted after 40-60 s\n",
	Severity: finding.Could, Profile: rule.Strict, Since: "0.1.0", Incident: "restart-fixes-everything", Fixes: true,
	Links: []string{linkProbes},
	Params: []rule.Param{
		{Name: "rest", Unit: "s", Doc: "what a pod out of traffic is given before it may be restarted", Default: 15},
	},
	Gate: &rule.Gate{Of: "running", Container: "has(c.livenessProbe) && has(c.readinessProbe) &&\n" +
		"c.livenessProbe.failureThreshold * c.livenessProbe.periodSeconds <= c.readinessProbe.failureThreshold * c.readinessProbe.periodSeconds + param.rest",
		Outdone: &rule.Outdone{By: "probe-liveness-stricter-than-readiness", Container: celStricter}},
	Container: func(p *rule.Pass, w *cluster.Workload, c *cluster.Container) {
		if c.LivenessProbe == nil || c.ReadinessProbe == nil || !probed(c) {
			return
		}
		live := timingOf(c.LivenessProbe)
		kill, unready := live.patience(), timingOf(c.ReadinessProbe).patience()
		rest := int64(p.Int("rest"))
		if kill.to > unready.to+rest || stricter(kill, unready) {
			return
		}
		field := c.Path + ".livenessProbe.failureThreshold"
		n := (unready.to+rest)/live.period + 1
		p.Report(w.Object, field, "failures take the pod out of traffic after %s and restart it after %s, which leaves it no time to catch up", unready, kill).Fix =
			rule.Mend(fmt.Sprintf("set failureThreshold: %d", n), rule.Set(field, source.Int(n), "periodSeconds", "timeoutSeconds"))
	},
}
