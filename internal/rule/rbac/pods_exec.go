package rbac

import (
	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
)

var podsExec = &rule.Rule{
	ID:    "rbac-pods-exec",
	Title: "a role allows to run commands in all pods",
	Why: "pods/exec and pods/attach give a shell in every pod of the namespace: with its files, its Secrets and the rights of its " +
		"ServiceAccount. Admission rules do not see what is run.",
	How:      "Leave it to people, for a time and through a group. A program that needs to know something of a pod should ask it over the network.",
	Severity: finding.Should, Profile: rule.Strict, Since: "0.1.0", Incident: "admin-for-convenience",
	Links: []string{linkPractice},
	Object: func(p *rule.Pass, o *cluster.Object) {
		grants := grantsOf(o)
		for i := range grants {
			r := &grants[i]
			for _, sub := range [...]string{"pods/exec", "pods/attach"} {
				if on(r, "", sub) && len(verbsOf(r, "create", "get")) > 0 {
					p.Report(o, field(i, "resources"), "%s allows to run commands in every pod %s, with its Secrets and rights", sub, where(o))
					break
				}
			}
		}
	},
}
