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
	compared := 0
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
				p := firstWithFix(file.Docs[0].Root)
				if p == nil {
					break
				}
				before := Check(file.Docs[0].Root, Options{}).Object
				if file, _, err = file.Apply(file.Docs[0].Root, p.Fix...); err != nil {
					t.Fatal(err)
				}
				// Another version of the API is another way to write the same object.
				if after := Check(file.Docs[0].Root, Options{}).Object; p.Rule == Removed && before != nil {
					compared++
					if diff := cmp.Diff(before, after); diff != "" {
						t.Errorf("the object before and after the fix of its version (-before +after):\n%s", diff)
					}
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
	if compared == 0 {
		t.Error("no object was compared with itself in another version")
	}
}

func firstWithFix(root source.Node) *Problem {
	problems := Check(root, Options{}).Problems
	for i := range problems {
		if problems[i].Fix != nil {
			return &problems[i]
		}
	}
	return nil
}
