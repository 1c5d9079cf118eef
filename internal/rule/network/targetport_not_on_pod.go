package network

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
	"github.com/fairway-k8s/fairway/internal/source"
)

// targetPortNotOnPod is sure of names: without a container port of that name and protocol, the pod is no endpoint of the port. A number
// need not be declared to be listened on, so it speaks of one only when the pods declare ports, none is it, nothing else in them or
// their ConfigMaps mentions it, and either the Service misses the pods with all its ports or it is clear which port was meant. It does
// not speak of numbers for metrics, which are seldom declared, nor for a headless Service, whose clients choose the port themselves. One
// of several workloads that has the port is enough: whether the others belong there is another rule's question.
var targetPortNotOnPod = &rule.Rule{
	ID:    "targetport-not-on-pod",
	Title: "a Service sends to a port that its pods do not have",
	Why: "targetPort is compared with nothing when it is applied. A name that no container declares leaves the Service without endpoints " +
		"for that port; a wrong number leads to connection refused.",
	How:      "Point targetPort at a named port of the container, and let probes and policies use the same name.",
	Example:  "# Service\nports:\n  - {name: http, port: 80, targetPort: http}\n# container\nports:\n  - {name: http, containerPort: 8080}\n",
	Severity: finding.Must, Profile: rule.Basic, Since: "0.1.0", Incident: "port-mismatch", NeedsContext: true, Fixes: true,
	Links: []string{linkService + "#field-spec-ports"},
	Object: func(p *rule.Pass, o *cluster.Object) {
		svc := cluster.As[*corev1.Service](o)
		if svc == nil || !selects(svc) || hasPlaceholder(svc.Spec.Selector) {
			return
		}
		pods := p.PodsOf(o)
		if len(pods) == 0 {
			if ok, missing := judgesPods(p, o, svc.Spec.Selector); !ok && len(svc.Spec.Ports) > 0 {
				p.Unknown(o, "spec.ports", "%s", missing)
			}
			return
		}
		for i := range svc.Spec.Ports {
			judgeTarget(p, o, svc, i, pods)
		}
	},
}

func judgeTarget(p *rule.Pass, o *cluster.Object, svc *corev1.Service, i int, pods []*cluster.Workload) {
	sp := &svc.Spec.Ports[i]
	target := cluster.TargetOf(sp)
	var first *cluster.Workload
	for _, w := range pods {
		if !ownsPods(w) || !whole(w) || unread(w) || portOf(w, target, sp.Protocol) != nil {
			return
		}
		if first == nil || w.LongRunning() && !first.LongRunning() {
			first = w
		}
	}
	has := declared(first, sp.Protocol)
	if target.Type == intstr.Int {
		if cluster.Headless(o) || isMetrics(sp.Name) || !declaresMore(has) || mentioned(p, pods, target.IntVal) {
			return
		}
		if cp := meant(svc, sp, target, has); cp == nil && meets(svc, pods) {
			return // of several ports people forget to declare some
		}
	} else if placeholder(target.StrVal) {
		return
	}
	field := "spec.ports[" + strconv.Itoa(i) + "].targetPort"
	whose := fmt.Sprintf("the containers of %s %s", first.Kind, first.Name)
	if len(pods) > 1 {
		whose += " and of " + strconv.Itoa(len(pods)-1) + " more"
	}
	lists := "declare no " + string(protocolOf(sp.Protocol)) + " port"
	if len(has) > 0 {
		lists = "declare " + portsText(has)
	}
	f := p.Report(o, field, "port %s sends to %s, but %s %s", portName(sp), target.String(), whose, lists)
	if cp := meant(svc, sp, target, has); cp != nil {
		value, text := source.Int(int64(cp.ContainerPort)), strconv.Itoa(int(cp.ContainerPort))
		if cp.Name != "" && !(target.Type == intstr.Int && o.Has(field)) {
			value, text = source.String(cp.Name), cp.Name
		}
		f.Fix = rule.Mend("set targetPort: "+text, rule.Set(field, value, "port"))
	}
}

// unread reports whether a container port of w could not be read, such as containerPort: PORT, which somebody is to fill in.
func unread(w *cluster.Workload) bool {
	for c := range w.Main() {
		if slices.ContainsFunc(c.Ports, func(cp corev1.ContainerPort) bool { return cp.ContainerPort == 0 }) {
			return true
		}
	}
	return false
}

// portName is how a message calls a Service port: "http (80)" or "80".
func portName(sp *corev1.ServicePort) string {
	if sp.Name == "" {
		return strconv.Itoa(int(sp.Port))
	}
	return sp.Name + " (" + strconv.Itoa(int(sp.Port)) + ")"
}

// meets reports whether any port of a Service leads to a declared one.
func meets(svc *corev1.Service, pods []*cluster.Workload) bool {
	for i := range svc.Spec.Ports {
		sp := &svc.Spec.Ports[i]
		if anyHas(pods, cluster.TargetOf(sp), sp.Protocol) {
			return true
		}
	}
	return false
}

// declaresMore reports whether a pod declares ports for its clients. One that lists nothing but its metrics does not bother to declare.
func declaresMore(ports []*corev1.ContainerPort) bool {
	for _, cp := range ports {
		if !isMetrics(cp.Name) {
			return true
		}
	}
	return false
}

func mentioned(p *rule.Pass, pods []*cluster.Workload, number int32) bool {
	for _, w := range pods {
		if speaksFor(w, number) || configured(p, w, number) {
			return true
		}
	}
	return false
}

// meant returns the one declared port that a Service port was meant for: the only one that is no metrics port, if the Service has one
// port for requests; the one that has the Service port's name; or the one whose name or number is a slip away. Ports that another Service port
// leads to are left out. It is nil when none or several fit.
func meant(svc *corev1.Service, sp *corev1.ServicePort, target intstr.IntOrString, has []*corev1.ContainerPort) *corev1.ContainerPort {
	var only, named, near *corev1.ContainerPort
	count, nears := 0, 0
	for _, cp := range has {
		if taken(svc, sp, cp) {
			continue
		}
		if sp.Name != "" && cp.Name == sp.Name {
			named = cp
		}
		if close(target.String(), cp.Name) || slipped(target.String(), strconv.Itoa(int(cp.ContainerPort))) {
			near = cp
			nears++
		}
		if !isMetrics(cp.Name) {
			only = cp
			count++
		}
	}
	switch {
	case named != nil:
		return named
	case nears == 1:
		return near
	case count == 1 && len(svc.Spec.Ports) == 1 && forRequests(sp):
		return only
	}
	return nil
}

// forRequests reports whether a Service port is the one for an application's clients: the well-known ports of the web, or a name that
// says no more than that.
func forRequests(sp *corev1.ServicePort) bool {
	if isMetrics(sp.Name) {
		return false
	}
	word, _, _ := strings.Cut(sp.Name, "-")
	switch word {
	case "http", "https", "http2", "grpc", "web", "main", "api", "app", "service", "server":
		return true
	}
	return sp.Port == 80 || sp.Port == 443
}

// slipped reports whether two numbers differ by a digit too many or too few, or by their order: 808 and 8080, 9009 and 9090. Numbers
// with another digit are other ports: 8080 and 8081.
func slipped(a, b string) bool {
	if len(a) == len(b) {
		x, y := []byte(a), []byte(b)
		slices.Sort(x)
		slices.Sort(y)
		if !slices.Equal(x, y) {
			return false
		}
	}
	d := distance(a, b)
	return a != b && d <= 2 && 2*d < min(len(a), len(b))
}

func taken(svc *corev1.Service, self *corev1.ServicePort, cp *corev1.ContainerPort) bool {
	for i := range svc.Spec.Ports {
		sp := &svc.Spec.Ports[i]
		t := cluster.TargetOf(sp)
		if sp != self && (t.Type == intstr.String && t.StrVal == cp.Name || t.Type == intstr.Int && t.IntVal == cp.ContainerPort) {
			return true
		}
	}
	return false
}
