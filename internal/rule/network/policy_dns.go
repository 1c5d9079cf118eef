package network

import (
	"net/netip"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
)

// egress is what one or several policies let out of a pod.
type egress struct {
	isolates bool // selected for egress: what is not allowed is closed
	allows   bool // something is allowed, so the pod is meant to call somebody
	names    bool // and by name: the peers are not single addresses
	udp, tcp bool // DNS over UDP and TCP
}

func (e egress) and(o egress) egress {
	return egress{e.isolates || o.isolates, e.allows || o.allows, e.names || o.names, e.udp || o.udp, e.tcp || o.tcp}
}

// egressOf reads one policy. Policies whose policyTypes do not list Egress let their egress rules lie; the API server has put the types
// in when the manifest has none.
func egressOf(np *networkingv1.NetworkPolicy) egress {
	var e egress
	if !slices.Contains(np.Spec.PolicyTypes, networkingv1.PolicyTypeEgress) {
		return e
	}
	e.isolates = true
	for i := range np.Spec.Egress {
		r := &np.Spec.Egress[i]
		udp, tcp := dnsPorts(r)
		dnsOnly := len(r.Ports) > 0
		for j := range r.Ports {
			dnsOnly = dnsOnly && isDNS(&r.Ports[j])
		}
		e.udp, e.tcp = e.udp || udp, e.tcp || tcp
		if dnsOnly {
			continue
		}
		e.allows = true
		e.names = e.names || len(r.To) == 0
		for j := range r.To {
			e.names = e.names || !oneAddress(&r.To[j])
		}
	}
	return e
}

// dnsPorts reports whether a rule lets lookups through. Where it lists ports, 53 is meant for DNS wherever it leads, and so is 5353,
// which OpenShift's DNS pods listen on. Where it does not, the peers must be able to hold a resolver.
func dnsPorts(r *networkingv1.NetworkPolicyEgressRule) (udp, tcp bool) {
	if len(r.Ports) == 0 {
		could := len(r.To) == 0 || slices.ContainsFunc(r.To, couldResolve)
		return could, could
	}
	for i := range r.Ports {
		if p := &r.Ports[i]; p.Port == nil && len(r.To) > 0 && !slices.ContainsFunc(r.To, couldResolve) || !coversDNS(p) {
			continue
		}
		switch protocol(&r.Ports[i]) {
		case corev1.ProtocolUDP:
			udp = true
		case corev1.ProtocolTCP:
			tcp = true
		}
	}
	return udp, tcp
}

func protocol(p *networkingv1.NetworkPolicyPort) corev1.Protocol {
	if p.Protocol == nil {
		return corev1.ProtocolTCP
	}
	return *p.Protocol
}

// coversDNS reports whether a port of a rule is, or has in its range, that of a resolver.
func coversDNS(p *networkingv1.NetworkPolicyPort) bool {
	if p.Port == nil {
		return true
	}
	if name := p.Port.StrVal; name != "" {
		return strings.Contains(name, "dns") || name == "domain" || placeholder(name)
	}
	from, to := p.Port.IntVal, p.Port.IntVal
	if p.EndPort != nil {
		to = *p.EndPort
	}
	return from <= 53 && 53 <= to || from <= 5353 && 5353 <= to
}

// isDNS reports whether a port of a rule is for DNS and nothing else.
func isDNS(p *networkingv1.NetworkPolicyPort) bool {
	return p.Port != nil && p.EndPort == nil && coversDNS(p)
}

// couldResolve reports whether a peer may hold the cluster's resolver: everything outside the policy's own namespace that is not named
// as something else, and networks of addresses. CoreDNS is in kube-system, OpenShift's in openshift-dns, a node-local cache on a
// link-local address; by convention the cluster's DNS Service ends in .10.
func couldResolve(peer networkingv1.NetworkPolicyPeer) bool {
	switch {
	case peer.IPBlock != nil:
		prefix, err := netip.ParsePrefix(peer.IPBlock.CIDR)
		if err != nil {
			return true // another rule's, or a placeholder
		}
		a := prefix.Addr()
		return prefix.Bits() <= a.BitLen()-8 || a.IsLinkLocalUnicast() || a.Is4() && a.As4()[3] == 10
	case peer.NamespaceSelector == nil:
		for k, v := range peer.PodSelector.MatchLabels {
			if strings.Contains(k, "dns") || strings.Contains(v, "dns") {
				return true
			}
		}
		return false
	}
	if name, _ := namespaceOf(peer.NamespaceSelector); name != "" {
		return name == "kube-system" || strings.Contains(name, "dns") || placeholder(name)
	}
	return true
}

// oneAddress reports whether a peer is a single address, which is called without a lookup.
func oneAddress(peer *networkingv1.NetworkPolicyPeer) bool {
	if peer.IPBlock == nil {
		return false
	}
	prefix, err := netip.ParsePrefix(peer.IPBlock.CIDR)
	return err == nil && prefix.IsSingleIP()
}

// unions puts together what policies allow to a pod. The lists that a whole namespace shares are read once.
type unions struct {
	of     map[*cluster.Object]egress
	shared map[**cluster.Object]egress
}

func newUnions() unions {
	return unions{map[*cluster.Object]egress{}, map[**cluster.Object]egress{}}
}

func (u unions) policy(o *cluster.Object) egress {
	e, ok := u.of[o]
	if !ok {
		if np := cluster.As[*networkingv1.NetworkPolicy](o); np != nil {
			e = egressOf(np)
		}
		u.of[o] = e
	}
	return e
}

func (u unions) list(l []*cluster.Object) egress {
	var e egress
	for _, o := range l {
		e = e.and(u.policy(o))
	}
	return e
}

func (u unions) whole(l []*cluster.Object) egress {
	if len(l) == 0 {
		return egress{}
	}
	e, ok := u.shared[&l[0]]
	if !ok {
		e = u.list(l)
		u.shared[&l[0]] = e
	}
	return e
}

// otherPolicies returns an object of a policy kind that Kubernetes does not define itself and that may allow w's pods, or close to
// them, what the NetworkPolicies do not: one for the whole cluster, of w's scope, or of its namespace. nil when the input has none.
func otherPolicies(s *cluster.Snapshot, w *cluster.Workload) *cluster.Object {
	for _, k := range [...]struct {
		group, kind string
		everywhere  bool
	}{
		{"cilium.io", "CiliumClusterwideNetworkPolicy", true}, {"cilium.io", "CiliumNetworkPolicy", false},
		{"crd.projectcalico.org", "GlobalNetworkPolicy", true}, {"crd.projectcalico.org", "NetworkPolicy", false},
		{"projectcalico.org", "GlobalNetworkPolicy", true}, {"projectcalico.org", "NetworkPolicy", false},
		{"policy.networking.k8s.io", "AdminNetworkPolicy", true}, {"policy.networking.k8s.io", "BaselineAdminNetworkPolicy", true},
		{"policy.networking.k8s.io", "ClusterNetworkPolicy", true},
		{"crd.antrea.io", "ClusterNetworkPolicy", true}, {"crd.antrea.io", "NetworkPolicy", false},
	} {
		for _, o := range s.Of(k.group, k.kind) {
			if k.everywhere || o.Scope == w.Scope || o.Namespace == w.Namespace && o.Namespace != "" {
				return o
			}
		}
	}
	return nil
}
