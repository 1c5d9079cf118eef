package rbac

import (
	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
)

// creators are the resources that make pods, with their API groups.
var creators = [...][2]string{
	{"", "pods"}, {"", "replicationcontrollers"}, {"apps", "deployments"}, {"apps", "statefulsets"}, {"apps", "daemonsets"},
	{"apps", "replicasets"}, {"batch", "jobs"}, {"batch", "cronjobs"},
}

var podsCreate = &rule.Rule{
	ID:    "rbac-pods-create",
	Title: "a role allows to create pods",
	Why: "Whoever creates a pod chooses its ServiceAccount and what it mounts: every Secret, ConfigMap and volume of the namespace, and the " +
		"rights of every account in it. Without Pod Security also the node.",
	How:      "That is a deployer's or an operator's job. Give it in the namespace where it is needed, and enforce Pod Security there.",
	Severity: finding.Could, Profile: rule.Strict, Since: "0.1.0", Incident: "admin-for-convenience",
	Links: []string{linkPractice + "#workload-creation"},
	Object: func(p *rule.Pass, o *cluster.Object) {
		grants := grantsOf(o)
		for i := range grants {
			r := &grants[i]
			if len(verbsOf(r, "create")) == 0 {
				continue
			}
			for _, c := range creators {
				if on(r, c[0], c[1]) {
					p.Report(o, field(i, "resources"), "who may create %s reads every Secret and has the rights of every ServiceAccount %s", c[1], where(o))
					break
				}
			}
		}
	},
}
