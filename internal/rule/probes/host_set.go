package probes

import (
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
)

// hostSet is silent on the host's network, where the node's loopback is the pod's own. Its mend takes only loopback names away: what
// another host means, only its author knows.
var hostSet = &rule.Rule{
	ID:    "probe-host-set",
	Title: "a probe asks a fixed host instead of its own pod",
	Why: "The kubelet connects from the node, so localhost is the node and any other name is somebody else's server: the answer says " +
		"nothing about this container, and its failure restarts it. The baseline Pod Security Standard refuses the field since 1.34.",
	How:      "Leave host out: the probe then asks the pod's own address. For a virtual host, send a Host header.",
	Example:  "readinessProbe:\n  httpGet:\n    path: /health/ready\n    port: http\n    httpHeaders: [{name: Host, value: app.example.com}]\n",
	Severity: finding.Should, Profile: rule.Basic, Since: "0.1.0", Fixes: true,
	Links: []string{"https://kubernetes.io/docs/concepts/security/pod-security-standards/#baseline", linkConfigure},
	Gate: &rule.Gate{Of: "running", Container: "!pod.?hostNetwork.orValue(false) && " + celAsks + ".exists(p,\n" +
		"  [p.?httpGet.?host.orValue(p.?tcpSocket.?host.orValue(''))].exists(h, h != '' && !h.matches('[${}]')))"},
	Container: func(p *rule.Pass, w *cluster.Workload, c *cluster.Container) {
		if w.Template.Spec.HostNetwork || !probed(c) {
			return
		}
		for _, a := range asks(c.Container) {
			if a.probe == nil {
				continue
			}
			handler, host := hostOf(a.probe)
			if host == "" || strings.ContainsAny(host, "${}") {
				continue
			}
			field := c.Path + "." + a.field + "." + handler + ".host"
			if !loopback(host) {
				p.Report(w.Object, field, "the kubelet asks %s, not this pod", host)
				continue
			}
			p.Report(w.Object, field, "the kubelet asks %s of the node, not of this pod", host).Fix = rule.Mend("remove host", rule.Remove(field))
		}
	},
}

func hostOf(p *corev1.Probe) (handler, host string) {
	switch {
	case p.HTTPGet != nil:
		return "httpGet", p.HTTPGet.Host
	case p.TCPSocket != nil:
		return "tcpSocket", p.TCPSocket.Host
	}
	return "", ""
}

func loopback(host string) bool {
	return host == "localhost" || strings.HasPrefix(host, "127.") || host == "::1" || host == "0.0.0.0"
}
