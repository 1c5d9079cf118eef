package probes

import (
	"fmt"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
	"github.com/fairway-k8s/fairway/internal/source"
)

// silenceSeconds is the longest hang that must not restart a container.
const silenceSeconds = 5

// livenessHairTrigger has a parameter of 5 s because collecting garbage, throttling and a retransmission or two stay below it. It
// mends a threshold of 1 with Kubernetes' own default, 3, where that is enough; the probe only ever becomes more patient.
var livenessHairTrigger = &rule.Rule{
	ID:    "probe-liveness-hair-trigger",
	Title: "one slow moment restarts the container",
	Why: "A garbage collection, a throttled CPU or a lost packet makes a healthy process miss an answer now and then. A restart " +
		"drops its requests and caches, and under load it makes the next one slower too.",
	How:      "Let liveness fail at least three times over more than a few seconds; detecting a deadlock half a minute later costs less than restarting healthy pods.",
	Example:  "livenessProbe:\n  httpGet: {path: /health/live, port: health}\n  periodSeconds: 20\n  timeoutSeconds: 5\n  failureThreshold: 3\n",
	Severity: finding.Should, Profile: rule.Basic, Since: "0.1.0", Incident: "restart-fixes-everything", Fixes: true,
	Links: []string{linkProbes, linkConfigure},
	Params: []rule.Param{
		{Name: "silence", Unit: "s", Doc: "a hang shorter than this must not restart a container", Default: silenceSeconds},
	},
	Gate: &rule.Gate{Of: "running", Container: "has(c.livenessProbe) && (c.livenessProbe.failureThreshold == 1 ||\n" +
		"  (c.livenessProbe.failureThreshold - 1) * c.livenessProbe.periodSeconds + c.livenessProbe.timeoutSeconds < param.silence)"},
	Container: func(p *rule.Pass, w *cluster.Workload, c *cluster.Container) {
		if c.LivenessProbe == nil || !probed(c) {
			return
		}
		t := timingOf(c.LivenessProbe)
		// The shortest hang that kills: all attempts within it fail, the last one by its timeout.
		silence := (t.failures-1)*t.period + t.timeout
		enough := int64(p.Int("silence"))
		field := c.Path + ".livenessProbe.failureThreshold"
		switch {
		case t.failures == 1:
			f := p.Report(w.Object, field, "a single answer that takes longer than %d s restarts the container", t.timeout)
			if 2*t.period+t.timeout >= enough {
				f.Fix = rule.Mend("set failureThreshold: 3", rule.Set(field, source.Int(3)))
			}
		case silence < enough:
			n := max(t.failures, (enough-t.timeout+t.period-1)/t.period+1)
			p.Report(w.Object, field, "%d failures in a row restart the container, which a hang of %d s is enough for", t.failures, silence).Fix =
				rule.Mend(fmt.Sprintf("set failureThreshold: %d", n), rule.Set(field, source.Int(n), "periodSeconds", "timeoutSeconds"))
		}
	},
}
