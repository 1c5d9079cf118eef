package security

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
)

var windowsHostProcess = &rule.Rule{
	ID:       "windows-host-process",
	Title:    "a Windows container runs as a process of its node",
	Why:      "A HostProcess container has the node's file system, network and services. It is Windows' privileged container.",
	How:      "Remove hostProcess: true. Only what sets the node up, such as a network plugin, needs it.",
	Severity: finding.Should, Profile: rule.Golden, Since: "0.1.0", Incident: "root-container",
	Links: []string{"https://kubernetes.io/docs/tasks/configure-pod-container/create-hostprocess-pod/", linkStandards},
	Gate: &rule.Gate{Let: letNodeAgent, Pod: "!nodeAgent && (pod.?securityContext.?windowsOptions.?hostProcess.orValue(false) ||\n" +
		"containers.exists(c, c.?securityContext.?windowsOptions.?hostProcess.orValue(false)))"},
	Workload: func(p *rule.Pass, w *cluster.Workload) {
		if nodeAgent(w) {
			return
		}
		if s := w.Template.Spec.SecurityContext; s != nil && hostProcess(s.WindowsOptions) {
			p.Report(w.Object, w.SpecPath+".securityContext.windowsOptions.hostProcess", "the pods run as processes of their Windows node, with all it has")
			return
		}
		for i := range w.Containers {
			if c := &w.Containers[i]; c.SecurityContext != nil && hostProcess(c.SecurityContext.WindowsOptions) {
				p.Report(w.Object, c.Path+".securityContext.windowsOptions.hostProcess", "%s runs as a process of its Windows node, with all it has", kindOf(c))
			}
		}
	},
}

func hostProcess(o *corev1.WindowsSecurityContextOptions) bool {
	return o != nil && o.HostProcess != nil && *o.HostProcess
}
