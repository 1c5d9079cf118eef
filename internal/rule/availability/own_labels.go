package availability

import (
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

func placeholderIn(labels map[string]string) bool {
	for k, v := range labels {
		if cluster.Placeholder(k) || cluster.Placeholder(v) {
			return true
		}
	}
	return false
}
