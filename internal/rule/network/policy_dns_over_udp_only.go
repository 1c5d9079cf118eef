package network

import (
	"fmt"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
)

// policyDNSOverUDPOnly speaks of the rule that opens UDP 53 and not TCP 53. It is silent when another rule of the policy, or another
// policy for the same pods, opens TCP.
var policyDNSOverUDPOnly = &rule.Rule{
	ID:    "networkpolicy-dns-over-udp-only",
	Title: "a NetworkPolicy allows DNS over UDP but not over TCP",
	Why: "An answer that does not fit into a UDP packet is asked for again over TCP (RFC 7766). Without it, names with many addresses fail " +
		"or wait for a timeout, and only those.",
	How:      "Allow TCP 53 wherever UDP 53 is allowed.",
	Example:  "ports:\n  - {protocol: UDP, port: 53}\n  - {protocol: TCP, port: 53}\n",
	Severity: finding.Could, Profile: rule.Strict, Since: "0.1.0", Incident: "dns-cut", Fixes: true,
	Links: []string{"https://www.rfc-editor.org/rfc/rfc7766", linkPolicy},
	Snapshot: func(p *rule.Pass) {
		u := newUnions()
		for _, o := range p.Of("networking.k8s.io", "NetworkPolicy") {
			if e := u.policy(o); !e.udp || e.tcp || openedElsewhere(p, u, o) {
				continue
			}
			np := cluster.As[*networkingv1.NetworkPolicy](o)
			for i := range np.Spec.Egress {
				ports := np.Spec.Egress[i].Ports
				j := slices.IndexFunc(ports, func(x networkingv1.NetworkPolicyPort) bool {
					return isDNS(&x) && x.Port.IntVal > 0 && protocol(&x) == corev1.ProtocolUDP
				})
				if j < 0 {
					continue
				}
				number := ports[j].Port.IntVal
				field := "spec.egress[" + strconv.Itoa(i) + "].ports"
				p.Report(o, field, "UDP %d is allowed and TCP %d is not, so long answers are lost", number, number).Fix =
					rule.Mend(fmt.Sprintf("allow TCP %d too", number), rule.Set(fmt.Sprintf("%s[%d]", field, len(ports)), dnsPort("TCP", number)))
				break
			}
		}
	},
}

// openedElsewhere reports whether other policies let all pods that o selects reach DNS over TCP. Of the pods of a whole namespace one
// stands for all.
func openedElsewhere(p *rule.Pass, u unions, o *cluster.Object) bool {
	pods := p.PodsOf(o)
	if np := cluster.As[*networkingv1.NetworkPolicy](o); cluster.SelectorEmpty(&np.Spec.PodSelector) && len(pods) > 1 {
		pods = pods[:1]
	}
	for _, w := range pods {
		own, shared := p.PolicyLists(w)
		if !u.list(own).tcp && !u.whole(shared[0]).tcp && !u.whole(shared[1]).tcp {
			return false
		}
	}
	return len(pods) > 0
}
