package network

import (
	networkingv1 "k8s.io/api/networking/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
	"github.com/fairway-k8s/fairway/internal/source"
)

// ingressClassMissing is silent when the input has a default class, and offers the class when the input has exactly one.
var ingressClassMissing = &rule.Rule{
	ID:    "ingress-class-missing",
	Title: "an Ingress does not name its class",
	Why: "Without a class the cluster's default takes the Ingress. Where there is none, nobody serves it and nothing says so; where there " +
		"are several controllers, the public one may take what was meant for the internal one.",
	How:      "Set spec.ingressClassName.",
	Example:  "spec:\n  ingressClassName: nginx\n",
	Severity: finding.Could, Profile: rule.Strict, Since: "0.1.0", Fixes: true,
	Links: []string{linkIngress + "#ingress-class"},
	Object: func(p *rule.Pass, o *cluster.Object) {
		ing := cluster.As[*networkingv1.Ingress](o)
		if ing == nil || classOf(o, ing) != "" {
			return
		}
		classes := p.Of("networking.k8s.io", "IngressClass")
		for _, c := range classes {
			if c.Annotations[networkingv1.AnnotationIsDefaultIngressClass] == "true" {
				return
			}
		}
		const field = "spec.ingressClassName"
		f := p.Report(o, field, "the Ingress names no class, so the cluster's default decides who serves it, if there is one")
		if len(classes) == 1 && classes[0].Name != "" && writtenAsRead(o) {
			f.Fix = rule.Mend("set ingressClassName: "+classes[0].Name, rule.Set(field, source.String(classes[0].Name)))
		}
	},
}
