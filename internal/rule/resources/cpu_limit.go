package resources

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
)

const cpuContest = "Against a limit: idle CPU is lost while the container is throttled, most of all at boot; requests already share CPU fairly. " +
	"For a limit: predictable latency, Guaranteed pods with pinned CPUs, and tenants who pay for what they use. Golden paths of Fairway set none."

var cpuLimitSet = &rule.Rule{
	ID:    "cpu-limit-set",
	Title: "a container with a CPU limit",
	Why: "The kernel stops the container for the rest of each 100 ms period in which it has used its share, even when the node is idle. " +
		"A slow boot gets slower and runs into its probes.",
	How:     "Remove limits.cpu and keep requests.cpu, unless pinned CPUs or billing need the limit.",
	Contest: cpuContest, Severity: finding.Could, Profile: rule.Contested, Since: "0.1.0", Incident: "throttled-at-boot", Fixes: true,
	Links: []string{linkResources + "#how-pods-with-resource-limits-are-run"},
	Container: func(p *rule.Pass, w *cluster.Workload, c *cluster.Container) {
		field := c.Path + ".resources.limits.cpu"
		q, ok := c.Resources.Limits[corev1.ResourceCPU]
		if !ok || !w.Has(field) {
			return
		}
		f := p.Report(w.Object, field, "%s is throttled at %s CPU even on an idle node", c.Name, q.String())
		if w.Has(c.Path + ".resources.requests.cpu") { // without one, the limit is the request as well
			f.Fix = rule.Mend("remove limits.cpu", rule.Remove(field))
		}
	},
}

var cpuLimitMissing = &rule.Rule{
	ID:      "cpu-limit-missing",
	Title:   "a container without a CPU limit",
	Why:     "It may use every idle cycle of its node. Its latency then depends on its neighbours, and what it costs on what the node has left.",
	How:     "Set limits.cpu where predictability counts for more than idle CPU.",
	Contest: cpuContest, Severity: finding.Could, Profile: rule.Contested, Since: "0.1.0",
	Links: []string{linkResources},
	Gate:  &rule.Gate{Of: "running", Container: "!('cpu' in c.?resources.?limits.orValue({})) && !('cpu' in pod.?resources.?limits.orValue({}))"},
	Container: func(p *rule.Pass, w *cluster.Workload, c *cluster.Container) {
		if (!c.Init || c.Sidecar) && !limit(w, c, corev1.ResourceCPU) {
			p.Report(w.Object, c.Path+".resources.limits.cpu", "%s has no CPU limit", c.Name)
		}
	},
}
