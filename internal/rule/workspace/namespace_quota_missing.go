package workspace

import (
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
)

// namespaceQuotaMissing speaks where the input shows how quotas are kept: in a cluster, and in files beside quotas of other namespaces.
var namespaceQuotaMissing = &rule.Rule{
	ID:    "namespace-quota-missing",
	Title: "one namespace may use up the cluster",
	Why: "A namespace separates names and rights, not nodes. Without a quota a loop that creates objects, or an autoscaler without a bound, takes what other teams " +
		"need, and the first to notice is somebody else.",
	How:      "Give each namespace of a team a ResourceQuota for CPU, memory and pods, well above what it uses.",
	Example:  "kind: ResourceQuota\nspec:\n  hard: {requests.cpu: \"40\", requests.memory: 160Gi, pods: \"200\"}\n",
	Severity: finding.Could, Profile: rule.Strict, Since: "0.1.0", Gathers: true,
	Links: []string{"https://kubernetes.io/docs/concepts/policy/resource-quotas/", "https://kubernetes.io/docs/concepts/security/multi-tenancy/"},
	Object: func(p *rule.Pass, o *cluster.Object) {
		if cluster.As[*corev1.Namespace](o) == nil || strings.HasPrefix(o.Name, "kube-") {
			return
		}
		quotas := p.Of("", "ResourceQuota")
		if p.Coverage() != nil && !p.CoversIn(o, o.Name, "", "ResourceQuota") || p.Coverage() == nil && len(quotas) == 0 {
			return
		}
		for _, q := range quotas {
			if cluster.SameNamespace(q.Namespace, o.Name) {
				return
			}
		}
		p.Report(o, "kind", "no ResourceQuota bounds what namespace %s may use", o.Name)
	},
}
