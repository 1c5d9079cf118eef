package rbac

import (
	"slices"
	"strconv"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/spell"
)

const group = "rbac.authorization.k8s.io"

// grantsOf returns the rules of a Role or ClusterRole; none for those that Kubernetes creates, and for ClusterRoles whose rules a
// controller puts together.
func grantsOf(o *cluster.Object) []rbacv1.PolicyRule {
	switch t := o.Typed.(type) {
	case *rbacv1.Role:
		if !bootstrap(o) {
			return t.Rules
		}
	case *rbacv1.ClusterRole:
		if !bootstrap(o) && t.AggregationRule == nil {
			return t.Rules
		}
	}
	return nil
}

// bindingOf returns role and subjects of a RoleBinding or ClusterRoleBinding; ok is false for other objects and for what
// Kubernetes creates.
func bindingOf(o *cluster.Object) (ref *rbacv1.RoleRef, subjects []rbacv1.Subject, ok bool) {
	switch t := o.Typed.(type) {
	case *rbacv1.RoleBinding:
		return &t.RoleRef, t.Subjects, !bootstrap(o)
	case *rbacv1.ClusterRoleBinding:
		return &t.RoleRef, t.Subjects, !bootstrap(o)
	}
	return nil, nil, false
}

// bootstrap reports whether the API server creates and restores an object itself.
func bootstrap(o *cluster.Object) bool {
	return o.Labels["kubernetes.io/bootstrapping"] == "rbac-defaults"
}

// field makes the path of a field of the i-th rule.
func field(i int, name string) string { return "rules[" + strconv.Itoa(i) + "]." + name }

// on reports whether a rule names a resource of an API group, by name or with a wildcard for the group. A rule that names single
// objects is limited enough.
func on(r *rbacv1.PolicyRule, apiGroup, resource string) bool {
	return len(r.ResourceNames) == 0 && slices.Contains(r.Resources, resource) && (slices.Contains(r.APIGroups, apiGroup) || slices.Contains(r.APIGroups, "*"))
}

// verbsOf returns those of verbs that a rule has; a wildcard has them all.
func verbsOf(r *rbacv1.PolicyRule, verbs ...string) []string {
	if slices.Contains(r.Verbs, "*") {
		return verbs
	}
	var out []string
	for _, v := range verbs {
		if slices.Contains(r.Verbs, v) {
			out = append(out, v)
		}
	}
	return out
}

// where says how far the grants of a role reach.
func where(o *cluster.Object) string {
	switch {
	case o.Kind == "ClusterRole":
		return "in every namespace that it is bound for"
	case o.Namespace != "":
		return "in namespace " + o.Namespace
	}
	return "in its namespace"
}

// extent says how far a binding reaches.
func extent(o *cluster.Object) string {
	switch {
	case o.Kind == "ClusterRoleBinding":
		return "in the whole cluster"
	case o.Namespace != "":
		return "in namespace " + o.Namespace
	}
	return "in its namespace"
}

// words joins words: "a", "a and b", "a, b and c".
func words(list []string) string {
	if len(list) < 2 {
		return strings.Join(list, "")
	}
	return strings.Join(list[:len(list)-1], ", ") + " and " + list[len(list)-1]
}

// subject names one.
func subject(s *rbacv1.Subject) string {
	if s.Kind == rbacv1.ServiceAccountKind && s.Namespace != "" {
		return "ServiceAccount " + s.Namespace + "/" + s.Name
	}
	return s.Kind + " " + s.Name
}

// kubernetesGroup reports whether an API group, or "*", holds resources of Kubernetes itself.
func kubernetesGroup(g string) bool {
	switch g {
	case "", "*", "apps", "batch", "autoscaling", "policy", "extensions",
		"admissionregistration.k8s.io", "apiextensions.k8s.io", "apiregistration.k8s.io", "authentication.k8s.io", "authorization.k8s.io",
		"certificates.k8s.io", "coordination.k8s.io", "discovery.k8s.io", "events.k8s.io", "flowcontrol.apiserver.k8s.io",
		"networking.k8s.io", "node.k8s.io", "rbac.authorization.k8s.io", "resource.k8s.io", "scheduling.k8s.io", "storage.k8s.io":
		return true
	}
	return false
}

// closest returns the one of names that differs from name in at most two letters and less than half of them; "" when none or
// several do.
func closest(name string, names []string) string {
	best := ""
	for _, n := range names {
		if d := spell.Distance(name, n); n != name && d <= 2 && 2*d < min(len(name), len(n)) {
			if best != "" && best != n {
				return ""
			}
			best = n
		}
	}
	return best
}
