package probes

import (
	"regexp"
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

// portNumberUndeclared is silent for containers that declare no port at all, where nothing can have drifted, and on the host's
// network, where a declared port claims one of the node's.
//
// The fix declares the port where something other than the probe says that the program listens there: its own arguments and
// environment, or a Service that sends to the number. Otherwise it may be the probe that is wrong.
var portNumberUndeclared = &rule.Rule{
	ID:    "probe-port-number-undeclared",
	Title: "a probe asks a port number that its container does not list",
	Why: "Ports need not be declared, so this may well work. But it is also what is left when the port of the application moves and " +
		"the probe does not, and then liveness restarts a healthy process for ever.",
	How:      "Declare the port with a name and let the probe use the name: one edit then moves both.",
	Example:  "ports:\n  - {name: health, containerPort: 8081}\nlivenessProbe:\n  httpGet: {path: /health/live, port: health}\n",
	Severity: finding.Could, Profile: rule.Strict, Since: "0.1.0", Incident: "probe-port-unresolved", Fixes: true,
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
			f := p.Report(w.Object, c.Path+".ports", "container %s does not declare port %d, which its %s asks", c.Name, port.IntVal, a.field)
			if listensOn(c, port.IntVal) || sendsTo(p, w, port.IntVal) {
				f.Fix = rule.Mend("declare port "+port.String(), source.Change{
					Op: source.Insert, Path: source.MustPath(c.Path + ".ports[" + strconv.Itoa(len(c.Ports)) + "]"),
					Value: source.Map(source.F("containerPort", source.Int(int64(port.IntVal)))),
				})
			}
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

// aPort is how arguments and variables give a port: --port=8081, -port 8081, :8081, HEALTH_PORT=8081.
var aPort = regexp.MustCompile(`(?i)(?:port[^0-9]{0,3}|:)(\d+)\b`)

// listensOn reports whether a container is given a port in its command or environment.
func listensOn(c *cluster.Container, port int32) bool {
	texts := []string{strings.Join(c.Command, " "), strings.Join(c.Args, " ")}
	for i := range c.Env {
		texts = append(texts, c.Env[i].Name+"="+c.Env[i].Value)
	}
	for _, text := range texts {
		for _, m := range aPort.FindAllStringSubmatch(text, -1) {
			if m[1] == strconv.Itoa(int(port)) {
				return true
			}
		}
	}
	return false
}

// sendsTo reports whether a Service of w sends to a port by its number.
func sendsTo(p *rule.Pass, w *cluster.Workload, port int32) bool {
	for _, o := range p.ServicesOf(w) {
		svc := cluster.As[*corev1.Service](o)
		if svc != nil && slices.ContainsFunc(svc.Spec.Ports, func(s corev1.ServicePort) bool {
			return s.TargetPort.Type == intstr.Int && s.TargetPort.IntVal == port
		}) {
			return true
		}
	}
	return false
}
