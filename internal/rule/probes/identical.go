package probes

import (
	"fmt"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
)

// identical compares what liveness and readiness ask, ports resolved to numbers. A startup probe may ask what liveness asks: that is
// the usual way to give a boot more time. Liveness on a bare TCP port asks for no more than a listener, so sharing it is a trap only
// when liveness gives up no later than readiness.
var identical = &rule.Rule{
	ID:    "probes-identical",
	Title: "liveness and readiness ask the same question",
	Why: "A pod that cannot serve right now should get no traffic; a process that is stuck for good should be restarted. With one " +
		"endpoint for both, a slow database or a full queue restarts the containers as well, all replicas together, and every " +
		"restart moves load to those that are left.",
	How: "Give liveness an endpoint of its own that says only that the process still works, asks no dependency and answers during " +
		"boot. Leave readiness the one that looks at what the pod needs to serve.",
	Example: "startupProbe:   {httpGet: {path: /health/started, port: health}, periodSeconds: 10, failureThreshold: 30}\n" +
		"readinessProbe: {httpGet: {path: /health/ready, port: health}, periodSeconds: 5, timeoutSeconds: 2}\n" +
		"livenessProbe:  {httpGet: {path: /health/live, port: health}, periodSeconds: 20, timeoutSeconds: 5}\n",
	Severity: finding.Must, Profile: rule.Basic, Since: "0.1.0", Incident: "cascading-restarts",
	Links: []string{linkProbes, linkConfigure},
	Gate: &rule.Gate{Of: "running", Container: "has(c.livenessProbe) && has(c.readinessProbe) &&\n" +
		"[[c.livenessProbe, c.readinessProbe].map(p, " + celEndpoint("p") + ")].exists(e, e[0] == e[1]) &&\n" +
		"!(has(c.livenessProbe.tcpSocket) && (c.livenessProbe.failureThreshold - 1) * c.livenessProbe.periodSeconds > (c.readinessProbe.failureThreshold - 1) * c.readinessProbe.periodSeconds)"},
	Container: func(p *rule.Pass, w *cluster.Workload, c *cluster.Container) {
		if c.LivenessProbe == nil || c.ReadinessProbe == nil || !probed(c) {
			return
		}
		live, ok := endpointOf(c.Container, c.LivenessProbe)
		ready, ok2 := endpointOf(c.Container, c.ReadinessProbe)
		if !ok || !ok2 || !live.same(ready) {
			return
		}
		kill, unready := timingOf(c.LivenessProbe), timingOf(c.ReadinessProbe)
		if live.kind == "TCP" && kill.patience().from > unready.patience().from {
			return
		}
		order := fmt.Sprintf("what makes the pod unready after %s restarts it after %s", unready.patience(), kill.patience())
		who, boot := "liveness and readiness both ask", ""
		if c.StartupProbe == nil {
			boot = fmt.Sprintf(", and a boot longer than %d s can be killed", kill.budget().from)
		} else if start, ok := endpointOf(c.Container, c.StartupProbe); ok && start.same(live) {
			who = "all three probes ask"
		}
		p.Report(w.Object, c.Path+".livenessProbe", "%s %s: %s%s", who, live, order, boot)
	},
}
