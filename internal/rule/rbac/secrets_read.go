package rbac

import (
	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
)

// secretsRead is about rules that name Secrets; those that mean them with a wildcard are rbac-wildcard's.
var secretsRead = &rule.Rule{
	ID:    "rbac-secrets-read",
	Title: "a role allows to read all Secrets",
	Why: "Secrets hold the passwords of databases and, where tokens are kept in them, the rights of other accounts. list and watch show " +
		"their contents as get does.",
	How:      "Name the Secrets with resourceNames and allow get only, or mount them into the pod instead of reading them through the API.",
	Example:  "rules:\n  - apiGroups: [\"\"]\n    resources: [secrets]\n    resourceNames: [checkout-credentials]\n    verbs: [get]\n",
	Severity: finding.Should, Profile: rule.Strict, Since: "0.1.0", Incident: "admin-for-convenience",
	Links: []string{linkPractice + "#listing-secrets"},
	Object: func(p *rule.Pass, o *cluster.Object) {
		grants := grantsOf(o)
		for i := range grants {
			if r := &grants[i]; on(r, "", "secrets") {
				if verbs := verbsOf(r, "get", "list", "watch"); len(verbs) > 0 {
					p.Report(o, field(i, "resources"), "it allows to %s every Secret %s", words(verbs), where(o))
				}
			}
		}
	},
}
