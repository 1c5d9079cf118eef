package availability

import (
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
)

// hpaWithoutRequests asks every container that runs for the life of the pod, sidecars included, as the autoscaler does (kubernetes 1.36,
// pkg/controller/podautoscaler/replica_calculator.go). A limit is enough, since pods get their request from it; so are requests of
// the pod as a whole, and a LimitRange that gives defaults.
var hpaWithoutRequests = &rule.Rule{
	ID:    "hpa-without-requests",
	Title: "an autoscaler divides by a request that is not there",
	Why: "Utilization is use divided by request. One container without a request for the resource makes it unknown for the whole pod, and " +
		"the autoscaler does nothing.",
	How:      "Give every container of the pod, sidecars too, a request for the resource, or use ContainerResource for the one that counts.",
	Example:  "resources:\n  requests:\n    cpu: 500m   # 70 % of it is when the autoscaler adds a pod\n",
	Severity: finding.Must, Profile: rule.Basic, Since: "0.1.0", Incident: "hpa-blind", NeedsContext: true,
	Links: []string{linkHPA, "https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/#how-does-a-horizontalpodautoscaler-work"},
	Object: func(p *rule.Pass, o *cluster.Object) {
		metrics := utilizations(o)
		if len(metrics) == 0 {
			return
		}
		w := scaled(p, o)
		if w == nil || !kept(w) {
			return
		}
		for i, u := range metrics {
			if podHas(w, u.resource) || slices.Contains(metrics[:i], u) || asked(p, w, o, u) {
				continue
			}
			for c := range w.Main() {
				if (u.container != "" && u.container != c.Name) || containerHas(c, u.resource) || limitRange(p, w, u.resource) {
					continue
				}
				p.Report(w.Object, c.Path+".resources.requests."+string(u.resource), "container %s has no %s request, so %s cannot tell the %s utilization and does not scale by it",
					c.Name, u.resource, title(o), u.resource)
			}
		}
	},
}

// asked reports whether a scaler of w before o has the same metric.
func asked(p *rule.Pass, w *cluster.Workload, o *cluster.Object, u utilization) bool {
	for _, first := range p.ScalersOf(w) {
		if first == o {
			break
		}
		if slices.Contains(utilizations(first), u) {
			return true
		}
	}
	return false
}

func containerHas(c *cluster.Container, r corev1.ResourceName) bool { return has(&c.Resources, r) }

func podHas(w *cluster.Workload, r corev1.ResourceName) bool {
	return w.Template.Spec.Resources != nil && has(w.Template.Spec.Resources, r)
}

func has(rr *corev1.ResourceRequirements, r corev1.ResourceName) bool {
	_, requested := rr.Requests[r]
	_, limited := rr.Limits[r]
	return requested || limited
}

// limitRange reports whether a LimitRange of w's namespace gives containers a default for a resource.
func limitRange(p *rule.Pass, w *cluster.Workload, r corev1.ResourceName) bool {
	for _, o := range p.Of("", "LimitRange") {
		l := cluster.As[*corev1.LimitRange](o)
		if l == nil || !cluster.SameNamespace(o.Namespace, w.Namespace) {
			continue
		}
		for i := range l.Spec.Limits {
			x := &l.Spec.Limits[i]
			_, request := x.DefaultRequest[r]
			_, limit := x.Default[r]
			if x.Type == corev1.LimitTypeContainer && (request || limit) {
				return true
			}
		}
	}
	return false
}
