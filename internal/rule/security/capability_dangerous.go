package security

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
)

// dangers are the capabilities beyond those that runtimes give anyway (capabilities(7)) that lead out of the container or into the
// traffic of others, with what they allow.
var dangers = map[string]string{
	"ALL":                "do everything that root on the node can do",
	"AUDIT_CONTROL":      "switch the kernel's audit off",
	"BPF":                "load programs into the kernel",
	"CHECKPOINT_RESTORE": "take over the state of other processes",
	"DAC_READ_SEARCH":    "read every file of the node by its handle",
	"LINUX_IMMUTABLE":    "change files that are marked as immutable",
	"MAC_ADMIN":          "change the mandatory access control of the node",
	"MAC_OVERRIDE":       "ignore the mandatory access control of the node",
	"NET_ADMIN":          "change routes, addresses and firewall rules of its network",
	"NET_RAW":            "forge packets in the name of other pods",
	"PERFMON":            "watch the kernel and every process of the node",
	"SYSLOG":             "read the kernel's log and addresses",
	"SYS_ADMIN":          "mount file systems and do most of what root on the node can do",
	"SYS_BOOT":           "restart the node",
	"SYS_MODULE":         "load modules into the node's kernel",
	"SYS_PTRACE":         "read and change the memory of other processes",
	"SYS_RAWIO":          "read and write the node's memory and devices",
	"SYS_RESOURCE":       "exceed limits and quotas",
	"SYS_TIME":           "set the node's clock",
}

// meshInit reports whether a container is the one that a service mesh puts in front to redirect the pod's traffic, for which it
// needs NET_ADMIN and NET_RAW.
func meshInit(c *cluster.Container) bool {
	return c.Init && (c.Name == "istio-init" || c.Name == "linkerd-init")
}

var capabilityDangerous = &rule.Rule{
	ID:    "capability-dangerous",
	Title: "a container is given a capability that leads out of it",
	Why: "Capabilities are the parts of root's power. Some of them are enough to become root on the node, to read what other pods " +
		"keep secret, or to speak in their name.",
	How: "Remove the capability. If the program needs what it allows, keep it to that one container, drop ALL others, and write down why: " +
		"# fairway:allow capability-dangerous <reason>.",
	Example:  "securityContext:\n  capabilities:\n    drop: [ALL]\n",
	Severity: finding.Should, Profile: rule.Golden, Since: "0.1.0", Incident: "root-container",
	Links: []string{linkStandards, linkContext},
	Container: func(p *rule.Pass, w *cluster.Workload, c *cluster.Container) {
		if len(added(c)) == 0 || privileged(c) || nodeAgent(w) || meshInit(c) {
			return
		}
		if explained(w.Object, c.Path+".securityContext.capabilities.add", added(c)) {
			return
		}
		var may []string
		for _, a := range added(c) {
			if n := capability(a); dangers[n] != "" {
				may = append(may, dangers[n]+" ("+n+")")
			}
		}
		if len(may) > 0 {
			p.Report(w.Object, c.Path+".securityContext.capabilities.add", "%s may %s", kindOf(c), strings.Join(may, ", and "))
		}
	},
}

// explained reports whether a comment at a list of capabilities, or at what it stands in, names one of them: somebody has thought about it.
func explained(o *cluster.Object, field string, names []corev1.Capability) bool {
	for depth := 0; depth < 3; depth++ {
		e, ok := o.Written(field)
		if !ok {
			return false
		}
		for _, comment := range append(e.Key.Remarks(), e.Value.Remarks()...) {
			if slices.ContainsFunc(names, func(n corev1.Capability) bool { return strings.Contains(comment, string(n)) }) {
				return true
			}
		}
		i := strings.LastIndexByte(field, '.')
		if i < 0 {
			return false
		}
		field = field[:i]
	}
	return false
}
