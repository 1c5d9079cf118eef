package state

import (
	"math"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
	"github.com/fairway-k8s/fairway/internal/source"
)

// rwoSharedByReplicas leaves pods alone that are all bound to one node, as that may mount the volume for all of them.
var rwoSharedByReplicas = &rule.Rule{
	ID:    "rwo-shared-by-replicas",
	Title: "several replicas share a volume that one node can mount",
	Why: "A ReadWriteOnce volume is attached to one node at a time (ReadWriteOncePod: given to one pod). The replicas that land on other " +
		"nodes wait in ContainerCreating with a Multi-Attach error for ever; those on the same node write into each other's files.",
	How: "Use a StatefulSet with volumeClaimTemplates, so that each replica has a volume of its own, or keep the data in a database or an " +
		"object store, or run one replica.",
	Example:  "kind: StatefulSet\nspec:\n  volumeClaimTemplates:\n    - metadata: {name: data}\n",
	Severity: finding.Must, Profile: rule.Basic, Since: "0.1.0", Incident: "surge-deadlock", NeedsContext: true,
	Links: []string{linkAccessModes, "https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#stable-storage"},
	Workload: func(p *rule.Pass, w *cluster.Workload) {
		daemon := w.Kind == "DaemonSet"
		if !w.Scales() && !daemon || !hasClaim(w) {
			return
		}
		most, says := mostPods(p, w)
		if daemon {
			most, says = math.MaxInt32, "one pod a node"
		}
		if most < 2 {
			return
		}
		for i := range w.Template.Spec.Volumes {
			v := &w.Template.Spec.Volumes[i]
			if v.PersistentVolumeClaim == nil || cluster.Placeholder(v.PersistentVolumeClaim.ClaimName) {
				continue
			}
			name, field := v.PersistentVolumeClaim.ClaimName, volumePath(w, i)+".persistentVolumeClaim.claimName"
			claim := claimOf(p, w, v)
			switch {
			case claim == nil && !p.Covers(w.Object, "", "PersistentVolumeClaim"):
				p.Unknown(w.Object, field, "the access modes of PersistentVolumeClaim %s", name)
			case claim == nil || !oneNode(claim.Spec.AccessModes):
			case onePod(claim.Spec.AccessModes):
				p.Report(w.Object, field, "%s share claim %s, which is ReadWriteOncePod: only one of them starts", says, name)
			case !pinned(w):
				p.Report(w.Object, field, "%s share claim %s, which is ReadWriteOnce: only those on one node start", says, name)
			}
		}
	},
}

// rwoSurgeDeadlock is about one replica; with more, the claim is shared at all times. Its fix makes explicit what the claim demands,
// one pod after the other, where the manifest left the strategy to the default. Who wrote a rolling update has to choose: Recreate,
// or maxSurge 0, or a claim per pod.
var rwoSurgeDeadlock = &rule.Rule{
	ID:    "rwo-surge-deadlock",
	Title: "a rollout starts the new pod while the old one holds the volume",
	Why: "A rolling update with a surge starts the new pod first and stops the old one when the new one is ready. On another node the new " +
		"pod cannot mount the ReadWriteOnce volume, so neither happens and the rollout hangs; on the same node two programs write the same files.",
	How: "Set strategy.type: Recreate (the service is away while the pod restarts), or use a StatefulSet, which replaces a pod only after " +
		"it is gone.",
	Example:  "spec:\n  replicas: 1\n  strategy:\n    type: Recreate   # only one pod may hold the volume\n",
	Severity: finding.Must, Profile: rule.Basic, Since: "0.1.0", Incident: "surge-deadlock", NeedsContext: true, Fixes: true,
	Links: []string{linkAccessModes, "https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#strategy"},
	Workload: func(p *rule.Pass, w *cluster.Workload) {
		d := cluster.As[*appsv1.Deployment](w.Object)
		if d == nil || !hasClaim(w) {
			return
		}
		most, _ := mostPods(p, w)
		surge := surgeOf(d, most)
		if most != 1 || surge == 0 || givesUpOne(d) {
			return
		}
		for i := range w.Template.Spec.Volumes {
			v := &w.Template.Spec.Volumes[i]
			if v.PersistentVolumeClaim == nil || cluster.Placeholder(v.PersistentVolumeClaim.ClaimName) {
				continue
			}
			name := v.PersistentVolumeClaim.ClaimName
			claim := claimOf(p, w, v)
			if claim == nil {
				if !p.Covers(w.Object, "", "PersistentVolumeClaim") {
					p.Unknown(w.Object, "spec.strategy", "the access modes of PersistentVolumeClaim %s", name)
				}
				continue
			}
			if !oneNode(claim.Spec.AccessModes) || pinned(w) && !onePod(claim.Spec.AccessModes) {
				continue
			}
			f := p.Report(w.Object, "spec.strategy", "a rollout starts a second pod before the first is gone (maxSurge %s), but claim %s is %s: the rollout hangs",
				surgeText(d), name, claim.Spec.AccessModes[0])
			if !w.Has("spec.strategy") {
				f.Fix = rule.Mend("set strategy.type: Recreate, as only one pod can hold the volume",
					rule.Set("spec.strategy", source.Map(source.F("type", source.String("Recreate"))), "replicas", "selector"))
			}
			return
		}
	},
}

func hasClaim(w *cluster.Workload) bool {
	for i := range w.Template.Spec.Volumes {
		if w.Template.Spec.Volumes[i].PersistentVolumeClaim != nil {
			return true
		}
	}
	return false
}

// surgeOf returns how many pods a rollout adds to n: percentages are rounded up, as the Deployment controller does.
func surgeOf(d *appsv1.Deployment, n int32) int {
	if d.Spec.Strategy.Type != appsv1.RollingUpdateDeploymentStrategyType {
		return 0
	}
	r := d.Spec.Strategy.RollingUpdate
	if r == nil || r.MaxSurge == nil {
		return 1
	}
	surge, err := intstr.GetScaledValueFromIntOrPercent(r.MaxSurge, int(n), true)
	if err != nil {
		return 0 // what the API server refuses is said elsewhere
	}
	return surge
}

// givesUpOne reports whether a rollout may stop the only pod before the new one is ready: then the volume comes free. Percentages are
// rounded down, so that only the whole is one pod.
func givesUpOne(d *appsv1.Deployment) bool {
	r := d.Spec.Strategy.RollingUpdate
	if r == nil || r.MaxUnavailable == nil {
		return false
	}
	n, err := intstr.GetScaledValueFromIntOrPercent(r.MaxUnavailable, 1, false)
	return err == nil && n > 0
}

func surgeText(d *appsv1.Deployment) string {
	if r := d.Spec.Strategy.RollingUpdate; r != nil && r.MaxSurge != nil {
		return r.MaxSurge.String()
	}
	return "25%"
}
