package workspace

import (
	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
)

// A manifest that names no namespace goes where it is applied to and is not judged. Rights and limits in the namespace default are about
// what is in it, not put there for want of a place: Prometheus wants to find its Services too.
var namespaceDefault = &rule.Rule{
	ID:    "namespace-default",
	Title: "an object in the namespace default",
	Why: "Everything that nobody gave a place ends up there: quotas, network policies and permissions for one application hold for all " +
		"of them, and the namespace cannot be deleted.",
	How:      "Give the application a namespace of its own.",
	Severity: finding.Could, Profile: rule.Golden, Since: "0.1.0", Incident: "wrong-namespace",
	Links: []string{"https://kubernetes.io/docs/concepts/overview/working-with-objects/namespaces/"},
	Object: func(p *rule.Pass, o *cluster.Object) {
		if o.Namespace != "default" || guards(o) || o.Is("", "Service") && o.Name == "kubernetes" || o.Is("", "ServiceAccount") && o.Name == "default" {
			return
		}
		p.Report(o, "metadata.namespace", "%s %s is put into the namespace default, which all applications without a place share", o.Kind, o.Name)
	},
}

// guards reports whether an object says what may be or be done in its namespace.
func guards(o *cluster.Object) bool {
	switch o.Group() {
	case "rbac.authorization.k8s.io":
		return true
	case "networking.k8s.io":
		return o.Kind == "NetworkPolicy"
	case "":
		return o.Kind == "ResourceQuota" || o.Kind == "LimitRange"
	}
	return false
}
