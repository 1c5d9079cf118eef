package availability

import (
	"strings"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
)

const replicasExample = "kind: Deployment\nspec:\n  replicas: 2\n"

// replicasSingle is silent where a second pod does not fit or would be something else (see alone), where the Service has the pods of
// another workload too, and for Recreate, which is told by
// its own rule. It has no mend: whether an application works with two pods, nobody can see from outside.
var replicasSingle = &rule.Rule{
	ID:    "replicas-single",
	Title: "one pod is all there is behind a Service",
	Why: "When its node is drained, fails, or the pod is killed for its memory, nobody answers until another pod is scheduled, has pulled " +
		"its image and has booted. A disruption budget can only choose between that and a drain that hangs.",
	How: "Run two replicas or more, or an autoscaler with a minimum of two. Where there can be only one, say so in a comment and suppress " +
		"the rule.",
	Example:  replicasExample,
	Severity: finding.Should, Profile: rule.Golden, Since: "0.1.0", Incident: "single-replica-drained", NeedsContext: true,
	Links: []string{linkDisruptions},
	Workload: func(p *rule.Pass, w *cluster.Workload) {
		f, ok := lone(p, w)
		if !ok {
			return
		}
		const field = "spec.replicas"
		svc := receivesAlone(p, w, w.Object, field)
		switch {
		case svc == nil:
		case f.open:
			p.Unknown(w.Object, field, missingScaler)
		case w.Root.Get("spec").Get("replicas").IsZero():
			p.Report(w.Object, field, "replicas is not set, so 1 pod answers for Service %s, and a node drain takes it away", svc.Name)
		default:
			p.Report(w.Object, field, "1 pod answers for Service %s, and a node drain takes it away", svc.Name)
		}
	},
}

// replicasSingleWorker is silent for controllers that elect a leader: a second one would only wait.
var replicasSingleWorker = &rule.Rule{
	ID:    "replicas-single-worker",
	Title: "one pod does all the work",
	Why: "When its node is drained or fails, work that nobody waits for, such as a queue, stands still until another pod has booted, and " +
		"a rollout stops it each time.",
	How:      "Run two replicas if the work can be shared. If it must be done by one, leave it, or elect a leader among two.",
	Example:  replicasExample,
	Severity: finding.Could, Profile: rule.Strict, Since: "0.1.0", Incident: "single-replica-drained", NeedsContext: true,
	Links: []string{linkDisruptions},
	Workload: func(p *rule.Pass, w *cluster.Workload) {
		f, ok := lone(p, w)
		if !ok || electsLeader(w) || len(p.TrafficOf(w)) > 0 {
			return
		}
		const field = "spec.replicas"
		switch {
		case f.open:
			p.Unknown(w.Object, field, missingScaler)
		case listens(w) && len(p.ServicesOf(w)) == 0 && !p.Covers(w.Object, "", "Service"):
			p.Unknown(w.Object, field, "no Service in the input selects these pods; with one, rule replicas-single judges")
		default:
			p.Report(w.Object, field, "1 pod does the work of %s, and nobody does it while the pod is replaced", title(w.Object))
		}
	},
}

// lone returns w's floor when it has one pod where there could be more.
func lone(p *rule.Pass, w *cluster.Workload) (f floor, ok bool) {
	if !kept(w) || recreates(w) {
		return f, false
	}
	f, ok = floorOf(p, w)
	return f, ok && f.by == nil && f.pods == 1 && !alone(p, w)
}

// electsLeader reports whether an argument or a variable of w speaks of leader election.
func electsLeader(w *cluster.Workload) bool {
	for c := range w.Apps() {
		for _, list := range [...][]string{c.Command, c.Args} {
			for _, s := range list {
				if speaksOfLeader(s) {
					return true
				}
			}
		}
		for i := range c.Env {
			if speaksOfLeader(c.Env[i].Name) {
				return true
			}
		}
	}
	return false
}

var unmarked = strings.NewReplacer("-", "", "_", "", ".", "")

func speaksOfLeader(s string) bool {
	if len(s) > 200 { // a script
		return false
	}
	return strings.Contains(unmarked.Replace(strings.ToLower(s)), "leaderelect")
}
