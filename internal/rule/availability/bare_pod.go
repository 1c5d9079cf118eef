package availability

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
)

// barePod leaves alone what is meant to end or to be alone: pods that are not restarted, hooks, pods that something owns, and those that the kubelet
// reads from its own folder, which have the priority of the node's own parts.
var barePod = &rule.Rule{
	ID:    "bare-pod",
	Title: "a pod that nobody replaces",
	Why: "A pod belongs to one node for its life. When that is drained or lost, or the pod is evicted, it is gone; its containers are restarted where they are, " +
		"and nothing else ever happens to it: no rollout, no scaling, no new node.",
	How:      "Make it a Deployment, a StatefulSet or a DaemonSet, or a Job when it is meant to end.",
	Example:  "apiVersion: apps/v1\nkind: Deployment\nspec:\n  replicas: 2\n  # selector, and template with the pod's labels and spec\n",
	Severity: finding.Could, Profile: rule.Strict, Since: "0.1.0", Incident: "pod-is-a-vm",
	Links: []string{"https://kubernetes.io/docs/concepts/workloads/pods/#pods-and-controllers"},
	Gate: &rule.Gate{Kinds: []string{"Pod"}, Object: "object.spec.?restartPolicy.orValue('Always') == 'Always' && size(object.metadata.?ownerReferences.orValue([])) == 0 &&\n" +
		"object.metadata.?annotations[?'helm.sh/hook'].orValue('') == '' && object.metadata.?annotations[?'kubernetes.io/config.mirror'].orValue('') == '' &&\n" +
		"!(object.spec.?priorityClassName.orValue('') in ['system-node-critical', 'system-cluster-critical'])"},
	Object: func(p *rule.Pass, o *cluster.Object) {
		pod := cluster.As[*corev1.Pod](o)
		if pod == nil || pod.Spec.RestartPolicy != corev1.RestartPolicyAlways || len(pod.OwnerReferences) > 0 || critical(pod) {
			return
		}
		if o.Annotations["helm.sh/hook"] != "" || o.Annotations["kubernetes.io/config.mirror"] != "" {
			return
		}
		p.Report(o, "kind", "Pod %s is gone for good when its node is", o.Name)
	},
}

func critical(pod *corev1.Pod) bool {
	return pod.Spec.PriorityClassName == "system-node-critical" || pod.Spec.PriorityClassName == "system-cluster-critical"
}
