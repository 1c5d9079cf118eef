package state

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
)

// volumeUnused leaves pods alone into which a webhook puts containers that may mount the volume. The kubelet skips a volume that no
// container mounts (pkg/kubelet/volumemanager/populator, Kubernetes 1.36), but the scheduler waits for its claim, and a disk is
// attached all the same. So the fix takes away what only the kubelet would have made, unless a mount names a volume that is not there: it
// may have meant this one.
var volumeUnused = &rule.Rule{
	ID:    "volume-unused",
	Title: "no container mounts a volume",
	Why: "Often the mount was forgotten, and the program reads defaults. And the pod still waits for a claim: while it is missing or not " +
		"bound, nothing is scheduled.",
	How:      "Mount the volume in the container that needs it, or remove it.",
	Severity: finding.Could, Profile: rule.Strict, Since: "0.1.0", Fixes: true,
	Links: []string{linkVolumes},
	Workload: func(p *rule.Pass, w *cluster.Workload) {
		for i := range w.Template.Spec.Volumes {
			v := &w.Template.Spec.Volumes[i]
			if mounted(w, v.Name) || cluster.Placeholder(v.Name) {
				continue
			}
			if injected(w) {
				return
			}
			waits := ""
			if v.PersistentVolumeClaim != nil {
				waits = ", but the pod waits for its claim"
			}
			f := p.Report(w.Object, volumePath(w, i), "no container mounts volume %s%s", v.Name, waits)
			if !made(v) || dangling(w) {
				continue
			}
			path := w.SpecPath + ".volumes"
			if len(w.Template.Spec.Volumes) > 1 {
				path += "[name=" + v.Name + "]"
			}
			f.Fix = rule.Mend("remove volume "+v.Name, rule.Remove(path))
		}
	},
}

func mounted(w *cluster.Workload, volume string) bool {
	for i := range w.Containers {
		c := &w.Containers[i]
		for k := range c.VolumeMounts {
			if c.VolumeMounts[k].Name == volume {
				return true
			}
		}
		for k := range c.VolumeDevices {
			if c.VolumeDevices[k].Name == volume {
				return true
			}
		}
	}
	return false
}

// dangling reports whether a container mounts a volume that the pod does not have.
func dangling(w *cluster.Workload) bool {
	has := map[string]bool{}
	for i := range w.Template.Spec.Volumes {
		has[w.Template.Spec.Volumes[i].Name] = true
	}
	for _, t := range templates(w.Object) {
		has[t.Name] = true
	}
	return slices.ContainsFunc(w.Containers, func(c cluster.Container) bool {
		return slices.ContainsFunc(c.VolumeMounts, func(m corev1.VolumeMount) bool { return !has[m.Name] }) ||
			slices.ContainsFunc(c.VolumeDevices, func(d corev1.VolumeDevice) bool { return !has[d.Name] })
	})
}

// injected reports whether an annotation or label of the pods asks for containers or mounts that the manifest does not show.
func injected(w *cluster.Workload) bool {
	for _, m := range [...]map[string]string{w.Template.Annotations, w.Template.Labels} {
		for k := range m {
			if strings.Contains(k, "inject") || strings.Contains(k, "sidecar") || strings.Contains(k, "mutat") || strings.Contains(k, "instrumentation") {
				return true
			}
		}
	}
	return w.Typed == nil // what a custom resource's controller adds is not known
}

// made reports whether a volume is nothing before the kubelet makes it for a container.
func made(v *corev1.Volume) bool {
	return v.EmptyDir != nil || v.ConfigMap != nil || v.Secret != nil || v.DownwardAPI != nil || v.Projected != nil || v.HostPath != nil
}
