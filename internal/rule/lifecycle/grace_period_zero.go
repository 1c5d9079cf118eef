package lifecycle

import (
	"fmt"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
	"github.com/fairway-k8s/fairway/internal/source"
)

// gracePeriodZero is silent for pods that have nothing to lose, such as the placeholder pods that keep spare nodes warm. Its mend is
// Kubernetes' default, with room for the preStop hook where there is one: pods only get longer to end.
var gracePeriodZero = &rule.Rule{
	ID:    "grace-period-zero",
	Title: "the pod is killed without being told to stop",
	Why: "With a grace period of 0 the pod's object is gone at once, preStop hooks do not run and processes are killed in the middle of " +
		"requests and writes. A StatefulSet can then run two pods with one name and one volume.",
	How:      "Leave terminationGracePeriodSeconds out (30 s), or set it to the preStop pause plus the longest request or task.",
	Example:  "terminationGracePeriodSeconds: 45   # 10 s pause, 30 s longest request, 5 s margin\n",
	Severity: finding.Must, Profile: rule.Basic, Since: "0.1.0", Incident: "traffic-before-endpoint-removal", NeedsContext: true, Fixes: true,
	Links: []string{linkTermination, "https://kubernetes.io/docs/tasks/run-application/force-delete-stateful-set-pod/"},
	Workload: func(p *rule.Pass, w *cluster.Workload) {
		if g := w.Template.Spec.TerminationGracePeriodSeconds; g == nil || *g != 0 {
			return
		}
		field := w.SpecPath + ".terminationGracePeriodSeconds"
		loss := ""
		hook, seconds := longestPause(w)
		if services := p.TrafficOf(w); len(services) > 0 {
			loss = "drops the requests that Service " + services[0].Name + " has sent"
		} else if w.Is("apps", "StatefulSet") {
			loss = "can leave two pods of the StatefulSet with one name"
		} else if c := hooked(w); c != nil {
			loss = "skips the preStop hook of container " + c.Name
		} else if claim := claimed(w); claim != "" {
			loss = "stops the process in the middle of writes to claim " + claim
		}
		if loss == "" {
			if w.LongRunning() && listens(w) && len(p.ServicesOf(w)) == 0 && !p.Covers(w.Object, "", "Service") {
				p.Unknown(w.Object, field, "no Service in the input selects these pods; without one a grace period of 0 may be meant")
			}
			return
		}
		want := int64(defaultGrace)
		if hook != nil {
			want += seconds
		}
		p.Report(w.Object, field, "a grace period of 0 kills the pod at once, which %s", loss).Fix =
			rule.Mend(fmt.Sprintf("set terminationGracePeriodSeconds: %d", want), rule.Set(field, source.Int(want)))
	},
}

func hooked(w *cluster.Workload) *cluster.Container {
	for c := range w.Main() {
		if preStop(c) != nil {
			return c
		}
	}
	return nil
}

// claimed returns the name of a claim that w's pods can write to, "" when there is none.
func claimed(w *cluster.Workload) string {
	for i := range w.Template.Spec.Volumes {
		if pvc := w.Template.Spec.Volumes[i].PersistentVolumeClaim; pvc != nil && !pvc.ReadOnly {
			return pvc.ClaimName
		}
	}
	return ""
}

func listens(w *cluster.Workload) bool {
	for c := range w.Main() {
		if len(c.Ports) > 0 {
			return true
		}
	}
	return false
}
