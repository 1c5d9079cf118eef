package state

import (
	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
)

var nfsInline = &rule.Rule{
	ID:    "nfs-inline",
	Title: "a pod mounts an NFS server by its address",
	Why: "Every pod on the share waits for one server: when it stalls, processes hang in a state that no signal ends, and one pod can fill " +
		"or lock the share for all others. Written into the pod, it has no size, no class and no owner either.",
	How: "Decide what the data is: files of one pod go into a claim of its own, shared state into a database or object store. Where NFS " +
		"must stay, use a PersistentVolume with mountOptions and a claim, so that it can be found and moved.",
	Severity: finding.Should, Profile: rule.Golden, Since: "0.1.0", Incident: "nfs-inodes",
	Links: []string{linkVolumes + "#nfs", linkClaims + "#mount-options"},
	Gate:  &rule.Gate{Pod: "pod.?volumes.orValue([]).exists(v, has(v.nfs))"},
	Workload: func(p *rule.Pass, w *cluster.Workload) {
		for i := range w.Template.Spec.Volumes {
			if v := &w.Template.Spec.Volumes[i]; v.NFS != nil {
				p.Report(w.Object, volumePath(w, i)+".nfs", "volume %s is %s of NFS server %s: all its pods hang when that server does", v.Name, v.NFS.Path, v.NFS.Server)
			}
		}
	},
}
