package apiserver

import (
	"cmp"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

// TestGoneAPIs holds apis.yaml against what k8s.io/api records of the types that it still has.
func TestGoneAPIs(t *testing.T) {
	for name, row := range goneAPIs() {
		if !strings.HasPrefix(row.Source, "https://") {
			t.Errorf("%v: no source", name)
		}
		if row.Use != "" && known().kinds[typeName{row.Use, name.kind}] == nil {
			t.Errorf("%v: its replacement %s has no type", name, row.Use)
		}
		if row.Deprecated >= row.Removed || row.Removed > linkedMinor {
			t.Errorf("%v: deprecated in %d, removed in %d", name, row.Deprecated, row.Removed)
		}
		if k := known().kinds[name]; k != nil {
			if l := k.life(); l.removed != 0 && l.removed != row.Removed {
				t.Errorf("%v: removed in %d here, in %d says k8s.io/api", name, row.Removed, l.removed)
			}
		}
	}
	// Nothing that k8s.io/api calls removed may be missing here, or there would be no advice about it.
	for name, k := range known().kinds {
		if l := k.life(); k.object && l.removed != 0 && l.removed <= linkedMinor && goneAPIs()[name] == nil && l.replacement.Empty() {
			t.Errorf("%v: gone since %d, and nothing is known to use instead", name, l.removed)
		}
	}
}

func TestKinds(t *testing.T) {
	kinds := objectKinds()
	for _, want := range []schema.GroupVersionKind{
		{Version: "v1", Kind: "Pod"}, {Group: "apps", Version: "v1", Kind: "Deployment"},
		{Group: "extensions", Version: "v1beta1", Kind: "Deployment"}, {Group: "apiextensions.k8s.io", Version: "v1", Kind: "CustomResourceDefinition"},
	} {
		if !slices.Contains(kinds, want) {
			t.Errorf("%v is not among the kinds", want)
		}
	}
	for _, k := range kinds {
		if strings.HasSuffix(k.Kind, "List") || strings.HasSuffix(k.Kind, "Options") || k.Kind == "Scale" {
			t.Errorf("%v is among the kinds", k)
		}
	}
	for kind, want := range map[schema.GroupVersionKind][2]bool{
		{Version: "v1", Kind: "Namespace"}:                                       {false, true},
		{Version: "v1", Kind: "Service"}:                                         {true, true},
		{Group: "rbac.authorization.k8s.io", Version: "v1", Kind: "Role"}:        {true, true},
		{Group: "rbac.authorization.k8s.io", Version: "v1", Kind: "ClusterRole"}: {false, true},
		{Group: "serving.knative.dev", Version: "v1", Kind: "Service"}:           {false, false},
	} {
		if namespaced, ok := Namespaced(kind); namespaced != want[0] || ok != want[1] {
			t.Errorf("Namespaced(%v) = %v, %v, want %v", kind, namespaced, ok, want)
		}
	}
	for _, kind := range clusterScoped {
		if known().byKind[kind] == nil {
			t.Errorf("clusterScoped has %s, which is no kind", kind)
		}
	}
}

func TestNearest(t *testing.T) {
	fields := []string{"replicas", "selector", "strategy", "minReadySeconds", "image", "imagePullPolicy", "env", "envFrom"}
	for name, want := range map[string]string{
		"replica": "replicas", "Replicas": "replicas", "min-ready-seconds": "minReadySeconds", "imgae": "image", "startegy": "strategy",
		"imagePullPolic": "imagePullPolicy", "ports": "", "en": "env", "x": "", "foo": "", "replicas": "",
	} {
		if got, _ := nearest(name, fields); got != want {
			t.Errorf("nearest(%q) = %q, want %q", name, got, want)
		}
	}
}

// objectKinds returns the kinds that manifests may hold, beta and removed versions among them, sorted.
func objectKinds() []schema.GroupVersionKind {
	var all []schema.GroupVersionKind
	for _, k := range known().kinds {
		if k.object {
			all = append(all, k.gvk)
		}
	}
	slices.SortFunc(all, func(a, b schema.GroupVersionKind) int {
		return cmp.Or(cmp.Compare(a.Group, b.Group), cmp.Compare(a.Version, b.Version), cmp.Compare(a.Kind, b.Kind))
	})
	return all
}
