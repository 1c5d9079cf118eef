package network

import "github.com/fairway-k8s/fairway/internal/rule"

// Rules returns the family.
func Rules() []*rule.Rule {
	return []*rule.Rule{
		grpcBalancedByConnection,
		httpRouteBackendMissing,
		ingressBackendMissing,
		ingressBackendPortMissing,
		ingressClassMissing,
		ingressHostDuplicate,
		ingressTLSMissing,
		policyDNSOverUDPOnly,
		policyEgressWithoutDNS,
		policyMissing,
		policyPeerSelectsNothing,
		policyRulesIgnored,
		policySelectsNothing,
		policyWrongPort,
		portNameWithoutProtocol,
		serviceExternalIPs,
		serviceLoadBalancerPublic,
		serviceMonitorSelectsNothing,
		serviceNodePort,
		serviceSelectsNothing,
		serviceSelectsOtherWorkload,
		targetPortNotOnPod,
	}
}

const (
	linkService  = "https://kubernetes.io/docs/concepts/services-networking/service/"
	linkIngress  = "https://kubernetes.io/docs/concepts/services-networking/ingress/"
	linkPolicy   = "https://kubernetes.io/docs/concepts/services-networking/network-policies/"
	linkDNS      = "https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/"
	linkGateway  = "https://gateway-api.sigs.k8s.io/reference/spec/"
	linkSelector = "https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/"
)
