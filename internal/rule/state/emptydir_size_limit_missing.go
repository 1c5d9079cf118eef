package state

import (
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
)

// emptyDirSizeLimitMissing speaks softly where all containers have a limit for the disk: what the whole pod writes, emptyDirs included, is then
// bounded by the sum of them, and the pod is evicted alone (pkg/kubelet/eviction, podEphemeralStorageLimitEviction, Kubernetes 1.36).
var emptyDirSizeLimitMissing = &rule.Rule{
	ID:    "emptydir-size-limit-missing",
	Title: "an emptyDir has no size limit",
	Why: "Without sizeLimit a pod may fill its node's disk; the kubelet then evicts pods by rank, neighbours among them. In memory " +
		"(medium: Memory) the files count against the containers' memory, and a full one gets them killed.",
	How:      "Set sizeLimit to a little more than you have seen used; the pod that exceeds it is evicted alone.",
	Example:  "volumes:\n  - name: tmp\n    emptyDir:\n      sizeLimit: 128Mi\n",
	Severity: finding.Should, Profile: rule.Golden, Since: "0.1.0", Incident: "emptydir-filled-node",
	Links: []string{linkVolumes + "#emptydir", "https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/#local-ephemeral-storage"},
	Gate: &rule.Gate{Pod: "pod.?volumes.orValue([]).exists(v, has(v.emptyDir) && !has(v.emptyDir.sizeLimit) &&\n" +
		"  !(object.kind == 'StatefulSet' && dyn(object).spec.?volumeClaimTemplates.orValue([]).exists(t, t.?metadata.?name.orValue('') == v.name)))"},
	Workload: func(p *rule.Pass, w *cluster.Workload) {
		bounded := !slices.ContainsFunc(w.Containers, func(c cluster.Container) bool {
			_, ok := c.Resources.Limits[corev1.ResourceEphemeralStorage]
			return !ok && !c.Init
		})
		for i := range w.Template.Spec.Volumes {
			v := &w.Template.Spec.Volumes[i]
			if v.EmptyDir == nil || v.EmptyDir.SizeLimit != nil || claimed(w, v.Name) {
				continue
			}
			harm := "it can fill the node's disk, and pods beside it are evicted"
			switch {
			case v.EmptyDir.Medium == corev1.StorageMediumMemory:
				harm = "its files use up the containers' memory until they are killed"
			case bounded:
				harm = "it can use up what the containers' limits leave for logs, and the pod is evicted"
			}
			f := p.Report(w.Object, volumePath(w, i)+".emptyDir.sizeLimit", "emptyDir %s has no sizeLimit: %s", v.Name, harm)
			if f != nil && bounded && v.EmptyDir.Medium != corev1.StorageMediumMemory {
				f.Severity = finding.Could
			}
		}
	},
}

// claimed reports whether a StatefulSet puts a claim of its own in the place of a volume (kubernetes 1.36, statefulset/stateful_set_utils.go
// updateStorage).
func claimed(w *cluster.Workload, volume string) bool {
	return slices.ContainsFunc(templates(w.Object), func(c corev1.PersistentVolumeClaim) bool { return c.Name == volume })
}
