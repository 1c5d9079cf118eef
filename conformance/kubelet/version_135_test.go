//go:build kube135

package kubelet

import (
	"context"
	"time"

	cadvisorapi "github.com/google/cadvisor/info/v1"
	"go.opentelemetry.io/otel/trace/noop"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "k8s.io/api/core/v1"
	"k8s.io/client-go/tools/record"
	"k8s.io/client-go/util/flowcontrol"
	internalapi "k8s.io/cri-api/pkg/apis"
	"k8s.io/klog/v2"
	kubeletconfig "k8s.io/kubernetes/pkg/kubelet/apis/config"
	"k8s.io/kubernetes/pkg/kubelet/cm"
	kubecontainer "k8s.io/kubernetes/pkg/kubelet/container"
	containertest "k8s.io/kubernetes/pkg/kubelet/container/testing"
	"k8s.io/kubernetes/pkg/kubelet/kuberuntime"
	"k8s.io/kubernetes/pkg/kubelet/logs"
	"k8s.io/kubernetes/pkg/kubelet/prober"
	"k8s.io/kubernetes/pkg/kubelet/prober/results"
	"k8s.io/kubernetes/pkg/kubelet/status"
)

// What differs between the versions' exported functions.

const version = 35

func newProber(s status.Manager, live, ready, started results.Manager, runner kubecontainer.CommandRunner) prober.Manager {
	return prober.NewManager(s, live, ready, started, runner, &record.FakeRecorder{})
}

func addPod(m prober.Manager, pod *v1.Pod) { m.AddPod(context.Background(), pod) }

func updatePodStatus(m prober.Manager, pod *v1.Pod, s *v1.PodStatus) {
	m.UpdatePodStatus(context.Background(), pod, s)
}

func newRuntime(k *full, images internalapi.ImageManagerService) kubecontainer.Runtime {
	r, _, err := kuberuntime.NewKubeGenericRuntimeManager(context.Background(), events{k}, k.live, k.ready, k.started, scratch(), scratch(),
		&cadvisorapi.MachineInfo{}, nothing{}, 110, &containertest.FakeOS{}, &containertest.FakeRuntimeHelper{}, nil,
		flowcontrol.NewBackOff(time.Second, time.Minute), false, nil, 0, 0, string(kubeletconfig.NeverVerify), nil, "", "", nil, false, metav1.Duration{},
		k.rt, images, cm.NewFakeContainerManager(), logs.NewStubContainerLogManager(), nil, false, "", func() v1.ResourceList { return nil }, 0.9,
		nothing{}, noop.NewTracerProvider(), nil, nil)
	if err != nil {
		panic(err)
	}
	return r
}

func syncPod(k *full, seen *kubecontainer.PodStatus) kubecontainer.PodSyncResult {
	return k.runtime.SyncPod(context.Background(), k.m.pod, seen, nil, k.backOff, false)
}

func setPodStatus(m status.Manager, pod *v1.Pod, s v1.PodStatus) {
	m.SetPodStatus(klog.Background(), pod, s)
}

func setReadiness(m status.Manager, u results.Update, on bool) {
	m.SetContainerReadiness(klog.Background(), u.PodUID, u.ContainerID, on)
}

func setStartup(m status.Manager, u results.Update, on bool) {
	m.SetContainerStartup(klog.Background(), u.PodUID, u.ContainerID, on)
}

func retryAt(err error) (time.Time, bool) { return kubecontainer.MinBackoffExpiration(err) }

func requestRelist(*full) {} // since 1.36
