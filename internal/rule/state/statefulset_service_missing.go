package state

import (
	"slices"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
	"github.com/fairway-k8s/fairway/internal/source"
)

// statefulSetServiceMissing mends by adding the headless Service that the StatefulSet names: the name itself cannot be changed once
// the StatefulSet exists, and a Service for lookups by name only adds DNS records. It needs no ports.
var statefulSetServiceMissing = &rule.Rule{
	ID:    "statefulset-service-missing",
	Title: "a StatefulSet names a Service that does not exist",
	Why: "The pods' own DNS names (db-0.db) are made through the Service in serviceName. Without it they do not resolve, so the members " +
		"of a cluster do not find each other, while every pod looks healthy.",
	How:      "Add a headless Service (clusterIP: None) of that name that selects the pods. serviceName itself cannot be changed later.",
	Example:  "kind: Service\nmetadata:\n  name: db\nspec:\n  clusterIP: None\n  selector:\n    app: db\n",
	Severity: finding.Must, Profile: rule.Basic, Since: "0.1.0", NeedsContext: true, Fixes: true,
	Links: []string{"https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#stable-network-id", "https://kubernetes.io/docs/concepts/services-networking/service/#headless-services"},
	Workload: func(p *rule.Pass, w *cluster.Workload) {
		s := cluster.As[*appsv1.StatefulSet](w.Object)
		if s == nil {
			return
		}
		name := s.Spec.ServiceName
		if name == "" || cluster.Placeholder(name) || p.Lookup(w.Object, "", "Service", "", name) != nil {
			return
		}
		const field = "spec.serviceName"
		if m := p.MakerNear(w.Object); m != nil {
			p.Unknown(w.Object, field, "Service %s, which %s %s may make", name, m.Kind, m.Name)
			return
		}
		if !p.Covers(w.Object, "", "Service") {
			p.Unknown(w.Object, field, "Service %s, which is not in the input", name)
			return
		}
		f := p.Report(w.Object, field, "there is no Service %s, so %s-0.%s and the other pods' names do not resolve", name, w.Name, name)
		if v, ok := headless(w); ok {
			f.Fix = rule.Mend("add headless Service "+name, source.Change{Op: source.Append, Value: v})
		}
	},
}

// headless makes the Service that gives w's pods their DNS names, from what the manifest in its file says; a build gives the Service
// the same prefixes, namespace and labels. ok is false when no document can be put behind it: an item of a List, or JSON.
func headless(w *cluster.Workload) (v source.Value, ok bool) {
	spec, meta := w.Origin.Get("spec"), w.Origin.Get("metadata")
	name, namespace, selector := spec.Get("serviceName").Text(), meta.Get("namespace").Text(), spec.Get("selector").Get("matchLabels")
	document := slices.ContainsFunc(w.Origin.File().Docs, func(d source.Document) bool { return d.Root == w.Origin })
	if !document || w.Origin.Style() == source.Flow || name == "" || cluster.Placeholder(name) || cluster.Placeholder(namespace) || selector.Len() == 0 {
		return source.Value{}, false
	}
	named := []source.Field{source.F("name", source.String(name))}
	if namespace != "" {
		named = append(named, source.F("namespace", source.String(namespace)))
	}
	return source.Map(
		source.F("apiVersion", source.String("v1")),
		source.F("kind", source.String("Service")),
		source.F("metadata", source.Map(named...)),
		source.F("spec", source.Map(
			source.F("clusterIP", source.String("None")),
			source.F("selector", selector.Value()),
		)),
	), true
}
