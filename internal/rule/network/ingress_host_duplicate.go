package network

import (
	"strconv"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
)

// ingressHostDuplicate compares Ingresses of one class within a scope: folders beside each other are often copies for other clusters. It
// leaves alone what is meant to share a path: canaries of ingress-nginx, conditions of the AWS controller, minions of NGINX Inc's.
var ingressHostDuplicate = &rule.Rule{
	ID:    "ingress-host-duplicate",
	Title: "two Ingresses claim the same host and path",
	Why: "Which of two Ingresses serves a path that both claim is up to the controller: most take the older one and ignore the other, some " +
		"mix them. After a restore or a re-creation the answer may change.",
	How:      "Give each path to one Ingress, or set the controller's canary annotation on the second.",
	Severity: finding.Should, Profile: rule.Golden, Since: "0.1.0",
	Links: []string{linkIngress, "https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/annotations/#canary"},
	Snapshot: func(p *rule.Pass) {
		type claim struct{ scope, class, host, path, kind string }
		first := map[claim]*cluster.Object{}
		for _, o := range p.Of("networking.k8s.io", "Ingress") {
			ing := cluster.As[*networkingv1.Ingress](o)
			if ing == nil || sharesPaths(o) {
				continue
			}
			for i := range ing.Spec.Rules {
				r := &ing.Spec.Rules[i]
				if r.Host == "" || placeholder(r.Host) || r.HTTP == nil {
					continue
				}
				for j := range r.HTTP.Paths {
					x := &r.HTTP.Paths[j]
					kind := ""
					if x.PathType != nil {
						kind = string(*x.PathType)
					}
					c := claim{o.Scope, classOf(o, ing), strings.ToLower(r.Host), x.Path, kind}
					switch other := first[c]; {
					case other == nil:
						first[c] = o
					case other == o || other.Name == o.Name && other.Namespace == o.Namespace:
					default:
						path := x.Path
						if path == "" {
							path = "/"
						}
						p.Report(o, "spec.rules["+strconv.Itoa(i)+"].host", "Ingress %s claims %s%s too", other.Name, r.Host, path)
					}
				}
			}
		}
	},
}

func sharesPaths(o *cluster.Object) bool {
	for k, v := range o.Annotations {
		switch {
		case k == "nginx.ingress.kubernetes.io/canary" && v == "true", k == "nginx.org/mergeable-ingress-type",
			strings.HasPrefix(k, "alb.ingress.kubernetes.io/conditions."), k == "alb.ingress.kubernetes.io/group.order",
			k == "traefik.ingress.kubernetes.io/router.priority", k == "traefik.ingress.kubernetes.io/router.entrypoints":
			return true
		}
	}
	return false
}
