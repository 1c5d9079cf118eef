package security

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
)

// whole reports whether a container can be judged by what it lacks: one without an image or a name is a fragment that a patch
// merges into something else.
func whole(c *cluster.Container) bool { return c.Image != "" && c.Name != "" }

func wholePod(w *cluster.Workload) bool {
	for i := range w.Containers {
		if !whole(&w.Containers[i]) {
			return false
		}
	}
	return len(w.Containers) > 0
}

// decided reports whether the manifest is where the pods' security context is decided. Controllers of other custom resources
// complete the template, so what such a template lacks means nothing.
func decided(w *cluster.Workload) bool {
	switch w.Group() {
	case "", "apps", "batch", "apps.kruise.io":
		return true
	}
	return w.Is("argoproj.io", "Rollout")
}

// linux reports whether the fields of Linux containers count: the API refuses most of them for Windows pods.
func linux(w *cluster.Workload) bool {
	s := &w.Template.Spec
	return (s.OS == nil || s.OS.Name != corev1.Windows) && s.NodeSelector[corev1.LabelOSStable] != "windows"
}

// judged reports whether a container can be found lacking a field of a Linux security context.
func judged(w *cluster.Workload, c *cluster.Container) bool {
	return whole(c) && decided(w) && linux(w)
}

// partOfNode reports whether pods are a part of the cluster itself: those of kube-system, and those that are declared as
// indispensable for their node.
func partOfNode(w *cluster.Workload) bool {
	return w.Namespace == "kube-system" || w.Template.Spec.PriorityClassName == "system-node-critical"
}

// nodeAgent reports whether pods belong to nodes rather than to an application: parts of the cluster, and DaemonSets that
// tolerate every taint and so run on every node.
func nodeAgent(w *cluster.Workload) bool {
	return partOfNode(w) || w.Is("apps", "DaemonSet") && slices.ContainsFunc(w.Template.Spec.Tolerations, func(t corev1.Toleration) bool {
		return t.Key == "" && t.Operator == corev1.TolerationOpExists
	})
}

// userNamespace reports whether root in the pod is nobody on the node.
func userNamespace(w *cluster.Workload) bool {
	return w.Template.Spec.HostUsers != nil && !*w.Template.Spec.HostUsers
}

func privileged(c *cluster.Container) bool {
	return c.SecurityContext != nil && c.SecurityContext.Privileged != nil && *c.SecurityContext.Privileged
}

// userOf returns the effective runAsUser, nil when the image decides.
func userOf(w *cluster.Workload, c *cluster.Container) *int64 {
	if c.SecurityContext != nil && c.SecurityContext.RunAsUser != nil {
		return c.SecurityContext.RunAsUser
	}
	if w.Template.Spec.SecurityContext != nil {
		return w.Template.Spec.SecurityContext.RunAsUser
	}
	return nil
}

// nonRoot reports whether the effective runAsNonRoot is true.
func nonRoot(w *cluster.Workload, c *cluster.Container) bool {
	if c.SecurityContext != nil && c.SecurityContext.RunAsNonRoot != nil {
		return *c.SecurityContext.RunAsNonRoot
	}
	s := w.Template.Spec.SecurityContext
	return s != nil && s.RunAsNonRoot != nil && *s.RunAsNonRoot
}

// ordinaryUser reports whether a container is known to run as a user other than root.
func ordinaryUser(w *cluster.Workload, c *cluster.Container) bool {
	u := userOf(w, c)
	return u != nil && *u != 0
}

// namedNonRoot reports whether an image says in its name that its USER is not root, as distroless' ":nonroot" and
// "nginx-unprivileged" do.
func namedNonRoot(image string) bool {
	return strings.Contains(image, "nonroot") || strings.Contains(image, "non-root") || strings.Contains(image, "unprivileged")
}

func added(c *cluster.Container) []corev1.Capability {
	if c.SecurityContext == nil || c.SecurityContext.Capabilities == nil {
		return nil
	}
	return c.SecurityContext.Capabilities.Add
}

// capability returns the name that a capability has in Pod Security. Runtimes read it in any case.
func capability(c corev1.Capability) string {
	return strings.TrimPrefix(strings.ToUpper(string(c)), "CAP_")
}

// hidden reports whether a value is still to be filled in by another tool: its typed form, zero, means nothing.
func hidden(o *cluster.Object, field string) bool {
	e, ok := o.Written(field)
	return ok && strings.ContainsAny(e.Value.Text(), "${}<>")
}

// kindOf says which kind of container it is, for messages.
func kindOf(c *cluster.Container) string {
	if c.Init && !c.Sidecar {
		return "init container " + c.Name
	}
	return "container " + c.Name
}

// names joins the names of containers: "container a", "containers a and b".
func names(list []*cluster.Container) string {
	words := make([]string, len(list))
	for i, c := range list {
		words[i] = c.Name
	}
	if len(words) == 1 {
		return "container " + words[0]
	}
	return "containers " + strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}
