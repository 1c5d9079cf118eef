package rbac

import (
	"strconv"

	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
)

// public are the roles that Kubernetes binds to everybody itself, or tells its users to (service account issuer discovery, for
// identity providers that are outside).
func public(role string) bool {
	switch role {
	case "system:public-info-viewer", "system:discovery", "system:basic-user", "system:service-account-issuer-discovery":
		return true
	}
	return false
}

var anonymous = &rule.Rule{
	ID:    "rbac-anonymous",
	Title: "whoever reaches the API server is given rights",
	Why: "system:anonymous and system:unauthenticated are requests without any login. Whatever the role allows is open to everybody who " +
		"can open a connection to the API server.",
	How:      "Remove the subject. A prober or load balancer needs /livez and /readyz only, which are open by default.",
	Severity: finding.Must, Profile: rule.Basic, Since: "0.1.0", Incident: "admin-for-convenience",
	Links: []string{linkRBAC + "#discovery-roles", "https://kubernetes.io/docs/reference/access-authn-authz/authentication/#anonymous-requests"},
	Object: func(p *rule.Pass, o *cluster.Object) {
		ref, subjects, ok := bindingOf(o)
		if !ok || public(ref.Name) || o.Namespace == "kube-public" { // kubeadm publishes cluster-info there
			return
		}
		for i := range subjects {
			if s := &subjects[i]; s.Kind == rbacv1.UserKind && s.Name == "system:anonymous" || s.Kind == rbacv1.GroupKind && s.Name == "system:unauthenticated" {
				p.Report(o, "subjects["+strconv.Itoa(i)+"].name", "%s is everybody without a login: what %s %s allows is open to them %s", s.Name, ref.Kind, ref.Name, extent(o))
			}
		}
	},
}
