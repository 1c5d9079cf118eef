//go:build kube134

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
	"k8s.io/kubernetes/pkg/kubelet/allocation"
	kubeletconfig "k8s.io/kubernetes/pkg/kubelet/apis/config"
	"k8s.io/kubernetes/pkg/kubelet/cm"
	kubecontainer "k8s.io/kubernetes/pkg/kubelet/container"
	containertest "k8s.io/kubernetes/pkg/kubelet/container/testing"
	"k8s.io/kubernetes/pkg/kubelet/kuberuntime"
	"k8s.io/kubernetes/pkg/kubelet/logs"
)

const version = 34

func newRuntime(k *full, images internalapi.ImageManagerService) kubecontainer.Runtime {
	r, _, err := kuberuntime.NewKubeGenericRuntimeManager(context.Background(), events{k}, k.live, k.ready, k.started, scratch(), scratch(),
		&cadvisorapi.MachineInfo{}, nothing{}, 110, &containertest.FakeOS{}, &containertest.FakeRuntimeHelper{}, nil,
		flowcontrol.NewBackOff(time.Second, time.Minute), false, nil, 0, 0, string(kubeletconfig.NeverVerify), nil, "", "", nil, false, metav1.Duration{},
		k.rt, images, cm.NewFakeContainerManager(), logs.NewStubContainerLogManager(), nil,
		allocation.NewInMemoryManager(cm.NewFakeContainerManager(), nil, nil, nil, nil, nil), false, "", func() v1.ResourceList { return nil }, 0.9,
		nothing{}, noop.NewTracerProvider(), nil, nil)
	if err != nil {
		panic(err)
	}
	return r
}
