package lint_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/fairway-k8s/fairway/internal/apiserver"
	"github.com/fairway-k8s/fairway/internal/lint"
	"github.com/fairway-k8s/fairway/internal/load"
	"github.com/fairway-k8s/fairway/internal/rule/catalogue"
)

// TestManyDuplicateKeys: of an object that repeats very many keys the first are told and the rest is counted, and when there are thousands
// nobody offers to mend them one round after another.
func TestManyDuplicateKeys(t *testing.T) {
	for _, c := range []struct{ keys, want, fixes int }{
		{150, 150, 150},
		{apiserver.MaxProblems + 30, apiserver.MaxProblems + 1, apiserver.MaxProblems},
		{20_000, apiserver.MaxProblems + 1, 0},
	} {
		text := "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: shop}\ndata:\n  k: first\n" + strings.Repeat("  k: again\n", c.keys)
		in := load.Strings(map[string]string{"a.yaml": text + "---\n" + strings.Replace(text, "name: a", "name: b", 1)})
		o := options(t)
		o.Catalogue, o.Only = catalogue.New(), []string{"yaml-duplicate-key"}
		r, err := lint.Check(in, o)
		if err != nil {
			t.Fatal(err)
		}
		got, fixes, rest := 0, 0, false
		for _, f := range r.Findings {
			if f.Object.Name == "a" {
				got++
				rest = rest || strings.HasPrefix(f.Message, fmt.Sprintf("%d more keys", c.keys-apiserver.MaxProblems))
				if f.Fix != nil {
					fixes++
				}
			}
		}
		if got != c.want || fixes != c.fixes || rest != (c.keys > apiserver.MaxProblems) || len(r.Findings) != 2*got {
			t.Errorf("%d keys: %d findings, %d fixes, rest %t, %d in all; want %d, %d", c.keys, got, fixes, rest, len(r.Findings), c.want, c.fixes)
		}
	}
}
