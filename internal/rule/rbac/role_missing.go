package rbac

import (
	"strings"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
	"github.com/fairway-k8s/fairway/internal/source"
)

// roleMissing takes it that a ClusterRole may have come with something else that was installed in the cluster, unless ClusterRoles
// are applied together with the binding.
//
// The fix is offered for a slip: the name is there with the other kind, or one that is written almost the same.
var roleMissing = &rule.Rule{
	ID:    "rbac-role-missing",
	Title: "a binding names a role that does not exist",
	Why: "The binding grants nothing, and whoever relies on it gets 403 Forbidden. Later, anybody who creates a role of that name decides " +
		"what the binding's subjects may do.",
	How: "Correct kind and name of the role, or add it. roleRef cannot be changed in place: a binding that was applied already has to be " +
		"deleted first.",
	Example:  "roleRef:\n  apiGroup: rbac.authorization.k8s.io\n  kind: Role\n  name: checkout\n",
	Severity: finding.Must, Profile: rule.Basic, Since: "0.1.0", Incident: "admin-for-convenience", NeedsContext: true, Fixes: true,
	Links: []string{linkRBAC + "#rolebinding-and-clusterrolebinding"},
	Object: func(p *rule.Pass, o *cluster.Object) {
		ref, _, ok := bindingOf(o)
		if !ok || ref.Name == "" || cluster.Placeholder(ref.Name) || builtin(ref.Name) || ref.APIGroup != group || ref.Kind != "Role" && ref.Kind != "ClusterRole" {
			return
		}
		if p.Lookup(o, group, ref.Kind, "", ref.Name) != nil {
			return
		}
		other := "Role"
		if ref.Kind == "Role" {
			other = "ClusterRole"
		}
		if o.Kind == "RoleBinding" {
			if x := p.Lookup(o, group, other, "", ref.Name); x != nil && x.Scope == o.Scope {
				p.Report(o, "roleRef.kind", "there is no %s %s, but a %s of that name", ref.Kind, ref.Name, other).
					Fix = rule.Mend("set kind: "+other, rule.Set("roleRef.kind", source.String(other)))
				return
			}
		}
		known := p.Shows(o, group, ref.Kind) || ref.Kind == "Role" && p.Covers(o, group, "Role")
		if !known || p.MakerNear(o) != nil {
			p.Unknown(o, "roleRef.name", "%s %s", ref.Kind, ref.Name)
			return
		}
		f := p.Report(o, "roleRef.name", "there is no %s %s%s: the binding grants nothing", ref.Kind, ref.Name, namespaceOf(o, ref.Kind))
		var beside []string
		for _, x := range p.Of(group, ref.Kind) {
			if x.Scope == o.Scope && (ref.Kind == "ClusterRole" || cluster.SameNamespace(x.Namespace, o.Namespace)) {
				beside = append(beside, x.Name)
			}
		}
		if near := closest(ref.Name, beside); near != "" {
			f.Fix = rule.Mend("set name: "+near, rule.Set("roleRef.name", source.String(near)))
		}
	},
}

func namespaceOf(o *cluster.Object, kind string) string {
	if kind == "Role" && o.Namespace != "" {
		return " in namespace " + o.Namespace
	}
	return ""
}

// builtin reports whether a role is there without anybody applying it: Kubernetes' own, those that carry the name of their maker in
// front (system:, kubeadm:, eks:, gce:, ...), and those of OpenShift.
func builtin(name string) bool {
	switch name {
	case "cluster-admin", "admin", "edit", "view", "extension-apiserver-authentication-reader",
		"cluster-reader", "basic-user", "self-provisioner", "cluster-monitoring-view", "registry-viewer", "registry-editor", "registry-admin":
		return true
	}
	return strings.Contains(name, ":")
}
