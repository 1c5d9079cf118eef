package availability

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
	"github.com/fairway-k8s/fairway/internal/source"
)

// spreadMissing offers to spread over zones and hosts with ScheduleAnyway: that only ranks nodes and never keeps a pod from starting. Both are
// needed, because a pod with constraints of its own loses those that the scheduler has for all others, of which one is about hosts.
var spreadMissing = &rule.Rule{
	ID:    "spread-missing",
	Title: "nothing spreads the replicas over nodes and zones",
	Why: "The scheduler spreads pods as one wish among several. After a rollout during a scarcity of room all replicas may sit in one zone " +
		"or on one node, and go with it.",
	How: "Add topologySpreadConstraints over topology.kubernetes.io/zone and kubernetes.io/hostname with whenUnsatisfiable: ScheduleAnyway " +
		"and the pod's own labels.",
	Example: "topologySpreadConstraints:\n  - maxSkew: 1\n    topologyKey: topology.kubernetes.io/zone\n    whenUnsatisfiable: ScheduleAnyway\n" +
		"    labelSelector:\n      matchLabels:\n        app.kubernetes.io/name: shop\n",
	Severity: finding.Should, Profile: rule.Golden, Since: "0.1.0", Incident: "zone-lost", NeedsContext: true, Fixes: true,
	Links: []string{linkSpread, linkAffinity},
	Workload: func(p *rule.Pass, w *cluster.Workload) {
		s := &w.Template.Spec
		if !kept(w) || len(s.TopologySpreadConstraints) > 0 || s.NodeName != "" || hostPorts(w) || near(s.Affinity) {
			return
		}
		field := w.SpecPath + ".topologySpreadConstraints"
		if w.Root.Get("spec").Get("template").Get("spec").Get("topologySpreadConstraints").Len() > 0 {
			return // a placeholder
		}
		f, ok := floorOf(p, w)
		switch {
		case !ok || !f.open && f.pods < 2:
		case f.open && f.pods < 2:
			p.Unknown(w.Object, field, missingScaler)
		default:
			// Without the number of pods, so that builds of one base that differ in it are told, and mended, once.
			x := p.Report(w.Object, field, "nothing spreads the pods of %s: they may all sit on one node or in one zone", title(w.Object))
			if labels, ok := ownLabels(w); ok {
				x.Fix = rule.Mend("spread over zones and hosts where there is room", rule.Set(field,
					source.List(soft(corev1.LabelTopologyZone, labels), soft(corev1.LabelHostname, labels)), "affinity", "tolerations", "nodeSelector", "securityContext", "serviceAccountName"))
			}
		}
	},
}

// soft makes a constraint that ranks nodes and forbids none.
func soft(key string, labels source.Value) source.Value {
	return source.Map(
		source.F("maxSkew", source.Int(1)),
		source.F("topologyKey", source.String(key)),
		source.F("whenUnsatisfiable", source.String("ScheduleAnyway")),
		source.F("labelSelector", source.Map(source.F("matchLabels", labels))),
	)
}

// near reports whether somebody said where pods stand to each other: apart, or together on purpose.
func near(a *corev1.Affinity) bool {
	if a == nil {
		return false
	}
	apart, together := a.PodAntiAffinity, a.PodAffinity
	return apart != nil && len(apart.RequiredDuringSchedulingIgnoredDuringExecution)+len(apart.PreferredDuringSchedulingIgnoredDuringExecution) > 0 ||
		together != nil && len(together.RequiredDuringSchedulingIgnoredDuringExecution)+len(together.PreferredDuringSchedulingIgnoredDuringExecution) > 0
}
