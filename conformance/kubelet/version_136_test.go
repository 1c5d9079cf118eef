//go:build !kube133 && !kube134 && !kube135

package kubelet

import (
	"context"

	v1 "k8s.io/api/core/v1"
	"k8s.io/client-go/tools/record"
	kubecontainer "k8s.io/kubernetes/pkg/kubelet/container"
	"k8s.io/kubernetes/pkg/kubelet/prober"
	"k8s.io/kubernetes/pkg/kubelet/prober/results"
	"k8s.io/kubernetes/pkg/kubelet/status"
)

// What differs between the versions' exported functions.

const version = 36

func newProber(s status.Manager, live, ready, started results.Manager, runner kubecontainer.CommandRunner) prober.Manager {
	return prober.NewManager(s, live, ready, started, runner, &record.FakeRecorder{})
}

func addPod(m prober.Manager, pod *v1.Pod) { m.AddPod(context.Background(), pod) }

func updatePodStatus(m prober.Manager, pod *v1.Pod, s *v1.PodStatus) {
	m.UpdatePodStatus(context.Background(), pod, s)
}
