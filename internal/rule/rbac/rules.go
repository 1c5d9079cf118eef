package rbac

import "github.com/fairway-k8s/fairway/internal/rule"

// Rules returns the family.
func Rules() []*rule.Rule {
	return []*rule.Rule{
		anonymous,
		authenticated,
		clusterAdmin,
		escalation,
		nodesProxy,
		podsCreate,
		podsExec,
		roleMissing,
		secretsRead,
		serviceAccountMissing,
		tokenCreate,
		wildcard,
	}
}

const (
	linkRBAC     = "https://kubernetes.io/docs/reference/access-authn-authz/rbac/"
	linkPractice = "https://kubernetes.io/docs/concepts/security/rbac-good-practices/"
)
