package availability

import (
	appsv1 "k8s.io/api/apps/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
)

var statefulsetOnDelete = &rule.Rule{
	ID:    "statefulset-on-delete",
	Title: "a StatefulSet is updated only when somebody deletes its pods",
	Why: "With OnDelete a new template is applied without any effect, and pods take it up one by one at whatever moment they are lost. " +
		"Security fixes wait, and versions mix for months.",
	How:      "Use RollingUpdate, with partition to go step by step, unless an operator or a runbook deletes the pods.",
	Example:  "kind: StatefulSet\nspec:\n  updateStrategy:\n    type: RollingUpdate\n",
	Severity: finding.Could, Profile: rule.Strict, Since: "0.1.0",
	Links: []string{"https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#update-strategies"},
	Object: func(p *rule.Pass, o *cluster.Object) {
		s := cluster.As[*appsv1.StatefulSet](o)
		if s == nil || s.Spec.UpdateStrategy.Type != appsv1.OnDeleteStatefulSetStrategyType || controlled(o) {
			return
		}
		p.Report(o, "spec.updateStrategy.type", "OnDelete: a changed template reaches a pod only when somebody deletes it")
	},
}
