package probes

import (
	"fmt"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
	"github.com/fairway-k8s/fairway/internal/source"
)

// budgetTooShort cannot know how long the boot takes. It speaks when the manifest itself expects a longer one: when the startup
// probe gives up before another probe of the container would even begin, or gives no more than liveness alone because its
// failureThreshold was left at the default.
var budgetTooShort = &rule.Rule{
	ID:    "probe-budget-too-short",
	Title: "the startup probe gives a boot less time than the other probes expect",
	Why: "A startup probe kills the container when its failureThreshold x periodSeconds is used up, and with the default of 3 that is " +
		"no later than liveness would have. It then shortens the boot that it was meant to protect.",
	How:      "Set failureThreshold so that (failureThreshold - 1) x periodSeconds covers the slowest boot, and drop the initial delays of the other probes.",
	Example:  "startupProbe:\n  httpGet: {path: /health/started, port: health}\n  periodSeconds: 10\n  failureThreshold: 30   # a boot may take 290 s\n",
	Severity: finding.Should, Profile: rule.Golden, Since: "0.1.0", Incident: "cascading-restarts", Fixes: true,
	Links: []string{linkProbes, linkConfigure},
	Container: func(p *rule.Pass, w *cluster.Workload, c *cluster.Container) {
		if c.StartupProbe == nil || !probed(c) {
			return
		}
		start := timingOf(c.StartupProbe)
		path := c.Path + ".startupProbe"
		field := path + ".failureThreshold"
		expects, delay := "", start.budget().to
		for _, a := range asks(c.Container) {
			if a.probe != nil && a.probe != c.StartupProbe && int64(a.probe.InitialDelaySeconds) > delay {
				expects, delay = a.field, int64(a.probe.InitialDelaySeconds)
			}
		}
		var f *finding.Finding
		n := threshold(max(delay-start.delay, 0), start.period)
		switch {
		case expects != "":
			f = p.Report(w.Object, field, "the startup probe kills a boot after %s, but the %s expects one of %d s", start.budget(), expects, delay)
		case c.LivenessProbe != nil && start.failures == 3 && !w.Has(field) && start.budget().from <= timingOf(c.LivenessProbe).budget().from:
			n = max(n, bootBudget/start.period)
			f = p.Report(w.Object, field, "with the default failureThreshold of 3 the startup probe kills a boot after %s, no later than liveness would (%s)",
				start.budget(), timingOf(c.LivenessProbe).budget())
		default:
			return
		}
		f.Fix = rule.Mend(fmt.Sprintf("set failureThreshold: %d", n), rule.Set(field, source.Int(n), "periodSeconds", "timeoutSeconds"))
	},
}
