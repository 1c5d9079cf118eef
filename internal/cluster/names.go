package cluster

import "strings"

// Placeholder reports whether a text holds something that a later step fills in: ${APP}, $(APP), {{ .Values.app }}, <app>. Nothing can be
// said of what it hides.
func Placeholder(s string) bool { return strings.ContainsAny(s, "${}<>") }

// RuntimeLabel reports whether Kubernetes' or Argo's controllers put a label on the pods they create, so that templates do not show
// it.
func RuntimeLabel(key string) bool {
	switch key {
	case "statefulset.kubernetes.io/pod-name", "apps.kubernetes.io/pod-index", "controller-revision-hash", "pod-template-hash",
		"rollouts-pod-template-hash", "job-name", "batch.kubernetes.io/job-name", "controller-uid", "batch.kubernetes.io/controller-uid",
		"batch.kubernetes.io/job-completion-index", "role.rollouts.argoproj.io":
		return true
	}
	return false
}
