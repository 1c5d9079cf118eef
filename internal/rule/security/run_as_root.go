package security

import (
	"slices"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
)

// runAsRoot looks at what the manifest says; run-as-root-possible at what it leaves to the image. With user namespaces (hostUsers:
// false) root in the pod is an ordinary user outside.
//
// The fix is for a security context that contradicts itself: its containers have never started. Without the user, that of the image
// or of the pod counts, and runAsNonRoot still keeps root out.
var runAsRoot = &rule.Rule{
	ID:    "run-as-root",
	Title: "a container is told to run as root",
	Why: "Root in a container is root on the node once a flaw in the runtime or the kernel lets it out, and it can write every file of " +
		"the image and of the volumes until then.",
	How: "Set runAsNonRoot: true and a runAsUser other than 0. If root was needed to own a volume, set fsGroup; if to listen below " +
		"1024, listen on 8080 and let the Service translate.",
	Example:  "securityContext:\n  runAsNonRoot: true\n  runAsUser: 10001\n  runAsGroup: 10001\n  fsGroup: 10001\n",
	Severity: finding.Must, Profile: rule.Basic, Since: "0.1.0", Incident: "root-container", Fixes: true,
	Links: []string{linkContext, linkStandards},
	Gate:  &rule.Gate{Let: append(letNodeAgent, letLinux), Container: "linux && !nodeAgent && " + celUser + " == 0 && (pod.?hostUsers.orValue(true) || " + celNonRoot + ")"},
	Workload: func(p *rule.Pass, w *cluster.Workload) {
		if !linux(w) || nodeAgent(w) {
			return
		}
		var inherit []*cluster.Container
		for i := range w.Containers {
			c := &w.Containers[i]
			if u := userOf(w, c); u == nil || *u != 0 || userNamespace(w) && !nonRoot(w, c) {
				continue
			}
			if c.SecurityContext == nil || c.SecurityContext.RunAsUser == nil {
				inherit = append(inherit, c)
				continue
			}
			f := reportRoot(p, w, c.Path+".securityContext.runAsUser", kindOf(c), nonRoot(w, c), c)
			if pod := w.Template.Spec.SecurityContext; f != nil && isTrue(c.SecurityContext.RunAsNonRoot) && (pod == nil || pod.RunAsUser == nil || *pod.RunAsUser != 0) {
				f.Fix = withoutUser(f.Field)
			}
		}
		if len(inherit) > 0 {
			f := reportRoot(p, w, w.SpecPath+".securityContext.runAsUser", names(inherit), nonRoot(w, inherit[0]), inherit...)
			if f != nil && isTrue(w.Template.Spec.SecurityContext.RunAsNonRoot) && !slices.ContainsFunc(inherit, func(c *cluster.Container) bool { return !nonRoot(w, c) }) {
				f.Fix = withoutUser(f.Field)
			}
		}
	},
}

func reportRoot(p *rule.Pass, w *cluster.Workload, field, who string, contradicted bool, of ...*cluster.Container) *finding.Finding {
	switch {
	case hidden(w.Object, field):
		return nil
	case contradicted:
		return p.Report(w.Object, field, "runAsUser 0 contradicts runAsNonRoot: true: the kubelet refuses to start %s", who)
	}
	may := "may change all of image and volumes, and "
	if !slices.ContainsFunc(of, func(c *cluster.Container) bool {
		return c.SecurityContext == nil || !isTrue(c.SecurityContext.ReadOnlyRootFilesystem) || len(c.VolumeMounts) > 0
	}) {
		may = "can write nothing here, but "
	}
	return p.Report(w.Object, field, "runAsUser 0 is root: %s %sgetting out means root on the node", who, may)
}

func withoutUser(field string) *finding.Fix {
	return rule.Mend("remove runAsUser: 0, which runAsNonRoot: true forbids", rule.Remove(field))
}

func isTrue(b *bool) bool { return b != nil && *b }
