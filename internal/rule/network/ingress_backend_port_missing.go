package network

import (
	"strconv"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
	"github.com/fairway-k8s/fairway/internal/source"
)

var ingressBackendPortMissing = &rule.Rule{
	ID:    "ingress-backend-port-missing",
	Title: "an Ingress sends to a port that the Service does not have",
	Why: "A backend names a port of the Service, not of the pod. With the container's number, or a name that the Service does not have, the " +
		"controller finds no endpoint and answers 503.",
	How:      "Name a port of the Service, best by its name.",
	Example:  "backend:\n  service:\n    name: shop\n    port: {name: http}   # spec.ports[].name of Service shop\n",
	Severity: finding.Must, Profile: rule.Basic, Since: "0.1.0", Incident: "port-mismatch", NeedsContext: true, Fixes: true,
	Links: []string{linkIngress},
	Object: func(p *rule.Pass, o *cluster.Object) {
		ing := cluster.As[*networkingv1.Ingress](o)
		if ing == nil {
			return
		}
		backends(ing, func(path func() string, b *networkingv1.IngressServiceBackend) {
			name, number := b.Port.Name, b.Port.Number
			if name == "" && number == 0 || placeholder(name) {
				return
			}
			s := p.Lookup(o, "", "Service", "", b.Name)
			if s == nil {
				if ok, missing := judgesServices(p, o, b.Name); !ok {
					p.Unknown(o, path()+".port", "%s", missing)
				}
				return
			}
			svc := cluster.As[*corev1.Service](s)
			if svc == nil || len(svc.Spec.Ports) == 0 || hasPort(svc, name, number) {
				return
			}
			field, said := path()+".port", name
			leaf := field + ".name"
			if name == "" {
				leaf, said = field+".number", strconv.Itoa(int(number))
			}
			f := p.Report(o, leaf, "Service %s has no port %s, its ports are %s", b.Name, said, servicePorts(svc))
			sp := meantPort(svc, name, number)
			switch {
			case sp == nil || !writtenAsRead(o):
			case name == "":
				f.Fix = rule.Mend("send to port "+strconv.Itoa(int(sp.Port)), rule.Set(leaf, source.Int(int64(sp.Port))))
			case sp.Name != "":
				f.Fix = rule.Mend("send to port "+sp.Name, rule.Set(leaf, source.String(sp.Name)))
			default:
				f.Fix = rule.Mend("send to port "+strconv.Itoa(int(sp.Port)), rule.Set(field, source.Map(source.F("number", source.Int(int64(sp.Port))))))
			}
		})
	},
}
