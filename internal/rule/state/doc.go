// Package state judges where pods keep data: that a claim can be mounted by all who ask for it, that scratch space is bounded, and
// that data is not lost by accident.
package state

import (
	"slices"
	"strconv"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/rule"
)

// Rules returns the family.
func Rules() []*rule.Rule {
	return []*rule.Rule{
		databaseWithoutClaim,
		deploymentWithClaim,
		emptyDirSizeLimitMissing,
		hostPathWritable,
		hostPathWritableNodeAgent,
		nfsInline,
		pvReclaimDelete,
		pvcMissing,
		pvcRetentionDelete,
		rwoSharedByReplicas,
		rwoSurgeDeadlock,
		rwxClaim,
		statefulSetServiceMissing,
		storageClassMissing,
		volumeUnused,
	}
}

const (
	linkAccessModes = "https://kubernetes.io/docs/concepts/storage/persistent-volumes/#access-modes"
	linkVolumes     = "https://kubernetes.io/docs/concepts/storage/volumes/"
	linkClaims      = "https://kubernetes.io/docs/concepts/storage/persistent-volumes/"
)

func volumePath(w *cluster.Workload, i int) string {
	return w.SpecPath + ".volumes[" + strconv.Itoa(i) + "]"
}

// oneNode reports whether a claim can be mounted on one node only: its modes are ReadWriteOnce or ReadWriteOncePod and nothing wider.
func oneNode(modes []corev1.PersistentVolumeAccessMode) bool {
	return len(modes) > 0 && !slices.Contains(modes, corev1.ReadWriteMany) && !slices.Contains(modes, corev1.ReadOnlyMany)
}

// onePod reports whether only a single pod may use a claim.
func onePod(modes []corev1.PersistentVolumeAccessMode) bool {
	return len(modes) == 1 && modes[0] == corev1.ReadWriteOncePod
}

// claimOf returns the claim that a volume names, nil when the input does not have it.
func claimOf(p *rule.Pass, w *cluster.Workload, v *corev1.Volume) *corev1.PersistentVolumeClaim {
	if o := p.Lookup(w.Object, "", "PersistentVolumeClaim", "", v.PersistentVolumeClaim.ClaimName); o != nil {
		return cluster.As[*corev1.PersistentVolumeClaim](o)
	}
	return nil
}

// pinned reports whether all pods of w run on one node, where they can share a volume.
func pinned(w *cluster.Workload) bool {
	s := &w.Template.Spec
	return s.NodeName != "" || s.NodeSelector["kubernetes.io/hostname"] != ""
}

// mostPods returns the largest number of pods that w runs at a time between rollouts, and what says so; 0 when that is not known.
func mostPods(p *rule.Pass, w *cluster.Workload) (n int32, says string) {
	for _, o := range p.ScalersOf(w) {
		if hpa := cluster.As[*autoscalingv2.HorizontalPodAutoscaler](o); hpa != nil {
			if hpa.Spec.MaxReplicas > n {
				n, says = hpa.Spec.MaxReplicas, "up to "+strconv.Itoa(int(hpa.Spec.MaxReplicas))+" replicas (HorizontalPodAutoscaler "+o.Name+")"
			}
			continue
		}
		most := int32(100) // KEDA's default of maxReplicaCount
		if written, ok := o.Root.Get("spec").Get("maxReplicaCount").Int(); ok {
			most = int32(written)
		}
		if most > n {
			n, says = most, "up to "+strconv.Itoa(int(most))+" replicas ("+o.Kind+" "+o.Name+")"
		}
	}
	if says == "" && w.Replicas != nil {
		n, says = *w.Replicas, strconv.Itoa(int(*w.Replicas))+" replicas"
	}
	return n, says
}

// templates returns a StatefulSet's claim templates.
func templates(o *cluster.Object) []corev1.PersistentVolumeClaim {
	if s := cluster.As[*appsv1.StatefulSet](o); s != nil {
		return s.Spec.VolumeClaimTemplates
	}
	return nil
}
