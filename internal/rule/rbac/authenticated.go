package rbac

import (
	"slices"
	"strconv"

	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
)

// authenticated leaves alone what shares information: a role of the input that only reads, names what it reads, and reads no
// Secrets.
var authenticated = &rule.Rule{
	ID:    "rbac-authenticated",
	Title: "everybody with any login is given rights",
	Why: "system:authenticated is every person and every pod of the cluster, and with some providers every account that the provider has. " +
		"system:serviceaccounts is every pod. One flaw in any of them has these rights too.",
	How:      "Bind a group of your own, or the ServiceAccounts that need it by name.",
	Severity: finding.Should, Profile: rule.Golden, Since: "0.1.0", Incident: "admin-for-convenience",
	Links: []string{linkRBAC + "#discovery-roles", linkPractice},
	Object: func(p *rule.Pass, o *cluster.Object) {
		ref, subjects, ok := bindingOf(o)
		if !ok || public(ref.Name) {
			return
		}
		for i := range subjects {
			s := &subjects[i]
			if s.Kind != rbacv1.GroupKind || s.Name != "system:authenticated" && s.Name != "system:serviceaccounts" || informs(p, o, ref) {
				continue
			}
			who := "everybody with a login, every pod included"
			if s.Name == "system:serviceaccounts" {
				who = "every pod of the cluster"
			}
			p.Report(o, "subjects["+strconv.Itoa(i)+"].name", "%s is %s: they all may do what %s %s allows %s", s.Name, who, ref.Kind, ref.Name, extent(o))
		}
	},
}

// informs reports whether a role is in the input and does nothing but read what everybody may know.
func informs(p *rule.Pass, o *cluster.Object, ref *rbacv1.RoleRef) bool {
	role := p.Lookup(o, group, ref.Kind, "", ref.Name)
	if role == nil {
		return false
	}
	grants := grantsOf(role)
	return len(grants) > 0 && !slices.ContainsFunc(grants, func(r rbacv1.PolicyRule) bool {
		return len(writes(&r)) > 0 || slices.Contains(r.Resources, "*") || on(&r, "", "secrets")
	})
}
