package gate

import (
	"maps"
	"slices"

	admission "k8s.io/api/admissionregistration/v1"
)

// resource is how the API serves a kind.
type resource struct {
	group, version, plural string
	pods                   bool // objects of the kind make pods
}

var resources = map[string]resource{
	"CronJob":                 {"batch", "v1", "cronjobs", true},
	"DaemonSet":               {"apps", "v1", "daemonsets", true},
	"Deployment":              {"apps", "v1", "deployments", true},
	"Job":                     {"batch", "v1", "jobs", true},
	"Pod":                     {"", "v1", "pods", true},
	"ReplicaSet":              {"apps", "v1", "replicasets", true},
	"ReplicationController":   {"", "v1", "replicationcontrollers", true},
	"StatefulSet":             {"apps", "v1", "statefulsets", true},
	"ClusterRole":             {"rbac.authorization.k8s.io", "v1", "clusterroles", false},
	"ClusterRoleBinding":      {"rbac.authorization.k8s.io", "v1", "clusterrolebindings", false},
	"ConfigMap":               {"", "v1", "configmaps", false},
	"HorizontalPodAutoscaler": {"autoscaling", "v2", "horizontalpodautoscalers", false},
	"Ingress":                 {"networking.k8s.io", "v1", "ingresses", false},
	"Namespace":               {"", "v1", "namespaces", false},
	"NetworkPolicy":           {"networking.k8s.io", "v1", "networkpolicies", false},
	"PersistentVolume":        {"", "v1", "persistentvolumes", false},
	"PersistentVolumeClaim":   {"", "v1", "persistentvolumeclaims", false},
	"PodDisruptionBudget":     {"policy", "v1", "poddisruptionbudgets", false},
	"Role":                    {"rbac.authorization.k8s.io", "v1", "roles", false},
	"RoleBinding":             {"rbac.authorization.k8s.io", "v1", "rolebindings", false},
	"Secret":                  {"", "v1", "secrets", false},
	"Service":                 {"", "v1", "services", false},
	"ServiceAccount":          {"", "v1", "serviceaccounts", false},
	"StorageClass":            {"storage.k8s.io", "v1", "storageclasses", false},
}

// podKinds are the kinds that make pods, sorted.
var podKinds = slices.DeleteFunc(Kinds(), func(k string) bool { return !resources[k].pods })

// Kinds are the kinds that the gate can judge, sorted.
func Kinds() []string { return slices.Sorted(maps.Keys(resources)) }

// Resource returns how the API serves a kind that the gate can judge.
func Resource(kind string) (group, version, plural string, ok bool) {
	r, ok := resources[kind]
	return r.group, r.version, r.plural, ok
}

// rulesFor makes the resource rules that match kinds, one for each group.
func rulesFor(kinds []string) []admission.NamedRuleWithOperations {
	type gv struct{ group, version string }
	plurals := map[gv][]string{}
	for _, k := range kinds {
		r := resources[k]
		plurals[gv{r.group, r.version}] = append(plurals[gv{r.group, r.version}], r.plural)
	}
	all := admission.AllScopes
	var out []admission.NamedRuleWithOperations
	for _, k := range slices.SortedFunc(maps.Keys(plurals), func(a, b gv) int {
		return slices.Compare([]string{a.group, a.version}, []string{b.group, b.version})
	}) {
		slices.Sort(plurals[k])
		out = append(out, admission.NamedRuleWithOperations{RuleWithOperations: admission.RuleWithOperations{
			Operations: []admission.OperationType{admission.Create, admission.Update},
			Rule:       admission.Rule{APIGroups: []string{k.group}, APIVersions: []string{k.version}, Resources: slices.Compact(plurals[k]), Scope: &all},
		}})
	}
	return out
}
