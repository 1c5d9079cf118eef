package probes

import (
	"fmt"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
	"github.com/fairway-k8s/fairway/internal/source"
)

// timeoutExceedsPeriod mends by raising the period to the timeout and no further, the least at which it is silent. That is what the
// kubelet does with an endpoint that hangs, and only slower than before with one that refuses, of which the title tells; a shorter timeout
// could fail answers that pass today.
var timeoutExceedsPeriod = &rule.Rule{
	ID:    "probe-timeout-exceeds-period",
	Title: "a probe may still wait when its next turn is due",
	Why: "The kubelet does not ask twice at the same time: an attempt that waits longer than periodSeconds pushes the next one back. " +
		"When the endpoint hangs, the probe needs failureThreshold x timeoutSeconds to act instead of the period that is written.",
	How:      "Keep timeoutSeconds at or below periodSeconds.",
	Example:  "livenessProbe:\n  httpGet: {path: /health/live, port: health}\n  periodSeconds: 20\n  timeoutSeconds: 5\n",
	Severity: finding.Should, Profile: rule.Golden, Since: "0.1.0", Fixes: true,
	Links: []string{linkConfigure},
	Gate:  &rule.Gate{Of: "running", Container: celAsks + ".exists(p, p.timeoutSeconds > p.periodSeconds)"},
	Container: func(p *rule.Pass, w *cluster.Workload, c *cluster.Container) {
		if !probed(c) {
			return
		}
		for _, a := range asks(c.Container) {
			if a.probe == nil {
				continue
			}
			t := timingOf(a.probe)
			if t.timeout <= t.period {
				continue
			}
			path := c.Path + "." + a.field
			slower := t
			slower.period = t.timeout
			p.Report(w.Object, path+".timeoutSeconds", "an attempt may take %d s but the next is due after %d s, so a hanging endpoint is noticed after %d s instead of %s",
				t.timeout, t.period, t.failures*t.timeout, t.patience()).Fix = rule.Mend(
				fmt.Sprintf("set periodSeconds: %d; a refusal is then noticed after %s, not %s", t.timeout, slower.patience(), t.patience()),
				rule.Set(path+".periodSeconds", source.Int(t.timeout), "initialDelaySeconds", "timeoutSeconds"))
		}
	},
}
