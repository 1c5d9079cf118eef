package resources

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
)

var ephemeralStorageMissing = &rule.Rule{
	ID:       "ephemeral-storage-missing",
	Title:    "a container may fill its node's disk",
	Why:      "Logs, the writable layer and emptyDir volumes share the node's disk. Under disk pressure the kubelet evicts pods, those without a request first.",
	How:      "Set requests and limits for ephemeral-storage to what logs and scratch files take.",
	Severity: finding.Could, Profile: rule.Strict, Since: "0.1.0", Incident: "emptydir-filled-node",
	Links: []string{linkResources + "#local-ephemeral-storage"},
	Gate:  &rule.Gate{Of: "running", Blind: blindToLimitRanges, Container: "!('ephemeral-storage' in c.?resources.?limits.orValue({})) && !('ephemeral-storage' in pod.?resources.?limits.orValue({}))"},
	Container: func(p *rule.Pass, w *cluster.Workload, c *cluster.Container) {
		if (!c.Init || c.Sidecar) && !limit(w, c, corev1.ResourceEphemeralStorage) &&
			!ranged(p, w, func(i corev1.LimitRangeItem) bool { _, ok := i.Default[corev1.ResourceEphemeralStorage]; return ok }) {
			p.Report(w.Object, c.Path+".resources.limits[ephemeral-storage]", "%s has no limit for the node's disk", c.Name)
		}
	},
}
