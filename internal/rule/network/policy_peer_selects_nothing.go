package network

import (
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
)

// policyPeerSelectsNothing judges peers in the policy's own namespace. A scope with one workload is a service of its own, whose
// callers live elsewhere by nature; peers in other namespaces need the Namespace objects and their pods.
var policyPeerSelectsNothing = &rule.Rule{
	ID:    "networkpolicy-peer-selects-nothing",
	Title: "a peer of a NetworkPolicy selects nothing",
	Why: "A peer that matches no pod allows nobody. The caller that it was meant for is cut off by the very rule that names it, and its " +
		"calls time out.",
	How:      "Make the peer's podSelector equal labels of the pods that call or are called. For pods of another namespace, add a namespaceSelector to the same list item.",
	Example:  "ingress:\n  - from:\n      - podSelector:\n          matchLabels:\n            app.kubernetes.io/name: checkout\n",
	Severity: finding.Should, Profile: rule.Golden, Since: "0.1.0", Incident: "policy-matched-nothing", NeedsContext: true, Fixes: true,
	Links: []string{linkPolicy},
	Object: func(p *rule.Pass, o *cluster.Object) {
		np := cluster.As[*networkingv1.NetworkPolicy](o)
		if np == nil {
			return
		}
		var unseen unseenNamespaces
		for i := range np.Spec.Ingress {
			for j := range np.Spec.Ingress[i].From {
				judgePeer(p, o, &np.Spec.Ingress[i].From[j], "ingress", i, "from", j, &unseen)
			}
		}
		for i := range np.Spec.Egress {
			for j := range np.Spec.Egress[i].To {
				judgePeer(p, o, &np.Spec.Egress[i].To[j], "egress", i, "to", j, &unseen)
			}
		}
		if n := len(unseen.selectors); n > 0 {
			more := ""
			if n > 1 {
				more = " (and with " + strconv.Itoa(n-1) + " more selectors)"
			}
			p.Unknown(o, unseen.first, "a Namespace with %s%s", unseen.selectors[0], more)
		}
	},
}

// unseenNamespaces are the namespaces that the peers of a policy select and the input does not show. A policy for calls from outside has
// some by nature, so they are said once.
type unseenNamespaces struct {
	first     string // the field of the first
	selectors []string
}

func judgePeer(p *rule.Pass, o *cluster.Object, peer *networkingv1.NetworkPolicyPeer, direction string, i int, list string, j int, unseen *unseenNamespaces) {
	if selectorHidden(peer.PodSelector) || selectorHidden(peer.NamespaceSelector) {
		return
	}
	field := func(selector string) string {
		return "spec." + direction + "[" + strconv.Itoa(i) + "]." + list + "[" + strconv.Itoa(j) + "]." + selector
	}
	switch {
	case peer.NamespaceSelector != nil:
		if !namespaceExists(p, o, peer.NamespaceSelector) {
			if len(unseen.selectors) == 0 {
				unseen.first = field("namespaceSelector")
			}
			if said := metav1.FormatLabelSelector(peer.NamespaceSelector); !slices.Contains(unseen.selectors, said) {
				unseen.selectors = append(unseen.selectors, said)
			}
		}
		return
	case peer.PodSelector == nil || cluster.SelectorEmpty(peer.PodSelector) || len(p.Select(o, peer.PodSelector)) > 0:
		return
	}
	sel := peer.PodSelector.MatchLabels
	ok, missing := judgesPods(p, o, sel)
	if ok && len(p.Beside(o)) < 2 {
		ok, missing = false, "the pods with "+metav1.FormatLabelSelector(peer.PodSelector)+", as the input has one workload only"
	}
	if !ok {
		p.Unknown(o, field("podSelector"), "%s", missing)
		return
	}
	whom := "may call"
	if list == "to" {
		whom = "may be called"
	}
	said := metav1.FormatLabelSelector(peer.PodSelector)
	path := field("podSelector")
	if len(peer.PodSelector.MatchExpressions) == 0 {
		if s := slipOf(p, o, "", sel); s != nil {
			p.Report(o, path, "no pod of this namespace has %s, so nobody %s by this rule; %s", said, whom, s).Fix = s.mend(path + ".matchLabels")
			return
		}
	}
	p.Report(o, path, "no pod of this namespace has %s, so nobody %s by this rule", said, whom)
}

// namespaceExists reports whether a namespaceSelector selects a namespace for sure: one in the input, or one that every cluster has.
// A namespace carries its name as a label (KubernetesNamespaceLabel, KEP-2161).
func namespaceExists(p *rule.Pass, o *cluster.Object, sel *metav1.LabelSelector) bool {
	if cluster.SelectorEmpty(sel) {
		return true
	}
	if name, only := namespaceOf(sel); only {
		switch name {
		case "kube-system", "kube-public", "kube-node-lease", "default", o.Namespace:
			return true
		}
		for _, ns := range p.Of("", "Namespace") {
			if ns.Name == name {
				return true
			}
		}
		return false
	}
	for _, ns := range p.Of("", "Namespace") {
		labels := ns.Labels
		if labels[corev1.LabelMetadataName] == "" {
			labels = make(map[string]string, len(ns.Labels)+1)
			for k, v := range ns.Labels {
				labels[k] = v
			}
			labels[corev1.LabelMetadataName] = ns.Name
		}
		if cluster.SelectorMatches(sel, labels) {
			return true
		}
	}
	return false
}

// namespaceOf returns the namespace that a selector names, and whether that is all it says.
func namespaceOf(sel *metav1.LabelSelector) (name string, only bool) {
	name = sel.MatchLabels[corev1.LabelMetadataName]
	return name, name != "" && len(sel.MatchLabels) == 1 && len(sel.MatchExpressions) == 0
}
