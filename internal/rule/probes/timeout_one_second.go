package probes

import (
	"fmt"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
	"github.com/fairway-k8s/fairway/internal/source"
)

// timeoutOneSecond mends with the golden path's 5 s, within the period: more patience, nothing else.
var timeoutOneSecond = &rule.Rule{
	ID:    "probe-timeout-one-second",
	Title: "liveness waits one second for an answer",
	Why: "One second is the default, and a collection of garbage, a throttled CPU or a busy node takes longer than that. Three such " +
		"moments in a row restart a healthy process. Starting a command for an exec probe counts too.",
	How:      "Give liveness a few seconds: it looks for processes that are stuck for good, and those never answer.",
	Example:  "livenessProbe:\n  httpGet: {path: /health/live, port: health}\n  periodSeconds: 20\n  timeoutSeconds: 5\n",
	Severity: finding.Could, Profile: rule.Strict, Since: "0.1.0", Incident: "restart-fixes-everything", Fixes: true,
	Links: []string{linkConfigure},
	Gate:  &rule.Gate{Of: "running", Container: "has(c.livenessProbe) && c.livenessProbe.timeoutSeconds <= 1"},
	Container: func(p *rule.Pass, w *cluster.Workload, c *cluster.Container) {
		if c.LivenessProbe == nil || !probed(c) {
			return
		}
		t := timingOf(c.LivenessProbe)
		if t.timeout > 1 {
			return
		}
		field := c.Path + ".livenessProbe.timeoutSeconds"
		origin := ""
		if !w.Has(field) {
			origin = ", the default"
		}
		row := fmt.Sprintf("%d in a row restart the container", t.failures)
		if t.failures == 1 {
			row = "one restarts the container"
		}
		f := p.Report(w.Object, field, "liveness counts an answer after more than 1 s as a failure%s; %s", origin, row)
		if n := min(5, t.period); n > 1 {
			f.Fix = rule.Mend(fmt.Sprintf("set timeoutSeconds: %d", n), rule.Set(field, source.Int(n), "periodSeconds", "initialDelaySeconds"))
		}
	},
}
