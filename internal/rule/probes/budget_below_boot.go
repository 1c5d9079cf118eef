package probes

import (
	"fmt"
	"math"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
	"github.com/fairway-k8s/fairway/internal/source"
)

// budgetBelowBoot is the one rule that knows how long a boot takes, because somebody wrote it down: in a service file or in an annotation. It is
// about the first of the pod's containers, which a service file is about. It counts what a boot surely gets, max(d-1, 0) + (f-1) x p, and
// mends by trying more often; nothing else changes.
var budgetBelowBoot = &rule.Rule{
	ID:    "probe-budget-below-boot",
	Title: "a boot that was measured does not fit into the time that the probes give it",
	Why: "failureThreshold x periodSeconds is the most that a boot can get. What it surely gets is one period less, as the first probe may come at " +
		"once: 10 s x 3 kills after 20 s. A boot that is killed begins anew, in a cluster that is busier than before.",
	How: "Set failureThreshold of the startup probe so that (failureThreshold - 1) x periodSeconds covers the slowest boot and half of it again. How long a " +
		"boot takes stands in fairway.yaml (boot) or in the annotation " + cluster.BootAnnotation + "; fairway probe recommend measures it.",
	Example:  "metadata:\n  annotations: {" + cluster.BootAnnotation + ": 60s}\n# ...\nstartupProbe: {periodSeconds: 10, failureThreshold: 10}   # surely 90 s\n",
	Severity: finding.Should, Profile: rule.Golden, Since: "0.1.0", Incident: "cascading-restarts", Fixes: true,
	Links: []string{linkProbes, linkConfigure},
	Params: []rule.Param{
		{Name: "margin", Doc: "what a boot must be given, as a multiple of the one that was measured", Default: 1.5},
	},
	Workload: func(p *rule.Pass, w *cluster.Workload) {
		boot := p.DeclaredOf(w).Boot
		if boot == 0 || !w.LongRunning() {
			return
		}
		var c *cluster.Container
		for app := range w.Apps() {
			c = app
			break
		}
		if c == nil || !whole(c) {
			return
		}
		probe, name := c.StartupProbe, "startup probe"
		if probe == nil {
			probe, name = c.LivenessProbe, "liveness probe"
		}
		if probe == nil {
			return
		}
		t, want := timingOf(probe), int64(math.Ceil(boot.Seconds()*p.Float("margin")))
		if t.budget().from >= want {
			return
		}
		field := c.Path + ".livenessProbe"
		if c.StartupProbe != nil {
			field = c.Path + ".startupProbe.failureThreshold"
		}
		f := p.Report(w.Object, field, "a boot takes up to %g s, and the %s surely gives it %d s only (%d s at most); times %g it needs %d s",
			boot.Seconds(), name, t.budget().from, t.budget().to, p.Float("margin"), want)
		if c.StartupProbe == nil {
			f.Fix = addStartup(w, c, want)
			return
		}
		n := threshold(want-max(t.delay-1, 0), t.period)
		f.Fix = rule.Mend(fmt.Sprintf("set failureThreshold: %d", n), rule.Set(field, source.Int(n), "periodSeconds", "timeoutSeconds"))
	},
}
