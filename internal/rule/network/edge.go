package network

import (
	"strings"

	networkingv1 "k8s.io/api/networking/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
)

// frontDoor reports whether a Service is that of an ingress controller, a gateway or another proxy at the edge, which is meant to be
// reached from outside. It goes by names: those of the Service, of the application, and of the well-known proxies.
func frontDoor(o *cluster.Object) bool {
	for _, s := range [...]string{o.Name, o.Labels["app.kubernetes.io/name"], o.Labels["app.kubernetes.io/component"], o.Labels["app"], o.Labels["istio"]} {
		for _, word := range [...]string{"ingress", "gateway", "traefik", "haproxy", "envoy", "contour", "kong", "nginx-controller", "edge-proxy", "loadbalancer",
			"load-balancer"} {
			if strings.Contains(s, word) {
				return true
			}
		}
	}
	return false
}

// writtenAsRead reports whether the manifest of an Ingress has the fields that rules see: older versions of the API call backends
// otherwise, so nothing can be mended there before the version is.
func writtenAsRead(o *cluster.Object) bool {
	return o.APIVersion == networkingv1.SchemeGroupVersion.String()
}

// classOf returns the class of an Ingress, by field or by the annotation from before the field; "" when it has none.
func classOf(o *cluster.Object, ing *networkingv1.Ingress) string {
	if ing.Spec.IngressClassName != nil {
		return *ing.Spec.IngressClassName
	}
	return o.Annotations["kubernetes.io/ingress.class"]
}
