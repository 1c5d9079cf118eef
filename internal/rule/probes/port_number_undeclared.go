package probes

import (
	"slices"

	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
)

// portNumberUndeclared is silent for containers that declare no port at all, where nothing can have drifted, and on the host's
// network, where a declared port claims one of the node's.
var portNumberUndeclared = &rule.Rule{
	ID:    "probe-port-number-undeclared",
	Title: "a probe asks a port number that its container does not list",
	Why: "Ports need not be declared, so this may well work. But it is also what is left when the port of the application moves and " +
		"the probe does not, and then liveness restarts a healthy process for ever.",
	How:      "Declare the port with a name and let the probe use the name: one edit then moves both.",
	Example:  "ports:\n  - {name: health, containerPort: 8081}\nlivenessProbe:\n  httpGet: {path: /health/live, port: health}\n",
	Severity: finding.Could, Profile: rule.Strict, Since: "0.1.0", Incident: "probe-port-unresolved",
	Links: []string{linkConfigure},
	Container: func(p *rule.Pass, w *cluster.Workload, c *cluster.Container) {
		if len(c.Ports) == 0 || w.Template.Spec.HostNetwork || !probed(c) {
			return
		}
		var said [3]int32 // one finding a number, however many probes ask it
		for i, a := range asks(c.Container) {
			if a.probe == nil {
				continue
			}
			_, port := portOf(a.probe)
			if port.Type != intstr.Int || port.IntVal == 0 || declares(c, port.IntVal) || slices.Contains(said[:], port.IntVal) {
				continue
			}
			said[i] = port.IntVal
			p.Report(w.Object, c.Path+".ports", "container %s does not declare port %d, which its %s asks", c.Name, port.IntVal, a.field)
		}
	},
}

func declares(c *cluster.Container, port int32) bool {
	for i := range c.Ports {
		if c.Ports[i].ContainerPort == port {
			return true
		}
	}
	return false
}
