package availability

import (
	"fmt"
	"strconv"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
)

// antiAffinityRequiredHostname leaves StatefulSets alone: they replace pods in place, and two members of a quorum on one node are worse
// than one that waits. It has no mend, since required may be meant.
var antiAffinityRequiredHostname = &rule.Rule{
	ID:    "anti-affinity-required-hostname",
	Title: "each pod of a Deployment demands a node of its own",
	Why: "With required anti-affinity over hostnames there can be no more pods than nodes: the others stay Pending, at the height of the " +
		"load, and a rollout that starts a pod before it stops one needs a free node or waits for ever.",
	How:      "Use a topologySpreadConstraint over kubernetes.io/hostname, or preferredDuringSchedulingIgnoredDuringExecution.",
	Example:  "topologySpreadConstraints:\n  - maxSkew: 1\n    topologyKey: kubernetes.io/hostname\n    whenUnsatisfiable: ScheduleAnyway\n    labelSelector:\n      matchLabels:\n        app.kubernetes.io/name: shop\n",
	Severity: finding.Could, Profile: rule.Strict, Since: "0.1.0", Gathers: true, Incident: "surge-deadlock",
	Links: []string{linkAffinity, linkSpread},
	Workload: func(p *rule.Pass, w *cluster.Workload) {
		a := w.Template.Spec.Affinity
		if a == nil || a.PodAntiAffinity == nil || !w.Is("apps", "Deployment") && !w.Is("argoproj.io", "Rollout") || !kept(w) {
			return
		}
		f, ok := floorOf(p, w)
		if !ok || f.pods < 2 && f.by == nil {
			return
		}
		most := f.pods
		for _, o := range p.ScalersOf(w) {
			if s, ok := scalerOf(o); ok {
				most = max(most, s.max)
			}
		}
		if most < 2 {
			return
		}
		for i, t := range a.PodAntiAffinity.RequiredDuringSchedulingIgnoredDuringExecution {
			if t.TopologyKey != corev1.LabelHostname || !cluster.SelectorMatches(t.LabelSelector, w.PodLabels()) {
				continue
			}
			more := ""
			if d := cluster.As[*appsv1.Deployment](w.Object); d != nil && d.Spec.Strategy.RollingUpdate != nil {
				if surge, _ := fenceposts(d.Spec.Strategy.RollingUpdate, most); surge > 0 {
					more = fmt.Sprintf(", and %d more during a rollout", surge)
				}
			}
			p.Report(w.Object, w.SpecPath+".affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution["+strconv.Itoa(i)+"].topologyKey",
				"%s need as many nodes%s; those that find none stay Pending", plural(most, "pod"), more)
			return
		}
	},
}
