package state

import (
	appsv1 "k8s.io/api/apps/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
	"github.com/fairway-k8s/fairway/internal/source"
)

// pvcRetentionDelete mends by keeping the claims, which is Kubernetes' default and loses nothing. Where Delete is meant, that is a
// decision to suppress the finding with.
var pvcRetentionDelete = &rule.Rule{
	ID:    "pvc-retention-delete",
	Title: "a StatefulSet deletes its claims with its pods",
	Why: "With whenScaled: Delete a lower replica count deletes the volumes of the pods that go; with whenDeleted: Delete, deleting the " +
		"StatefulSet (to change an immutable field, say) deletes all of them. With the usual reclaim policy the disks go as well.",
	How:      "Set both to Retain and delete claims by hand when the data is no longer wanted.",
	Example:  "persistentVolumeClaimRetentionPolicy:\n  whenDeleted: Retain\n  whenScaled: Retain\n",
	Severity: finding.Should, Profile: rule.Golden, Since: "0.1.0", Incident: "claims-deleted", Fixes: true,
	Links: []string{"https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#persistentvolumeclaim-retention"},
	Gate: &rule.Gate{Kinds: []string{"StatefulSet"}, Object: "size(object.spec.?volumeClaimTemplates.orValue([])) > 0 &&\n" +
		"[object.spec.?persistentVolumeClaimRetentionPolicy.?whenDeleted.orValue(''), object.spec.?persistentVolumeClaimRetentionPolicy.?whenScaled.orValue('')].exists(p, p == 'Delete')"},
	Object: func(p *rule.Pass, o *cluster.Object) {
		s := cluster.As[*appsv1.StatefulSet](o)
		if s == nil || s.Spec.PersistentVolumeClaimRetentionPolicy == nil || len(s.Spec.VolumeClaimTemplates) == 0 {
			return
		}
		const path = "spec.persistentVolumeClaimRetentionPolicy"
		policy := s.Spec.PersistentVolumeClaimRetentionPolicy
		judge := func(field string, got appsv1.PersistentVolumeClaimRetentionPolicyType, when string) {
			if got == appsv1.DeletePersistentVolumeClaimRetentionPolicyType {
				p.Report(o, path+"."+field, "%s deletes claim %s of the pods that go, and their data", when, s.Spec.VolumeClaimTemplates[0].Name).
					Fix = rule.Mend("set "+field+": Retain", rule.Set(path+"."+field, source.String("Retain")))
			}
		}
		judge("whenDeleted", policy.WhenDeleted, "deleting the StatefulSet")
		judge("whenScaled", policy.WhenScaled, "scaling down")
	},
}
