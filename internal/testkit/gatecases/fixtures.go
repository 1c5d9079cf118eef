package gatecases

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/tools/txtar"
	"sigs.k8s.io/yaml"

	"github.com/fairway-k8s/fairway/internal/source"
)

// Fixtures returns the objects of the rules' own tests, of the golden paths and of their renderings, below the root of the repository.
// Documents that cannot be read, of which the tests have some, are left out.
func Fixtures(root string) ([]Case, error) {
	var out []Case
	archives, err := filepath.Glob(filepath.Join(root, "internal/rule/*/testdata/*.txtar"))
	if err != nil {
		return nil, err
	}
	rendered, err := filepath.Glob(filepath.Join(root, "internal/goldenpath/testdata/*.txtar"))
	if err != nil {
		return nil, err
	}
	for _, name := range append(archives, rendered...) {
		a, err := txtar.ParseFile(name)
		if err != nil {
			return nil, err
		}
		for _, f := range a.Files {
			out = appendDocuments(out, filepath.Base(name)+"/"+f.Name, f.Data)
		}
	}
	paths := filepath.Join(root, "content/paths")
	err = filepath.WalkDir(paths, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(name)
		rel, _ := filepath.Rel(paths, name)
		out = appendDocuments(out, filepath.ToSlash(rel), data)
		return err
	})
	return out, err
}

func appendDocuments(out []Case, name string, data []byte) []Case {
	if !strings.HasSuffix(name, ".yaml") && !strings.HasSuffix(name, ".yaml.fixed") {
		return out
	}
	for i, d := range source.Parse(name, data).Docs {
		if d.Err != nil || d.Root.Get("kind").IsZero() || d.Root.Get("apiVersion").IsZero() {
			continue
		}
		span := d.Root.Span()
		if data, err := yaml.YAMLToJSON(data[span.Start:span.End]); err == nil {
			out = append(out, Case{fmt.Sprintf("%s/%d", name, i), string(data)})
		}
	}
	return out
}
