package security

import (
	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
)

// serviceAccountDefault matters where a token is mounted: without one the account is but a name.
var serviceAccountDefault = &rule.Rule{
	ID:    "service-account-default",
	Title: "pods use the namespace's default ServiceAccount",
	Why: "All pods that name no account share this one. A right that is given to it for one of them is given to all, and the audit log " +
		"cannot tell them apart.",
	How:      "Give the workload a ServiceAccount of its own, or set automountServiceAccountToken: false when it needs none.",
	Example:  "spec:\n  serviceAccountName: checkout\n",
	Severity: finding.Could, Profile: rule.Strict, Since: "0.1.0", Incident: "token-in-every-pod",
	Links: []string{linkAccounts},
	Workload: func(p *rule.Pass, w *cluster.Workload) {
		s := &w.Template.Spec
		if !decided(w) || !wholePod(w) || accountOf(w) != "default" || s.AutomountServiceAccountToken != nil && !*s.AutomountServiceAccountToken {
			return
		}
		if a := automount(accountObject(p, w)); a != nil && !*a {
			return
		}
		p.Report(w.Object, w.SpecPath+".serviceAccountName", "the pods carry the token of the default ServiceAccount, which all pods without an account of their own share")
	},
}
