package merge_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"flag"
	"fmt"
	"go/format"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the table of merge keys")

// TestMergeKeys makes the table of merge keys from the OpenAPI document in the release of Kubernetes that go.mod names, and compares. The
// document says all there is: what Go types have as struct tags (patchMergeKey), and the keys of server-side apply (+listMapKey), which know
// lists of more than one key. Where both are there, the latter count.
func TestMergeKeys(t *testing.T) {
	out, err := exec.Command("go", "mod", "download", "-json", "k8s.io/kubernetes").Output()
	if err != nil {
		t.Fatal(err)
	}
	var module struct{ Version, Dir string }
	if err := json.Unmarshal(out, &module); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(module.Dir, "api/openapi-spec/swagger.json"))
	if err != nil {
		t.Fatal(err)
	}
	var api struct {
		Definitions map[string]struct {
			Properties map[string]struct {
				MapKeys  []string `json:"x-kubernetes-list-map-keys"`
				MergeKey string   `json:"x-kubernetes-patch-merge-key"`
			}
		}
	}
	if err := json.Unmarshal(text, &api); err != nil {
		t.Fatal(err)
	}
	uses := map[string]map[string]int{} // how many types have a field with these keys
	for _, def := range api.Definitions {
		for field, s := range def.Properties {
			keys := s.MapKeys
			if len(keys) == 0 && s.MergeKey != "" {
				keys = []string{s.MergeKey}
			}
			if len(keys) > 0 {
				if uses[field] == nil {
					uses[field] = map[string]int{}
				}
				uses[field][fmt.Sprintf("{%q}", keys)]++
			}
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, `// Code generated from the OpenAPI document of Kubernetes %s; DO NOT EDIT.

package merge

// mergeKeys are the fields that tell the items of a list apart, by the field that holds the list. Where types differ in it, what most of them
// have comes first.
var mergeKeys = map[string][][]string{
`, module.Version)
	for _, field := range slices.Sorted(maps.Keys(uses)) {
		sets := slices.SortedFunc(maps.Keys(uses[field]), func(x, y string) int {
			return cmp.Or(cmp.Compare(uses[field][y], uses[field][x]), strings.Compare(x, y))
		})
		list := strings.NewReplacer("[", "", "]", "", `" "`, `", "`).Replace(strings.Join(sets, ", "))
		fmt.Fprintf(&b, "%q: {%s},\n", field, list)
	}
	b.WriteString("}\n")
	want, err := format.Source([]byte(b.String()))
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile("keytable_gen.go", want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile("keytable_gen.go")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("keytable_gen.go is stale: run go generate ./internal/merge")
	}
}
