package security

import (
	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
)

// serviceAccountDefault matters where a token is mounted: without one the account is but a name. The fix is that of
// service-account-token-mounted, where that offers it: pods that do not use the token need no account of their own either.
var serviceAccountDefault = &rule.Rule{
	ID:    "service-account-default",
	Title: "pods use the namespace's default ServiceAccount",
	Why: "All pods that name no account share this one. A right that is given to it for one of them is given to all, and the audit log " +
		"cannot tell them apart.",
	How:      "Give the workload a ServiceAccount of its own, or set automountServiceAccountToken: false when it needs none.",
	Example:  "spec:\n  serviceAccountName: checkout\n",
	Severity: finding.Could, Profile: rule.Strict, Since: "0.1.0", Incident: "token-in-every-pod", Fixes: true,
	Links: []string{linkAccounts},
	Snapshot: func(p *rule.Pass) {
		granted := grants(p.Snapshot)
		for _, w := range p.Workloads {
			judgeDefaultAccount(p, w, granted)
		}
	},
}

func judgeDefaultAccount(p *rule.Pass, w *cluster.Workload, granted grantees) {
	pod := w.Template.Spec.AutomountServiceAccountToken
	if !decided(w) || !wholePod(w) || accountOf(w) != "default" || pod != nil && !*pod {
		return
	}
	account := accountObject(p, w)
	own := automount(account)
	if own != nil && !*own {
		return
	}
	f := p.Report(w.Object, w.SpecPath+".serviceAccountName", "the pods carry the token of the default ServiceAccount, which all pods without an account of their own share")
	if pod == nil && own == nil && !tokenUseful(w) && !granted.to("default", w.Namespace) {
		f.Fix = withoutToken(p, w, account)
	}
}
