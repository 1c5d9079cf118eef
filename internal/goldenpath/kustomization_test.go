package goldenpath

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestListResource: a new file joins the manifests of its own folder, and no other line changes.
func TestListResource(t *testing.T) {
	for _, x := range []struct{ name, file, was, want string }{
		{"behind the last, before the comment of the next field", "base/pdb.yaml", "resources:\n- app.yaml  # pods\n\n# ours\nlabels: []\n", "resources:\n- app.yaml  # pods\n- pdb.yaml\n\n# ours\nlabels: []\n"},
		{"in brackets", "base/pdb.yaml", "resources: [app.yaml, ../shared]\n", "resources: [app.yaml, ../shared, pdb.yaml]\n"},
		{"in a folder below", "base/shop/pdb.yaml", "resources:\n  - ./shop/app.yaml\n", "resources:\n  - ./shop/app.yaml\n  - shop/pdb.yaml\n"},
		{"there already", "base/pdb.yaml", "resources:\n- app.yaml\n- ./pdb.yaml\n", "resources:\n- app.yaml\n- ./pdb.yaml\n"},
		{"a kustomization of other folders", "base/pdb.yaml", "resources:\n- ../one\n- two\n", "resources:\n- ../one\n- two\n"},
		{"without resources", "base/pdb.yaml", "namespace: shop\n", "namespace: shop\n"},
		{"empty", "base/pdb.yaml", "", ""},
	} {
		got, err := ListResource(Rendered{"base/kustomization.yaml", []byte(x.was)}, x.file)
		if diff := cmp.Diff(x.want, string(got.Data)); err != nil || diff != "" {
			t.Errorf("%s: %v\n%s", x.name, err, diff)
		}
	}
	got, err := ListResource(Rendered{"kustomization.yaml", []byte("resources: [app.yaml]\n")}, "pdb.yaml")
	if err != nil || string(got.Data) != "resources: [app.yaml, pdb.yaml]\n" {
		t.Errorf("in the same folder as everything: %q, %v", got.Data, err)
	}
	if _, err := ListResource(Rendered{"kustomization.yaml", []byte("resources: &r [app.yaml]\ncrds: *r\n")}, "pdb.yaml"); err == nil {
		t.Error("a list that stands in two places was changed in both")
	}
}
