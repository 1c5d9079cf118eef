package lint

import (
	"slices"

	"github.com/fairway-k8s/fairway/internal/cluster"
)

// fragment reports whether a workload is only a part that something merges into the whole, such as a patch that no kustomization of the
// input lists: it has no selector, and none of its containers has an image. Nobody forgets both.
func fragment(w *cluster.Workload) bool {
	if w == nil || w.Typed == nil || w.Group() != "apps" || w.Selector != nil {
		return false
	}
	return len(w.Containers) > 0 && !slices.ContainsFunc(w.Containers, func(c cluster.Container) bool { return c.Image != "" })
}
