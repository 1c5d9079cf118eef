package probes

import (
	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
)

// livenessMissing speaks once a pod, and only when no container has one: which container the pod is about, its author knows. It is
// advice and no more, because a liveness probe that asks the wrong thing does more harm than none.
var livenessMissing = &rule.Rule{
	ID:    "probe-liveness-missing",
	Title: "nothing notices a process that hangs",
	Why: "Kubernetes restarts a process that exits, but one that is deadlocked or has lost its event loop stays in place until a " +
		"person looks.",
	How: "If the process can tell that it makes progress (a heartbeat of its accept or work loop), let a slow liveness probe ask for " +
		"that and for nothing else. Never copy the readiness endpoint.",
	Example:  "livenessProbe:\n  httpGet: {path: /health/live, port: health}\n  periodSeconds: 20\n  timeoutSeconds: 5\n  failureThreshold: 3\n",
	Severity: finding.Could, Profile: rule.Golden, Since: "0.1.0", Incident: "no-probes",
	Links: []string{linkProbes},
	Workload: func(p *rule.Pass, w *cluster.Workload) {
		if !w.LongRunning() || w.Is("", "Pod") || !ownsPods(w) || w.Sleeps() {
			return
		}
		var first *cluster.Container
		for c := range w.Apps() {
			if c.LivenessProbe != nil || !whole(c) {
				return
			}
			if first == nil {
				first = c
			}
		}
		if first != nil {
			p.Report(w.Object, first.Path+".livenessProbe", "container %s has no liveness probe: if it hangs without exiting, nothing restarts it", first.Name)
		}
	},
}
