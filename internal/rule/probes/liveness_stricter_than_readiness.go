package probes

import (
	"fmt"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
	"github.com/fairway-k8s/fairway/internal/source"
)

// livenessStricterThanReadiness mends by making liveness outlast readiness; that number follows from the two probes, and liveness only
// becomes more patient.
var livenessStricterThanReadiness = &rule.Rule{
	ID:    "probe-liveness-stricter-than-readiness",
	Title: "liveness restarts the container before readiness takes it out of traffic",
	Why: "Readiness is the gentle answer: the pod gets no requests and can catch up. When liveness gives up first, an overloaded pod " +
		"is restarted with its requests in flight instead of being left alone for a moment.",
	How:      "Let readiness give up first and liveness last: failureThreshold x periodSeconds of liveness well above that of readiness.",
	Example:  "readinessProbe: {periodSeconds: 5, failureThreshold: 3}    # out after 10-15 s\nlivenessProbe:  {periodSeconds: 20, failureThreshold: 3}   # restarted after 40-60 s\n",
	Severity: finding.Should, Profile: rule.Golden, Since: "0.1.0", Incident: "restart-fixes-everything", Fixes: true,
	Links: []string{linkProbes},
	Gate:  &rule.Gate{Of: "running", Container: celStricter},
	Container: func(p *rule.Pass, w *cluster.Workload, c *cluster.Container) {
		if c.LivenessProbe == nil || c.ReadinessProbe == nil || !probed(c) {
			return
		}
		live := timingOf(c.LivenessProbe)
		kill, unready := live.patience(), timingOf(c.ReadinessProbe).patience()
		if !stricter(kill, unready) {
			return
		}
		field := c.Path + ".livenessProbe"
		n := threshold(unready.to, live.period)
		p.Report(w.Object, field, "liveness restarts the container after %s of failures, readiness takes it out of traffic only after %s", kill, unready).Fix =
			rule.Mend(fmt.Sprintf("set failureThreshold: %d, so that liveness outlasts readiness", n),
				rule.Set(field+".failureThreshold", source.Int(n), "periodSeconds", "timeoutSeconds"))
	},
}

// stricter reports whether liveness gives up before readiness does.
func stricter(kill, unready window) bool { return kill.from <= unready.from && kill.to < unready.to }

// celStricter is stricter of container c.
const celStricter = "has(c.livenessProbe) && has(c.readinessProbe) &&\n" +
	"(c.livenessProbe.failureThreshold - 1) * c.livenessProbe.periodSeconds <= (c.readinessProbe.failureThreshold - 1) * c.readinessProbe.periodSeconds &&\n" +
	"c.livenessProbe.failureThreshold * c.livenessProbe.periodSeconds < c.readinessProbe.failureThreshold * c.readinessProbe.periodSeconds"
