package crd

import (
	"math/rand/v2"
	"path/filepath"
	"testing"

	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	schemavalidation "k8s.io/apiextensions-apiserver/pkg/apiserver/validation"

	"github.com/fairway-k8s/fairway/internal/source"
)

// TestFits: what fits says is right has no error from the API server's own validation either. Objects of all kinds are changed at random.
func TestFits(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	fit, unfit, refused := 0, 0, 0
	for _, file := range files {
		archive, s := read(t, file)
		for _, f := range archive.Files {
			for _, d := range source.Parse(f.Name, f.Data).Docs {
				gvk, _ := gvkOf(d.Root)
				checkers, _ := s.checkersFor(gvk, d.Root)
				for _, c := range checkers {
					for seed := range uint64(60) {
						obj, err := readObject(d.Root)
						if err != nil {
							t.Fatal(err)
						}
						if seed > 0 {
							change(obj, rand.New(rand.NewPCG(seed, 1)))
						}
						c.mu.RLock()
						part, shape, err := c.shapeFor(obj)
						c.mu.RUnlock()
						if err != nil {
							t.Fatalf("%s %s: %v", file, gvk, err)
						}
						defaulting.Default(obj, shape.structural)
						fits := part.fits(obj)
						errs := schemavalidation.ValidateCustomResource(nil, obj, shape.validator())
						switch {
						case fits && len(errs) > 0:
							t.Errorf("%s %s, seed %d: fits, but %v", file, gvk, seed, errs)
						case fits:
							fit++
						case len(errs) > 0:
							refused++
						default:
							unfit++
						}
					}
				}
			}
		}
	}
	t.Logf("%d fit, %d are refused, %d are right and have to be validated", fit, refused, unfit)
	if fit < 1000 || refused < 1000 || unfit > fit {
		t.Error("the changes are too timid or too bold, or fits gives up too often")
	}
}

// change replaces or drops one value somewhere below v.
func change(v any, r *rand.Rand) {
	values := []any{"", "a", "1", "Always", "10m", "é", int64(0), int64(-1), int64(70000), int64(1) << 40, 0.5, true, nil, []any{}, map[string]any{},
		[]any{"a"}, map[string]any{"name": "a"}}
	other := values[r.IntN(len(values))]
	down := func(sub any) bool {
		switch sub.(type) {
		case map[string]any, []any:
			return r.IntN(4) > 0
		}
		return false
	}
	switch v := v.(type) {
	case map[string]any:
		keys := sortedKeys(v)
		if len(keys) == 0 {
			return
		}
		switch key := keys[r.IntN(len(keys))]; {
		case down(v[key]):
			change(v[key], r)
		case r.IntN(4) == 0:
			delete(v, key)
		default:
			v[key] = other
		}
	case []any:
		if len(v) == 0 {
			return
		}
		if i := r.IntN(len(v)); down(v[i]) {
			change(v[i], r)
		} else {
			v[i] = other
		}
	}
}
