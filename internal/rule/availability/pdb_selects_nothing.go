package availability

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
	"github.com/fairway-k8s/fairway/internal/source"
)

// pdbSelectsNothing offers to select the pods of the one workload that has the budget's name and no budget.
var pdbSelectsNothing = &rule.Rule{
	ID:    "pdb-selects-nothing",
	Title: "a disruption budget selects no pods",
	Why: "A budget is joined to its pods by labels only. One that selects nothing protects nothing, and nobody notices until a drain " +
		"takes all replicas at once.",
	How:      "Make spec.selector equal the workload's own selector, in the same namespace.",
	Example:  "kind: PodDisruptionBudget\nspec:\n  selector:\n    matchLabels:\n      app.kubernetes.io/name: shop   # as in the Deployment's spec.selector\n",
	Severity: finding.Must, Profile: rule.Basic, Since: "0.1.0", Incident: "no-pdb-drain", NeedsContext: true, Fixes: true,
	Links: []string{linkBudget},
	Object: func(p *rule.Pass, o *cluster.Object) {
		pdb := cluster.As[*policyv1.PodDisruptionBudget](o)
		if pdb == nil {
			return
		}
		sel := pdb.Spec.Selector
		if sel == nil {
			if !o.Has("spec.selector") {
				p.Report(o, "spec.selector", "the budget has no selector and so selects no pods")
			}
			return
		}
		if len(p.PodsOf(o)) > 0 || placeholderIn(sel.MatchLabels) {
			return
		}
		missing := hidden(p, o)
		if missing == "" {
			missing = setAtRunTime(p, o, sel)
		}
		switch {
		case missing != "":
			p.Unknown(o, "spec.selector", "%s", missing)
		case cluster.SelectorEmpty(sel):
			p.Report(o, "spec.selector", "there are no pods%s", inNamespace(o))
		default:
			f := p.Report(o, "spec.selector", "no pod%s has %s", inNamespace(o), metav1.FormatLabelSelector(sel))
			if w := namesake(p, o); w != nil && len(sel.MatchExpressions) == 0 {
				f.Message += fmt.Sprintf("; those of %s have %s", title(w.Object), metav1.FormatLabelSelector(w.Selector))
				f.Fix = reselect("spec.selector.matchLabels", sel.MatchLabels, w)
			}
		}
	},
}

// setAtRunTime says which label of sel pods may be given when they run, as Patroni marks its leader; "" when none.
func setAtRunTime(p *rule.Pass, o *cluster.Object, sel *metav1.LabelSelector) string {
	for _, k := range slices.Sorted(maps.Keys(sel.MatchLabels)) {
		if cluster.RuntimeLabel(k) {
			return "pods with the label " + k + ", which their controller sets"
		}
		if len(sel.MatchLabels) < 2 || !slices.ContainsFunc(roles, func(r string) bool { return strings.Contains(k, r) }) {
			continue
		}
		rest := sel.DeepCopy()
		delete(rest.MatchLabels, k)
		for _, w := range p.Select(o, rest) {
			if _, has := w.PodLabels()[k]; !has {
				return "pods with the label " + k + ", which something sets at run time"
			}
		}
	}
	return ""
}

var roles = []string{"role", "leader", "master", "primary", "replica", "active", "state"}

// namesake returns the workload that a budget was meant for, by its name, which often carries the kind (shop-pdb).
func namesake(p *rule.Pass, o *cluster.Object) *cluster.Workload {
	name := strings.TrimSuffix(strings.TrimSuffix(strings.TrimPrefix(o.Name, "pdb-"), "-pdb"), "-budget")
	var found *cluster.Workload
	for _, w := range p.Beside(o) {
		if (w.Name != name && w.Name != o.Name) || !kept(w) || !cluster.SameNamespace(o.Namespace, w.Namespace) {
			continue
		}
		if found != nil || w.Selector == nil || len(w.Selector.MatchLabels) == 0 || len(w.Selector.MatchExpressions) > 0 || len(p.BudgetsOf(w)) > 0 {
			return nil
		}
		found = w
	}
	return found
}

// reselect changes the labels at path, label by label, to w's own selector.
func reselect(path string, labels map[string]string, w *cluster.Workload) *finding.Fix {
	var changes []source.Change
	at := source.MustPath(path)
	for _, k := range slices.Sorted(maps.Keys(w.Selector.MatchLabels)) {
		if v := w.Selector.MatchLabels[k]; labels[k] != v {
			changes = append(changes, source.Change{Op: source.Set, Path: append(slices.Clone(at), source.Step{Key: k}), Value: source.String(v)})
		}
	}
	for _, k := range slices.Sorted(maps.Keys(labels)) {
		if _, asked := w.Selector.MatchLabels[k]; !asked && w.PodLabels()[k] != labels[k] {
			changes = append(changes, source.Change{Op: source.Remove, Path: append(slices.Clone(at), source.Step{Key: k})})
		}
	}
	return rule.Mend("select the pods of "+title(w.Object), changes...)
}
