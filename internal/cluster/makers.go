package cluster

import "strings"

// MakerNear returns a custom resource of o's scope whose controller may create pods and Services that the input does not show,
// such as a HelmRelease, a Kafka or a Prometheus; nil when there is none. With one, that a selector finds nothing proves nothing. In a
// live cluster there is none: it shows what they made.
func (s *Snapshot) MakerNear(o *Object) *Object {
	if s.coverage != nil {
		return nil
	}
	s.seekMaker.Do(func() {
		s.makers = map[string]*Object{}
		for _, x := range s.Objects {
			if x.Typed == nil && s.makers[x.Scope] == nil && makes(x) {
				s.makers[x.Scope] = x
			}
		}
	})
	return s.makers[o.Scope]
}

// makes reports whether the controller of a kind without a Go type may create pods or Services. Unknown kinds may.
func makes(o *Object) bool {
	group := o.Group()
	if kinds, ok := makers[group]; ok {
		for _, k := range kinds {
			if k == o.Kind {
				return true
			}
		}
		return false
	}
	// Of Kubernetes' own kinds only a workload that could not be read hides pods; its side projects (x-k8s.io) are like anybody's.
	if !strings.Contains(group, ".") {
		switch o.Kind {
		case "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Pod", "Job", "CronJob":
			return true
		}
		return false
	}
	if strings.HasSuffix(group, ".k8s.io") && !strings.HasSuffix(group, ".x-k8s.io") {
		return false
	}
	return true
}

// makers names the groups of custom resources that are found beside applications, with those of their kinds that create pods or
// Services under labels of their own. An Argo Rollout or an OpenKruise workload creates pods as its template shows them.
var makers = map[string][]string{
	"acme.cert-manager.io":            nil,
	"apiextensions.crossplane.io":     nil,
	"apps.kruise.io":                  {"UnitedDeployment", "BroadcastJob", "AdvancedCronJob"},
	"argoproj.io":                     {"Application", "ApplicationSet", "ArgoCD", "CronWorkflow", "EventBus", "EventSource", "Experiment", "Sensor", "Workflow"},
	"bitnami.com":                     nil,
	"cert-manager.io":                 nil,
	"chaos-mesh.org":                  nil,
	"cilium.io":                       nil,
	"cloud.google.com":                nil,
	"config.gatekeeper.sh":            nil,
	"configuration.konghq.com":        nil,
	"constraints.gatekeeper.sh":       nil,
	"crd.projectcalico.org":           nil,
	"dapr.io":                         nil,
	"elbv2.k8s.aws":                   nil,
	"extensions.istio.io":             nil,
	"external-secrets.io":             nil,
	"gateway.envoyproxy.io":           nil,
	"gateway.nginx.org":               nil,
	"generators.external-secrets.io":  nil,
	"getambassador.io":                nil,
	"grafana.integreatly.org":         {"Grafana"},
	"helm.toolkit.fluxcd.io":          {"HelmRelease"},
	"image.toolkit.fluxcd.io":         nil,
	"inference.networking.x-k8s.io":   nil,
	"infrastructure.cluster.x-k8s.io": nil,
	"k8s.cni.cncf.io":                 nil,
	"karpenter.k8s.aws":               nil,
	"karpenter.sh":                    nil,
	"keda.sh":                         {"ScaledJob"},
	"kueue.x-k8s.io":                  nil,
	"kustomize.toolkit.fluxcd.io":     {"Kustomization"},
	"kyverno.io":                      nil,
	"linkerd.io":                      nil,
	"metallb.io":                      nil,
	"monitoring.coreos.com":           {"Alertmanager", "Prometheus", "PrometheusAgent", "ThanosRuler"},
	"mutations.gatekeeper.sh":         nil,
	"networking.gke.io":               nil,
	"networking.istio.io":             nil,
	"notification.toolkit.fluxcd.io":  nil,
	"operator.victoriametrics.com":    {"VLogs", "VMAgent", "VMAlert", "VMAlertmanager", "VMAuth", "VMCluster", "VMSingle"},
	"policy.linkerd.io":               nil,
	"projectcalico.org":               nil,
	"secrets-store.csi.x-k8s.io":      nil,
	"security.istio.io":               nil,
	"source.toolkit.fluxcd.io":        nil,
	"specs.smi-spec.io":               nil,
	"split.smi-spec.io":               nil,
	"telemetry.istio.io":              nil,
	"templates.gatekeeper.sh":         nil,
	"traefik.containo.us":             nil,
	"traefik.io":                      nil,
	"vpcresources.k8s.aws":            nil,
	"whereabouts.cni.cncf.io":         nil,
}
