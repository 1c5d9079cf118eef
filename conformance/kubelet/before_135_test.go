//go:build kube133 || kube134

package kubelet

import (
	"context"
	"time"

	v1 "k8s.io/api/core/v1"
	kubecontainer "k8s.io/kubernetes/pkg/kubelet/container"
	"k8s.io/kubernetes/pkg/kubelet/prober"
)

func addPod(m prober.Manager, pod *v1.Pod) { m.AddPod(pod) }

func updatePodStatus(m prober.Manager, pod *v1.Pod, s *v1.PodStatus) { m.UpdatePodStatus(pod, s) }

func syncPod(k *full, seen *kubecontainer.PodStatus) kubecontainer.PodSyncResult {
	return k.runtime.SyncPod(context.Background(), k.m.pod, seen, nil, k.backOff)
}

func retryAt(error) (time.Time, bool) { return time.Time{}, false }
