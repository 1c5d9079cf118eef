//go:build kube133

package kubelet

import (
	v1 "k8s.io/api/core/v1"
	"k8s.io/kubernetes/pkg/kubelet/prober/results"
	"k8s.io/kubernetes/pkg/kubelet/status"
)

func setPodStatus(m status.Manager, pod *v1.Pod, s v1.PodStatus) { m.SetPodStatus(pod, s) }

func setReadiness(m status.Manager, u results.Update, on bool) {
	m.SetContainerReadiness(u.PodUID, u.ContainerID, on)
}

func setStartup(m status.Manager, u results.Update, on bool) {
	m.SetContainerStartup(u.PodUID, u.ContainerID, on)
}
