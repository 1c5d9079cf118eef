package probes

import (
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
)

// readinessMissing asks for one readiness probe a pod. When another container than the one that takes the traffic has it, a proxy
// in front of the application, say, the pod as a whole is guarded; only the probe of a service mesh's proxy says nothing about the
// application.
var readinessMissing = &rule.Rule{
	ID:    "probe-readiness-missing",
	Title: "a Service sends traffic to pods that nobody asks whether they are ready",
	Why: "Without a readiness probe a pod counts as ready the moment its process exists. Every rollout, restart and scale-up sends " +
		"requests to pods that are still booting, and a rollout of a broken version goes through.",
	How:      "Add a readiness probe that answers yes only when the pod can serve requests now.",
	Example:  "readinessProbe:\n  httpGet: {path: /health/ready, port: health}\n  periodSeconds: 5\n  timeoutSeconds: 2\n  failureThreshold: 3\n",
	Severity: finding.Should, Profile: rule.Basic, Since: "0.1.0", Incident: "no-probes", NeedsContext: true,
	Links: []string{linkProbes, linkLifecycle},
	Workload: func(p *rule.Pass, w *cluster.Workload) {
		if !w.LongRunning() || !ownsPods(w) {
			return
		}
		var first *cluster.Container
		ports := false
		for c := range w.Main() {
			if !whole(c) || c.ReadinessProbe != nil && !meshProxy(c) {
				return
			}
			if meshProxy(c) {
				continue
			}
			if first == nil && !c.Init {
				first = c
			}
			ports = ports || len(c.Ports) > 0
		}
		if first == nil {
			return
		}
		services := p.TrafficOf(w)
		if len(services) == 0 {
			if ports && len(p.ServicesOf(w)) == 0 && !p.Covers(w.Object, "", "Service") {
				p.Unknown(w.Object, first.Path+".readinessProbe", "no Service in the input selects these pods; readiness matters when one does")
			}
			return
		}
		if c := w.Receiver(cluster.As[*corev1.Service](services[0])); c != nil && !meshProxy(c) {
			first = c
		}
		p.Report(w.Object, first.Path+".readinessProbe", "Service %s sends requests to container %s from the moment it starts: it has no readiness probe",
			services[0].Name, first.Name)
	},
}

func meshProxy(c *cluster.Container) bool {
	return strings.HasPrefix(c.Name, "istio-proxy") || strings.HasPrefix(c.Name, "linkerd-proxy")
}
