package network

import (
	"strconv"

	corev1 "k8s.io/api/core/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
	"github.com/fairway-k8s/fairway/internal/source"
)

// httpRouteBackendMissing reads all routes of the Gateway API, which have no Go types here. Backends of other kinds than Service are
// their implementation's.
var httpRouteBackendMissing = &rule.Rule{
	ID:    "httproute-backend-missing",
	Title: "a route of the Gateway API sends to a Service or port that does not exist",
	Why: "A backend that cannot be resolved is accepted; the gateway answers 500 for its share of the requests. Only the route's status " +
		"(ResolvedRefs) says so, after it is live.",
	How:      "Name a Service of the route's namespace and the number of one of its ports.",
	Example:  "rules:\n  - backendRefs:\n      - name: shop\n        port: 80   # spec.ports[].port of Service shop\n",
	Severity: finding.Must, Profile: rule.Basic, Since: "0.1.0", Incident: "port-mismatch", NeedsContext: true, Fixes: true,
	Links: []string{linkGateway, "https://gateway-api.sigs.k8s.io/guides/http-routing/"},
	Object: func(p *rule.Pass, o *cluster.Object) {
		if o.Group() != "gateway.networking.k8s.io" {
			return
		}
		switch o.Kind {
		case "HTTPRoute", "GRPCRoute", "TCPRoute", "TLSRoute", "UDPRoute":
		default:
			return
		}
		for i, r := range o.Root.Get("spec").Get("rules").Items() {
			path := "spec.rules[" + strconv.Itoa(i) + "]"
			judgeRoute(p, o, r, path)
		}
	},
}

func judgeRoute(p *rule.Pass, o *cluster.Object, r source.Node, path string) {
	r = r.Resolve()
	for j, b := range r.Get("backendRefs").Items() {
		at := path + ".backendRefs[" + strconv.Itoa(j) + "]"
		judgeBackendRef(p, o, b.Resolve(), at)
		judgeMirrors(p, o, b.Resolve(), at)
	}
	judgeMirrors(p, o, r, path)
}

// judgeMirrors looks at the filters that copy requests to another backend.
func judgeMirrors(p *rule.Pass, o *cluster.Object, holder source.Node, path string) {
	for k, f := range holder.Get("filters").Items() {
		if ref := f.Resolve().Get("requestMirror").Resolve().Get("backendRef"); !ref.IsZero() {
			judgeBackendRef(p, o, ref.Resolve(), path+".filters["+strconv.Itoa(k)+"].requestMirror.backendRef")
		}
	}
}

func judgeBackendRef(p *rule.Pass, o *cluster.Object, ref source.Node, path string) {
	kind, name, namespace := ref.Get("kind").Text(), ref.Get("name").Text(), ref.Get("namespace").Text()
	if kind != "" && kind != "Service" || ref.Get("group").Text() != "" || name == "" || placeholder(name) || placeholder(namespace) {
		return
	}
	if namespace == "" {
		namespace = o.Namespace
	}
	s := p.Lookup(o, "", "Service", namespace, name)
	if s == nil {
		field := path + ".name"
		switch ok, missing := judgesServices(p, o, name); {
		case !ok:
			p.Unknown(o, field, "%s", missing)
		case namespace != o.Namespace:
			p.Unknown(o, field, "Service %s of namespace %s", name, namespace)
		default:
			if like := likeService(p, o, namespace, name); like != "" {
				p.Report(o, field, "there is no Service %s; the one nearest to it is %s", name, like).Fix =
					rule.Mend("send to Service "+like, rule.Set(field, source.String(like)))
				return
			}
			p.Report(o, field, "there is no Service %s, so its requests are answered with 500", name)
		}
		return
	}
	svc := cluster.As[*corev1.Service](s)
	number, ok := ref.Get("port").Int()
	if svc == nil || !ok || len(svc.Spec.Ports) == 0 || hasPort(svc, "", int32(number)) {
		return
	}
	field := path + ".port"
	f := p.Report(o, field, "Service %s has no port %d, its ports are %s", name, number, servicePorts(svc))
	if sp := meantPort(svc, "", int32(number)); sp != nil {
		f.Fix = rule.Mend("send to port "+strconv.Itoa(int(sp.Port)), rule.Set(field, source.Int(int64(sp.Port))))
	}
}
