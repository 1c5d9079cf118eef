package goldenpath

import (
	"path"
	"slices"

	"github.com/fairway-k8s/fairway/internal/source"
)

// KustomizationNames are the names under which kustomize looks for its file in a folder.
var KustomizationNames = []string{"kustomization.yaml", "kustomization.yml", "Kustomization"}

// ListResource adds a file to the resources of a kustomization, behind the others, when the kustomization has manifests of the same folder among them and
// not that file yet. A kustomization that has none is of something else: it is returned as it is. Names are relative to the same folder.
func ListResource(kustomization Rendered, name string) (Rendered, error) {
	file := source.Parse(kustomization.Name, kustomization.Data)
	root := file.Docs[0].Root
	dir := path.Dir(kustomization.Name)
	resources := root.Resolve().Get("resources")
	items := []source.Value{}
	beside := false
	for _, x := range resources.Items() {
		listed := path.Join(dir, x.Text())
		if listed == name {
			return kustomization, nil
		}
		beside = beside || path.Dir(listed) == path.Dir(name) && slices.Contains([]string{".yaml", ".yml", ".json"}, path.Ext(listed))
		items = append(items, x.Value())
	}
	if !beside {
		return kustomization, nil
	}
	own := name
	if dir != "." {
		own = name[len(dir)+1:]
	}
	next, _, err := file.Apply(root, source.Change{Op: source.Set, Path: source.MustPath("resources"), Value: source.List(append(items, source.String(own))...)})
	if err != nil {
		return kustomization, err
	}
	return Rendered{kustomization.Name, next.Data}, nil
}
