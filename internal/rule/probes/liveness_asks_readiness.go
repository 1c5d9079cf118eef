package probes

import (
	"strings"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
)

// livenessAsksReadiness goes by the name of the endpoint. Where readiness asks for the same path the name tells them not apart: on one
// port probes-identical speaks, on two they are two endpoints.
var livenessAsksReadiness = &rule.Rule{
	ID:    "probe-liveness-asks-readiness",
	Title: "liveness asks an endpoint that answers for readiness",
	Why: "An endpoint called ready says no when a dependency is away or the pod is overloaded. Asked by liveness, that no restarts the " +
		"container, which brings no dependency back and takes capacity away.",
	How:      "Point liveness at the endpoint that speaks for the process alone, such as /livez, /-/healthy or /health/live.",
	Example:  "livenessProbe:\n  httpGet: {path: /livez, port: http}\nreadinessProbe:\n  httpGet: {path: /readyz, port: http}\n",
	Severity: finding.Should, Profile: rule.Golden, Since: "0.1.0", Incident: "restart-fixes-everything",
	Links: []string{linkProbes},
	Gate: &rule.Gate{Of: "running", Container: "has(c.?livenessProbe.httpGet) && [" + celPath("c.livenessProbe") + "].exists(path,\n" +
		"  path.matches('^[^?]*/(ready|readyz|readiness|isready|is-ready|ready[.]php)/?([?]|$)') && !(has(c.?readinessProbe.httpGet) && " + celPath("c.readinessProbe") + " == path))"},
	Container: func(p *rule.Pass, w *cluster.Workload, c *cluster.Container) {
		if c.LivenessProbe == nil || c.LivenessProbe.HTTPGet == nil || !probed(c) {
			return
		}
		live, _ := endpointOf(c.Container, c.LivenessProbe)
		if !speaksForReadiness(live.path) {
			return
		}
		if c.ReadinessProbe != nil {
			if ready, ok := endpointOf(c.Container, c.ReadinessProbe); ok && ready.path == live.path {
				return
			}
		}
		p.Report(w.Object, c.Path+".livenessProbe.httpGet.path", "liveness asks %s: when the pod is not ready it is restarted, after %s", live.path,
			timingOf(c.LivenessProbe).patience())
	},
}

// speaksForReadiness reports whether the last part of a path is a usual name for readiness.
func speaksForReadiness(path string) bool {
	path, _, _ = strings.Cut(path, "?")
	path = strings.TrimSuffix(path, "/")
	switch path[strings.LastIndexByte(path, '/')+1:] {
	case "ready", "readyz", "readiness", "isready", "is-ready", "ready.php":
		return true
	}
	return false
}
