package config

import (
	networkingv1 "k8s.io/api/networking/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
)

// configMapMissing mends a mistyped name when exactly one ConfigMap beside the pod is called almost so: the reference as it stands
// keeps the pod from starting, so nothing that runs can be broken by it.
var configMapMissing = &rule.Rule{
	ID:    "configmap-missing",
	Title: "a pod needs a ConfigMap that does not exist",
	Why: "Names of ConfigMaps are not checked when a workload is applied. The pod waits for the ConfigMap for ever, and only its events " +
		"say so; the old pods keep serving, so it shows at the next deploy.",
	How: "Add the ConfigMap to what is applied together with the pod, or correct the name. Mark the reference optional: true when the " +
		"pod can do without.",
	Example:  "volumes:\n  - name: config\n    configMap:\n      name: shop-config   # a ConfigMap of that name is applied with it\n",
	Severity: finding.Must, Profile: rule.Basic, Since: "0.1.0", Incident: "config-missing", NeedsContext: true, Fixes: true,
	Links:    []string{linkConfigMap},
	Workload: func(p *rule.Pass, w *cluster.Workload) { judgeExistence(p, w, "ConfigMap") },
}

// secretMissing judges only where Secrets are part of the input, as most repositories keep them elsewhere, and leaves
// imagePullSecrets alone: kubelets pull without those that do not exist.
var secretMissing = &rule.Rule{
	ID:    "secret-missing",
	Title: "a pod or an Ingress needs a Secret that does not exist",
	Why: "Names of Secrets are not checked when a workload is applied. The pod waits for the Secret for ever, and only its events say so; " +
		"an Ingress without its certificate is served with the controller's own, which no browser trusts.",
	How: "Add the Secret, or what makes it (ExternalSecret, SealedSecret, Certificate), to what is applied together with the pod, or " +
		"correct the name.",
	Example:  "volumes:\n  - name: credentials\n    secret:\n      secretName: shop-db   # made by an ExternalSecret of that name\n",
	Severity: finding.Must, Profile: rule.Basic, Since: "0.1.0", Incident: "config-missing", NeedsContext: true, Fixes: true,
	Links: []string{linkSecret, "https://kubernetes.io/docs/concepts/services-networking/ingress/#tls"},
	Object: func(p *rule.Pass, o *cluster.Object) {
		if w := p.WorkloadOf(o); w != nil {
			judgeExistence(p, w, "Secret")
		} else if ing := cluster.As[*networkingv1.Ingress](o); ing != nil {
			judgeCertificates(p, o, ing)
		}
	},
}

var configMapKeyMissing = &rule.Rule{
	ID:    "configmap-key-missing",
	Title: "a pod needs a key that its ConfigMap does not have",
	Why: "A single key is as little checked as the name: the container stays in CreateContainerConfigError, or the pod in " +
		"ContainerCreating, until somebody reads the events.",
	How:      "Add the key to the ConfigMap or correct it in the pod; case, - and _ count.",
	Example:  "env:\n  - name: LOG_LEVEL\n    valueFrom:\n      configMapKeyRef: {name: shop-config, key: log-level}   # data has log-level\n",
	Severity: finding.Must, Profile: rule.Basic, Since: "0.1.0", Incident: "config-missing", NeedsContext: true, Fixes: true,
	Links:    []string{linkConfigMap, "https://kubernetes.io/docs/tasks/configure-pod-container/configure-pod-configmap/"},
	Workload: func(p *rule.Pass, w *cluster.Workload) { judgeKeys(p, w, "ConfigMap") },
}

var secretKeyMissing = &rule.Rule{
	ID:    "secret-key-missing",
	Title: "a pod needs a key that its Secret does not have",
	Why: "A single key is as little checked as the name: the container stays in CreateContainerConfigError, or the pod in " +
		"ContainerCreating, until somebody reads the events.",
	How:      "Add the key to the Secret's data or stringData, or correct it in the pod; case, - and _ count.",
	Example:  "env:\n  - name: DB_USER\n    valueFrom:\n      secretKeyRef: {name: shop-db, key: username}   # stringData has username\n",
	Severity: finding.Must, Profile: rule.Basic, Since: "0.1.0", Incident: "config-missing", NeedsContext: true, Fixes: true,
	Links:    []string{linkSecret},
	Workload: func(p *rule.Pass, w *cluster.Workload) { judgeKeys(p, w, "Secret") },
}
