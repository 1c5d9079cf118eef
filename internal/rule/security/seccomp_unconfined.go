package security

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
)

// seccompUnconfined has no fix: somebody wrote Unconfined because something did not work.
var seccompUnconfined = &rule.Rule{
	ID:    "seccomp-unconfined",
	Title: "seccomp is switched off",
	Why: "Unconfined lets a container use every system call of the kernel, also where the node's default would have protected it. Pod " +
		"Security's baseline level refuses the pod.",
	How:      "Use RuntimeDefault. If a call that the program needs is missing, install a profile of its own on the nodes and name it with type: Localhost.",
	Example:  "securityContext:\n  seccompProfile:\n    type: RuntimeDefault\n",
	Severity: finding.Should, Profile: rule.Golden, Since: "0.1.0", Incident: "root-container",
	Links: []string{linkSeccomp, linkStandards},
	Gate: &rule.Gate{Outdone: byPrivileged, Let: []rule.Let{letLinux}, Container: "linux &&\n" +
		"c.?securityContext.?seccompProfile.orValue(pod.?securityContext.?seccompProfile.orValue({})).?type.orValue('') == 'Unconfined'"},
	Workload: func(p *rule.Pass, w *cluster.Workload) {
		if !linux(w) {
			return
		}
		var inherit []*cluster.Container
		for i := range w.Containers {
			c := &w.Containers[i]
			if s := seccompOf(w, c); s == nil || s.Type != corev1.SeccompProfileTypeUnconfined || privileged(c) {
				continue
			}
			if c.SecurityContext == nil || c.SecurityContext.SeccompProfile == nil {
				inherit = append(inherit, c)
				continue
			}
			p.Report(w.Object, c.Path+".securityContext.seccompProfile.type", "seccomp is switched off for %s: it may use every system call of the kernel", kindOf(c))
		}
		if len(inherit) > 0 {
			p.Report(w.Object, w.SpecPath+".securityContext.seccompProfile.type", "seccomp is switched off for %s: every system call of the kernel is open", names(inherit))
		}
	},
}
