package security

import (
	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
)

var shareProcessNamespace = &rule.Rule{
	ID:    "share-process-namespace",
	Title: "the containers of a pod see each other's processes",
	Why: "Every container can then signal the others' processes and, running as the same user, read their environment with its " +
		"secrets and their files through /proc. The application is not process 1 any more, so that signals it relied on may go elsewhere.",
	How:      "Remove shareProcessNamespace: true. To look into a running pod use kubectl debug --target; to reload a process let it watch its files.",
	Severity: finding.Should, Profile: rule.Golden, Since: "0.1.0", Incident: "root-container",
	Links: []string{"https://kubernetes.io/docs/tasks/configure-pod-container/share-process-namespace/"},
	Gate: &rule.Gate{Pod: "pod.?shareProcessNamespace.orValue(false) && !pod.?hostPID.orValue(false) &&\n" +
		"!(object.kind in ['Job', 'CronJob'] && size(pod.containers) > 1)"},
	Workload: func(p *rule.Pass, w *cluster.Workload) {
		if s := w.Template.Spec.ShareProcessNamespace; s != nil && *s && !finishes(w) && !w.Template.Spec.HostPID {
			p.Report(w.Object, w.SpecPath+".shareProcessNamespace", "each container can signal the processes of the others, and read their environment and files through /proc")
		}
	},
}

// finishes reports whether pods of several containers end by themselves: the one that has done the work has to stop the others,
// and sees them only this way.
func finishes(w *cluster.Workload) bool {
	return (w.Is("batch", "Job") || w.Is("batch", "CronJob")) && len(w.Template.Spec.Containers) > 1
}
