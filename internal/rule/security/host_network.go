package security

import (
	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
)

var hostNetwork = &rule.Rule{
	ID:    "host-network",
	Title: "pods live in the network of their node",
	Why: "Such a pod reaches what listens on the node's localhost, the kubelet and cloud metadata included, and can watch the traffic of " +
		"others. Most network plugins do not apply NetworkPolicy to it, its ports are open on the node, and two of them cannot share one.",
	How:      "Remove hostNetwork: true and put a Service in front. Node agents that need it keep it, with the reason written down.",
	Severity: finding.Should, Profile: rule.Golden, Since: "0.1.0", Incident: "side-door",
	Links: []string{linkStandards, "https://kubernetes.io/docs/concepts/services-networking/network-policies/#networkpolicy-and-hostnetwork-pods"},
	Gate:  &rule.Gate{Let: letNodeAgent, Pod: "pod.?hostNetwork.orValue(false) && !nodeAgent"},
	Workload: func(p *rule.Pass, w *cluster.Workload) {
		if w.Template.Spec.HostNetwork && !nodeAgent(w) {
			p.Report(w.Object, w.SpecPath+".hostNetwork", "the pods live in their node's network: they reach its localhost, and NetworkPolicy does not hold for them")
		}
	},
}
