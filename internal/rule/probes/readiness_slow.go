package probes

import (
	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
)

// readinessSlow speaks of two minutes and more, which nobody sets by chance: it is how people keep a probe from "restarting" a pod that it never
// restarts.
var readinessSlow = &rule.Rule{
	ID:    "probe-readiness-slow",
	Title: "a pod that cannot serve gets requests for minutes",
	Why: "A readiness probe never restarts anything: all that it does is to take the pod out of traffic, and to bring it back. Patience, which is right for " +
		"liveness, only means that requests fail for longer.",
	How:      "Let readiness give up after some 15 s, and look often: it comes back with the first good answer.",
	Example:  "readinessProbe: {periodSeconds: 5, timeoutSeconds: 2, failureThreshold: 3}   # out after 10-17 s\n",
	Severity: finding.Could, Profile: rule.Strict, Since: "0.1.0",
	Links: []string{linkLifecycle},
	Params: []rule.Param{
		{Name: "patience", Unit: "s", Doc: "the most that failureThreshold x periodSeconds may be", Default: 120},
	},
	Gate: &rule.Gate{Of: "running", Container: "has(c.readinessProbe) && c.readinessProbe.failureThreshold * c.readinessProbe.periodSeconds > param.patience"},
	Container: func(p *rule.Pass, w *cluster.Workload, c *cluster.Container) {
		if c.ReadinessProbe == nil || !probed(c) {
			return
		}
		if t := timingOf(c.ReadinessProbe); t.failures*t.period > int64(p.Int("patience")) {
			p.Report(w.Object, c.Path+".readinessProbe", "requests are sent to a pod that fails for %s", t.patience())
		}
	},
}
