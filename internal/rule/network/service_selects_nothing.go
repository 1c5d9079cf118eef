package network

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
)

// serviceSelectsNothing leaves Services without a selector alone: their endpoints are made by hand or by a controller, which is the
// standard way to front a virtual machine.
var serviceSelectsNothing = &rule.Rule{
	ID:    "service-selects-nothing",
	Title: "a Service selects no pods",
	Why: "A Service is joined to its pods by labels only. With a selector that no pod matches it has no endpoints, and every call is " +
		"refused or times out, while Service and pods both look healthy.",
	How:      "Make spec.selector equal labels of the pod template (not of the Deployment itself), in the same namespace.",
	Example:  "kind: Service\nspec:\n  selector:\n    app.kubernetes.io/name: shop   # spec.template.metadata.labels of the Deployment has the same\n",
	Severity: finding.Must, Profile: rule.Basic, Since: "0.1.0", Incident: "selector-missed", NeedsContext: true, Fixes: true,
	Links: []string{linkService, linkSelector},
	Object: func(p *rule.Pass, o *cluster.Object) {
		svc := cluster.As[*corev1.Service](o)
		if svc == nil || !selects(svc) || len(p.PodsOf(o)) > 0 || hasPlaceholder(svc.Spec.Selector) {
			return
		}
		const field = "spec.selector"
		sel := svc.Spec.Selector
		ok, missing := judgesPods(p, o, sel)
		if ok && p.Coverage() == nil && elsewhere(p, o, sel) == "" && !wanting(p, o) {
			ok, missing = false, "the pods, as the workloads beside it have Services of their own"
		}
		s := slipOf(p, o, o.Name, sel)
		switch {
		case !ok && (s == nil || p.MakerNear(o) != nil):
			p.Unknown(o, field, "%s", missing)
		case s != nil:
			p.Report(o, field, "no pod has %s, so the Service has no endpoints; %s", labelsText(sel), s).Fix = s.mend(field)
		default:
			p.Report(o, field, "no pod has %s%s, so the Service has no endpoints", labelsText(sel), elsewhere(p, o, sel))
		}
	},
}

// wanting reports whether some workload beside a Service that selects nothing looks like the one it was meant for: it has the same
// name; no Service selects it, and it declares ports or is the only one. A Service in a folder where everybody is served is for pods
// from elsewhere.
func wanting(p *rule.Pass, o *cluster.Object) bool {
	all, unserved := 0, 0
	for _, w := range p.Beside(o) {
		if !w.LongRunning() || !cluster.SameNamespace(w.Namespace, o.Namespace) {
			continue
		}
		all++
		if w.Name == o.Name {
			return true
		}
		if len(p.ServicesOf(w)) > 0 {
			continue
		}
		if unserved++; declares(w) {
			return true
		}
	}
	return all == 1 && unserved == 1
}

// selects reports whether a Service's endpoints come from a selector.
func selects(svc *corev1.Service) bool {
	return len(svc.Spec.Selector) > 0 && svc.Spec.Type != corev1.ServiceTypeExternalName
}

// elsewhere says in which namespace a selector would find pods, "" when in none.
func elsewhere(p *rule.Pass, o *cluster.Object, sel map[string]string) string {
	for _, w := range p.Beside(o) {
		if cluster.LabelsMatch(sel, w.PodLabels()) {
			return " in namespace " + o.Namespace + " (" + w.Kind + " " + w.Name + " is in " + w.Namespace + ")"
		}
	}
	return ""
}
