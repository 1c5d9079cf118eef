package network

import (
	"fmt"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
	"github.com/fairway-k8s/fairway/internal/source"
)

// policyEgressWithoutDNS judges pods, not policies: what one policy lacks another may allow. Pods that may call nobody are meant to, and
// pods that only call single addresses need no names. Pods in the host's network are outside NetworkPolicy, and those that bring their
// own resolver (dnsPolicy None) are their author's. The finding is at the first policy that allows something.
//
// The mend opens DNS to the namespace where clusters keep their resolver. A node-local cache needs the address of the host instead:
// there the added rule does no harm and is not enough.
var policyEgressWithoutDNS = &rule.Rule{
	ID:    "networkpolicy-egress-without-dns",
	Title: "pods may call others but cannot look up their names",
	Why: "A policy for egress closes everything it does not list, DNS included. Every call by name then waits for the resolver's timeout " +
		"and fails, and the error names the peer, not the name server.",
	How: "Allow UDP and TCP 53 to the cluster's DNS, in this policy or in one for the whole namespace. A port without protocol is TCP.",
	Example: "egress:\n  - to:\n      - namespaceSelector:\n          matchLabels:\n            kubernetes.io/metadata.name: kube-system\n" +
		"    ports:\n      - {protocol: UDP, port: 53}\n      - {protocol: TCP, port: 53}\n",
	Severity: finding.Must, Profile: rule.Basic, Since: "0.1.0", Incident: "dns-cut", NeedsContext: true, Fixes: true,
	Links: []string{linkPolicy, linkDNS},
	Snapshot: func(p *rule.Pass) {
		policies := p.Of("networking.k8s.io", "NetworkPolicy")
		if len(policies) == 0 {
			return
		}
		u := newUnions()
		cut := map[*cluster.Object]*cluster.Workload{} // by the policy that is reported
		for _, w := range p.Workloads {
			if spec := &w.Template.Spec; spec.HostNetwork || spec.DNSPolicy == corev1.DNSNone {
				continue
			}
			own, shared := p.PolicyLists(w)
			e := u.list(own).and(u.whole(shared[0])).and(u.whole(shared[1]))
			if !e.isolates || !e.allows || !e.names || e.udp {
				continue
			}
			for _, l := range [...][]*cluster.Object{own, shared[0], shared[1]} {
				if o := firstThatAllows(u, l); o != nil {
					if cut[o] == nil {
						cut[o] = w
					}
					break
				}
			}
		}
		for _, o := range policies {
			np := cluster.As[*networkingv1.NetworkPolicy](o)
			if np == nil {
				continue
			}
			w := cut[o]
			e := u.policy(o)
			switch {
			case w == nil && (len(p.PodsOf(o)) > 0 || !e.allows || !e.names || e.udp):
			case w == nil:
				p.Unknown(o, "spec.egress", "the pods that the policy selects, and what other policies allow them")
			default:
				if other := otherPolicies(p.Snapshot, w); other != nil {
					p.Unknown(o, "spec.egress", "what policies of other kinds (%s %s) allow", other.Kind, other.Name)
					continue
				}
				reportCut(p, o, np, w, e)
			}
		}
	},
}

func firstThatAllows(u unions, l []*cluster.Object) *cluster.Object {
	for _, o := range l {
		if u.policy(o).allows {
			return o
		}
	}
	return nil
}

func reportCut(p *rule.Pass, o *cluster.Object, np *networkingv1.NetworkPolicy, w *cluster.Workload, e egress) {
	const field = "spec.egress"
	if e.tcp {
		if i, j := tcpDNS(np); i >= 0 {
			ports := field + "[" + strconv.Itoa(i) + "].ports"
			port := np.Spec.Egress[i].Ports[j].Port
			said := "port " + port.String() + " over TCP only"
			if !o.Has(ports + "[" + strconv.Itoa(j) + "].protocol") {
				said = "port " + port.String() + " without a protocol, which means TCP"
			}
			p.Report(o, ports, "the pods of %s %s ask DNS over UDP, but the policy allows %s", w.Kind, w.Name, said).Fix =
				rule.Mend("allow UDP 53 too", rule.Set(fmt.Sprintf("%s[%d]", ports, len(np.Spec.Egress[i].Ports)), dnsPort("UDP", port.IntVal)))
			return
		}
	}
	p.Report(o, field, "the pods of %s %s may call others, but no policy lets them reach DNS (UDP 53)", w.Kind, w.Name).Fix =
		rule.Mend("allow DNS in kube-system", rule.Set(fmt.Sprintf("%s[%d]", field, len(np.Spec.Egress)), source.Map(
			source.F("to", source.List(source.Map(source.F("namespaceSelector", source.Map(source.F("matchLabels", source.Map(
				source.F(corev1.LabelMetadataName, source.String("kube-system"))))))))),
			source.F("ports", source.List(dnsPort("UDP", 53), dnsPort("TCP", 53))))))
}

func dnsPort(protocol string, number int32) source.Value {
	return source.Map(source.F("protocol", source.String(protocol)), source.F("port", source.Int(int64(number))))
}

// tcpDNS returns the rule and the item of its ports that allow DNS over TCP by number, -1 when there is none.
func tcpDNS(np *networkingv1.NetworkPolicy) (i, j int) {
	for i := range np.Spec.Egress {
		for j := range np.Spec.Egress[i].Ports {
			if p := &np.Spec.Egress[i].Ports[j]; isDNS(p) && p.Port.IntVal > 0 && protocol(p) == corev1.ProtocolTCP {
				return i, j
			}
		}
	}
	return -1, -1
}
