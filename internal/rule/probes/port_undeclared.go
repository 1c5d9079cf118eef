package probes

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
	"github.com/fairway-k8s/fairway/internal/source"
	"github.com/fairway-k8s/fairway/internal/spell"
)

var portUndeclared = &rule.Rule{
	ID:    "probe-port-undeclared",
	Title: "a probe names a port that its container does not declare",
	Why: "The API server accepts the name, the kubelet cannot resolve it and throws the attempt away as an error: a startup probe " +
		"never passes, readiness stays false, liveness never fails. Nothing restarts, nothing becomes ready, and the only trace is an event.",
	How:      "Declare the name under the ports of the same container, or write the name that is there. Other containers of the pod do not count.",
	Example:  "ports:\n  - {name: health, containerPort: 8081}\nreadinessProbe:\n  httpGet: {path: /health/ready, port: health}\n",
	Severity: finding.Must, Profile: rule.Basic, Since: "0.1.0", Incident: "probe-port-unresolved", Fixes: true,
	Links: []string{linkLifecycle, linkConfigure},
	Gate: &rule.Gate{Of: "running", Container: celAsks + ".exists(p, [p.?httpGet.?port.orValue(p.?tcpSocket.?port.orValue(dyn(0)))].exists(n,\n" +
		"  type(n) == string && !n.matches('[${}]|^$|^[+-]?[0-9]+$') && !c.?ports.orValue([]).exists(q, q.?name.orValue('') == n)))"},
	Container: func(p *rule.Pass, w *cluster.Workload, c *cluster.Container) {
		if !probed(c) {
			return
		}
		for _, a := range asks(c.Container) {
			if a.probe == nil {
				continue
			}
			field, port := portOf(a.probe)
			if field == "" || port.Type != intstr.String || port.StrVal == "" || strings.ContainsAny(port.StrVal, "${}") {
				continue
			}
			_, name := resolve(c.Container, port)
			if name == "" {
				continue
			}
			path := c.Path + "." + a.field + "." + field
			f := p.Report(w.Object, path, "no port of container %s is called %q%s, so %s", c.Name, name, elsewhere(w, c, name), discarded[a.field])
			if right := meant(c.Ports, name); right != "" {
				f.Fix = rule.Mend("probe port "+right, rule.Set(path, source.String(right)))
			}
		}
	},
}

// discarded is what a probe that always ends in an error does.
var discarded = map[string]string{
	"startupProbe":   "the startup probe never passes and the pod never becomes ready",
	"readinessProbe": "the pod never becomes ready",
	"livenessProbe":  "liveness never fails, whatever happens",
}

// elsewhere says what the container has instead, or who else has the name.
func elsewhere(w *cluster.Workload, c *cluster.Container, name string) string {
	for o := range w.Main() {
		for i := range o.Ports {
			if o.Ports[i].Name == name {
				return " (it is declared by container " + o.Name + ", where the kubelet does not look)"
			}
		}
	}
	var names []string
	for i := range c.Ports {
		if n := c.Ports[i].Name; n != "" {
			names = append(names, n)
		}
	}
	if len(names) == 0 {
		return ""
	}
	return " (it has " + strings.Join(names, ", ") + ")"
}

// meant returns the one declared port name that differs from name by a single slip, "" when none or several do.
func meant(ports []corev1.ContainerPort, name string) string {
	found := ""
	for i := range ports {
		if n := ports[i].Name; n != "" && ports[i].Protocol != corev1.ProtocolUDP && slip(n, name) {
			if found != "" {
				return ""
			}
			found = n
		}
	}
	return found
}

// slip reports whether a and b, of at least four characters, differ by one letter added, left out, changed or swapped with its
// neighbour, or only by hyphens. http and https are two different ports, not a slip.
func slip(a, b string) bool {
	if a+"s" == b || b+"s" == a {
		return false
	}
	if strings.ReplaceAll(a, "-", "") == strings.ReplaceAll(b, "-", "") {
		return true
	}
	if min(len(a), len(b)) < 4 || spell.Swapped(a, b) != 1 {
		return false
	}
	i := 0
	for i < min(len(a), len(b)) && a[i] == b[i] {
		i++
	}
	return !isDigit(a, i) && !isDigit(b, i) // http1 and http2
}

func isDigit(s string, i int) bool { return i < len(s) && s[i] >= '0' && s[i] <= '9' }
