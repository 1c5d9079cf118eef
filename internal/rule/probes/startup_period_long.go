package probes

import (
	"fmt"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
	"github.com/fairway-k8s/fairway/internal/source"
)

// startupPeriodLong leaves to startup-gate-leaks what that rule has to say: its mend shortens the period as well. This one keeps the budget.
var startupPeriodLong = &rule.Rule{
	ID:    "probe-startup-period-long",
	Title: "a boot that is over waits long for its startup probe",
	Why: "The startup probe's period is added to every boot: a container that answers just after a turn is ready one period later, and a rollout " +
		"waits that long at each of its steps.",
	How:      "Ask every 10 s or more often, with a failureThreshold that gives the same budget.",
	Example:  "startupProbe: {periodSeconds: 10, failureThreshold: 30}   # surely 290 s, ready at most 10 s late\n",
	Severity: finding.Could, Profile: rule.Strict, Since: "0.1.0", Fixes: true,
	Links: []string{linkConfigure},
	Params: []rule.Param{
		{Name: "period", Unit: "s", Doc: "the longest that a boot which is over may wait", Default: 10},
	},
	Gate: &rule.Gate{Of: "running", Container: "has(c.startupProbe) && c.startupProbe.periodSeconds > param.period", Outdone: &rule.Outdone{
		By: "startup-gate-leaks", Container: "has(c.startupProbe) && has(c.livenessProbe) && c.startupProbe.periodSeconds > " + celSurelyLives}},
	Container: func(p *rule.Pass, w *cluster.Workload, c *cluster.Container) {
		if c.StartupProbe == nil || !probed(c) {
			return
		}
		t, most := timingOf(c.StartupProbe), int64(p.Int("period"))
		if t.period <= most || c.LivenessProbe != nil && t.period > gate(timingOf(c.LivenessProbe)) {
			return
		}
		path := c.Path + ".startupProbe"
		f := p.Report(w.Object, path+".periodSeconds", "a boot that is over is noticed up to %d s later", t.period)
		if n := threshold(t.patience().from, most); t.timeout <= most {
			f.Fix = rule.Mend(fmt.Sprintf("ask every %d s, %d times: the same budget", most, n),
				rule.Set(path+".periodSeconds", source.Int(most), "initialDelaySeconds"),
				rule.Set(path+".failureThreshold", source.Int(n), "periodSeconds", "timeoutSeconds"))
		}
	},
}
