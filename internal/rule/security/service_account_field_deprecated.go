package security

import (
	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
	"github.com/fairway-k8s/fairway/internal/source"
)

// serviceAccountFieldDeprecated follows the API server: serviceAccountName wins when both are set (k8s.io/kubernetes
// pkg/apis/core/v1/conversion.go, Convert_v1_PodSpec_To_core_PodSpec).
var serviceAccountFieldDeprecated = &rule.Rule{
	ID:    "service-account-field-deprecated",
	Title: "the account is given in the old field serviceAccount",
	Why: "serviceAccount is a deprecated alias of serviceAccountName, and ignored when both are set. Tools that know only the new name " +
		"see a pod with the default account.",
	How:      "Rename the field to serviceAccountName.",
	Example:  "spec:\n  serviceAccountName: checkout\n",
	Severity: finding.Could, Profile: rule.Golden, Since: "0.1.0", Fixes: true,
	Links: []string{linkAccounts},
	Workload: func(p *rule.Pass, w *cluster.Workload) {
		if w.Template.Spec.DeprecatedServiceAccount == "" {
			return
		}
		field := w.SpecPath + ".serviceAccount"
		e, ok := w.Written(field)
		if !ok {
			return
		}
		if w.Has(w.SpecPath + ".serviceAccountName") {
			p.Report(w.Object, field, "serviceAccount: %s is ignored: serviceAccountName says %s", e.Value.Text(), w.Template.Spec.ServiceAccountName).
				Fix = rule.Mend("remove serviceAccount", rule.Remove(field))
			return
		}
		p.Report(w.Object, field, "serviceAccount is the deprecated name of serviceAccountName").
			Fix = rule.Mend("rename it to serviceAccountName", source.Change{Op: source.Rename, Path: source.MustPath(field), Value: source.String("serviceAccountName")})
	},
}
