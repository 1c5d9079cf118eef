package probes

import (
	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
)

// livenessTCP knows from a run of the kubelet's own probe that a listener which never accepts a connection passes: the kernel completes the
// handshake by itself until its queue is full (k8s.io/kubernetes pkg/probe/tcp, listen(2)).
var livenessTCP = &rule.Rule{
	ID:    "probe-liveness-tcp",
	Title: "liveness asks whether a port is open, which a process that hangs answers too",
	Why: "The kernel completes the handshake of a connection, not the process. One that is deadlocked keeps its listener and passes; one that " +
		"has lost it has ended most of the time, and is restarted without a probe.",
	How:      "Let liveness ask an endpoint that the serving path keeps alive, or leave it out: a process that ends is restarted in any case.",
	Example:  "livenessProbe:\n  httpGet: {path: /health/live, port: health}\n  periodSeconds: 20\n",
	Severity: finding.Could, Profile: rule.Strict, Since: "0.1.0", Incident: "restart-fixes-everything",
	Links: []string{linkConfigure},
	Gate:  &rule.Gate{Of: "running", Container: "has(c.livenessProbe) && has(c.livenessProbe.tcpSocket)"},
	Container: func(p *rule.Pass, w *cluster.Workload, c *cluster.Container) {
		if c.LivenessProbe == nil || c.LivenessProbe.TCPSocket == nil || !probed(c) {
			return
		}
		e, _ := endpointOf(c.Container, c.LivenessProbe)
		p.Report(w.Object, c.Path+".livenessProbe.tcpSocket", "%s is open as long as the process is there, also when it hangs", e)
	},
}
