package gate

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fairway-k8s/fairway/internal/gate"
	"github.com/fairway-k8s/fairway/internal/rule/catalogue"
	"github.com/fairway-k8s/fairway/internal/testkit/bed"
	"github.com/fairway-k8s/fairway/internal/testkit/gatecases"
)

// TestCost measures what the gate adds to a creation, one at a time: with no policy, and with all of those that are exported without a policy
// file. The figures are for docs/benchmarks.md; the limit is one that people would feel.
func TestCost(t *testing.T) {
	b := bed.ControlPlane(t)
	b.Kubectl(t, "", "create", "namespace", "cost")
	until(t, time.Minute, "the namespace has an account", func() bool {
		return strings.Contains(b.Kubectl(t, "", "get", "serviceaccounts", "-n=cost", "-o=name"), "default")
	})
	s := newServer(t, b)
	bodies := map[string]string{
		"Deployment": `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web"},"spec":{"selector":{"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":{"a":"b"}},` +
			`"spec":{"containers":[{"name":"main","image":"nginx"}]}}}}`,
		// A pod of a Deployment, which the match conditions take out.
		"Pod": `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web","ownerReferences":[{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"r","uid":"1","controller":true}]},` +
			`"spec":{"containers":[{"name":"main","image":"nginx"}]}}`,
	}
	median := func(kind string) time.Duration {
		var all []time.Duration
		for range 100 {
			start := time.Now()
			if a, err := s.create(t.Context(), path(kind, "cost"), []byte(bodies[kind])); err != nil || a.refused != "" || a.denied != "" {
				t.Fatalf("%v %+v", err, a)
			}
			all = append(all, time.Since(start))
		}
		slices.Sort(all)
		return all[len(all)/2]
	}
	without := map[string]time.Duration{"Deployment": median("Deployment"), "Pod": median("Pod")}
	plan, err := gate.NewPlan(catalogue.New(), nil, gatecases.Today)
	if err != nil {
		t.Fatal(err)
	}
	b.Kubectl(t, export(plan), "apply", "--server-side", "--force-conflicts", "-f", "-")
	until(t, time.Minute, "the policies warn", func() bool {
		a, err := s.create(t.Context(), path("Deployment", "cost"), []byte(bodies["Deployment"]))
		return err == nil && len(a.warnings) > 5
	})
	time.Sleep(2 * time.Second)
	for _, kind := range []string{"Deployment", "Pod"} {
		with := median(kind)
		t.Logf("%s: %.1f ms without, %.1f ms with %d policies", kind, without[kind].Seconds()*1000, with.Seconds()*1000, len(plan.Entries))
		if with-without[kind] > time.Second {
			t.Errorf("a %s takes %s longer with the gate", kind, with-without[kind])
		}
	}
}
