// Package clustertest is the conformance suite of everything that makes a cluster.Snapshot: files, standard input, a List, a
// build, a live API, a dump. Each must make the same picture of the same manifests.
//
//	func TestConformance(t *testing.T) {
//		clustertest.Run(t, func(t *testing.T, manifests map[string]string) *cluster.Snapshot { ... })
//	}
package clustertest

import (
	"embed"
	"slices"
	"strings"
	"testing"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/google/go-cmp/cmp"
)

//go:embed app
var app embed.FS

// Manifests returns the suite's application: file names, all of one folder, and their text. The caller may change the map.
func Manifests() map[string]string {
	entries, err := app.ReadDir("app")
	if err != nil {
		panic(err) // the folder is part of the program
	}
	out := map[string]string{}
	for _, e := range entries {
		data, err := app.ReadFile("app/" + e.Name())
		if err != nil {
			panic(err)
		}
		out[e.Name()] = string(data)
	}
	return out
}

// objects of the application.
var objects = []string{
	"ConfigMap/shop-settings", "CronJob/shop-report", "Deployment/shop", "HTTPRoute/shop", "HorizontalPodAutoscaler/cart",
	"HorizontalPodAutoscaler/shop", "Ingress/shop", "NetworkPolicy/default-deny", "NetworkPolicy/shop",
	"PersistentVolumeClaim/shop-data", "PodDisruptionBudget/front", "Role/shop", "RoleBinding/shop", "Rollout/cart", "Secret/shop-keys",
	"Service/cart", "Service/legacy", "Service/shop", "ServiceAccount/shop", "ServiceAccount/shop-report",
}

// relations of the application: from, relation, to.
var relations = []string{
	"CronJob/shop-report account ServiceAccount/shop-report",
	"CronJob/shop-report policies NetworkPolicy/default-deny",
	"Deployment/shop account ServiceAccount/shop",
	"Deployment/shop budgets PodDisruptionBudget/front",
	"Deployment/shop policies NetworkPolicy/default-deny NetworkPolicy/shop",
	"Deployment/shop scalers HorizontalPodAutoscaler/shop",
	"Deployment/shop services Service/shop",
	"Deployment/shop uses ConfigMap/shop-settings PersistentVolumeClaim/shop-data Secret/shop-keys",
	"NetworkPolicy/default-deny pods CronJob/shop-report Deployment/shop Rollout/cart",
	"NetworkPolicy/shop pods Deployment/shop",
	"PodDisruptionBudget/front pods Deployment/shop Rollout/cart",
	"Rollout/cart budgets PodDisruptionBudget/front",
	"Rollout/cart policies NetworkPolicy/default-deny",
	"Rollout/cart scalers HorizontalPodAutoscaler/cart",
	"Rollout/cart services Service/cart",
	"Service/cart pods Rollout/cart",
	"Service/cart routes HTTPRoute/shop",
	"Service/shop pods Deployment/shop",
	"Service/shop routes HTTPRoute/shop Ingress/shop",
	"ServiceAccount/shop bindings RoleBinding/shop",
	"ServiceAccount/shop-report bindings RoleBinding/shop",
}

// Run checks that a source makes the right snapshot of Manifests. Objects of context, and the namespace that a live API has around the
// application, are passed over.
func Run(t *testing.T, source func(t *testing.T, manifests map[string]string) *cluster.Snapshot) {
	t.Helper()
	s := source(t, Manifests())
	own := func(o *cluster.Object) bool { return !o.Context && o.Kind != "Namespace" }
	t.Run("objects", func(t *testing.T) {
		var got []string
		for _, o := range s.Objects {
			if !own(o) {
				continue
			}
			got = append(got, name(o))
			if o.Scope != s.Objects[0].Scope {
				t.Errorf("%s is of scope %q and %s of %q: they are applied together", name(o), o.Scope, name(s.Objects[0]), s.Objects[0].Scope)
			}
		}
		slices.Sort(got)
		if d := cmp.Diff(objects, got); d != "" {
			t.Errorf("-want +got\n%s", d)
		}
	})
	t.Run("relations", func(t *testing.T) {
		if d := cmp.Diff(relations, relationsOf(s)); d != "" {
			t.Errorf("-want +got\n%s", d)
		}
	})
}

// relationsOf lists the relations of a snapshot in the form of relations, sorted.
func relationsOf(s *cluster.Snapshot) (out []string) {
	note := func(from *cluster.Object, relation string, to ...*cluster.Object) {
		var names []string
		for _, o := range to {
			if o != nil && !o.Context {
				names = append(names, name(o))
			}
		}
		if len(names) > 0 {
			slices.Sort(names)
			out = append(out, name(from)+" "+relation+" "+strings.Join(names, " "))
		}
	}
	for _, w := range s.Workloads {
		note(w.Object, "services", s.ServicesOf(w)...)
		note(w.Object, "budgets", s.BudgetsOf(w)...)
		note(w.Object, "scalers", s.ScalersOf(w)...)
		note(w.Object, "policies", s.PoliciesOf(w)...)
		note(w.Object, "account", s.ServiceAccountOf(w))
		note(w.Object, "uses", used(s, w)...)
	}
	for _, o := range s.Objects {
		var pods []*cluster.Object
		for _, w := range s.PodsOf(o) {
			pods = append(pods, w.Object)
		}
		note(o, "pods", pods...)
		note(o, "bindings", s.BindingsOf(o)...)
		note(o, "routes", s.RoutesOf(o)...)
	}
	slices.Sort(out)
	return out
}

// used returns the ConfigMaps, Secrets and claims that a workload's pods name.
func used(s *cluster.Snapshot, w *cluster.Workload) (out []*cluster.Object) {
	for _, c := range w.Containers {
		for _, e := range c.EnvFrom {
			if e.ConfigMapRef != nil {
				out = append(out, s.Lookup(w.Object, "", "ConfigMap", "", e.ConfigMapRef.Name))
			}
			if e.SecretRef != nil {
				out = append(out, s.Lookup(w.Object, "", "Secret", "", e.SecretRef.Name))
			}
		}
	}
	for _, v := range w.Template.Spec.Volumes {
		if v.PersistentVolumeClaim != nil {
			out = append(out, s.Lookup(w.Object, "", "PersistentVolumeClaim", "", v.PersistentVolumeClaim.ClaimName))
		}
	}
	return out
}

func name(o *cluster.Object) string { return o.Kind + "/" + o.Name }
