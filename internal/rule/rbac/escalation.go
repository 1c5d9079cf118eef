package rbac

import (
	"slices"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
)

// escalation wants the verbs named: all verbs are rbac-wildcard's. A rule with resourceNames is how Kubernetes' documentation lets
// somebody hand on one role.
var escalation = &rule.Rule{
	ID:    "rbac-escalation",
	Title: "a role allows to gain any other right",
	Why: "Kubernetes lets nobody grant more than they have, but for three verbs: escalate writes any right into a role, bind gives away " +
		"any role, impersonate acts as anybody. Each amounts to cluster-admin in the hands of an intruder.",
	How:      "Remove the verb. If a program has to hand out roles, allow bind with resourceNames that list them.",
	Example:  "rules:\n  - apiGroups: [rbac.authorization.k8s.io]\n    resources: [clusterroles]\n    verbs: [bind]\n    resourceNames: [view]\n",
	Severity: finding.Should, Profile: rule.Golden, Since: "0.1.0", Incident: "admin-for-convenience",
	Links: []string{linkRBAC + "#privilege-escalation-prevention-and-bootstrapping", linkPractice},
	Object: func(p *rule.Pass, o *cluster.Object) {
		grants := grantsOf(o)
		for i := range grants {
			r := &grants[i]
			if len(r.ResourceNames) > 0 {
				continue
			}
			roles := slices.Contains(r.APIGroups, group) || slices.Contains(r.APIGroups, "*")
			var may []string
			for _, v := range r.Verbs {
				switch {
				case v == "escalate" && roles:
					may = append(may, "escalate: write any right into a role")
				case v == "bind" && roles:
					may = append(may, "bind: give away any role")
				case v == "impersonate":
					may = append(may, "impersonate: act as somebody else")
				}
			}
			if len(may) > 0 {
				p.Report(o, field(i, "verbs"), "it allows to %s", words(may))
			}
		}
	},
}
