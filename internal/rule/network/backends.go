package network

import (
	"strconv"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/rule"
)

// backends calls f with every Service backend of an Ingress and its path. Backends that a controller reads otherwise are left out:
// the AWS controller's actions are annotations, and the port says so.
func backends(ing *networkingv1.Ingress, f func(path func() string, b *networkingv1.IngressServiceBackend)) {
	visit := func(path func() string, b *networkingv1.IngressBackend) {
		if b != nil && b.Service != nil && b.Service.Name != "" && b.Service.Port.Name != "use-annotation" && !placeholder(b.Service.Name) {
			f(path, b.Service)
		}
	}
	visit(func() string { return "spec.defaultBackend.service" }, ing.Spec.DefaultBackend)
	for i := range ing.Spec.Rules {
		h := ing.Spec.Rules[i].HTTP
		if h == nil {
			continue
		}
		for j := range h.Paths {
			visit(func() string {
				return "spec.rules[" + strconv.Itoa(i) + "].http.paths[" + strconv.Itoa(j) + "].backend.service"
			}, &h.Paths[j].Backend)
		}
	}
}

// judgesServices reports whether it is a fact that a Service that o names is not there, and otherwise what stands in the way.
func judgesServices(p *rule.Pass, o *cluster.Object, name string) (ok bool, missing string) {
	if m := p.MakerNear(o); m != nil {
		return false, "Service " + name + ", which " + m.Kind + " " + m.Name + " may create"
	}
	if !p.Covers(o, "", "Service") {
		return false, "Service " + name
	}
	if systemNamespace(o.Namespace) {
		return false, "Service " + name + " in " + o.Namespace + ", which the input does not own"
	}
	if p.Coverage() != nil || !p.Shows(o, "", "Service") {
		return true, ""
	}
	for _, x := range p.Of("", "Service") {
		if x.Scope == o.Scope && (x.Name == name || cluster.SameNamespace(x.Namespace, o.Namespace)) {
			return true, ""
		}
	}
	return false, "Service " + name + ", as the Services beside it are of other namespaces"
}

// systemNamespace reports whether a namespace is filled by the cluster and its add-ons, of which the input has parts at most.
func systemNamespace(name string) bool {
	return name == "kube-system" || name == "kube-public" || name == "kube-node-lease"
}

// likeService returns the name of the one Service of o's scope and namespace that is a slip away from name, "" when there is none. A
// name that a build has changed cannot be written into what the build reads.
func likeService(p *rule.Pass, o *cluster.Object, namespace, name string) string {
	var names []string
	for _, x := range p.Of("", "Service") {
		if x.Scope == o.Scope && cluster.SameNamespace(x.Namespace, namespace) && x.Origin.Get("metadata").Resolve().Get("name").Text() == x.Name {
			names = append(names, x.Name)
		}
	}
	return closest(name, names)
}

// hasPort reports whether a Service has a port of that name, or of that number when name is "".
func hasPort(svc *corev1.Service, name string, number int32) bool {
	for i := range svc.Spec.Ports {
		if name != "" && svc.Spec.Ports[i].Name == name || name == "" && svc.Spec.Ports[i].Port == number {
			return true
		}
	}
	return false
}

// meantPort returns the one port of a Service that a backend was meant for: its only one; the one whose target has the name or number;
// the one whose name is a slip away. It is nil when none or several fit.
func meantPort(svc *corev1.Service, name string, number int32) *corev1.ServicePort {
	if len(svc.Spec.Ports) == 1 {
		return &svc.Spec.Ports[0]
	}
	var found *corev1.ServicePort
	for i := range svc.Spec.Ports {
		sp := &svc.Spec.Ports[i]
		t := cluster.TargetOf(sp)
		if name != "" && (t.StrVal == name || close(name, sp.Name)) || name == "" && t.IntVal == number {
			if found != nil {
				return nil
			}
			found = sp
		}
	}
	return found
}

// servicePorts lists a Service's ports for a message: "http 80, metrics 9090".
func servicePorts(svc *corev1.Service) string {
	list := make([]*corev1.ContainerPort, len(svc.Spec.Ports))
	for i := range svc.Spec.Ports {
		list[i] = &corev1.ContainerPort{Name: svc.Spec.Ports[i].Name, ContainerPort: svc.Spec.Ports[i].Port}
	}
	return portsText(list)
}
