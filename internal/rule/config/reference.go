package config

import (
	"iter"
	"strconv"

	corev1 "k8s.io/api/core/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
)

// reference is one place of a pod template that names a ConfigMap or Secret.
type reference struct {
	kind     string // ConfigMap or Secret
	name     string
	optional bool
	// key is the one key that an environment variable takes, items those that a volume takes; a reference without them takes all.
	key   string
	items []corev1.KeyToPath

	w             *cluster.Workload
	container     *cluster.Container // nil for a volume
	volume        int                // index of the volume
	index, source int                // of the entry in env or envFrom, of the source in a projected volume
	shape         shape
}

// shape is the kind of field that a reference stands in.
type shape uint8

const (
	inVolume shape = iota
	inProjected
	inEnv
	inEnvFrom
	inDriver // a field of a volume's driver that names a Secret
)

// references yields all places of a pod template that name a ConfigMap or Secret. Names and keys that a later step fills in, and names
// that are empty, are left out.
func references(w *cluster.Workload) iter.Seq[reference] {
	return func(yield func(reference) bool) {
		give := func(r reference) bool {
			if r.name == "" || cluster.Placeholder(r.name) || cluster.Placeholder(r.key) {
				return true
			}
			r.w = w
			return yield(r)
		}
		for i := range w.Template.Spec.Volumes {
			if !inVolumes(&w.Template.Spec.Volumes[i], i, give) {
				return
			}
		}
		for i := range w.Containers {
			c := &w.Containers[i]
			for k := range c.Env {
				from := c.Env[k].ValueFrom
				if from == nil {
					continue
				}
				if r := from.ConfigMapKeyRef; r != nil && !give(reference{kind: "ConfigMap", name: r.Name, optional: isTrue(r.Optional), key: r.Key, container: c, index: k, shape: inEnv}) {
					return
				}
				if r := from.SecretKeyRef; r != nil && !give(reference{kind: "Secret", name: r.Name, optional: isTrue(r.Optional), key: r.Key, container: c, index: k, shape: inEnv}) {
					return
				}
			}
			for k := range c.EnvFrom {
				if r := c.EnvFrom[k].ConfigMapRef; r != nil && !give(reference{kind: "ConfigMap", name: r.Name, optional: isTrue(r.Optional), container: c, index: k, shape: inEnvFrom}) {
					return
				}
				if r := c.EnvFrom[k].SecretRef; r != nil && !give(reference{kind: "Secret", name: r.Name, optional: isTrue(r.Optional), container: c, index: k, shape: inEnvFrom}) {
					return
				}
			}
		}
	}
}

func inVolumes(v *corev1.Volume, i int, give func(reference) bool) bool {
	switch {
	case v.ConfigMap != nil:
		return give(reference{kind: "ConfigMap", name: v.ConfigMap.Name, optional: isTrue(v.ConfigMap.Optional), items: v.ConfigMap.Items, volume: i, shape: inVolume})
	case v.Secret != nil:
		return give(reference{kind: "Secret", name: v.Secret.SecretName, optional: isTrue(v.Secret.Optional), items: v.Secret.Items, volume: i, shape: inVolume})
	case v.CSI != nil && v.CSI.NodePublishSecretRef != nil:
		return give(reference{kind: "Secret", name: v.CSI.NodePublishSecretRef.Name, volume: i, shape: inDriver})
	case v.AzureFile != nil:
		return give(reference{kind: "Secret", name: v.AzureFile.SecretName, volume: i, shape: inDriver})
	case v.Projected != nil:
		for k := range v.Projected.Sources {
			s := &v.Projected.Sources[k]
			if s.ConfigMap != nil && !give(reference{kind: "ConfigMap", name: s.ConfigMap.Name, optional: isTrue(s.ConfigMap.Optional), items: s.ConfigMap.Items, volume: i, source: k, shape: inProjected}) {
				return false
			}
			if s.Secret != nil && !give(reference{kind: "Secret", name: s.Secret.Name, optional: isTrue(s.Secret.Optional), items: s.Secret.Items, volume: i, source: k, shape: inProjected}) {
				return false
			}
		}
	}
	return true
}

// holder returns the path of the mapping that holds the name.
func (r reference) holder() string {
	lower := "configMap"
	if r.kind == "Secret" {
		lower = "secret"
	}
	volume := r.w.SpecPath + ".volumes[" + strconv.Itoa(r.volume) + "]"
	switch r.shape {
	case inVolume:
		return volume + "." + lower
	case inProjected:
		return volume + ".projected.sources[" + strconv.Itoa(r.source) + "]." + lower
	case inEnv:
		return r.container.Path + ".env[" + strconv.Itoa(r.index) + "].valueFrom." + lower + "KeyRef"
	case inEnvFrom:
		return r.container.Path + ".envFrom[" + strconv.Itoa(r.index) + "]." + lower + "Ref"
	}
	if r.w.Template.Spec.Volumes[r.volume].AzureFile != nil {
		return volume + ".azureFile"
	}
	return volume + ".csi.nodePublishSecretRef"
}

// field returns the path of the name.
func (r reference) field() string {
	if r.kind == "Secret" && (r.shape == inVolume || r.shape == inDriver && r.w.Template.Spec.Volumes[r.volume].AzureFile != nil) {
		return r.holder() + ".secretName"
	}
	return r.holder() + ".name"
}

// user says who needs the reference: "volume config", "LOG_LEVEL of app", "envFrom of app".
func (r reference) user() string {
	switch r.shape {
	case inEnv:
		return r.container.Env[r.index].Name + " of container " + r.container.Name
	case inEnvFrom:
		return "envFrom of container " + r.container.Name
	}
	return "volume " + r.w.Template.Spec.Volumes[r.volume].Name
}

// consequence says what a pod without the referenced thing does.
func (r reference) consequence() string {
	if r.shape == inEnv || r.shape == inEnvFrom {
		return "the container stays in CreateContainerConfigError"
	}
	return "the pod stays in ContainerCreating"
}

func isTrue(b *bool) bool { return b != nil && *b }
