package main

// project is a released module whose CustomResourceDefinitions are taken.
type project struct {
	name    string // names the file: crds/<name>.json.gz
	module  string
	version string
	sum     string // as go.sum has it
	licence string
	url     string   // where the files can be read, without the version's folder
	files   []string // patterns, relative to the module
	// types is the package of Go types that the definitions are made from, for projects that do not release the definitions in a
	// module. Its version is the one of go.mod.
	types string
}

// projects are those whose custom resources are met in repositories of manifests, as far as a released Go module holds their
// definitions under a licence that lets them be handed on. Missing for want of such a module: OpenKruise,
// Strimzi, CloudNativePG, the Secrets Store CSI driver and the AWS Load Balancer Controller.
var projects = []project{
	{
		name: "argo-cd", module: "github.com/argoproj/argo-cd/v3", version: "v3.5.7", sum: "h1:Xm1BF+I5OgDKUG3SDK49vn2/Y5AMyaNVko+/JT08gj0=",
		licence: "Apache-2.0", url: "https://github.com/argoproj/argo-cd/tree/v3.5.7/manifests/crds",
		files: []string{"manifests/crds/*-crd.yaml"},
	},
	{
		name: "argo-rollouts", module: "github.com/argoproj/argo-rollouts", version: "v1.10.1", sum: "h1:6oyVPGiHHxu3ixkT6mngemh88HLPDoTX1IwO6KNR1Y4=",
		licence: "Apache-2.0", url: "https://github.com/argoproj/argo-rollouts/tree/v1.10.1/manifests/crds",
		files: []string{"manifests/crds/*-crd.yaml"},
	},
	{
		name: "argo-workflows", module: "github.com/argoproj/argo-workflows/v4", version: "v4.0.5", sum: "h1:/1lru5oXUd+k6KEDUps6rLX5OKfi1jTfabgXTly/VFU=",
		licence: "Apache-2.0", url: "https://github.com/argoproj/argo-workflows/tree/v4.0.5/manifests/base/crds/full",
		files: []string{"manifests/base/crds/full/argoproj.io_*.yaml"},
	},
	{
		name: "cert-manager", module: "github.com/cert-manager/cert-manager", version: "v1.21.2", sum: "h1:UWgoYM+KLNtRlqmoWOKjKBOBUPVHeepQ6/ac3ERJW68=",
		licence: "Apache-2.0", url: "https://github.com/cert-manager/cert-manager/tree/v1.21.2/deploy/crds",
		files: []string{"deploy/crds/*.yaml"},
	},
	{
		name: "external-secrets", module: "github.com/external-secrets/external-secrets", version: "v1.3.2", sum: "h1:u2J8RjlHIeF0oZCqtl92adI/uZWUwOesJIDkfql6LqQ=",
		licence: "Apache-2.0", url: "https://github.com/external-secrets/external-secrets/tree/v1.3.2/config/crds/bases",
		files: []string{"config/crds/bases/*external-secrets.io_*.yaml"},
	},
	{
		name: "flux-helm", module: "github.com/fluxcd/helm-controller/api", version: "v1.6.5", sum: "h1:ElqM5KIpdUwVK1VSi1fXcMwOlf0LghuqwM2SwqaTyNs=",
		licence: "Apache-2.0", url: "https://github.com/fluxcd/helm-controller/tree/v1.6.5/config/crd/bases",
		types: "github.com/fluxcd/helm-controller/api/v2",
	},
	{
		name: "flux-kustomize", module: "github.com/fluxcd/kustomize-controller", version: "v1.9.6", sum: "h1:XB+G3A0mky0j5uVHZWv4oSlS2RvZBoNIUhstIvY0JKE=",
		licence: "Apache-2.0", url: "https://github.com/fluxcd/kustomize-controller/tree/v1.9.6/config/crd/bases",
		files: []string{"config/crd/bases/*.yaml"},
	},
	{
		name: "flux-source", module: "github.com/fluxcd/source-controller", version: "v1.9.6", sum: "h1:nG534/bI6nVpyHra7ONAk6xDB3xPsVT+EOLHZHXPrrc=",
		licence: "Apache-2.0", url: "https://github.com/fluxcd/source-controller/tree/v1.9.6/config/crd/bases",
		files: []string{"config/crd/bases/*.yaml"},
	},
	{
		// The experimental channel holds every kind and field of the standard one. Which channel a cluster has cannot be seen in a
		// manifest, and a field that some cluster takes must not be called unknown.
		name: "gateway-api", module: "sigs.k8s.io/gateway-api", version: "v1.6.3", sum: "h1:lKpJa5bGlraC/QeACvCpsHLdmO6y0iKfzVl6gzaFEYc=",
		licence: "Apache-2.0", url: "https://github.com/kubernetes-sigs/gateway-api/tree/v1.6.3/config/crd/experimental",
		files: []string{"config/crd/experimental/gateway.networking.*.yaml"},
	},
	{
		name: "istio", module: "istio.io/api", version: "v1.31.4", sum: "h1:AcnncYrlDj1PJkym7h88Gggkef4MAra8QpGaXRMsr+E=",
		licence: "Apache-2.0", url: "https://github.com/istio/api/tree/v1.31.4/kubernetes",
		files: []string{"kubernetes/customresourcedefinitions.gen.yaml"},
	},
	{
		name: "karpenter", module: "github.com/aws/karpenter-provider-aws", version: "v1.13.0", sum: "h1:NkFC6jM0JjnHMrIVCpmX0j5Gl2kGv9CV96oqvkExV4k=",
		licence: "Apache-2.0", url: "https://github.com/aws/karpenter-provider-aws/tree/v1.13.0/pkg/apis/crds",
		files: []string{"pkg/apis/crds/*.yaml"},
	},
	{
		name: "keda", module: "github.com/kedacore/keda/v2", version: "v2.21.0", sum: "h1:R6z2HZvstK4RLUMxroNACzBj74xGxt3kG59b5Xc+Xps=",
		licence: "Apache-2.0", url: "https://github.com/kedacore/keda/tree/v2.21.0/config/crd/bases",
		files: []string{"config/crd/bases/*.yaml"},
	},
	{
		name: "knative-serving", module: "knative.dev/serving", version: "v0.51.0", sum: "h1:yN2Q7eYqJgoPfZkATjoBZyGbZ2P1Qhns9HIMU4mF+to=",
		licence: "Apache-2.0", url: "https://github.com/knative/serving/tree/v0.51.0/config/core/300-resources",
		files: []string{"config/core/300-resources/*.yaml"},
	},
	{
		name: "kyverno", module: "github.com/kyverno/kyverno", version: "v1.18.2", sum: "h1:w/p1ysSEzOuMO4DaYmpiJ5YioL4OCkgmFFC5cJqiJ68=",
		licence: "Apache-2.0", url: "https://github.com/kyverno/kyverno/tree/v1.18.2/config/crds",
		files: []string{"config/crds/kyverno/*.yaml", "config/crds/policies.kyverno.io/*.yaml"},
	},
	{
		name: "prometheus-operator", module: "github.com/prometheus-operator/prometheus-operator", version: "v0.85.0", sum: "h1:M5xLCLEoaW2IJfnuCwFzzpL+jSVQu3KGT84Pye+fW8s=",
		licence: "Apache-2.0", url: "https://github.com/prometheus-operator/prometheus-operator/tree/v0.85.0/example/prometheus-operator-crd",
		files: []string{"example/prometheus-operator-crd/*.yaml"},
	},
	{
		name: "sealed-secrets", module: "github.com/bitnami-labs/sealed-secrets", version: "v0.40.0", sum: "h1:rvCP35JL8ZV5LNA2SrwNR6iLyoM3ulrSFWN0lBtYEYI=",
		licence: "Apache-2.0", url: "https://github.com/bitnami-labs/sealed-secrets/tree/v0.40.0/helm/sealed-secrets/crds",
		files: []string{"helm/sealed-secrets/crds/*.yaml"},
	},
	{
		name: "traefik", module: "github.com/traefik/traefik/v3", version: "v3.7.11", sum: "h1:AdGIts8MRFqWMjXhZFisrbLseB7vjikUL1q9H9DSvrM=",
		licence: "MIT", url: "https://github.com/traefik/traefik/tree/v3.7.11/docs/content/reference/dynamic-configuration",
		files: []string{"docs/content/reference/dynamic-configuration/traefik.io_*.yaml"},
	},
	{
		name: "vertical-pod-autoscaler", module: "k8s.io/autoscaler/vertical-pod-autoscaler", version: "v1.8.1", sum: "h1:Pe8bV1wozN4gOKO1rleiIY5alIyAXN+DnXDbXQcL4fI=",
		licence: "Apache-2.0", url: "https://github.com/kubernetes/autoscaler/tree/vertical-pod-autoscaler-1.8.1/vertical-pod-autoscaler/deploy",
		files: []string{"deploy/vpa-v1-crd-gen.yaml"},
	},
	{
		name: "volume-snapshot", module: "github.com/kubernetes-csi/external-snapshotter/client/v8", version: "v8.7.0", sum: "h1:HVaSUeRRHPu49aSiL8eXOjS9Re9G6pM0NzdTGI7mM14=",
		licence: "Apache-2.0", url: "https://github.com/kubernetes-csi/external-snapshotter/tree/client/v8.7.0/client/config/crd",
		files: []string{"config/crd/*.yaml"},
	},
}

// release is a Kubernetes release whose OpenAPI document is read.
type release struct{ minor, version, sum string }

// releases are the Kubernetes versions whose fields are known, oldest first.
var releases = []release{
	{"1.33", "v1.33.6", "h1:NOIZqkx8M4XfdyRKllzLSBiMgSilPzSvCembfzOMk6A="},
	{"1.34", "v1.34.4", "h1:Yy6R4QB8C9kJPp25GFqEvX5XQwY5qzKeqD0Xx6oAcmk="},
	{"1.35", "v1.35.4", "h1:o/8dBC/pHVpYoGV4OAIytAlNPZbdYVTXJHoYvXC4qzM="},
	{"1.36", "v1.36.3", "h1:qDQdoMiluAE2Eab6Fa52YV+WjiGz9mZFFoagEA6cI+o="},
}
