package rbac

import (
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
)

// clusterAdmin is about programs, single persons and groups of Kubernetes' own, which everybody or every pod is in. That a group of
// people administers the cluster is what the role is for.
var clusterAdmin = &rule.Rule{
	ID:    "rbac-cluster-admin",
	Title: "a program may do everything",
	Why: "cluster-admin allows every verb on every resource. Bound to a ServiceAccount, a flaw in any pod that uses it, or its token in a " +
		"log, is the whole cluster (or, through a RoleBinding, all Secrets and rights of the namespace).",
	How: "Bind a Role with the verbs and resources that the program uses; kubectl auth can-i --list shows what it has, the audit log what " +
		"it uses. Bind people through a group.",
	Example:  "kind: Role\nrules:\n  - apiGroups: [\"\"]\n    resources: [configmaps]\n    verbs: [get, list, watch]\n",
	Severity: finding.Must, Profile: rule.Basic, Since: "0.1.0", Incident: "admin-for-convenience",
	Links: []string{linkRBAC + "#user-facing-roles", linkPractice},
	Object: func(p *rule.Pass, o *cluster.Object) {
		ref, subjects, ok := bindingOf(o)
		if !ok || ref.Kind != "ClusterRole" || ref.Name != "cluster-admin" {
			return
		}
		var who []string
		for i := range subjects {
			if s := &subjects[i]; program(s) && len(who) < 4 {
				who = append(who, subject(s))
			}
		}
		if len(who) > 0 {
			p.Report(o, "roleRef.name", "cluster-admin lets %s do everything %s, Secrets and rights included", words(who), extent(o))
		}
	},
}

// program reports whether a subject is anything but a managed group of people or a component of Kubernetes.
func program(s *rbacv1.Subject) bool {
	switch s.Kind {
	case rbacv1.ServiceAccountKind:
		return true
	case rbacv1.GroupKind:
		return strings.HasPrefix(s.Name, "system:serviceaccounts") || s.Name == "system:authenticated" || s.Name == "system:unauthenticated"
	}
	return !strings.HasPrefix(s.Name, "system:") || strings.HasPrefix(s.Name, "system:serviceaccount:") || s.Name == "system:anonymous"
}
