package network

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	networkingv1 "k8s.io/api/networking/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/testkit/ruletest"
)

func Test(t *testing.T) { ruletest.Run(t, Rules()...) }

func TestClose(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"shop", "shpo", true}, {"checkout", "check-out", true}, {"checkout-web", "checkuot-web", true}, {"metrcs", "metrics", true},
		{"checkout-web", "checkout-db", false}, {"shop-v1", "shop-v2", false}, {"shop-a", "shop-b", false}, {"db1", "db2", false}, {"shop", "shop", false},
		{"shop", "shop-web", false}, {"web", "api", false}, {"", "a", false},
	} {
		if got := close(c.a, c.b); got != c.want {
			t.Errorf("close(%q, %q) = %v, want %v", c.a, c.b, got, c.want)
		}
	}
}

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"shop", "shop", 0}, {"shop", "shpo", 1}, {"hsop", "shop", 1}, {"ab", "ba", 1}, {"abc", "ca", 3}, {"checkout", "check-out", 1}, {"shop", "", 4}, {"chckout", "checkout", 1}, {"http", "web", 4},
	} {
		if got := distance(c.a, c.b); got != c.want {
			t.Errorf("distance(%q, %q) = %d, want %d", c.a, c.b, got, c.want)
		}
	}
}

// TestUnions compares what unions finds with the union of all policies that select the pods, taken one by one.
func TestUnions(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	pick := func(l ...string) string { return l[r.IntN(len(l))] }
	for range 300 {
		var b strings.Builder
		for i := range 2 + r.IntN(6) {
			namespace := pick("", ", namespace: shop", ", namespace: bank")
			if r.IntN(2) == 0 {
				fmt.Fprintf(&b, "---\n{apiVersion: v1, kind: Pod, metadata: {name: w%d, labels: {app: %s}%s}, spec: {containers: [{name: c, image: i}]}}\n", i, pick("p", "q"), namespace)
				continue
			}
			fmt.Fprintf(&b, "---\n{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: n%d%s}, spec: {podSelector: %s, policyTypes: %s, egress: %s}}\n",
				i, namespace, pick("{}", "{matchLabels: {app: p}}"), pick("[Ingress]", "[Egress]"),
				pick("[]", "[{}]", "[{ports: [{port: 443}]}]", "[{ports: [{port: 53, protocol: UDP}]}]", "[{ports: [{port: 53}]}, {to: [{podSelector: {}}]}]"))
		}
		s := ruletest.Snapshot(t, map[string]string{"a.yaml": b.String()})
		u := newUnions()
		for _, w := range s.Workloads {
			own, shared := s.PolicyLists(w)
			got := u.list(own).and(u.whole(shared[0])).and(u.whole(shared[1]))
			var want egress
			for _, o := range s.PoliciesOf(w) {
				want = want.and(egressOf(cluster.As[*networkingv1.NetworkPolicy](o)))
			}
			if got != want {
				t.Fatalf("%s: got %+v, want %+v\n%s", w.Name, got, want, b.String())
			}
		}
	}
}
