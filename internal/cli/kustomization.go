package cli

import (
	"bytes"
	"os"
	"path"
	"path/filepath"
	"slices"

	"github.com/fairway-k8s/fairway/internal/goldenpath"
	"github.com/fairway-k8s/fairway/internal/load"
	"github.com/fairway-k8s/fairway/internal/merge"
	"github.com/fairway-k8s/fairway/internal/problem"
)

// kustomizationIn is the name of the kustomization of a folder, "" when it has none.
func kustomizationIn(dir string) string {
	for _, name := range goldenpath.KustomizationNames {
		if info, err := os.Stat(filepath.Join(dir, name)); err == nil && info.Mode().IsRegular() {
			return name
		}
	}
	return ""
}

// listed adds the files that a merge creates to the kustomization that the manifests beside them are in, so that a build has them too. Names are relative
// to root; what changes in kustomizations is returned as well.
func listed(root string, files []merge.File) ([]merge.File, []merge.Change, error) {
	var changes []merge.Change
	for _, x := range slices.Clone(files) {
		if x.Before != nil || !isManifest(x.Name) {
			continue
		}
		k, err := kustomizationOf(root, x.Name)
		if err != nil {
			return nil, nil, &problem.Problem{What: "cannot read a kustomization", Where: filepath.Join(root, k.Name), Why: problem.Plain(err), Next: "make it readable", Exit: problem.ExitIncomplete, Err: err}
		}
		f := merge.File{Name: k.Name, Before: k.Data, After: k.Data}
		i := slices.IndexFunc(files, func(f merge.File) bool { return f.Name == k.Name })
		if i >= 0 {
			f = files[i]
		}
		if f.After == nil {
			continue
		}
		next, err := goldenpath.ListResource(goldenpath.Rendered{Name: f.Name, Data: f.After}, x.Name)
		if err != nil {
			return nil, nil, &problem.Problem{What: "cannot list a new file in the kustomization", Where: filepath.Join(root, f.Name), Why: problem.Plain(err), Next: "write " + x.Name + " under its resources by hand first", Err: err}
		}
		if bytes.Equal(f.After, next.Data) {
			continue
		}
		f.After = next.Data
		if i >= 0 {
			files[i] = f
		} else {
			files = append(files, f)
		}
		changes = append(changes, merge.Change{Object: merge.Object{Kind: "Kustomization", File: f.Name}, File: f.Name, Field: "resources", Op: merge.Add, To: x.Name})
	}
	return files, changes, nil
}

// kustomizationOf reads the nearest kustomization in the folder of a file or above it, up to root.
func kustomizationOf(root, name string) (k goldenpath.Rendered, err error) {
	for dir := path.Dir(name); ; dir = path.Dir(dir) {
		if own := kustomizationIn(filepath.Join(root, filepath.FromSlash(dir))); own != "" {
			k.Name = path.Join(dir, own)
			break
		}
		if dir == "." || dir == "/" {
			return k, nil
		}
	}
	k.Data, err = load.ReadFile(filepath.Join(root, filepath.FromSlash(k.Name)))
	return k, err
}
