package probes

import (
	"slices"
	"strconv"
	"strings"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
)

// The annotations of Istio's that decide how a sidecar treats probes (istio.io, Resource Annotations).
const (
	rewriteAnnotation = "sidecar.istio.io/rewriteAppHTTPProbers"
	injectAnnotation  = "sidecar.istio.io/inject"
	excludeAnnotation = "traffic.sidecar.istio.io/excludeInboundPorts"
)

// meshRewriteOff speaks of probes of a TCP port wherever the rewriting is off, as the sidecar accepts every connection, and of HTTP and gRPC where a
// PeerAuthentication in the input asks for mutual TLS, which the kubelet does not speak. Without one, plain requests are let in.
var meshRewriteOff = &rule.Rule{
	ID:    "probe-mesh-rewrite-off",
	Title: "a mesh's sidecar stands between the kubelet and the probe's endpoint",
	Why: "The sidecar takes all connections to the pod. Without the rewriting it answers TCP probes itself, so that they pass whatever the application does, and it " +
		"refuses HTTP and gRPC probes where the mesh insists on mutual TLS, so that the pod never starts or is restarted for ever.",
	How:      "Take the annotation " + rewriteAnnotation + " away, whose default is true, or exclude the port of probes with " + excludeAnnotation + ".",
	Example:  "annotations:\n  " + excludeAnnotation + ": \"8081\"   # probes have a listener of their own\n",
	Severity: finding.Should, Profile: rule.Golden, Since: "0.1.0", Gathers: true,
	Links: []string{"https://istio.io/latest/docs/ops/configuration/mesh/app-health-check/"},
	Workload: func(p *rule.Pass, w *cluster.Workload) {
		says := w.Template.Annotations
		if says[rewriteAnnotation] != "false" || says[injectAnnotation] == "false" || w.Template.Labels[injectAnnotation] == "false" {
			return
		}
		strict := slices.ContainsFunc(p.Of("security.istio.io", "PeerAuthentication"), func(o *cluster.Object) bool {
			return o.Scope == w.Scope && cluster.SameNamespace(o.Namespace, w.Namespace) && o.Root.Get("spec").Get("mtls").Get("mode").Text() == "STRICT"
		})
		excluded := strings.Split(strings.ReplaceAll(says[excludeAnnotation], " ", ""), ",")
		for c := range w.Main() {
			for _, a := range asks(c.Container) {
				if a.probe == nil || !whole(c) {
					continue
				}
				e, ok := endpointOf(c.Container, a.probe)
				if !ok || e.kind == "exec" || e.host != "" || slices.Contains(excluded, strconv.Itoa(int(e.port))) || slices.Contains(excluded, "*") {
					continue
				}
				field := c.Path + "." + a.field
				switch {
				case e.kind == "TCP":
					p.Report(w.Object, field, "the sidecar accepts every connection, so that %s passes whatever container %s does", e, c.Name)
				case strict:
					p.Report(w.Object, field, "the mesh insists on mutual TLS, which the kubelet does not speak, so that %s always fails", e)
				}
			}
		}
	},
}
