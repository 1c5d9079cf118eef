package security

import (
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
	"github.com/fairway-k8s/fairway/internal/source"
)

// privilegeEscalationAllowed is silent where the API would refuse false: for privileged containers and those with SYS_ADMIN
// (k8s.io/kubernetes pkg/apis/core/validation, ValidateSecurityContext).
//
// The fix is offered for containers that add no capabilities. For them the kernel's no_new_privs takes away setuid programs such as
// sudo, and file capabilities; a program that starts as root and becomes another user is not touched. One that adds capabilities to
// an ordinary user may get them through file capabilities only.
var privilegeEscalationAllowed = &rule.Rule{
	ID:    "privilege-escalation-allowed",
	Title: "a process may gain more rights than the container was started with",
	Why: "allowPrivilegeEscalation is true unless it is set. A setuid program in the image then makes root of any user, so that " +
		"running as an ordinary user protects less than it seems to.",
	How:      "Set allowPrivilegeEscalation: false for the container.",
	Example:  "securityContext:\n  allowPrivilegeEscalation: false\n",
	Severity: finding.Should, Profile: rule.Golden, Since: "0.1.0", Incident: "root-container", Fixes: true,
	Links: []string{linkContext, linkStandards},
	Gate: &rule.Gate{Outdone: byPrivileged, Let: []rule.Let{letLinux}, Container: "linux && c.?securityContext.?allowPrivilegeEscalation.orValue(true) &&\n" +
		"!" + celAdded + ".exists(a, " + celCapability("a") + " in ['SYS_ADMIN', 'ALL'])"},
	Container: func(p *rule.Pass, w *cluster.Workload, c *cluster.Container) {
		if !judged(w, c) || privileged(c) || slices.ContainsFunc(added(c), forbidsNoNewPrivileges) {
			return
		}
		asked := false
		if s := c.SecurityContext; s != nil && s.AllowPrivilegeEscalation != nil {
			if asked = *s.AllowPrivilegeEscalation; !asked {
				return
			}
		}
		field := c.Path + ".securityContext.allowPrivilegeEscalation"
		if asked {
			p.Report(w.Object, field, "%s asks for setuid programs to work: a process may become root", kindOf(c))
			return
		}
		may := "become root through a setuid program"
		if u := userOf(w, c); u != nil && *u == 0 {
			may = "gain capabilities that the container, which runs as root, was not given"
		}
		f := p.Report(w.Object, field, "%s does not say allowPrivilegeEscalation: false: a process may %s", kindOf(c), may)
		if len(added(c)) == 0 {
			f.Fix = rule.Mend("set allowPrivilegeEscalation: false", rule.Set(field, source.Bool(false), "resources"))
		}
	},
}

func forbidsNoNewPrivileges(c corev1.Capability) bool {
	n := capability(c)
	return n == "SYS_ADMIN" || n == "ALL"
}
