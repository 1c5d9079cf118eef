package crd

import (
	"slices"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/fairway-k8s/fairway/internal/source"
)

// What the first object of a project costs: unpacking its schemas, and compiling the rules that the object touches.
func BenchmarkFirstUse(b *testing.B) {
	for _, name := range []string{"gateway-api", "istio", "argo-rollouts", "argo-workflows", "cert-manager", "keda", "prometheus-operator"} {
		root := firstObject(b, name)
		gvk, _ := gvkOf(root)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				schemas, err := unpack(name)
				if err != nil {
					b.Fatal(err)
				}
				c := checker{gvk: gvk, namespaced: true, status: true, schema: schemas[gvk.Group+"/"+gvk.Version+"/"+gvk.Kind]}
				if p := c.check(root); len(p) > 0 {
					b.Fatal(p)
				}
			}
		})
	}
}

// What every further object costs.
func BenchmarkCheck(b *testing.B) {
	for _, name := range []string{"gateway-api", "istio", "argo-rollouts", "argo-workflows", "cert-manager", "keda", "prometheus-operator"} {
		root := firstObject(b, name)
		b.Run(name, func(b *testing.B) {
			var s Schemas
			s.Check(root)
			b.ReportAllocs()
			for b.Loop() {
				s.Check(root)
			}
		})
	}
}

// firstObject returns the first object of right.yaml in testdata/<name>.txtar.
func firstObject(b *testing.B, name string) source.Node {
	archive, err := txtar.ParseFile("testdata/" + name + ".txtar")
	if err != nil {
		b.Fatal(err)
	}
	i := slices.IndexFunc(archive.Files, func(f txtar.File) bool { return f.Name == "right.yaml" })
	return source.Parse(name, archive.Files[i].Data).Docs[0].Root
}
