package resources

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
)

var limitRequestRatio = &rule.Rule{
	ID:    "limit-request-ratio",
	Title: "a memory limit far above the request",
	Why: "The scheduler fills nodes by requests. Pods that may use many times what they asked for fit on paper; when several do at " +
		"once, the node runs out of memory and kills whom it likes. Memory cannot be taken back as CPU can.",
	How:      "Bring request and limit together: raise the request to the measured peak, or lower the limit to a little above it.",
	Severity: finding.Should, Profile: rule.Golden, Since: "0.1.0", Incident: "requests-missing-eviction",
	Links:  []string{"https://kubernetes.io/docs/concepts/workloads/pods/pod-qos/"},
	Params: []rule.Param{{Name: "memory", Unit: "ratio", Doc: "the largest ratio of memory limit to memory request that is let pass", Default: 4.0}},
	Gate: &rule.Gate{Container: "'memory' in c.?resources.?requests.orValue({}) && 'memory' in c.?resources.?limits.orValue({}) &&\n" +
		"quantity(string(c.resources.requests.memory)).compareTo(quantity('1Mi')) >= 0 && quantity(string(c.resources.limits.memory)).isGreaterThan(quantity('0')) &&\n" +
		"quantity(string(c.resources.limits.memory)).asApproximateFloat() / quantity(string(c.resources.requests.memory)).asApproximateFloat() > param.memory"},
	Container: func(p *rule.Pass, w *cluster.Workload, c *cluster.Container) {
		request, limit := c.Resources.Requests[corev1.ResourceMemory], c.Resources.Limits[corev1.ResourceMemory]
		if request.Sign() <= 0 || limit.Sign() <= 0 || request.CmpInt64(leastMemory) < 0 {
			return
		}
		if ratio := limit.AsApproximateFloat64() / request.AsApproximateFloat64(); ratio > p.Float("memory") {
			p.Report(w.Object, c.Path+".resources.limits.memory", "%s asks for %s of memory and may use %s, %.3g times as much", c.Name, request.String(), limit.String(), ratio)
		}
	},
}
