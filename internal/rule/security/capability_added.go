package security

import (
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
	"github.com/fairway-k8s/fairway/internal/source"
)

// given are the capabilities that both containerd and CRI-O give every container unless it drops them (containerd
// pkg/oci/spec.go, defaultUnixCaps; crio.conf, default_capabilities). To add one of them changes nothing.
var given = map[string]bool{
	"CHOWN": true, "DAC_OVERRIDE": true, "FOWNER": true, "FSETID": true, "KILL": true, "NET_BIND_SERVICE": true, "SETGID": true, "SETPCAP": true, "SETUID": true,
}

// The fix is offered when all that the restricted level refuses is there anyway.
var capabilityAdded = &rule.Rule{
	ID:    "capability-added",
	Title: "a container is given a capability that the restricted level does not know",
	Why: "Pod Security's restricted level lets a container have NET_BIND_SERVICE and nothing else. A namespace that enforces it refuses " +
		"the pod.",
	How:      "Remove what is not needed. Run the program as the user that owns its files, so that CHOWN, SETUID and their like are not.",
	Severity: finding.Could, Profile: rule.Strict, Since: "0.1.0", Incident: "root-container", Fixes: true,
	Links: []string{linkStandards},
	Gate: &rule.Gate{Outdone: byPrivileged, Let: letNodeAgent, Container: "!nodeAgent && " + celNotMeshInit + " &&\n" + celAdded + ".exists(a, a != 'NET_BIND_SERVICE' &&\n" +
		"  !(" + celCapability("a") + " in " + celList(slices.Sorted(maps.Keys(dangers))) + ") && !a.matches('[${}]'))"},
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
		if len(extra) == 0 {
			return
		}
		path := c.Path + ".securityContext.capabilities"
		f := p.Report(w.Object, path+".add", "%s adds %s, which the restricted level refuses", kindOf(c), strings.Join(extra, ", "))
		if left, ok := withoutGiven(c.SecurityContext.Capabilities); ok {
			change := rule.Set(path+".add", source.List(left...))
			switch {
			case len(left) == 0 && len(c.SecurityContext.Capabilities.Drop) == 0:
				change = rule.Remove(path)
			case len(left) == 0:
				change = rule.Remove(path + ".add")
			}
			f.Fix = rule.Mend("do not add "+strings.Join(extra, ", ")+", which every container has", change)
		}
	},
}

// withoutGiven returns what a container adds beyond what it has anyway; ok is false when the restricted level would refuse that too.
func withoutGiven(c *corev1.Capabilities) (left []source.Value, ok bool) {
	for _, a := range c.Add {
		n := capability(a)
		dropped := slices.ContainsFunc(c.Drop, func(d corev1.Capability) bool { return capability(d) == "ALL" || capability(d) == n })
		switch {
		case given[n] && !dropped && a != "NET_BIND_SERVICE":
		case a == "NET_BIND_SERVICE":
			left = append(left, source.String(string(a)))
		default:
			return nil, false
		}
	}
	return left, true
}
