// Package resources judges requests and limits: that the scheduler knows what a pod needs, that one pod cannot starve its node, and
// that the numbers say what their author meant.
package resources

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/rule"
)

// Rules returns the family.
func Rules() []*rule.Rule {
	return []*rule.Rule{
		cpuLimitMissing,
		cpuLimitSet,
		cpuRequestUnitSlip,
		ephemeralStorageMissing,
		heapExceedsMemoryLimit,
		limitRequestRatio,
		limitsMemoryMissing,
		quantityMillibytes,
		requestsMissing,
	}
}

const linkResources = "https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/"

// request reports whether a container, or its pod for all of them, requests a resource. A limit is a request as well when none is
// given: the API server copies it when the pod is made (SetDefaults_Pod of pkg/apis/core/v1/defaults.go, Kubernetes 1.36).
func request(w *cluster.Workload, c *cluster.Container, name corev1.ResourceName) bool {
	if _, ok := c.Resources.Requests[name]; ok || limit(w, c, name) {
		return true
	}
	if r := w.Template.Spec.Resources; r != nil {
		_, ok := r.Requests[name]
		return ok
	}
	return false
}

// limit reports whether a container, or its pod for all of them, has a limit for a resource.
func limit(w *cluster.Workload, c *cluster.Container, name corev1.ResourceName) bool {
	if _, ok := c.Resources.Limits[name]; ok {
		return true
	}
	if r := w.Template.Spec.Resources; r != nil {
		_, ok := r.Limits[name]
		return ok
	}
	return false
}

// decided reports whether the manifest is where a container's resources are decided. Controllers of other custom resources and
// charts complete the template, and a container without an image is a fragment that a patch merges into something else: what those
// lack means nothing.
func decided(w *cluster.Workload, c *cluster.Container) bool {
	if c.Image == "" {
		return false
	}
	switch w.Group() {
	case "", "apps", "batch", "apps.kruise.io":
		return true
	}
	return w.Is("argoproj.io", "Rollout")
}

// blindToLimitRanges is what twins in CEL do not know. An API server asks about a Deployment before any of its pods, and so before a LimitRange
// fills in what they lack.
const blindToLimitRanges = "a LimitRange in the namespace that fills in what containers leave out: exempt such namespaces (exemptions: with namespace:)"

// ranged reports whether a LimitRange beside the workload fills in what its containers leave out.
func ranged(p *rule.Pass, w *cluster.Workload, fills func(corev1.LimitRangeItem) bool) bool {
	for _, o := range p.Of("", "LimitRange") {
		r := cluster.As[*corev1.LimitRange](o)
		if r == nil || !cluster.SameNamespace(o.Namespace, w.Namespace) || o.Namespace == "" && o.Scope != w.Scope {
			continue
		}
		for _, item := range r.Spec.Limits {
			if item.Type == corev1.LimitTypeContainer && fills(item) {
				return true
			}
		}
	}
	return false
}
