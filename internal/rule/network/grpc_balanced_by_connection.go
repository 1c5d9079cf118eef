package network

import (
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
)

// grpcBalancedByConnection is contested because what makes it right does not show in manifests: a client that balances by itself through a resolver of its
// own, or a server that ends its connections after some minutes.
var grpcBalancedByConnection = &rule.Rule{
	ID:    "grpc-balanced-by-connection",
	Title: "a Service spreads connections, and gRPC clients keep one",
	Why: "A Service picks a pod for each connection. A gRPC client opens one and sends all of its requests over it, so new pods get nothing and an old one is overloaded, " +
		"however many replicas the autoscaler adds.",
	How: "Make the Service headless (clusterIP: None) and let clients balance (dns:/// with round_robin), put a mesh or gateway between that balances requests, or let the " +
		"server end connections after some minutes (MAX_CONNECTION_AGE).",
	Example: "kind: Service\nspec:\n  clusterIP: None\n  ports:\n    - {name: grpc, port: 9090, appProtocol: grpc}\n",
	Contest: "For it: without one of the three the load is uneven, and most who start with gRPC have none. Against it: a maximum age of connections, which is the simplest " +
		"mend, is in the server's code and not in a manifest.",
	Severity: finding.Could, Profile: rule.Contested, Since: "0.1.0",
	Links: []string{"https://kubernetes.io/docs/reference/networking/virtual-ips/", "https://grpc.io/blog/grpc-load-balancing/"},
	Object: func(p *rule.Pass, o *cluster.Object) {
		svc := cluster.As[*corev1.Service](o)
		if svc == nil || svc.Spec.ClusterIP == corev1.ClusterIPNone || svc.Spec.Type == corev1.ServiceTypeExternalName || len(svc.Spec.Selector) == 0 || inMesh(p, o) {
			return
		}
		for _, w := range p.PodsOf(o) {
			if w.Replicas != nil && *w.Replicas == 1 && len(p.ScalersOf(w)) == 0 {
				return // there is one pod to send to
			}
		}
		for i := range svc.Spec.Ports {
			if port := &svc.Spec.Ports[i]; speaksGRPC(port) {
				p.Report(o, "spec.ports["+strconv.Itoa(i)+"]", "clients of port %s send all requests of a connection to one pod", portName(port))
			}
		}
	},
}

// speaksGRPC reports whether a port's protocol or name says gRPC.
func speaksGRPC(p *corev1.ServicePort) bool {
	if p.AppProtocol != nil {
		return *p.AppProtocol == "grpc" || *p.AppProtocol == "kubernetes.io/h2c"
	}
	return p.Name == "grpc" || strings.HasPrefix(p.Name, "grpc-")
}
