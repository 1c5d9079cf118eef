package network

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
)

var serviceExternalIPs = &rule.Rule{
	ID:    "service-external-ips",
	Title: "a Service takes over external addresses",
	Why: "externalIPs makes every node send the traffic for an address to this Service, whoever the address belongs to. That is how traffic " +
		"is intercepted (CVE-2020-8554), so many clusters refuse the field.",
	How:      "Use a load balancer, an Ingress or a Gateway for access from outside, and a Service with an EndpointSlice for an address outside.",
	Severity: finding.Should, Profile: rule.Strict, Since: "0.1.0", Incident: "side-door",
	Links: []string{linkService + "#external-ips", "https://github.com/kubernetes/kubernetes/issues/97076"},
	Gate:  &rule.Gate{Kinds: []string{"Service"}, Object: "size(object.spec.?externalIPs.orValue([])) > 0"},
	Object: func(p *rule.Pass, o *cluster.Object) {
		svc := cluster.As[*corev1.Service](o)
		if svc == nil || len(svc.Spec.ExternalIPs) == 0 {
			return
		}
		p.Report(o, "spec.externalIPs", "every node sends traffic for %s to this Service", svc.Spec.ExternalIPs[0])
	},
}
