package network

import (
	"strconv"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
	"github.com/fairway-k8s/fairway/internal/source"
)

// policyWrongPort looks at the pods that a rule opens: those the policy selects, for ingress, and the peers, for egress. A number that
// they do not declare is wrong when it is the port of a Service of theirs that leads to another one; a name, when no pod declares it.
// Policies and peers that take in a whole namespace are left alone, and so is a list that opens the pods' port as well.
var policyWrongPort = &rule.Rule{
	ID:    "networkpolicy-wrong-port",
	Title: "a NetworkPolicy opens a port that the pods do not have",
	Why: "Ports of a NetworkPolicy are ports of the pods: traffic is judged after the Service has translated it. A policy that opens the " +
		"Service's port opens nothing, and the calls that it was written for are dropped.",
	How:      "Use the pods' port, best by its name: it stays right when the number changes.",
	Example:  "ingress:\n  - ports:\n      - {protocol: TCP, port: http}   # the container's port, 8080; the Service's is 80\n",
	Severity: finding.Must, Profile: rule.Basic, Since: "0.1.0", Incident: "policy-matched-nothing", NeedsContext: true, Fixes: true,
	Links: []string{linkPolicy},
	Object: func(p *rule.Pass, o *cluster.Object) {
		np := cluster.As[*networkingv1.NetworkPolicy](o)
		if np == nil || selectorHidden(&np.Spec.PodSelector) {
			return
		}
		if !cluster.SelectorEmpty(&np.Spec.PodSelector) {
			pods := p.PodsOf(o)
			for i := range np.Spec.Ingress {
				ports := np.Spec.Ingress[i].Ports
				switch field := "spec.ingress[" + strconv.Itoa(i) + "].ports"; {
				case len(ports) == 0:
				case len(pods) == 0:
					if ok, missing := judgesPods(p, o, np.Spec.PodSelector.MatchLabels); !ok {
						p.Unknown(o, field, "%s", missing)
					}
				default:
					judgePorts(p, o, field, ports, pods)
				}
			}
		}
		for i := range np.Spec.Egress {
			r := &np.Spec.Egress[i]
			if len(r.Ports) == 0 || len(r.To) == 0 {
				continue
			}
			if pods, ok := peers(p, o, r.To); ok {
				judgePorts(p, o, "spec.egress["+strconv.Itoa(i)+"].ports", r.Ports, pods)
			}
		}
	},
}

// peers returns the pods behind the peers of a rule; false when they cannot all be known by name.
func peers(p *rule.Pass, o *cluster.Object, list []networkingv1.NetworkPolicyPeer) (out []*cluster.Workload, ok bool) {
	for i := range list {
		peer := &list[i]
		if peer.IPBlock != nil || peer.PodSelector == nil || cluster.SelectorEmpty(peer.PodSelector) || selectorHidden(peer.PodSelector) {
			return nil, false
		}
		namespace := o.Namespace
		if peer.NamespaceSelector != nil {
			name, only := namespaceOf(peer.NamespaceSelector)
			if !only {
				return nil, false
			}
			namespace = name
		}
		found := p.SelectIn(o, namespace, peer.PodSelector)
		if len(found) == 0 {
			return nil, false
		}
		out = append(out, found...)
	}
	return out, true
}

func judgePorts(p *rule.Pass, o *cluster.Object, field string, ports []networkingv1.NetworkPolicyPort, pods []*cluster.Workload) {
	for _, w := range pods {
		if !ownsPods(w) || !whole(w) {
			return
		}
	}
	for i := range ports {
		np := &ports[i]
		if np.Port == nil || np.EndPort != nil || anyHas(pods, *np.Port, protocol(np)) {
			continue
		}
		at := field + "[" + strconv.Itoa(i) + "].port"
		if np.Port.Type == intstr.String {
			judgeName(p, o, at, np, pods)
			continue
		}
		svc, w, cp := behindService(p, pods, np)
		if cp == nil || opens(ports, cp) || mentioned(p, pods, np.Port.IntVal) {
			continue
		}
		p.Report(o, at, "%d is the port of Service %s; the pods of %s %s listen on %s, which this rule does not open",
			np.Port.IntVal, svc.Name, w.Kind, w.Name, portText(cp)).Fix =
			rule.Mend("open port "+strconv.Itoa(int(cp.ContainerPort)), rule.Set(at, source.Int(int64(cp.ContainerPort))))
	}
}

func judgeName(p *rule.Pass, o *cluster.Object, at string, np *networkingv1.NetworkPolicyPort, pods []*cluster.Workload) {
	name := np.Port.StrVal
	if placeholder(name) {
		return
	}
	w := pods[0]
	has := declared(w, protocol(np))
	names := make([]string, 0, len(has))
	for _, cp := range has {
		if cp.Name != "" {
			names = append(names, cp.Name)
		}
	}
	if len(has) == 0 {
		p.Report(o, at, "no port of the pods of %s %s is named %s, so this opens nothing", w.Kind, w.Name, name)
		return
	}
	f := p.Report(o, at, "no port of the pods of %s %s is named %s (they declare %s), so this opens nothing", w.Kind, w.Name, name, portsText(has))
	if n := closest(name, names); n != "" {
		f.Fix = rule.Mend("open port "+n, rule.Set(at, source.String(n)))
	} else if len(names) == 1 && len(has) == 1 {
		f.Fix = rule.Mend("open port "+names[0], rule.Set(at, source.String(names[0])))
	}
}

func anyHas(pods []*cluster.Workload, port intstr.IntOrString, protocol corev1.Protocol) bool {
	for _, w := range pods {
		if portOf(w, port, protocol) != nil {
			return true
		}
	}
	return false
}

// behindService finds a Service of the pods that has a policy's port as its own, and the declared port that it leads to, another one.
func behindService(p *rule.Pass, pods []*cluster.Workload, np *networkingv1.NetworkPolicyPort) (*cluster.Object, *cluster.Workload, *corev1.ContainerPort) {
	for _, w := range pods {
		for _, o := range p.ServicesOf(w) {
			svc := cluster.As[*corev1.Service](o)
			for i := range svc.Spec.Ports {
				sp := &svc.Spec.Ports[i]
				if sp.Port != np.Port.IntVal || protocolOf(sp.Protocol) != protocol(np) {
					continue
				}
				if cp := portOf(w, cluster.TargetOf(sp), sp.Protocol); cp != nil && cp.ContainerPort != np.Port.IntVal {
					return o, w, cp
				}
			}
		}
	}
	return nil, nil, nil
}

// opens reports whether a list of ports has a container port.
func opens(ports []networkingv1.NetworkPolicyPort, cp *corev1.ContainerPort) bool {
	for i := range ports {
		np := &ports[i]
		if protocol(np) != protocolOf(cp.Protocol) {
			continue
		}
		switch {
		case np.Port == nil:
			return true
		case np.Port.Type == intstr.String && np.Port.StrVal == cp.Name, np.Port.Type == intstr.Int && np.Port.IntVal == cp.ContainerPort:
			return true
		case np.EndPort != nil && np.Port.IntVal <= cp.ContainerPort && cp.ContainerPort <= *np.EndPort:
			return true
		}
	}
	return false
}
