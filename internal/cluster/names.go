package cluster

import (
	"path"
	"regexp"
	"slices"
	"strings"
)

// Placeholder reports whether a text holds something that a later step fills in: ${APP}, $(APP), {{ .Values.app }}, <app>, __APP__. Nothing
// can be said of what it hides.
func Placeholder(s string) bool {
	if strings.ContainsAny(s, "${}<>") {
		return true
	}
	i := strings.Index(s, "__")
	return i >= 0 && strings.Contains(s[i+2:], "__")
}

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

// Alternatives reports whether the names of two files say that they are two forms of one thing: all words of one are in the other
// (app, app-tls), or they differ only in the environment or the version (app-dev, app-prod).
func Alternatives(a, b string) bool {
	x, y := fileWords(a), fileWords(b)
	onlyA := slices.DeleteFunc(slices.Clone(x), func(w string) bool { return slices.Contains(y, w) })
	onlyB := slices.DeleteFunc(slices.Clone(y), func(w string) bool { return slices.Contains(x, w) })
	return len(onlyA) == 0 || len(onlyB) == 0 || !slices.ContainsFunc(append(onlyA, onlyB...), func(w string) bool { return !variant.MatchString(w) })
}

var (
	variant = regexp.MustCompile(`^(dev|develop|development|test|testing|qa|int|integration|e2e|ci|uat|stage|staging|preprod|prod|production|live|local|minikube|kind|old|new|orig|backup|v?[0-9]+)$`)
	word    = regexp.MustCompile(`[a-z]+[0-9]*|[0-9]+`)
)

func fileWords(name string) []string {
	name = path.Base(name)
	return word.FindAllString(strings.ToLower(strings.TrimSuffix(name, path.Ext(name))), -1)
}
