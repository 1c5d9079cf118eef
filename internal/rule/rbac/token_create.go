package rbac

import (
	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
)

var tokenCreate = &rule.Rule{
	ID:    "rbac-token-create",
	Title: "a role allows to make tokens of other accounts",
	Why:   "With serviceaccounts/token one becomes any ServiceAccount of the namespace, or of the cluster, and has its rights.",
	How:   "Name the accounts with resourceNames, or mount a token of the pod's own account with the audience that is needed.",
	Example: "volumes:\n  - name: token\n    projected:\n      sources:\n        - serviceAccountToken:\n            path: token\n            audience: vault\n" +
		"            expirationSeconds: 3600\n",
	Severity: finding.Should, Profile: rule.Strict, Since: "0.1.0", Incident: "admin-for-convenience",
	Links: []string{linkPractice + "#token-request"},
	Object: func(p *rule.Pass, o *cluster.Object) {
		grants := grantsOf(o)
		for i := range grants {
			if r := &grants[i]; on(r, "", "serviceaccounts/token") && len(verbsOf(r, "create")) > 0 {
				p.Report(o, field(i, "resources"), "it allows to act as every ServiceAccount %s", where(o))
			}
		}
	},
}
