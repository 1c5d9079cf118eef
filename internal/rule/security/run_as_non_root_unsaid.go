package security

import (
	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
	"github.com/fairway-k8s/fairway/internal/source"
)

// runAsNonRootUnsaid offers a fix when every container that would inherit runAsNonRoot has a user other than root: the kubelet
// then finds the condition fulfilled, whatever the image says.
var runAsNonRootUnsaid = &rule.Rule{
	ID:    "run-as-non-root-unsaid",
	Title: "containers run as an ordinary user, but nothing insists on it",
	Why: "Pod Security's restricted level asks for runAsNonRoot: true and refuses the pod otherwise, though it does not run as root. And " +
		"a later change of the user to 0 goes through unseen.",
	How:      "Set runAsNonRoot: true in the pod's security context.",
	Example:  "securityContext:\n  runAsNonRoot: true\n  runAsUser: 10001\n",
	Severity: finding.Could, Profile: rule.Strict, Since: "0.1.0", Incident: "root-container", Fixes: true,
	Links: []string{linkStandards},
	Gate: &rule.Gate{Let: append(letNodeAgent, letLinux), Container: "linux && !nodeAgent && pod.?hostUsers.orValue(true) && !" + celNonRoot + " &&\n" +
		"(" + celUser + " > 0 || " + celUser + " == -1 && " + celNamedNonRoot + ")"},
	Workload: func(p *rule.Pass, w *cluster.Workload) {
		if !decided(w) || !linux(w) || nodeAgent(w) || userNamespace(w) {
			return
		}
		var unsaid []*cluster.Container
		safe := true
		for i := range w.Containers {
			c := &w.Containers[i]
			ordinary := ordinaryUser(w, c)
			if whole(c) && !nonRoot(w, c) && (ordinary || userOf(w, c) == nil && namedNonRoot(c.Image)) {
				unsaid = append(unsaid, c)
			}
			if own := c.SecurityContext != nil && c.SecurityContext.RunAsNonRoot != nil; own && !*c.SecurityContext.RunAsNonRoot || !own && !ordinary {
				safe = false
			}
		}
		field := w.SpecPath + ".securityContext.runAsNonRoot"
		if len(unsaid) == 0 || hidden(w.Object, field) {
			return
		}
		f := p.Report(w.Object, field, "runAsNonRoot is not true for %s, though nothing there runs as root", names(unsaid))
		if safe {
			f.Fix = rule.Mend("set runAsNonRoot: true", rule.Set(field, source.Bool(true)))
		}
	},
}
