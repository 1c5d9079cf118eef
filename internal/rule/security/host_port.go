package security

import (
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
)

// hostPort leaves pods in the node's network to host-network: the API server gives all their ports a hostPort. A DaemonSet that takes the
// ports of the web on every node is itself what is in front: the ingress of a cluster without load balancers.
var hostPort = &rule.Rule{
	ID:    "host-port",
	Title: "a container opens a port of its node",
	Why: "The port is open on the node past Service, Ingress and often NetworkPolicy. Only one such pod fits on a node, so scaling and " +
		"rollouts wait for a node whose port is free.",
	How:      "Remove hostPort and put a Service in front.",
	Severity: finding.Should, Profile: rule.Golden, Since: "0.1.0", Incident: "side-door",
	Links: []string{"https://kubernetes.io/docs/concepts/configuration/overview/", linkStandards},
	Gate: &rule.Gate{Let: letNodeAgent, Container: "!pod.?hostNetwork.orValue(false) && !nodeAgent && c.?ports.orValue([]).exists(p, p.?hostPort.orValue(0) != 0) &&\n" +
		"!(object.kind == 'DaemonSet' && [80, 443].all(n, c.ports.exists(p, p.?hostPort.orValue(0) == n)))"},
	Container: func(p *rule.Pass, w *cluster.Workload, c *cluster.Container) {
		if w.Template.Spec.HostNetwork || nodeAgent(w) || w.Kind == "DaemonSet" && opensWeb(c) {
			return
		}
		for i := range c.Ports {
			port := &c.Ports[i]
			if port.HostPort == 0 {
				continue
			}
			what := "open past Service and Ingress"
			if w.Scales() {
				what += ", and no two of these pods fit on one node"
			}
			p.Report(w.Object, c.Path+".ports["+strconv.Itoa(i)+"].hostPort", "port %d of the node leads to %s: %s", port.HostPort, kindOf(c), what)
		}
	},
}

// opensWeb reports whether a container takes the ports 80 and 443 of its node.
func opensWeb(c *cluster.Container) bool {
	has := func(n int32) bool {
		return slices.ContainsFunc(c.Ports, func(p corev1.ContainerPort) bool { return p.HostPort == n })
	}
	return has(80) && has(443)
}
