package network

import (
	"net/netip"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
)

// serviceLoadBalancerPublic is silent for proxies at the edge, and wherever something narrows the access: source ranges, a class of its
// own, an annotation that a cloud or a bare-metal balancer reads.
var serviceLoadBalancerPublic = &rule.Rule{
	ID:    "service-loadbalancer-public",
	Title: "a Service gets a load balancer that the internet can reach",
	Why: "On the large clouds type LoadBalancer means a public address unless an annotation says internal. It bypasses the ingress, its TLS " +
		"and its access log, and each one costs money.",
	How:      "Put the Service behind the shared ingress; or narrow it with loadBalancerSourceRanges or your cloud's annotation for an internal balancer.",
	Example:  "spec:\n  type: LoadBalancer\n  loadBalancerSourceRanges: [10.0.0.0/8]\n",
	Severity: finding.Should, Profile: rule.Strict, Since: "0.1.0", Incident: "side-door",
	Links: []string{linkService + "#loadbalancer", linkService + "#internal-load-balancer"},
	Object: func(p *rule.Pass, o *cluster.Object) {
		svc := cluster.As[*corev1.Service](o)
		if svc == nil || svc.Spec.Type != corev1.ServiceTypeLoadBalancer || frontDoor(o) || narrowed(o, svc) {
			return
		}
		p.Report(o, "spec.type", "type LoadBalancer without source ranges or an internal annotation is open to the internet on most clouds")
	},
}

func narrowed(o *cluster.Object, svc *corev1.Service) bool {
	if len(svc.Spec.LoadBalancerSourceRanges) > 0 || svc.Spec.LoadBalancerClass != nil {
		return true
	}
	if a, err := netip.ParseAddr(svc.Spec.LoadBalancerIP); err == nil && a.IsPrivate() {
		return true
	}
	for k, v := range o.Annotations {
		v = strings.ToLower(v)
		switch {
		case strings.Contains(k, "internal") && v != "false", strings.Contains(k, "load-balancer-source-ranges"), strings.Contains(k, "scheme") && v == "internal",
			strings.Contains(k, "load-balancer-type") && v == "internal", strings.Contains(k, "ip-type") && v == "private", strings.Contains(k, "tailscale.com/"),
			strings.Contains(k, "metallb"), strings.HasPrefix(k, "kube-vip.io/"), strings.Contains(k, "cilium.io/"), strings.HasPrefix(k, "purelb.io/"):
			return true
		}
	}
	return false
}
