package cluster

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/fairway-k8s/fairway/internal/finding"
)

func deployment(scope, namespace, name string, labels map[string]string) *Object {
	return &Object{Ref: finding.Ref{APIVersion: "apps/v1", Kind: "Deployment", Namespace: namespace, Name: name}, Scope: scope,
		Typed: &appsv1.Deployment{Spec: appsv1.DeploymentSpec{Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}}}}}
}

func policy(scope, namespace, name string, selector map[string]string) *Object {
	return &Object{Ref: finding.Ref{APIVersion: "networking.k8s.io/v1", Kind: "NetworkPolicy", Namespace: namespace, Name: name}, Scope: scope,
		Typed: &networkingv1.NetworkPolicy{Spec: networkingv1.NetworkPolicySpec{PodSelector: metav1.LabelSelector{MatchLabels: selector}}}}
}

func policyNames(s *Snapshot, w *Workload) []string {
	var out []string
	for _, o := range s.PoliciesOf(w) {
		out = append(out, o.Name)
	}
	slices.Sort(out)
	return out
}

func TestPoliciesOfNamespaces(t *testing.T) {
	app := map[string]string{"app": "shop"}
	s := NewSnapshot([]*Object{
		deployment("a", "shop", "in-shop", app),
		deployment("a", "", "open-a", app),
		deployment("b", "shop", "in-shop-too", app),
		deployment("b", "", "open-b", app),
		deployment("b", "bank", "in-bank", nil),
		policy("a", "shop", "shop-from-a", nil),
		policy("b", "", "open-from-b", nil),
		policy("c", "bank", "bank-from-c", nil),
		policy("a", "shop", "labels", app),
	}, Options{})
	got := map[string][]string{}
	for _, w := range s.Workloads {
		got[w.Name] = policyNames(s, w)
	}
	want := map[string][]string{
		"in-shop":     {"labels", "shop-from-a"},
		"open-a":      {"labels", "shop-from-a"},
		"in-shop-too": {"open-from-b", "shop-from-a"}, // the labels have a match in a, their own scope
		"open-b":      {"open-from-b"},
		"in-bank":     {"bank-from-c", "open-from-b"},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-want +got\n%s", d)
	}
}

// TestPoliciesBothWays compares the two directions of the relation on random snapshots.
func TestPoliciesBothWays(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	pick := func(l ...string) string { return l[r.IntN(len(l))] }
	for range 3000 {
		var objects []*Object
		for i := range 1 + r.IntN(8) {
			scope, namespace := pick("x/a", "x/b", "y"), pick("", "shop", "bank")
			if r.IntN(2) == 0 {
				objects = append(objects, deployment(scope, namespace, fmt.Sprint("w", i), map[string]string{"app": pick("p", "q")}))
				continue
			}
			var selector map[string]string
			if r.IntN(2) == 0 {
				selector = map[string]string{"app": pick("p", "q")}
			}
			objects = append(objects, policy(scope, namespace, fmt.Sprint("p", i), selector))
		}
		s := NewSnapshot(objects, Options{})
		for _, o := range s.Of("networking.k8s.io", "NetworkPolicy") {
			for _, w := range s.Workloads {
				if down, up := slices.Contains(s.PodsOf(o), w), slices.Contains(s.PoliciesOf(w), o); down != up {
					for _, x := range objects {
						t.Logf("%s %s/%s in scope %s", x.Kind, x.Namespace, x.Name, x.Scope)
					}
					t.Fatalf("%s selects %s: %v; %s is selected by %s: %v", o.Name, w.Name, down, w.Name, o.Name, up)
				}
			}
		}
	}
}

// TestPoliciesAreShared holds the relation linear: 800 policies over the whole of a namespace with 1,600 workloads are one list of pods
// and one of policies, whether all are in one folder or each application has its own.
func TestPoliciesAreShared(t *testing.T) {
	for _, folders := range []int{1, 800} {
		var objects []*Object
		for i := range 1600 {
			objects = append(objects, deployment(fmt.Sprint("apps/", i%folders), "shop", fmt.Sprint("w", i), map[string]string{"app": fmt.Sprint(i)}))
		}
		for i := range 800 {
			objects = append(objects, policy(fmt.Sprint("apps/", i%folders), "shop", fmt.Sprint("p", i), nil))
		}
		s := NewSnapshot(objects, Options{})
		first, last := s.Workloads[0], s.Workloads[1599]
		_, a := s.PolicyLists(first)
		_, b := s.PolicyLists(last)
		if len(a[0]) != 800 || len(b[0]) != 800 || &a[0][0] != &b[0][0] {
			t.Errorf("%d folders: the workloads have lists of their own: %d and %d policies", folders, len(a[0]), len(b[0]))
		}
		p := s.Of("networking.k8s.io", "NetworkPolicy")
		x, y := s.PodsOf(p[0]), s.PodsOf(p[799])
		if len(x) != 1600 || len(y) != 1600 || &x[0] != &y[0] {
			t.Errorf("%d folders: the policies have lists of their own: %d and %d pods", folders, len(x), len(y))
		}
	}
}

func TestMakerNear(t *testing.T) {
	release := &Object{Ref: finding.Ref{APIVersion: "helm.toolkit.fluxcd.io/v2", Kind: "HelmRelease", Name: "podinfo"}, Scope: "helm"}
	for _, c := range []struct {
		apiVersion, kind string
		want             bool
	}{
		{"kafka.strimzi.io/v1beta2", "Kafka", true},
		{"monitoring.coreos.com/v1", "Prometheus", true},
		{"monitoring.coreos.com/v1", "ServiceMonitor", false},
		{"cert-manager.io/v1", "Certificate", false},
		{"gateway.networking.k8s.io/v1", "HTTPRoute", false},
		{"jobset.x-k8s.io/v1alpha2", "JobSet", true},
		{"argoproj.io/v1alpha1", "Rollout", false},
		{"apps/v1alpha1", "Deployment", true},
		{"autoscaling/v2beta1", "HorizontalPodAutoscaler", false},
	} {
		o := &Object{Ref: finding.Ref{APIVersion: c.apiVersion, Kind: c.kind, Name: "x"}, Scope: "a"}
		s := NewSnapshot([]*Object{o, deployment("a", "", "shop", nil), release}, Options{})
		if got := s.MakerNear(s.Objects[1]); (got == o) != c.want {
			t.Errorf("%s %s: MakerNear = %v, want it: %v", c.apiVersion, c.kind, got, c.want)
		}
	}
}
