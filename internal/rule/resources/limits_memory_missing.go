package resources

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
)

var limitsMemoryMissing = &rule.Rule{
	ID:    "limits-memory-missing",
	Title: "a container may use all memory of its node",
	Why: "A leak in one container ends with the node out of memory, and the kernel or the kubelet then kills pods that did nothing " +
		"wrong. With a limit only the one that leaks is restarted.",
	How:      "Set limits.memory above the peak you have measured; equal to the request is the safest.",
	Example:  "resources:\n  requests:\n    memory: 512Mi\n  limits:\n    memory: 512Mi\n",
	Severity: finding.Should, Profile: rule.Basic, Since: "0.1.0", Incident: "requests-missing-eviction",
	Links: []string{linkResources},
	Gate:  &rule.Gate{Of: "running", Blind: blindToLimitRanges, Container: "!('memory' in c.?resources.?limits.orValue({})) && !('memory' in pod.?resources.?limits.orValue({}))"},
	Container: func(p *rule.Pass, w *cluster.Workload, c *cluster.Container) {
		if c.Init && !c.Sidecar || !decided(w, c) || limit(w, c, corev1.ResourceMemory) {
			return
		}
		if ranged(p, w, func(i corev1.LimitRangeItem) bool { _, ok := i.Default[corev1.ResourceMemory]; return ok }) {
			return
		}
		p.Report(w.Object, c.Path+".resources.limits.memory", "%s has no memory limit: a leak in it takes its neighbours along", c.Name)
	},
}
