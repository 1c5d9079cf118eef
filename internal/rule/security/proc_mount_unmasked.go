package security

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
)

// procMountUnmasked allows it with user namespaces, as Pod Security's baseline level does since 1.35: nested containers need both.
// It has no gate: the API server itself refuses the field without user namespaces.
//
// The fix is for privileged containers, from which runtimes hide nothing of /proc in any case.
var procMountUnmasked = &rule.Rule{
	ID:    "proc-mount-unmasked",
	Title: "a container sees the kernel's side of /proc",
	Why: "The runtime hides parts of /proc that belong to the node, such as its keys, timers and interrupt tables, and makes /proc/sys " +
		"read-only. Unmasked, root in the container reads and writes them.",
	How:      "Remove procMount, or add hostUsers: false so that root in the pod is nobody outside.",
	Example:  "spec:\n  hostUsers: false\n  containers:\n    - securityContext:\n        procMount: Unmasked\n",
	Severity: finding.Should, Profile: rule.Strict, Since: "0.1.0", Incident: "root-container", Fixes: true,
	Links: []string{linkStandards},
	Container: func(p *rule.Pass, w *cluster.Workload, c *cluster.Container) {
		if s := c.SecurityContext; s != nil && s.ProcMount != nil && *s.ProcMount == corev1.UnmaskedProcMount && !userNamespace(w) {
			field := c.Path + ".securityContext.procMount"
			f := p.Report(w.Object, field, "%s sees and can change what runtimes hide of the node's /proc", kindOf(c))
			if privileged(c) {
				f.Fix = rule.Mend("remove procMount, as privileged: true unmasks /proc anyway", rule.Remove(field))
			}
		}
	},
}
