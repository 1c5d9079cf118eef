package workspace

import (
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
	"github.com/fairway-k8s/fairway/internal/source"
)

// namespaceMissing compares the objects of one file, or one build: they are certainly applied together. It writes the namespace that
// the others say when that is a single one.
var namespaceMissing = &rule.Rule{
	ID:    "namespace-missing",
	Title: "some objects of a file name their namespace and others do not",
	Why: "An object without a namespace goes wherever the context of the person or pipeline points. Beside objects that name theirs it " +
		"lands somewhere else on the first day that the context is another one, and no selector reaches across.",
	How:      "Name the namespace in all objects of an application, or in none and let kustomize or Helm set it.",
	Example:  "metadata:\n  name: shop\n  namespace: shop\n",
	Severity: finding.Could, Profile: rule.Strict, Since: "0.1.0", Incident: "wrong-namespace", Fixes: true,
	Links: []string{"https://kubernetes.io/docs/concepts/overview/working-with-objects/namespaces/"},
	Snapshot: func(p *rule.Pass) {
		type names struct {
			first   string // namespace
			several bool
		}
		files := map[*source.File]*names{}
		for _, o := range p.Objects {
			if o.Root.IsZero() || o.Namespace == "" || cluster.Placeholder(o.Namespace) || !namespaced(o) {
				continue
			}
			n := files[o.Root.File()]
			if n == nil {
				n = &names{first: o.Namespace}
				files[o.Root.File()] = n
			}
			n.several = n.several || n.first != o.Namespace
		}
		for _, o := range p.Objects {
			if o.Root.IsZero() || o.Namespace != "" || o.Has("metadata.namespace") || !namespaced(o) {
				continue
			}
			n := files[o.Root.File()]
			if n == nil {
				continue
			}
			const field = "metadata.namespace"
			if n.several {
				p.Report(o, field, "%s %s names no namespace, while others of its file do: it goes wherever the context points", o.Kind, o.Name)
				continue
			}
			p.Report(o, field, "%s %s names no namespace, while others of its file are in %s: it goes wherever the context points", o.Kind, o.Name, n.first).
				Fix = rule.Mend("set namespace: "+n.first, rule.Set(field, source.String(n.first), "name"))
		}
	},
}

// namespaced reports whether o is of one of the kinds that applications are made of and that live in a namespace.
func namespaced(o *cluster.Object) bool {
	switch o.Typed.(type) {
	case *appsv1.Deployment, *appsv1.StatefulSet, *appsv1.DaemonSet, *appsv1.ReplicaSet, *batchv1.Job, *batchv1.CronJob, *corev1.Pod,
		*corev1.Service, *corev1.ConfigMap, *corev1.Secret, *corev1.ServiceAccount, *corev1.PersistentVolumeClaim, *rbacv1.Role, *rbacv1.RoleBinding,
		*networkingv1.Ingress, *networkingv1.NetworkPolicy, *autoscalingv2.HorizontalPodAutoscaler, *policyv1.PodDisruptionBudget:
		return true
	}
	return false
}
