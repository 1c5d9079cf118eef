package config

import (
	"strconv"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/rule"
)

// judgeCertificates reports the Secrets of an Ingress that nothing makes. One with an annotation for cert-manager or another
// certificate controller gets them made.
func judgeCertificates(p *rule.Pass, o *cluster.Object, ing *networkingv1.Ingress) {
	for i := range ing.Spec.TLS {
		name := ing.Spec.TLS[i].SecretName
		if name == "" || cluster.Placeholder(name) || p.Lookup(o, "", "Secret", "", name) != nil || certified(o) {
			continue
		}
		field := "spec.tls[" + strconv.Itoa(i) + "].secretName"
		maker, known := makerOf(p, o, "Secret", name)
		switch {
		case known:
		case maker != nil || !p.Shows(o, "", "Secret"):
			p.Unknown(o, field, "Secret %s with the certificate, which is not in the input", name)
		default:
			p.Report(o, field, "TLS needs Secret %s, which is not in the input: the controller serves a certificate of its own", name)
		}
	}
}

// certified reports whether an annotation asks a controller for certificates.
func certified(o *cluster.Object) bool {
	for k := range o.Annotations {
		if strings.HasPrefix(k, "cert-manager.io/") || strings.HasPrefix(k, "certmanager.k8s.io/") || k == "kubernetes.io/tls-acme" ||
			strings.HasPrefix(k, "cert.gardener.cloud/") || strings.HasPrefix(k, "acme.cert-manager.io/") {
			return true
		}
	}
	return false
}
