package cluster

import (
	"path"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// TrafficOf returns those Services of w (see ServicesOf) through which clients send requests that would be missed: not one of type
// ExternalName, not one that wants pods which are not ready (publishNotReadyAddresses), and not one that carries nothing but
// metrics and the like, for a lost scrape hurts nobody. Pods that only sleep answer nobody; a Service in front of them gives them a name.
//
// The caller must not change the slice.
func (s *Snapshot) TrafficOf(w *Workload) []*Object {
	if w.Sleeps() {
		return nil
	}
	return s.related().traffic[w]
}

func carriesTraffic(o *Object) bool {
	svc := As[*corev1.Service](o)
	return svc != nil && svc.Spec.Type != corev1.ServiceTypeExternalName && !svc.Spec.PublishNotReadyAddresses && !onlyMetrics(svc)
}

// Sleeps reports whether every main container of w does nothing but wait to be entered: sleep, or tail -f /dev/null, as they are or
// through a shell.
func (w *Workload) Sleeps() bool {
	n := 0
	for c := range w.Main() {
		if n++; !idle(c) {
			return false
		}
	}
	return n > 0
}

func idle(c *Container) bool {
	words := append(c.Command[:len(c.Command):len(c.Command)], c.Args...)
	if len(words) == 3 && words[1] == "-c" {
		words = strings.Fields(words[2])
	}
	switch {
	case len(c.Command) == 0:
		return false // the arguments of an unknown program
	case len(words) == 2:
		return path.Base(words[0]) == "sleep"
	case len(words) == 3:
		return path.Base(words[0]) == "tail" && strings.EqualFold(words[1], "-f") && words[2] == "/dev/null"
	}
	return false
}

// Headless reports whether o is a Service without an address of its own: its clients look up the pods and talk to them directly.
func Headless(o *Object) bool {
	svc := As[*corev1.Service](o)
	return svc != nil && svc.Spec.ClusterIP == corev1.ClusterIPNone
}

func onlyMetrics(svc *corev1.Service) bool {
	for i := range svc.Spec.Ports {
		if p := &svc.Spec.Ports[i]; !isMetrics(p.Name) && !(p.Name == "" && isMetrics(p.TargetPort.StrVal)) {
			return false
		}
	}
	return len(svc.Spec.Ports) > 0
}

// isMetrics reports whether a port is for those who look after a program, not for its clients, by its name: http-metrics,
// tcp-prometheus-servicemonitor, pprof, probes.
func isMetrics(port string) bool {
	if strings.HasSuffix(port, "metrics") || strings.HasPrefix(port, "metrics") {
		return true
	}
	for word := range strings.SplitSeq(port, "-") {
		switch word {
		case "profiling", "pprof", "probe", "probes", "health", "healthz":
			return true
		}
		if word == "prom" || strings.HasPrefix(word, "prometheus") {
			return true
		}
	}
	return false
}

// TargetOf returns where a Service port leads to in the pod; the API server's default is the port's own number.
func TargetOf(p *corev1.ServicePort) intstr.IntOrString {
	if p.TargetPort == (intstr.IntOrString{}) {
		return intstr.FromInt32(p.Port)
	}
	return p.TargetPort
}

// Receiver returns the container that takes what a Service sends to w's pods: the first that declares the target of one of its
// ports. It is nil when none does, as ports need not be declared.
func (w *Workload) Receiver(svc *corev1.Service) *Container {
	for i := range svc.Spec.Ports {
		target := TargetOf(&svc.Spec.Ports[i])
		for c := range w.Main() {
			for k := range c.Ports {
				if target.Type == intstr.String && c.Ports[k].Name == target.StrVal || target.Type == intstr.Int && c.Ports[k].ContainerPort == target.IntVal {
					return c
				}
			}
		}
	}
	return nil
}
