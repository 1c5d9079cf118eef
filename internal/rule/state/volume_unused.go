package state

import (
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
)

// volumeUnused leaves pods alone into which a webhook puts containers that may mount the volume. It takes away what has no effect
// outside of the pod; a claim may be waited for by a provisioner, and a driver may do something when it mounts.
var volumeUnused = &rule.Rule{
	ID:    "volume-unused",
	Title: "no container mounts a volume",
	Why: "The pod still waits for the volume: a missing ConfigMap, Secret or claim keeps it from starting for nothing. Often the mount was " +
		"forgotten, and the program reads defaults.",
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
			f := p.Report(w.Object, volumePath(w, i), "no container mounts volume %s, but the pod waits for it", v.Name)
			if harmless(v) && len(w.Template.Spec.Volumes) > 1 {
				f.Fix = rule.Mend("remove volume "+v.Name, rule.Remove(w.SpecPath+".volumes[name="+v.Name+"]"))
			}
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

func harmless(v *corev1.Volume) bool {
	return v.EmptyDir != nil || v.ConfigMap != nil || v.Secret != nil || v.DownwardAPI != nil
}
