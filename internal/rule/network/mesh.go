package network

import (
	"slices"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/rule"
)

// inMesh reports whether the input shows that the pods of a Service are in an Istio mesh: their namespace or they themselves are told
// to be, or Istio's own objects are beside them.
func inMesh(p *rule.Pass, o *cluster.Object) bool {
	pods := p.PodsOf(o)
	for _, w := range pods {
		for _, say := range [...]map[string]string{w.Template.Annotations, w.Template.Labels} {
			switch {
			case say["sidecar.istio.io/inject"] == "false", say["istio.io/dataplane-mode"] == "none":
				return false
			case say["sidecar.istio.io/inject"] == "true", say["istio.io/dataplane-mode"] == "ambient":
				return true
			}
		}
	}
	for _, ns := range p.Of("", "Namespace") {
		named := ns.Name == o.Namespace || o.Namespace == "" && ns.Scope == o.Scope
		if named && (ns.Labels["istio-injection"] == "enabled" || ns.Labels["istio.io/rev"] != "" || ns.Labels["istio.io/dataplane-mode"] == "ambient") {
			return true
		}
	}
	for _, k := range [...][2]string{
		{"networking.istio.io", "VirtualService"}, {"networking.istio.io", "DestinationRule"}, {"networking.istio.io", "Sidecar"},
		{"security.istio.io", "PeerAuthentication"}, {"security.istio.io", "AuthorizationPolicy"}, {"telemetry.istio.io", "Telemetry"},
	} {
		if slices.ContainsFunc(p.Of(k[0], k[1]), func(x *cluster.Object) bool { return x.Scope == o.Scope }) {
			return true
		}
	}
	return false
}
