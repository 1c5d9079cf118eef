package security

import (
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
	"github.com/fairway-k8s/fairway/internal/source"
)

const podSecurityLabel = "pod-security.kubernetes.io/"

// namespacePodSecurityMissing mends with warn: it prints a warning on apply and refuses nothing.
var namespacePodSecurityMissing = &rule.Rule{
	ID:    "namespace-pod-security-missing",
	Title: "a namespace does not say which pods it admits",
	Why: "Without Pod Security labels the cluster's default holds, and that is privileged unless somebody changed it: anybody who may " +
		"create a pod there may create one that is root on its node.",
	How:      "Label the namespace with pod-security.kubernetes.io/warn: restricted, mend what it warns about, then enforce.",
	Example:  "kind: Namespace\nmetadata:\n  labels:\n    pod-security.kubernetes.io/enforce: restricted\n",
	Severity: finding.Could, Profile: rule.Strict, Since: "0.1.0", Incident: "root-container", Fixes: true,
	Links: []string{"https://kubernetes.io/docs/concepts/security/pod-security-admission/"},
	Gate: &rule.Gate{Kinds: []string{"Namespace"}, Object: "!object.metadata.?name.orValue('').startsWith('kube-') &&\n" +
		"!object.metadata.?labels.orValue({}).exists(k, k.startsWith('" + podSecurityLabel + "'))"},
	Object: func(p *rule.Pass, o *cluster.Object) {
		if cluster.As[*corev1.Namespace](o) == nil || strings.HasPrefix(o.Name, "kube-") {
			return
		}
		for k := range o.Labels {
			if strings.HasPrefix(k, podSecurityLabel) {
				return
			}
		}
		field := "metadata.labels[" + podSecurityLabel + "warn]"
		p.Report(o, field, "no %s label: namespace %s admits every pod that the cluster's default does", strings.TrimSuffix(podSecurityLabel, "/"), o.Name).
			Fix = rule.Mend("warn about pods that are not restricted", rule.Set(field, source.String("restricted"), "name"))
	},
}
