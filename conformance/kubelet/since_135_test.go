//go:build !kube133 && !kube134

package kubelet

import (
	"context"
	"time"

	v1 "k8s.io/api/core/v1"
	kubecontainer "k8s.io/kubernetes/pkg/kubelet/container"
	"k8s.io/kubernetes/pkg/kubelet/prober"
)

// The prober takes a context, the runtime manager can restart all containers of a pod (here it does not), and its errors say when a back-off ends.

func addPod(m prober.Manager, pod *v1.Pod) { m.AddPod(context.Background(), pod) }

func updatePodStatus(m prober.Manager, pod *v1.Pod, s *v1.PodStatus) {
	m.UpdatePodStatus(context.Background(), pod, s)
}

func syncPod(k *full, seen *kubecontainer.PodStatus) kubecontainer.PodSyncResult {
	return k.runtime.SyncPod(context.Background(), k.m.pod, seen, nil, k.backOff, false)
}

func retryAt(err error) (time.Time, bool) { return kubecontainer.MinBackoffExpiration(err) }
