package paths

import (
	"strings"
	"testing"

	"github.com/fairway-k8s/fairway/internal/testkit/bed"
)

// A service that says what it does with the Kubernetes API may do that in its namespace and nothing else, as the default rights-by-name
// wants; one that says nothing may do nothing. The API server's authorizer is asked.
func TestRights(t *testing.T) {
	b := bed.ControlPlane(t)
	for _, x := range []struct {
		ns  string
		api []any
		may map[string]string // by what is asked
	}{
		{"silent", nil, map[string]string{"get configmaps -n silent": "no", "list pods -n silent": "no"}},
		{"reader", []any{map[string]any{"groups": []string{""}, "resources": []string{"configmaps"}, "verbs": []string{"get"}}}, map[string]string{
			"get configmaps -n reader":  "yes",
			"list configmaps -n reader": "no",
			"get secrets -n reader":     "no",
			"get configmaps -n default": "no",
			"create pods -n reader":     "no",
		}},
	} {
		t.Run(x.ns, func(t *testing.T) {
			file := map[string]any{"path": "stateless-service", "name": "sample", "owner": "team", "namespace": x.ns, "image": image + ":1.0.0"}
			if x.api != nil {
				file["api"] = x.api
			}
			try(t, b, &trial{ns: x.ns, profile: "deploy/base", file: file}, func(t *testing.T, y *trial) {
				y.apply(t)
				for question, want := range x.may {
					got, _, _ := b.Run(t.Context(), "", append([]string{"auth", "can-i", "--as=system:serviceaccount:" + x.ns + ":sample"}, strings.Fields(question)...)...)
					if got = strings.TrimSpace(got); got != want { // kubectl exits with 1 on a no
						t.Errorf("may it %s? %s, want %s", question, got, want)
					}
				}
			})
		})
	}
}
