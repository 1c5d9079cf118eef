package security

import (
	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
)

var hostPID = &rule.Rule{
	ID:    "host-pid",
	Title: "pods see all processes of their node",
	Why: "With the node's process IDs a container sees every process of every pod there, with its command line. As root it reads their " +
		"environment and files through /proc and can stop them.",
	How:      "Remove hostPID: true. What a monitoring agent needs, it can read from the kubelet's or the node exporter's metrics.",
	Severity: finding.Should, Profile: rule.Golden, Since: "0.1.0", Incident: "root-container",
	Links: []string{linkStandards},
	Gate:  &rule.Gate{Let: letNodeAgent, Pod: "pod.?hostPID.orValue(false) && !nodeAgent"},
	Workload: func(p *rule.Pass, w *cluster.Workload) {
		if w.Template.Spec.HostPID && !nodeAgent(w) {
			p.Report(w.Object, w.SpecPath+".hostPID", "the pods see the processes of every pod on their node, with command lines and, as root, environment and files")
		}
	},
}
