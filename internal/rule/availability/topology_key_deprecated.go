package availability

import (
	"strconv"

	corev1 "k8s.io/api/core/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
	"github.com/fairway-k8s/fairway/internal/source"
)

// The mend writes the label that has had the same value on the same nodes since Kubernetes 1.17.
var topologyKeyDeprecated = &rule.Rule{
	ID:    "topology-key-deprecated",
	Title: "pods are spread over a node label that is going away",
	Why: "failure-domain.beta.kubernetes.io labels have been deprecated since Kubernetes 1.17. Nodes without them are passed over by spread " +
		"constraints, and a required rule leaves pods Pending there.",
	How:      "Use topology.kubernetes.io/zone or topology.kubernetes.io/region.",
	Example:  "topologySpreadConstraints:\n  - topologyKey: topology.kubernetes.io/zone\n",
	Severity: finding.Should, Profile: rule.Strict, Since: "0.1.0", Incident: "zone-lost", Fixes: true,
	Links: []string{"https://kubernetes.io/docs/reference/labels-annotations-taints/#failure-domainbetakubernetesiozone"},
	Workload: func(p *rule.Pass, w *cluster.Workload) {
		s := &w.Template.Spec
		for i := range s.TopologySpreadConstraints {
			judgeKey(p, w, s.TopologySpreadConstraints[i].TopologyKey, ".topologySpreadConstraints", i, "")
		}
		if s.Affinity == nil {
			return
		}
		if a := s.Affinity.PodAntiAffinity; a != nil {
			judgeTerms(p, w, ".affinity.podAntiAffinity", a.RequiredDuringSchedulingIgnoredDuringExecution, a.PreferredDuringSchedulingIgnoredDuringExecution)
		}
		if a := s.Affinity.PodAffinity; a != nil {
			judgeTerms(p, w, ".affinity.podAffinity", a.RequiredDuringSchedulingIgnoredDuringExecution, a.PreferredDuringSchedulingIgnoredDuringExecution)
		}
	},
}

func judgeTerms(p *rule.Pass, w *cluster.Workload, path string, required []corev1.PodAffinityTerm, preferred []corev1.WeightedPodAffinityTerm) {
	for i := range required {
		judgeKey(p, w, required[i].TopologyKey, path+".requiredDuringSchedulingIgnoredDuringExecution", i, "")
	}
	for i := range preferred {
		judgeKey(p, w, preferred[i].PodAffinityTerm.TopologyKey, path+".preferredDuringSchedulingIgnoredDuringExecution", i, ".podAffinityTerm")
	}
}

func judgeKey(p *rule.Pass, w *cluster.Workload, key, list string, i int, inner string) {
	now := ""
	switch key {
	case corev1.LabelFailureDomainBetaZone:
		now = corev1.LabelTopologyZone
	case corev1.LabelFailureDomainBetaRegion:
		now = corev1.LabelTopologyRegion
	default:
		return
	}
	field := w.SpecPath + list + "[" + strconv.Itoa(i) + "]" + inner + ".topologyKey"
	p.Report(w.Object, field, "%s is deprecated since Kubernetes 1.17; the label is %s", key, now).
		Fix = rule.Mend("set topologyKey: "+now, rule.Set(field, source.String(now)))
}
