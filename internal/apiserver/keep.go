//go:build keep

package apiserver

// k8s.io/kubernetes requires its staging modules at v0.0.0, a version that only its own replace lines make real. We require
// every one of them at the release that belongs to it; this file names one package of each, so that "go mod tidy" keeps them.
import (
	_ "k8s.io/api/core/v1"
	_ "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	_ "k8s.io/apimachinery/pkg/runtime"
	_ "k8s.io/apiserver/pkg/cel"
	_ "k8s.io/cli-runtime/pkg/printers"
	_ "k8s.io/client-go/rest"
	_ "k8s.io/cloud-provider/api"
	_ "k8s.io/cluster-bootstrap/token/api"
	_ "k8s.io/code-generator/pkg/util"
	_ "k8s.io/component-base/version"
	_ "k8s.io/component-helpers/resource"
	_ "k8s.io/controller-manager/config"
	_ "k8s.io/cri-api/pkg/errors"
	_ "k8s.io/cri-client/pkg/util"
	_ "k8s.io/cri-streaming/pkg/streaming"
	_ "k8s.io/csi-translation-lib/plugins"
	_ "k8s.io/dynamic-resource-allocation/api"
	_ "k8s.io/endpointslice/metrics"
	_ "k8s.io/externaljwt/apis/v1"
	_ "k8s.io/kms/apis/v2"
	_ "k8s.io/kube-aggregator/pkg/apis/apiregistration"
	_ "k8s.io/kube-controller-manager/config/v1alpha1"
	_ "k8s.io/kube-proxy/config/v1alpha1"
	_ "k8s.io/kube-scheduler/config/v1"
	_ "k8s.io/kubectl/pkg/scheme"
	_ "k8s.io/kubelet/config/v1beta1"
	_ "k8s.io/metrics/pkg/apis/metrics"
	_ "k8s.io/mount-utils"
	_ "k8s.io/pod-security-admission/api"
	_ "k8s.io/sample-apiserver/pkg/apis/wardle"
	_ "k8s.io/streaming/pkg/httpstream"
)
