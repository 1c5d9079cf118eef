package availability

import (
	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
	"github.com/fairway-k8s/fairway/internal/source"
)

// pdbMissing offers a budget that lets one pod leave at a time, behind the workload in its own file. That never blocks a drain for good,
// as there are two pods or more. It does so only where the workload's own selector selects nothing else, and no object has the name.
var pdbMissing = &rule.Rule{
	ID:    "pdb-missing",
	Title: "no disruption budget covers the pods",
	Why: "Without a budget the eviction API says yes to everything: a node upgrade may take all replicas in the same minute, and nothing " +
		"answers until new ones have booted.",
	How: "Add a PodDisruptionBudget with maxUnavailable: 1 and the workload's own selector.",
	Example: "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata:\n  name: shop\nspec:\n  maxUnavailable: 1\n" +
		"  unhealthyPodEvictionPolicy: AlwaysAllow\n  selector:\n    matchLabels:\n      app.kubernetes.io/name: shop\n",
	Severity: finding.Should, Profile: rule.Golden, Since: "0.1.0", Incident: "no-pdb-drain", NeedsContext: true, Fixes: true,
	Links: []string{linkBudget, linkDisruptions},
	Workload: func(p *rule.Pass, w *cluster.Workload) {
		if !kept(w) || len(p.BudgetsOf(w)) > 0 {
			return
		}
		const field = "metadata.name"
		f, ok := floorOf(p, w)
		if !ok || f.pods < 2 {
			return
		}
		if !p.Covers(w.Object, "policy", "PodDisruptionBudget") {
			p.Unknown(w.Object, field, "no PodDisruptionBudget in the input selects these pods")
			return
		}
		// The number of pods stays out of the message: builds of one base that differ in it are told, and mended, once.
		p.Report(w.Object, field, "no PodDisruptionBudget selects the pods of %s: a node drain may take all of them at once", title(w.Object)).Fix = addBudget(p, w)
	},
}

// addBudget returns the fix, nil where it would not be safe or cannot be written.
func addBudget(p *rule.Pass, w *cluster.Workload) *finding.Fix {
	labels, ok := ownLabels(w)
	if !ok || !opensDocument(w.Origin) || w.Selector == nil {
		return nil
	}
	meta := w.Origin.Get("metadata")
	name, namespace := meta.Get("name").Text(), meta.Get("namespace").Text()
	if name == "" || cluster.Placeholder(name) || cluster.Placeholder(namespace) || p.Lookup(w.Object, "policy", "PodDisruptionBudget", "", w.Name) != nil {
		return nil
	}
	if found := p.Select(w.Object, w.Selector); len(found) != 1 || found[0] != w {
		return nil
	}
	named := []source.Field{source.F("name", source.String(name))}
	if namespace != "" {
		named = append(named, source.F("namespace", source.String(namespace)))
	}
	return rule.Mend("add a PodDisruptionBudget that lets one pod leave at a time", source.Change{Op: source.Append, Value: source.Map(
		source.F("apiVersion", source.String("policy/v1")),
		source.F("kind", source.String("PodDisruptionBudget")),
		source.F("metadata", source.Map(named...)),
		source.F("spec", source.Map(
			source.F("maxUnavailable", source.Int(1)),
			source.F("unhealthyPodEvictionPolicy", source.String("AlwaysAllow")),
			source.F("selector", source.Map(source.F("matchLabels", labels))),
		)),
	)})
}

// opensDocument reports whether n is a YAML document of its own, to which another can be added: not an item of a List, and not JSON.
func opensDocument(n source.Node) bool {
	if n.IsZero() || n.Style() == source.Flow {
		return false
	}
	for _, d := range n.File().Docs {
		if d.Root == n {
			return true
		}
	}
	return false
}
