package workspace

import (
	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
	"github.com/fairway-k8s/fairway/internal/source"
)

const nameLabel = "app.kubernetes.io/name"

// The fix adds a label to the object's own metadata, which nothing selects by; pod labels and selectors stay as they are, since a
// selector can never be changed. The name is the one that the application already goes by.
var labelsRecommendedMissing = &rule.Rule{
	ID:    "labels-recommended-missing",
	Title: "a workload without the recommended labels",
	Why: "Tools, dashboards and cost reports find applications by app.kubernetes.io/name. Without it each of them guesses by another label, " +
		"and adoption and ownership cannot be counted.",
	How:      "Label the workload with app.kubernetes.io/name, and with part-of and version where they help.",
	Example:  "metadata:\n  labels:\n    app.kubernetes.io/name: checkout\n",
	Severity: finding.Could, Profile: rule.Strict, Since: "0.1.0", Incident: "nobody-owned-it", Fixes: true,
	Links: []string{"https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels/"},
	Workload: func(p *rule.Pass, w *cluster.Workload) {
		if w.Labels[nameLabel] != "" || w.PodLabels()[nameLabel] != "" {
			return
		}
		f := p.Report(w.Object, "metadata.labels["+nameLabel+"]", "%s %s has no label %s, neither itself nor on its pods", w.Kind, w.Name, nameLabel)
		for _, key := range []string{"app", "k8s-app", "name"} {
			if name := w.PodLabels()[key]; name != "" {
				f.Fix = rule.Mend("label it "+nameLabel+": "+name, source.Change{Op: source.Set, Value: source.String(name),
					Path: source.Path{{Key: "metadata"}, {Key: "labels"}, {Key: nameLabel}}, After: []string{"namespace", "name"}})
				return
			}
		}
	},
}
