package security

import (
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
	"github.com/fairway-k8s/fairway/internal/source"
)

// capabilitiesNotDropped offers a fix when the container runs as a user other than root, adds nothing, and declares no port below
// 1024. Such a process starts with empty permitted and effective sets in any case (capabilities(7), execve), so there is nothing
// that it could lose but what programs with file capabilities would give it.
var capabilitiesNotDropped = &rule.Rule{
	ID:    "capabilities-not-dropped",
	Title: "a container keeps capabilities that it does not need",
	Why: "Runtimes give every container about a dozen capabilities of root's, among them making device files, changing owners and, with " +
		"many runtimes, forging packets. Hardly a service needs one, and each helps whoever has taken it over.",
	How:      "Drop ALL. Add back by name what the program turns out to need, such as NET_BIND_SERVICE.",
	Example:  "securityContext:\n  capabilities:\n    drop: [ALL]\n",
	Severity: finding.Should, Profile: rule.Golden, Since: "0.1.0", Incident: "root-container", Fixes: true,
	Links: []string{linkStandards, linkContext},
	Gate:  &rule.Gate{Outdone: byPrivileged, Let: []rule.Let{letLinux}, Container: "linux && !c.?securityContext.?capabilities.?drop.orValue([]).exists(d, d == 'ALL')"},
	Container: func(p *rule.Pass, w *cluster.Workload, c *cluster.Container) {
		if !judged(w, c) || privileged(c) {
			return
		}
		field := c.Path + ".securityContext.capabilities.drop"
		var dropped []string
		if s := c.SecurityContext; s != nil && s.Capabilities != nil {
			for _, d := range s.Capabilities.Drop {
				if d == "ALL" {
					return
				}
				dropped = append(dropped, string(d))
			}
		}
		var f *finding.Finding
		misspelt := false
		switch {
		case len(dropped) == 1 && capability(corev1.Capability(dropped[0])) == "ALL":
			misspelt = true
			f = p.Report(w.Object, field, "%s drops %q: Pod Security knows only the spelling ALL", kindOf(c), dropped[0])
		case len(dropped) > 0:
			f = p.Report(w.Object, field, "%s drops %s and keeps the rest of what the runtime gives every container", kindOf(c), strings.Join(dropped, ", "))
		default:
			f = p.Report(w.Object, field, "%s drops no capabilities: it keeps all that the runtime gives every container", kindOf(c))
		}
		if misspelt || canDropAll(w, c) {
			f.Fix = rule.Mend("drop: [ALL]", rule.Set(field, source.List(source.String("ALL")), "resources"))
		}
	},
}

func canDropAll(w *cluster.Workload, c *cluster.Container) bool {
	if !ordinaryUser(w, c) || len(added(c)) > 0 {
		return false
	}
	if s := c.SecurityContext; s != nil && s.AllowPrivilegeEscalation != nil && *s.AllowPrivilegeEscalation {
		return false
	}
	for i := range c.Ports {
		if c.Ports[i].ContainerPort < 1024 {
			return false
		}
	}
	return true
}
