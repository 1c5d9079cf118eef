package availability

import (
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/rule"
)

// kept reports whether w's controller keeps a number of equal pods that somebody chose.
func kept(w *cluster.Workload) bool {
	group := "apps"
	switch w.Kind {
	case "Deployment", "ReplicaSet":
	case "StatefulSet":
		if w.Group() == "apps.kruise.io" {
			group = "apps.kruise.io"
		}
	case "ReplicationController":
		group = ""
	case "Rollout":
		group = "argoproj.io"
	case "CloneSet":
		group = "apps.kruise.io"
	default:
		return false
	}
	if w.Group() != group || !w.LongRunning() || controlled(w.Object) || len(w.Template.Spec.Containers) == 0 {
		return false
	}
	for c := range w.Apps() {
		if c.Image == "" {
			return false
		}
	}
	return true
}

// floor is the fewest pods that a workload runs on purpose.
type floor struct {
	pods int32
	by   *scaler // whose minimum it is; nil for spec.replicas
	// open is true when the manifest leaves replicas out and the input cannot know whether an autoscaler decides.
	open bool
}

// floorOf returns w's floor; ok is false when a placeholder hides it.
func floorOf(p *rule.Pass, w *cluster.Workload) (f floor, ok bool) {
	for _, o := range p.ScalersOf(w) {
		s, ok := scalerOf(o)
		if !ok {
			return floor{}, false
		}
		if f.by == nil || s.min < f.pods {
			f = floor{pods: s.min, by: &s}
		}
	}
	if f.by != nil {
		return f, true
	}
	written := w.Root.Get("spec").Get("replicas")
	if !numberOrNothing(written) {
		return floor{}, false
	}
	f.pods = 1
	if w.Replicas != nil {
		f.pods = *w.Replicas
	}
	f.open = written.IsZero() && !w.Root.IsZero() && !p.Covers(w.Object, "autoscaling", "HorizontalPodAutoscaler")
	return f, true
}

// missingScaler is what is unknown where a floor is open.
const missingScaler = "no autoscaler in the input scales this workload; replicas are left out, which means 1 unless one does"

// receives returns a Service through which clients reach w. Where the input cannot know, it says so for a field of o.
func receives(p *rule.Pass, w *cluster.Workload, o *cluster.Object, field string) *cluster.Object {
	if services := p.TrafficOf(w); len(services) > 0 {
		return services[0]
	}
	if listens(w) && len(p.ServicesOf(w)) == 0 && !p.Covers(w.Object, "", "Service") {
		p.Unknown(o, field, "no Service in the input selects these pods; it matters when one does")
	}
	return nil
}

// receivesAlone returns a Service through which clients reach w and nobody else, and says what cannot be known as receives does. Another
// form of w, of which one is applied, counts as w.
func receivesAlone(p *rule.Pass, w *cluster.Workload, o *cluster.Object, field string) *cluster.Object {
	if receives(p, w, o, field) == nil {
		return nil
	}
	for _, svc := range p.TrafficOf(w) {
		if !slices.ContainsFunc(p.PodsOf(svc), func(other *cluster.Workload) bool { return other.Name != w.Name && other.LongRunning() }) {
			return svc
		}
	}
	return nil
}

// listens reports whether a container declares a port other than for metrics.
func listens(w *cluster.Workload) bool {
	for c := range w.Main() {
		for i := range c.Ports {
			if !metricsPort(c.Ports[i].Name) {
				return true
			}
		}
	}
	return false
}

func metricsPort(name string) bool { return name == "metrics" || name == "http-metrics" }

// alone reports whether w's pods hold what only one of them can: a claim that one node or pod may have, or a port of the node. A
// claim that is not in the input is taken for such a one, and so are the claims that a StatefulSet makes for each of its pods: a
// second pod would have another volume, which makes a second database rather than a second replica.
func alone(p *rule.Pass, w *cluster.Workload) bool {
	if hostPorts(w) {
		return true
	}
	if s := cluster.As[*appsv1.StatefulSet](w.Object); s != nil && len(s.Spec.VolumeClaimTemplates) > 0 {
		return true
	}
	for i := range w.Template.Spec.Volumes {
		v := w.Template.Spec.Volumes[i].PersistentVolumeClaim
		if v == nil || v.ReadOnly {
			continue
		}
		o := p.Lookup(w.Object, "", "PersistentVolumeClaim", "", v.ClaimName)
		if o == nil {
			return true
		}
		if pvc := cluster.As[*corev1.PersistentVolumeClaim](o); pvc == nil || !shared(pvc.Spec.AccessModes) {
			return true
		}
	}
	return false
}

func shared(modes []corev1.PersistentVolumeAccessMode) bool {
	for _, m := range modes {
		if m == corev1.ReadWriteMany || m == corev1.ReadOnlyMany {
			return true
		}
	}
	return false
}

func hostPorts(w *cluster.Workload) bool {
	if w.Template.Spec.HostNetwork {
		return true
	}
	for c := range w.Main() {
		for i := range c.Ports {
			if c.Ports[i].HostPort != 0 {
				return true
			}
		}
	}
	return false
}

// recreates reports whether w stops all its pods before it starts new ones.
func recreates(w *cluster.Workload) bool {
	d := cluster.As[*appsv1.Deployment](w.Object)
	return d != nil && d.Spec.Strategy.Type == appsv1.RecreateDeploymentStrategyType
}
