package lifecycle

import (
	"fmt"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
	"github.com/fairway-k8s/fairway/internal/source"
)

// pauseSeconds is the golden path's pause (default drain-prestop). It does not depend on the application: it is how long proxies,
// load balancers and clients need to hear that an address is gone, 1-3 s within a cluster and more beyond it.
const pauseSeconds = 10

// prestopMissing is silent where a pause would not help:
//   - a pod that is stopped before its successor is started (Recreate, a StatefulSet of one): there the pause only makes the gap longer
//   - behind headless Services only, whose clients hold on to the pods they know
//   - pods of a DaemonSet, which leave with their node
//   - an application that is told to drain, by a flag or variable with such a name
//   - a Service whose ports all name a port that no container here has: the pods are none of its endpoints
//
// Its mend adds the golden path's pause and the same number of seconds of grace, so that the process has as long to end as before;
// all that changes is that a pod takes that much longer to leave. It keeps its hands off pods with several containers: the others are told to
// stop at once, and the application would serve without them. Nor does it touch a grace period of 0, in which no hook runs.
var prestopMissing = &rule.Rule{
	ID:    "prestop-missing",
	Title: "the pod stops while requests are still sent to it",
	Why: "When a pod is deleted, SIGTERM and the news that its address is gone start at the same moment. Proxies and clients hear it " +
		"some seconds later; a process that closes its listener at once refuses what they send until then, at every rollout and drain.",
	How: "Pause 5-10 s before SIGTERM with a preStop sleep, or let the application go on serving that long after SIGTERM. The grace " +
		"period includes the pause, so raise it by as much.",
	Example: "terminationGracePeriodSeconds: 45   # 10 s pause, 30 s longest request, 5 s margin\n" +
		"containers:\n  - lifecycle: {preStop: {sleep: {seconds: 10}}}\n",
	Severity: finding.Should, Profile: rule.Golden, Since: "0.1.0", Incident: "traffic-before-endpoint-removal", NeedsContext: true, Fixes: true,
	Links: []string{linkEndpoints, linkTermination, linkSleep},
	Workload: func(p *rule.Pass, w *cluster.Workload) {
		if !w.Scales() || !w.LongRunning() || stopsFirst(w) {
			return
		}
		containers, named := 0, false
		var first *cluster.Container
		for c := range w.Apps() {
			if c.Image == "" || preStop(c) != nil || drains(c) {
				return
			}
			if first == nil {
				first = c
			}
			containers++
			named = named || len(c.Ports) > 0
		}
		if first == nil {
			return
		}
		svc := traffic(p, w)
		if svc == nil {
			if named && len(p.ServicesOf(w)) == 0 && !p.Covers(w.Object, "", "Service") {
				p.Unknown(w.Object, first.Path+".lifecycle", "no Service in the input selects these pods; a pause before stopping matters when one does")
			}
			return
		}
		if c := w.Receiver(cluster.As[*corev1.Service](svc)); c != nil {
			first = c
		} else if onlyNamed(cluster.As[*corev1.Service](svc)) {
			return
		}
		f := p.Report(w.Object, first.Path+".lifecycle", "container %s is stopped while Service %s still sends it requests: there is no preStop pause", first.Name, svc.Name)
		if containers == 1 && !first.Init && graceOf(w) > 0 {
			f.Fix = addPause(w, first)
		}
	},
}

// onlyNamed reports whether a Service sends to names of ports only.
func onlyNamed(svc *corev1.Service) bool {
	return !slices.ContainsFunc(svc.Spec.Ports, func(p corev1.ServicePort) bool { return p.TargetPort.StrVal == "" })
}

// addPause makes the fix. A postStart hook stays.
func addPause(w *cluster.Workload, c *cluster.Container) *finding.Fix {
	grace := graceOf(w)
	hook := rule.Set(c.Path+".lifecycle.preStop", source.Map(source.F("sleep", source.Map(source.Field{
		Key: "seconds", Value: source.Int(pauseSeconds), Comment: "until proxies and clients know that this pod is leaving",
	}))), "livenessProbe", "readinessProbe", "ports")
	more := rule.Set(w.SpecPath+".terminationGracePeriodSeconds", source.Int(grace+pauseSeconds), "serviceAccountName", "restartPolicy")
	more.Comment = fmt.Sprintf("%d s preStop pause and %d s to end", pauseSeconds, grace)
	return rule.Mend(fmt.Sprintf("pause %d s before SIGTERM, with as much more grace", pauseSeconds), hook, more)
}

// traffic returns a Service through which clients reach w by an address of its own, nil when there is none.
func traffic(p *rule.Pass, w *cluster.Workload) *cluster.Object {
	for _, o := range p.TrafficOf(w) {
		if !cluster.Headless(o) {
			return o
		}
	}
	return nil
}

// stopsFirst reports whether a pod of w is gone before the one that replaces it starts, so that nobody can take its requests.
func stopsFirst(w *cluster.Workload) bool {
	switch t := w.Typed.(type) {
	case *appsv1.Deployment:
		return t.Spec.Strategy.Type == appsv1.RecreateDeploymentStrategyType
	case *appsv1.StatefulSet:
		return t.Spec.Replicas != nil && *t.Spec.Replicas < 2
	}
	return false
}

// drains reports whether an argument or a variable of a container speaks of draining or of a delay at shutdown.
func drains(c *cluster.Container) bool {
	for _, list := range [...][]string{c.Command, c.Args} {
		for _, s := range list {
			if speaksOfDrain(s) {
				return true
			}
		}
	}
	for i := range c.Env {
		if speaksOfDrain(c.Env[i].Name) {
			return true
		}
	}
	return false
}

func speaksOfDrain(s string) bool {
	if len(s) > 200 { // a script
		return false
	}
	s = strings.ToLower(s)
	return strings.Contains(s, "drain") || strings.Contains(s, "lameduck") || strings.Contains(s, "lame-duck") ||
		strings.Contains(s, "shutdown") && (strings.Contains(s, "delay") || strings.Contains(s, "wait") || strings.Contains(s, "grace"))
}
