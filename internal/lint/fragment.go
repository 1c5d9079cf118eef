package lint

import (
	"slices"

	"github.com/fairway-k8s/fairway/internal/cluster"
)

// fragment reports whether a workload is only a part that something merges into the whole, such as a patch that no kustomization of the
// input lists: it has no selector, and its pods have no labels, no container or one without an image. Nobody forgets both.
//
// A Pod is one when its containers have nothing to run at all: kubeadm patches static pods that way.
func fragment(w *cluster.Workload) bool {
	if w == nil || w.Typed == nil {
		return false
	}
	switch {
	case w.Is("", "Pod"):
		return len(w.Containers) > 0 && !slices.ContainsFunc(w.Containers, func(c cluster.Container) bool {
			return c.Image != "" || len(c.Command)+len(c.Args)+len(c.Ports)+len(c.Env)+len(c.VolumeMounts) > 0
		})
	case w.Group() == "apps" && w.Selector == nil:
		return len(w.Containers) == 0 || len(w.Template.Labels) == 0 || slices.ContainsFunc(w.Containers, func(c cluster.Container) bool { return c.Image == "" })
	}
	return false
}

// definitionPatch reports whether a CustomResourceDefinition defines nothing: Kubebuilder lays patches of that kind beside the definitions
// (config/crd/patches), and lists only those that are needed.
func definitionPatch(o *cluster.Object) bool {
	return o.Is("apiextensions.k8s.io", "CustomResourceDefinition") && !o.Has("spec.group") && !o.Has("spec.names") && !o.Has("spec.versions") && !o.Has("spec.version")
}
