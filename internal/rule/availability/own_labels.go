package availability

import (
	"strings"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/source"
)

// ownLabels returns w's own selector as its file says it, to be written where something has to select just w's pods. ok is false when the
// selector has expressions or placeholders. A build may add labels to the selector; it then adds them to what is written as well.
func ownLabels(w *cluster.Workload) (labels source.Value, ok bool) {
	sel := w.Origin.Get("spec").Get("selector").Resolve()
	m := sel.Get("matchLabels").Resolve()
	if m.Len() == 0 || sel.Get("matchExpressions").Len() > 0 || w.Selector == nil || placeholderIn(w.Selector.MatchLabels) {
		return source.Value{}, false
	}
	return m.Value(), true
}

// placeholder reports whether a text holds something that a later step fills in: ${APP}, $(APP), {{ .Values.app }}, <app>.
func placeholder(s string) bool { return strings.ContainsAny(s, "${}<>") }

func placeholderIn(labels map[string]string) bool {
	for k, v := range labels {
		if placeholder(k) || placeholder(v) {
			return true
		}
	}
	return false
}

// runtimeLabel reports whether controllers put a label on the pods they create, so that templates do not show it.
func runtimeLabel(key string) bool {
	switch key {
	case "statefulset.kubernetes.io/pod-name", "apps.kubernetes.io/pod-index", "controller-revision-hash", "pod-template-hash",
		"rollouts-pod-template-hash", "job-name", "batch.kubernetes.io/job-name", "controller-uid", "batch.kubernetes.io/controller-uid",
		"batch.kubernetes.io/job-completion-index", "role.rollouts.argoproj.io":
		return true
	}
	return false
}
