package availability

import (
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/rule"
	"github.com/fairway-k8s/fairway/internal/source"
)

// scaler is what a HorizontalPodAutoscaler and a KEDA ScaledObject have in common.
type scaler struct {
	*cluster.Object
	min, max           int32
	minField, maxField string
}

// Numbers of a ScaledObject that does not say (keda.sh, "Scaling Deployments": minReplicaCount, maxReplicaCount).
const (
	kedaMin = 0
	kedaMax = 100
)

// scalerOf returns the view of o; ok is false when o is not a scaler or leaves a number to a placeholder.
func scalerOf(o *cluster.Object) (s scaler, ok bool) {
	spec := o.Root.Get("spec")
	switch h := cluster.As[*autoscalingv2.HorizontalPodAutoscaler](o); {
	case h != nil:
		s = scaler{Object: o, min: 1, max: h.Spec.MaxReplicas, minField: "spec.minReplicas", maxField: "spec.maxReplicas"}
		if h.Spec.MinReplicas != nil {
			s.min = *h.Spec.MinReplicas
		}
		return s, numberOrNothing(spec.Get("minReplicas")) && numberOrNothing(spec.Get("maxReplicas"))
	case o.Is("keda.sh", "ScaledObject"):
		s = scaler{Object: o, min: kedaMin, max: kedaMax, minField: "spec.minReplicaCount", maxField: "spec.maxReplicaCount"}
		if n, written := spec.Get("minReplicaCount").Int(); written {
			s.min = int32(n)
		}
		if n, written := spec.Get("maxReplicaCount").Int(); written {
			s.max = int32(n)
		}
		return s, numberOrNothing(spec.Get("minReplicaCount")) && numberOrNothing(spec.Get("maxReplicaCount"))
	}
	return scaler{}, false
}

// numberOrNothing reports whether n is a number, null or not there: no placeholder hides one.
func numberOrNothing(n source.Node) bool {
	if n.IsZero() || n.Resolve().Type() == source.NullValue {
		return true
	}
	_, ok := n.Resolve().Int()
	return ok
}

// target returns what o scales as the manifest names it. KEDA takes a Deployment for granted, a HorizontalPodAutoscaler nothing.
func target(o *cluster.Object) (ref autoscalingv2.CrossVersionObjectReference, ok bool) {
	if h := cluster.As[*autoscalingv2.HorizontalPodAutoscaler](o); h != nil {
		return h.Spec.ScaleTargetRef, h.Spec.ScaleTargetRef.Name != ""
	}
	if !o.Is("keda.sh", "ScaledObject") {
		return ref, false
	}
	n := o.Root.Get("spec").Get("scaleTargetRef")
	ref = autoscalingv2.CrossVersionObjectReference{APIVersion: n.Get("apiVersion").Text(), Kind: n.Get("kind").Text(), Name: n.Get("name").Text()}
	if ref.APIVersion == "" {
		ref.APIVersion = "apps/v1"
	}
	if ref.Kind == "" {
		ref.Kind = "Deployment"
	}
	return ref, ref.Name != ""
}

// scaled returns the workload that o scales. When it is not in the input, which hpa-target-missing may know to be wrong, it is nil, and
// unknown where it may be elsewhere.
func scaled(p *rule.Pass, o *cluster.Object) *cluster.Workload {
	ref, ok := target(o)
	if !ok || cluster.Placeholder(ref.Name) {
		return nil
	}
	w := p.ScaleTarget(o, ref.APIVersion, ref.Kind, ref.Name)
	if w == nil && inApps(ref.Kind) && !p.Covers(o, "apps", ref.Kind) {
		p.Unknown(o, "spec.scaleTargetRef.name", "%s %s is not in the input", ref.Kind, ref.Name)
	}
	return w
}

// utilization is a metric that is divided by requests.
type utilization struct {
	resource  corev1.ResourceName
	container string // "" is all of them
}

// utilizations returns the metrics of o that need requests.
func utilizations(o *cluster.Object) (out []utilization) {
	if h := cluster.As[*autoscalingv2.HorizontalPodAutoscaler](o); h != nil {
		for i := range h.Spec.Metrics {
			m := &h.Spec.Metrics[i]
			switch {
			case m.Resource != nil && m.Resource.Target.Type == autoscalingv2.UtilizationMetricType:
				out = append(out, utilization{m.Resource.Name, ""})
			case m.ContainerResource != nil && m.ContainerResource.Target.Type == autoscalingv2.UtilizationMetricType:
				out = append(out, utilization{m.ContainerResource.Name, m.ContainerResource.Container})
			}
		}
		return out
	}
	if !o.Is("keda.sh", "ScaledObject") {
		return nil
	}
	for _, t := range o.Root.Get("spec").Get("triggers").Items() {
		name := t.Get("type").Text()
		meta := t.Get("metadata")
		utilized := t.Get("metricType").Text() == "Utilization" || meta.Get("type").Text() == "Utilization"
		if (name == "cpu" || name == "memory") && utilized {
			out = append(out, utilization{corev1.ResourceName(name), meta.Get("containerName").Text()})
		}
	}
	return out
}

// controlled reports whether another object made o and keeps it as it is, such as the autoscaler that KEDA makes of a ScaledObject.
func controlled(o *cluster.Object) bool {
	m, ok := o.Typed.(metav1.Object)
	return ok && metav1.GetControllerOfNoCopy(m) != nil
}

// title names an object in a message: HorizontalPodAutoscaler shop.
func title(o *cluster.Object) string { return o.Kind + " " + o.Name }
