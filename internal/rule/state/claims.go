package state

import (
	"slices"
	"strconv"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
	"github.com/fairway-k8s/fairway/internal/source"
)

// deploymentWithClaim leaves claims alone that many nodes may mount: they are shared, not the state of one pod.
var deploymentWithClaim = &rule.Rule{
	ID:    "deployment-with-claim",
	Title: "a Deployment keeps data in a claim",
	Why: "A Deployment treats its pods as interchangeable, and this one's is not: it cannot be scaled out, and rolling updates compete for " +
		"the volume. It is a stateful service in disguise, and is looked after as if it were none.",
	How:      "Make it a StatefulSet with volumeClaimTemplates, or move the data into a database or an object store.",
	Example:  "kind: StatefulSet\nspec:\n  volumeClaimTemplates:\n    - metadata: {name: data}\n",
	Severity: finding.Could, Profile: rule.Strict, Since: "0.1.0", Incident: "surge-deadlock",
	Links: []string{"https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#using-statefulsets"},
	Workload: func(p *rule.Pass, w *cluster.Workload) {
		if cluster.As[*appsv1.Deployment](w.Object) == nil {
			return
		}
		for i := range w.Template.Spec.Volumes {
			v := &w.Template.Spec.Volumes[i]
			if v.PersistentVolumeClaim == nil || v.PersistentVolumeClaim.ReadOnly {
				continue
			}
			if claim := claimOf(p, w, v); claim == nil || oneNode(claim.Spec.AccessModes) {
				p.Report(w.Object, volumePath(w, i)+".persistentVolumeClaim", "the Deployment keeps data in claim %s: it is a stateful service in disguise", v.PersistentVolumeClaim.ClaimName)
				return
			}
		}
	},
}

var rwxClaim = &rule.Rule{
	ID:    "rwx-claim",
	Title: "a volume is shared by many writers",
	Why: "ReadWriteMany needs a file server (NFS, EFS, Azure Files) behind it. All pods wait for that one server, one of them can fill or " +
		"lock it for the others, and what runs well on a local disk (databases, package managers) does not on it.",
	How:      "Give each pod a claim of its own, or keep shared state in a database or an object store. Read-only data can be ReadOnlyMany.",
	Severity: finding.Could, Profile: rule.Strict, Since: "0.1.0", Incident: "nfs-inodes",
	Links: []string{linkAccessModes},
	Gate: &rule.Gate{Kinds: []string{"PersistentVolume", "PersistentVolumeClaim", "StatefulSet"}, Object: "object.kind == 'PersistentVolume' ? has(dyn(object).spec.nfs) :\n" +
		"object.kind == 'PersistentVolumeClaim' ? 'ReadWriteMany' in dyn(object).spec.?accessModes.orValue([]) :\n" +
		"dyn(object).spec.?volumeClaimTemplates.orValue([]).exists(t, 'ReadWriteMany' in t.spec.?accessModes.orValue([]))"},
	Object: func(p *rule.Pass, o *cluster.Object) {
		switch t := o.Typed.(type) {
		case *corev1.PersistentVolumeClaim:
			if slices.Contains(t.Spec.AccessModes, corev1.ReadWriteMany) {
				p.Report(o, "spec.accessModes", "claim %s is ReadWriteMany: a file server that all its pods wait for", o.Name)
			}
		case *corev1.PersistentVolume:
			if t.Spec.NFS != nil {
				p.Report(o, "spec.nfs", "the volume is %s of NFS server %s, which all its pods wait for", t.Spec.NFS.Path, t.Spec.NFS.Server)
			}
		case *appsv1.StatefulSet:
			for i := range t.Spec.VolumeClaimTemplates {
				if c := &t.Spec.VolumeClaimTemplates[i]; slices.Contains(c.Spec.AccessModes, corev1.ReadWriteMany) {
					p.Report(o, "spec.volumeClaimTemplates["+strconv.Itoa(i)+"].spec.accessModes", "claim %s of each pod is ReadWriteMany, although one pod uses it", c.Name)
				}
			}
		}
	},
}

// storageClassMissing leaves a claim alone that is bound by hand: it names its volume, or asks for none to be made ("").
var storageClassMissing = &rule.Rule{
	ID:    "storage-class-missing",
	Title: "a claim does not say which kind of storage it wants",
	Why: "Without storageClassName the cluster's default is taken, which is another one in every cluster: slow disks here, disks of one " +
		"zone there, none at all elsewhere, so that the claim stays Pending. It cannot be changed once the claim exists.",
	How:      "Set storageClassName to a class that all your clusters have.",
	Example:  "kind: PersistentVolumeClaim\nspec:\n  storageClassName: fast-zonal\n",
	Severity: finding.Could, Profile: rule.Strict, Since: "0.1.0",
	Links: []string{"https://kubernetes.io/docs/concepts/storage/storage-classes/#default-storageclass", linkClaims + "#class-1"},
	Object: func(p *rule.Pass, o *cluster.Object) {
		judge := func(c *corev1.PersistentVolumeClaimSpec, annotations map[string]string, path, name string) {
			if c.StorageClassName == nil && c.VolumeName == "" && annotations["volume.beta.kubernetes.io/storage-class"] == "" {
				p.Report(o, path+".storageClassName", "claim %s takes whatever class is the cluster's default", name)
			}
		}
		switch t := o.Typed.(type) {
		case *corev1.PersistentVolumeClaim:
			judge(&t.Spec, t.Annotations, "spec", o.Name)
		case *appsv1.StatefulSet:
			for i := range t.Spec.VolumeClaimTemplates {
				c := &t.Spec.VolumeClaimTemplates[i]
				judge(&c.Spec, c.Annotations, "spec.volumeClaimTemplates["+strconv.Itoa(i)+"].spec", c.Name)
			}
		}
	},
}

// pvReclaimDelete mends by Retain, the default of volumes that are made by hand.
var pvReclaimDelete = &rule.Rule{
	ID:    "pv-reclaim-delete",
	Title: "a volume's disk is deleted with its claim",
	Why: "persistentVolumeReclaimPolicy: Delete lets the disk go when the claim is deleted, by a mistaken kubectl delete or with its " +
		"namespace. There is no way back but a backup.",
	How:      "Set persistentVolumeReclaimPolicy: Retain for volumes whose data matters.",
	Example:  "kind: PersistentVolume\nspec:\n  persistentVolumeReclaimPolicy: Retain\n",
	Severity: finding.Could, Profile: rule.Strict, Since: "0.1.0", Incident: "claims-deleted", Fixes: true,
	Links: []string{linkClaims + "#reclaiming"},
	Gate:  &rule.Gate{Kinds: []string{"PersistentVolume"}, Object: "object.spec.?persistentVolumeReclaimPolicy.orValue('') == 'Delete'"},
	Object: func(p *rule.Pass, o *cluster.Object) {
		const field = "spec.persistentVolumeReclaimPolicy"
		if pv := cluster.As[*corev1.PersistentVolume](o); pv != nil && pv.Spec.PersistentVolumeReclaimPolicy == corev1.PersistentVolumeReclaimDelete {
			p.Report(o, field, "the disk of volume %s is deleted when its claim is", o.Name).
				Fix = rule.Mend("set persistentVolumeReclaimPolicy: Retain", rule.Set(field, source.String("Retain")))
		}
	},
}
