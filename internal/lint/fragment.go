package lint

import (
	"slices"

	"github.com/fairway-k8s/fairway/internal/cluster"
)

// fragment reports whether a workload is only a part that something merges into the whole, such as a patch that no kustomization of the
// input lists: it has no selector, and none of its containers has an image. Nobody forgets both.
//
// A Pod is one when its containers have nothing to run at all: kubeadm patches static pods that way.
func fragment(w *cluster.Workload) bool {
	if w == nil || w.Typed == nil || len(w.Containers) == 0 {
		return false
	}
	switch {
	case w.Is("", "Pod"):
		return !slices.ContainsFunc(w.Containers, func(c cluster.Container) bool {
			return c.Image != "" || len(c.Command)+len(c.Args)+len(c.Ports)+len(c.Env)+len(c.VolumeMounts) > 0
		})
	case w.Group() == "apps" && w.Selector == nil:
		return !slices.ContainsFunc(w.Containers, func(c cluster.Container) bool { return c.Image != "" })
	}
	return false
}
