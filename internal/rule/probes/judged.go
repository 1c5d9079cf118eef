package probes

import "github.com/fairway-k8s/fairway/internal/cluster"

// whole reports whether a container can be judged at all: one without an image is a fragment that a patch merges into something
// else, and one without a name is no container yet.
func whole(c *cluster.Container) bool { return c.Image != "" && c.Name != "" }

// probed reports whether the kubelet runs probes of a container: those of spec.containers and sidecars, for as long as they run.
func probed(c *cluster.Container) bool { return whole(c) && (!c.Init || c.Sidecar) }

// ownsPods reports whether the manifest is where the pods' probes are decided. Controllers of other custom resources add probes
// of their own to the template, so what such a template lacks means nothing.
func ownsPods(w *cluster.Workload) bool {
	switch w.Group() {
	case "", "apps", "apps.kruise.io":
		return true
	}
	return w.Is("argoproj.io", "Rollout")
}
