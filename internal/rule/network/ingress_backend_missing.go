package network

import (
	networkingv1 "k8s.io/api/networking/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
	"github.com/fairway-k8s/fairway/internal/source"
)

var ingressBackendMissing = &rule.Rule{
	ID:    "ingress-backend-missing",
	Title: "an Ingress sends to a Service that does not exist",
	Why: "The API server does not look whether a backend exists, and the controller answers 503 for its paths. An Ingress reaches Services " +
		"of its own namespace only.",
	How:      "Name a Service of the Ingress's namespace.",
	Example:  "backend:\n  service:\n    name: shop\n    port: {name: http}\n",
	Severity: finding.Must, Profile: rule.Basic, Since: "0.1.0", Incident: "port-mismatch", NeedsContext: true, Fixes: true,
	Links: []string{linkIngress},
	Object: func(p *rule.Pass, o *cluster.Object) {
		ing := cluster.As[*networkingv1.Ingress](o)
		if ing == nil {
			return
		}
		seen := map[string]bool{}
		backends(ing, func(path func() string, b *networkingv1.IngressServiceBackend) {
			if seen[b.Name] || p.Lookup(o, "", "Service", "", b.Name) != nil {
				return
			}
			field := path() + ".name"
			like := likeService(p, o, o.Namespace, b.Name)
			if like == "" {
				seen[b.Name] = true
			}
			switch ok, missing := judgesServices(p, o, b.Name); {
			case !ok:
				seen[b.Name] = true
				p.Unknown(o, field, "%s", missing)
			case like != "":
				f := p.Report(o, field, "there is no Service %s; the one nearest to it is %s", b.Name, like)
				if writtenAsRead(o) {
					f.Fix = rule.Mend("send to Service "+like, rule.Set(field, source.String(like)))
				}
			default:
				p.Report(o, field, "there is no Service %s%s, so its paths answer 503", b.Name, serviceElsewhere(p, o, b.Name))
			}
		})
	},
}

// serviceElsewhere says in which other namespace of o's scope a Service is, "" when in none.
func serviceElsewhere(p *rule.Pass, o *cluster.Object, name string) string {
	for _, x := range p.Of("", "Service") {
		if x.Name == name && x.Scope == o.Scope {
			return " in namespace " + o.Namespace + " (it is in " + x.Namespace + ")"
		}
	}
	return ""
}
