package network

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
	"github.com/fairway-k8s/fairway/internal/source"
)

// serviceNodePort is silent for proxies at the edge and where the load balancer of an Ingress needs the node port. Its mend is for
// Services that an Ingress or route leads to and whose node ports are left to chance: nobody can rely on a number that is not written.
// Every Ingress must be one that reaches pods directly; without a known class it may be that of a cloud's load balancer, which would lose
// its way.
var serviceNodePort = &rule.Rule{
	ID:    "service-nodeport",
	Title: "a Service opens a port on every node",
	Why: "A node port is open on all nodes, also those that run none of the pods, and leads past the TLS, the authentication and the access " +
		"log of the ingress. The number is one for the whole cluster, so a second copy of the Service is refused.",
	How:      "Use type ClusterIP and let an Ingress or a Gateway lead to it.",
	Example:  "spec:\n  type: ClusterIP\n",
	Severity: finding.Should, Profile: rule.Golden, Since: "0.1.0", Incident: "side-door", Fixes: true,
	Links: []string{linkService + "#type-nodeport"},
	Object: func(p *rule.Pass, o *cluster.Object) {
		svc := cluster.As[*corev1.Service](o)
		if svc == nil || svc.Spec.Type != corev1.ServiceTypeNodePort || frontDoor(o) {
			return
		}
		if forRollout(p, o) {
			return
		}
		routes := p.RoutesOf(o)
		var unclear *cluster.Object
		for _, r := range routes {
			ing := cluster.As[*networkingv1.Ingress](r)
			switch {
			case ing == nil:
			case needsNodePort(r, ing):
				return
			case unclear == nil && !reachesPods(p, r, ing):
				unclear = r
			}
		}
		pinned := int32(0)
		for i := range svc.Spec.Ports {
			if n := svc.Spec.Ports[i].NodePort; n != 0 {
				pinned = n
				break
			}
		}
		const field, policy = "spec.type", "spec.externalTrafficPolicy"
		switch {
		case pinned != 0:
			p.Report(o, field, "type NodePort opens port %d on every node", pinned)
		case unclear != nil:
			p.Report(o, field, "type NodePort opens a port on every node; Ingress %s leads to the Service, but whether its load balancer needs the port, its class does not say",
				unclear.Name)
		case len(routes) > 0:
			changes := []source.Change{rule.Set(field, source.String("ClusterIP"))}
			if o.Has(policy) { // the API server refuses it without a port for the outside
				changes = append(changes, rule.Remove(policy))
			}
			p.Report(o, field, "type NodePort opens a port on every node, although %s %s leads to the Service already", routes[0].Kind, routes[0].Name).Fix =
				rule.Mend("set type: ClusterIP", changes...)
		default:
			p.Report(o, field, "type NodePort opens a port on every node")
		}
	},
}

// forRollout reports whether an Argo Rollout shifts traffic to a Service through the AWS controller, whose targets are nodes unless its
// Ingress says ip.
func forRollout(p *rule.Pass, o *cluster.Object) bool {
	return slices.ContainsFunc(p.Of("argoproj.io", "Rollout"), func(r *cluster.Object) bool {
		canary := r.Root.Get("spec").Resolve().Get("strategy").Resolve().Get("canary").Resolve()
		alb := canary.Get("trafficRouting").Resolve().Get("alb").Resolve()
		if alb.IsZero() || r.Scope != o.Scope || canary.Get("canaryService").Resolve().Text() != o.Name && canary.Get("stableService").Resolve().Text() != o.Name {
			return false
		}
		ing := p.Lookup(r, networkingv1.GroupName, "Ingress", "", alb.Get("ingress").Resolve().Text())
		return ing == nil || ing.Annotations["alb.ingress.kubernetes.io/target-type"] != "ip"
	})
}

// needsNodePort reports whether an Ingress is served by a cloud's load balancer that reaches pods through the nodes: the AWS controller
// with targets of type instance (its default), and Google's without container-native balancing, which takes Ingresses without class too.
func needsNodePort(o *cluster.Object, ing *networkingv1.Ingress) bool {
	switch class := classOf(o, ing); {
	case class == "alb":
		return o.Annotations["alb.ingress.kubernetes.io/target-type"] != "ip"
	case class == "gce", class == "gce-internal":
		return true
	case class != "":
		return false
	}
	for k := range o.Annotations {
		if strings.HasPrefix(k, "alb.ingress.kubernetes.io/") || strings.HasPrefix(k, "networking.gke.io/") || strings.HasPrefix(k, "ingress.gcp.kubernetes.io/") ||
			k == "kubernetes.io/ingress.global-static-ip-name" {
			return true
		}
	}
	return false
}

// podProxies are words in the names of proxies that run in the cluster and send requests to the pods' own addresses.
var podProxies = [...]string{"nginx", "traefik", "haproxy", "kong", "contour", "envoy", "istio", "cilium", "ambassador", "emissary", "apisix", "higress"}

// reachesPods reports whether an Ingress is surely served past the node ports: its class, or the controller of its IngressClass, is named
// after a proxy in the cluster, or the AWS controller is told to aim at pods.
func reachesPods(p *rule.Pass, o *cluster.Object, ing *networkingv1.Ingress) bool {
	class := classOf(o, ing)
	if class == "" {
		return false
	}
	if class == "alb" {
		return !needsNodePort(o, ing)
	}
	controller := class
	if x := p.Lookup(o, networkingv1.GroupName, "IngressClass", "", class); x != nil {
		if c := cluster.As[*networkingv1.IngressClass](x); c != nil {
			controller = c.Spec.Controller
		}
	}
	return slices.ContainsFunc(podProxies[:], func(proxy string) bool { return strings.Contains(controller, proxy) })
}
