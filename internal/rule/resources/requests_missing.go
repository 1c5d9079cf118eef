package resources

import (
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
)

// Init containers run before the others and are counted by
// their peak; leaving theirs out seldom hurts.
var requestsMissing = &rule.Rule{
	ID:    "requests-missing",
	Title: "a container does not say what it needs",
	Why: "The scheduler places the pod as if it needed nothing. Under pressure it is throttled first, and evicted first; autoscaling on " +
		"CPU has nothing to divide by.",
	How:      "Set requests to what the container uses in a busy hour: CPU about the average, memory above the peak. Measure before guessing.",
	Example:  "resources:\n  requests:\n    cpu: 250m\n    memory: 512Mi\n  limits:\n    memory: 512Mi\n",
	Severity: finding.Should, Profile: rule.Basic, Since: "0.1.0", Incident: "requests-missing-eviction",
	Links: []string{linkResources},
	Gate: &rule.Gate{Of: "running", Blind: blindToLimitRanges, Container: "['cpu', 'memory'].exists(r, !(r in c.?resources.?requests.orValue({})) && !(r in c.?resources.?limits.orValue({})) &&\n" +
		"  !(r in pod.?resources.?requests.orValue({})) && !(r in pod.?resources.?limits.orValue({})))"},
	Container: func(p *rule.Pass, w *cluster.Workload, c *cluster.Container) {
		if c.Init && !c.Sidecar || !decided(w, c) {
			return
		}
		var missing []string
		for _, name := range []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory} {
			if !request(w, c, name) && !ranged(p, w, func(i corev1.LimitRangeItem) bool {
				_, request := i.DefaultRequest[name]
				_, limit := i.Default[name]
				return request || limit
			}) {
				missing = append(missing, string(name))
			}
		}
		if len(missing) > 0 {
			p.Report(w.Object, c.Path+".resources.requests."+missing[0], "%s requests no %s: the scheduler counts it as zero", c.Name, strings.Join(missing, " and no "))
		}
	},
}
