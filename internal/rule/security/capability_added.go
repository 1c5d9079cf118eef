package security

import (
	"strings"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
)

var capabilityAdded = &rule.Rule{
	ID:    "capability-added",
	Title: "a container is given a capability that the restricted level does not know",
	Why: "Pod Security's restricted level lets a container have NET_BIND_SERVICE and nothing else. A namespace that enforces it refuses " +
		"the pod.",
	How:      "Remove what is not needed. Run the program as the user that owns its files, so that CHOWN, SETUID and their like are not.",
	Severity: finding.Could, Profile: rule.Strict, Since: "0.1.0", Incident: "root-container",
	Links: []string{linkStandards},
	Container: func(p *rule.Pass, w *cluster.Workload, c *cluster.Container) {
		if len(added(c)) == 0 || privileged(c) || nodeAgent(w) || meshInit(c) {
			return
		}
		var extra []string
		for _, a := range added(c) {
			if n := capability(a); dangers[n] == "" && a != "NET_BIND_SERVICE" && !strings.ContainsAny(n, "${}") {
				extra = append(extra, string(a))
			}
		}
		if len(extra) > 0 {
			p.Report(w.Object, c.Path+".securityContext.capabilities.add", "%s adds %s, which the restricted level refuses", kindOf(c), strings.Join(extra, ", "))
		}
	},
}
