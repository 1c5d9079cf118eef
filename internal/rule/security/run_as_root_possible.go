package security

import (
	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
)

var runAsRootPossible = &rule.Rule{
	ID:    "run-as-root-possible",
	Title: "nothing keeps a container from running as root",
	Why: "The image decides which user it runs as, and most images say root or nothing, which is root too. A new version of the image " +
		"can change it, and nobody notices.",
	How: "Set runAsNonRoot: true, with a runAsUser when the image's user is a name or root. Try it first: a program that writes to " +
		"directories of root's has to be given others.",
	Example:  "securityContext:\n  runAsNonRoot: true\n  runAsUser: 10001\n  runAsGroup: 10001\n",
	Severity: finding.Should, Profile: rule.Golden, Since: "0.1.0", Incident: "root-container",
	Links: []string{linkContext, linkStandards},
	Gate: &rule.Gate{Outdone: byPrivileged, Let: append(letNodeAgent, letLinux), Container: "linux && !nodeAgent && pod.?hostUsers.orValue(true) &&\n" +
		celUser + " == -1 && !" + celNonRoot + " && !" + celNamedNonRoot},
	Workload: func(p *rule.Pass, w *cluster.Workload) {
		if !decided(w) || !linux(w) || nodeAgent(w) || userNamespace(w) {
			return
		}
		var open []*cluster.Container
		for i := range w.Containers {
			c := &w.Containers[i]
			if whole(c) && !privileged(c) && userOf(w, c) == nil && !nonRoot(w, c) && !namedNonRoot(c.Image) {
				open = append(open, c)
			}
		}
		if len(open) == 0 {
			return
		}
		field := w.SpecPath + ".securityContext.runAsNonRoot"
		if len(open) == 1 && len(w.Containers) > 1 || open[0].SecurityContext != nil && open[0].SecurityContext.RunAsNonRoot != nil {
			field = open[0].Path + ".securityContext.runAsNonRoot"
		}
		if !hidden(w.Object, field) {
			p.Report(w.Object, field, "runAsNonRoot is not true and no user is set: whether %s as root is up to the image", run(open))
		}
	},
}

func run(list []*cluster.Container) string {
	if len(list) == 1 {
		return names(list) + " runs"
	}
	return names(list) + " run"
}
