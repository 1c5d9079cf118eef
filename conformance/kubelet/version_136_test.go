//go:build !kube133 && !kube134 && !kube135

package kubelet

import (
	"context"
	"time"

	cadvisorapi "github.com/google/cadvisor/info/v1"
	"go.opentelemetry.io/otel/trace/noop"
	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/util/flowcontrol"
	internalapi "k8s.io/cri-api/pkg/apis"
	kubeletconfig "k8s.io/kubernetes/pkg/kubelet/apis/config"
	"k8s.io/kubernetes/pkg/kubelet/cm"
	kubecontainer "k8s.io/kubernetes/pkg/kubelet/container"
	containertest "k8s.io/kubernetes/pkg/kubelet/container/testing"
	"k8s.io/kubernetes/pkg/kubelet/kuberuntime"
	"k8s.io/kubernetes/pkg/kubelet/logs"
)

const version = 36

func newRuntime(k *full, images internalapi.ImageManagerService) kubecontainer.Runtime {
	r, _, err := kuberuntime.NewKubeGenericRuntimeManager(context.Background(), events{k}, k.live, k.ready, k.started, scratch(), scratch(),
		&cadvisorapi.MachineInfo{}, nothing{}, 110, &containertest.FakeOS{}, &containertest.FakeRuntimeHelper{}, nil,
		flowcontrol.NewBackOff(time.Second, time.Minute), false, nil, 0, 0, string(kubeletconfig.NeverVerify), nil, "", "", nil, false, metav1.Duration{},
		k.rt, images, cm.NewFakeContainerManager(), logs.NewStubContainerLogManager(), nil, false, "", func() v1.ResourceList { return nil }, 0.9,
		kubeletconfig.NoneMemoryReservationPolicy, nothing{}, noop.NewTracerProvider(), nil, nil, nothing{})
	if err != nil {
		panic(err)
	}
	return r
}
