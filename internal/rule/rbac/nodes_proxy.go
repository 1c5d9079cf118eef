package rbac

import (
	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
)

// nodesProxy is about ClusterRoles only: a Role allows nothing with nodes.
var nodesProxy = &rule.Rule{
	ID:    "rbac-nodes-proxy",
	Title: "a role allows to speak to the kubelets",
	Why: "nodes/proxy leads to the kubelet's own API, which runs commands in every pod of the node, past admission and the audit log of " +
		"the API server. get is enough for that, as a command can be run over a websocket.",
	How:      "For metrics allow get on nodes/metrics, nodes/stats or nodes/log instead.",
	Example:  "rules:\n  - apiGroups: [\"\"]\n    resources: [nodes/metrics]\n    verbs: [get]\n",
	Severity: finding.Should, Profile: rule.Strict, Since: "0.1.0", Incident: "admin-for-convenience",
	Links: []string{linkPractice + "#access-to-proxy-subresource-of-nodes", "https://kubernetes.io/docs/reference/access-authn-authz/kubelet-authn-authz/"},
	Object: func(p *rule.Pass, o *cluster.Object) {
		if o.Kind != "ClusterRole" {
			return
		}
		grants := grantsOf(o)
		for i := range grants {
			if r := &grants[i]; on(r, "", "nodes/proxy") && len(verbsOf(r, "get", "create")) > 0 {
				p.Report(o, field(i, "resources"), "nodes/proxy allows to run commands in every pod of every node, past admission and audit")
			}
		}
	},
}
