package security

import (
	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
)

var hostIPC = &rule.Rule{
	ID:    "host-ipc",
	Title: "pods share memory and semaphores with their node",
	Why: "With the node's IPC namespace a container can read and change the shared memory of the node's processes, and of other pods " +
		"that do the same.",
	How:      "Remove hostIPC: true. Containers of one pod share an IPC namespace anyway, and a larger /dev/shm is an emptyDir with medium: Memory.",
	Example:  "volumes:\n  - name: shm\n    emptyDir: {medium: Memory, sizeLimit: 256Mi}\n",
	Severity: finding.Should, Profile: rule.Golden, Since: "0.1.0", Incident: "root-container",
	Links: []string{linkStandards},
	Gate:  &rule.Gate{Let: letNodeAgent, Pod: "pod.?hostIPC.orValue(false) && !nodeAgent"},
	Workload: func(p *rule.Pass, w *cluster.Workload) {
		if w.Template.Spec.HostIPC && !nodeAgent(w) {
			p.Report(w.Object, w.SpecPath+".hostIPC", "the pods share memory and semaphores with all processes of their node")
		}
	},
}
