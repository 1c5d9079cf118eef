package security

import (
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
	"github.com/fairway-k8s/fairway/internal/source"
)

// seccompOf returns the effective profile of a container, nil when none is set.
func seccompOf(w *cluster.Workload, c *cluster.Container) *corev1.SeccompProfile {
	if c.SecurityContext != nil && c.SecurityContext.SeccompProfile != nil {
		return c.SecurityContext.SeccompProfile
	}
	if w.Template.Spec.SecurityContext != nil {
		return w.Template.Spec.SecurityContext.SeccompProfile
	}
	return nil
}

// seccompMissing offers a fix for pods that use nothing of what the profile forbids. The runtimes' default profile is the one that
// the same images run under outside Kubernetes; it forbids a few dozen system calls, nearly all of which need a capability too.
// What is left are programs that make sandboxes of their own, which is why images of browsers and of builders get no fix, nor do
// pods that add capabilities or look at the node's processes.
var seccompMissing = &rule.Rule{
	ID:    "seccomp-missing",
	Title: "a pod has no seccomp profile",
	Why: "Without a profile a container may use every system call of the kernel, unlike the same image under Docker. Kernel flaws are " +
		"reached through the rare calls that a service never makes, and the runtime's default profile closes those. (The kubelet's " +
		"seccompDefault does the same for the whole node, but is off unless somebody switched it on.)",
	How:      "Set seccompProfile: {type: RuntimeDefault} in the pod's security context.",
	Example:  "securityContext:\n  seccompProfile:\n    type: RuntimeDefault\n",
	Severity: finding.Should, Profile: rule.Golden, Since: "0.1.0", Incident: "root-container", Fixes: true,
	Links: []string{linkSeccomp, linkStandards},
	Gate:  &rule.Gate{Outdone: byPrivileged, Let: []rule.Let{letLinux}, Container: "linux && !has(c.?securityContext.seccompProfile) && !has(pod.?securityContext.seccompProfile)"},
	Workload: func(p *rule.Pass, w *cluster.Workload) {
		if !decided(w) || !linux(w) {
			return
		}
		var without []*cluster.Container
		safe := !w.Template.Spec.HostPID
		for i := range w.Containers {
			c := &w.Containers[i]
			if seccompOf(w, c) != nil || privileged(c) {
				continue
			}
			if whole(c) {
				without = append(without, c)
			}
			safe = safe && len(added(c)) == 0 && !sandboxes(c.Image)
		}
		if len(without) == 0 {
			return
		}
		field := w.SpecPath + ".securityContext.seccompProfile"
		message := "without a seccomp profile %s may use every system call of the kernel"
		if _, old := w.Template.Annotations[corev1.SeccompPodAnnotationKey]; old {
			message += "; the annotation counts no more since Kubernetes 1.27"
		}
		f := p.Report(w.Object, field, message, names(without))
		if safe {
			f.Fix = rule.Mend("set seccompProfile: RuntimeDefault", rule.Set(field+".type", source.String("RuntimeDefault")))
		}
	},
}

// sandboxes reports whether an image is known to make namespaces of its own, which the default profile forbids without SYS_ADMIN.
func sandboxes(image string) bool {
	for _, word := range [...]string{"chrom", "selenium", "puppeteer", "playwright", "browser", "gotenberg", "firefox", "buildkit", "buildah", "podman", "dind", "kaniko"} {
		if strings.Contains(image, word) {
			return true
		}
	}
	return false
}
