package apiserver

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/fairway-k8s/fairway/internal/source"
)

// TestMend applies the fixes of the objects in testdata/mend.txtar, one after another until none is left. A file without one named
// alike that ends in .fixed has no fix.
func TestMend(t *testing.T) {
	a, err := txtar.ParseFile("testdata/mend.txtar")
	if err != nil {
		t.Fatal(err)
	}
	fixed := map[string]string{}
	for _, f := range a.Files {
		fixed[f.Name] = string(f.Data)
	}
	for i, f := range a.Files {
		if i > 0 && f.Name == a.Files[i-1].Name+".fixed" {
			continue
		}
		t.Run(f.Name, func(t *testing.T) {
			want, ok := fixed[f.Name+".fixed"]
			if !ok {
				want = string(f.Data)
			}
			file := source.Parse(f.Name, f.Data)
			problems := Check(file.Docs[0].Root, Options{}).Problems
			if len(problems) == 0 {
				t.Fatal("there is no problem to mend")
			}
			for range 9 {
				changes := firstFix(file.Docs[0].Root)
				if changes == nil {
					break
				}
				if file, _, err = file.Apply(file.Docs[0].Root, changes...); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(want, string(file.Data)); diff != "" {
				t.Errorf("mended (-want +got):\n%s", diff)
			}
			if after := Check(file.Docs[0].Root, Options{}).Problems; ok && len(after) > 0 {
				t.Errorf("still: %s", after[0].Message)
			}
		})
	}
}

func firstFix(root source.Node) []source.Change {
	for _, p := range Check(root, Options{}).Problems {
		if p.Fix != nil {
			return p.Fix
		}
	}
	return nil
}
