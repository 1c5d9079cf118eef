package network

import (
	"strings"

	networkingv1 "k8s.io/api/networking/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
	"github.com/fairway-k8s/fairway/internal/source"
)

// ingressTLSMissing is silent where a controller takes certificates from elsewhere: annotations of the cloud's load balancers, classes
// whose edge always speaks TLS. Its mend is for Ingresses that cert-manager watches: it makes the Secret under whatever name is given.
var ingressTLSMissing = &rule.Rule{
	ID:    "ingress-tls-missing",
	Title: "an Ingress serves hosts without TLS",
	Why: "Requests, cookies and tokens cross the network in the clear, and browsers mark the site as not secure. A host that no entry of " +
		"spec.tls lists gets the controller's own certificate, which nobody trusts.",
	How:      "List every host under spec.tls with the Secret that holds its certificate.",
	Example:  "tls:\n  - hosts: [shop.example.com]\n    secretName: shop-tls\n",
	Severity: finding.Should, Profile: rule.Strict, Since: "0.1.0", Fixes: true,
	Links: []string{linkIngress + "#tls"},
	Object: func(p *rule.Pass, o *cluster.Object) {
		ing := cluster.As[*networkingv1.Ingress](o)
		if ing == nil || terminated(o, ing) || len(ing.Spec.Rules) == 0 && ing.Spec.DefaultBackend == nil {
			return
		}
		if len(ing.Spec.TLS) == 0 {
			f := p.Report(o, "spec.tls", "there is no spec.tls, so requests to %s cross the network in the clear", hostsText(ing))
			if certManager(o) {
				f.Fix = tlsOf(o, ing)
			}
			return
		}
		for i := range ing.Spec.Rules {
			if h := ing.Spec.Rules[i].Host; h != "" && !placeholder(h) && !listed(h, ing.Spec.TLS) {
				p.Report(o, "spec.tls", "no entry of spec.tls lists the host %s", h)
			}
		}
	},
}

func certManager(o *cluster.Object) bool {
	for _, k := range [...]string{"cert-manager.io/cluster-issuer", "cert-manager.io/issuer", "kubernetes.io/tls-acme"} {
		if v := o.Annotations[k]; v != "" && v != "false" {
			return true
		}
	}
	return false
}

// tlsOf lists the hosts of an Ingress under one Secret; nil when it has none.
func tlsOf(o *cluster.Object, ing *networkingv1.Ingress) *finding.Fix {
	var hosts []source.Value
	seen := map[string]bool{}
	for i := range ing.Spec.Rules {
		if h := ing.Spec.Rules[i].Host; h != "" && !seen[h] {
			seen[h] = true
			hosts = append(hosts, source.String(h))
		}
	}
	if len(hosts) == 0 || o.Name == "" || strings.HasSuffix(o.Name, "*") {
		return nil
	}
	return rule.Mend("set spec.tls for cert-manager", rule.Set("spec.tls", source.List(source.Map(
		source.F("hosts", source.List(hosts...)), source.F("secretName", source.String(o.Name+"-tls")))), "ingressClassName"))
}

func hostsText(ing *networkingv1.Ingress) string {
	first, n := "", 0
	for i := range ing.Spec.Rules {
		if h := ing.Spec.Rules[i].Host; h != "" {
			if n++; n == 1 {
				first = h
			}
		}
	}
	switch n {
	case 0:
		return "every host"
	case 1:
		return first
	}
	return first + " and others"
}

// listed reports whether a host, or a wildcard over it, is in some entry. An entry without hosts stands for all.
func listed(host string, entries []networkingv1.IngressTLS) bool {
	_, parent, _ := strings.Cut(host, ".")
	for i := range entries {
		if len(entries[i].Hosts) == 0 {
			return true
		}
		for _, h := range entries[i].Hosts {
			if h == host || h == "*."+parent || placeholder(h) {
				return true
			}
		}
	}
	return false
}

// terminated reports whether TLS is dealt with outside spec.tls.
func terminated(o *cluster.Object, ing *networkingv1.Ingress) bool {
	switch classOf(o, ing) {
	case "tailscale", "cloudflare-tunnel", "ngrok": // their edge always speaks TLS
		return true
	case "alb":
		if len(o.Annotations) > 0 && (o.Annotations["alb.ingress.kubernetes.io/scheme"] == "internal" || strings.Contains(o.Annotations["alb.ingress.kubernetes.io/listen-ports"], "HTTPS")) {
			return true
		}
	}
	for k := range o.Annotations {
		switch k {
		case "alb.ingress.kubernetes.io/certificate-arn", "alb.ingress.kubernetes.io/group.name", "ingress.gcp.kubernetes.io/pre-shared-cert",
			"networking.gke.io/managed-certificates", "networking.gke.io/certmap", "appgw.ingress.kubernetes.io/appgw-ssl-certificate",
			"traefik.ingress.kubernetes.io/router.tls", "traefik.ingress.kubernetes.io/router.tls.certresolver", "route.openshift.io/termination",
			"nginx.ingress.kubernetes.io/ssl-passthrough", "haproxy.org/ssl-passthrough":
			return true
		}
	}
	return false
}
