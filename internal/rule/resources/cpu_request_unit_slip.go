package resources

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
)

var cpuRequestUnitSlip = &rule.Rule{
	ID:    "cpu-request-unit-slip",
	Title: "a CPU request that no node can meet",
	Why: "A number without a unit is whole cores: cpu: 200 asks for two hundred of them. The pod stays Pending, or, as a limit, the " +
		"number bounds nothing.",
	How:      "Write millicores with an m: 200m is a fifth of a core.",
	Example:  "resources:\n  requests:\n    cpu: 200m\n",
	Severity: finding.Must, Profile: rule.Basic, Since: "0.1.0", Incident: "cores-for-millicores",
	Links:  []string{linkResources + "#meaning-of-cpu"},
	Params: []rule.Param{{Name: "maxCores", Unit: "cores", Doc: "the most cores that a container can ask for: those of your largest node", Default: 64}},
	Container: func(p *rule.Pass, w *cluster.Workload, c *cluster.Container) {
		most := int64(p.Int("maxCores"))
		for _, x := range []struct {
			path string
			list corev1.ResourceList
		}{{c.Path + ".resources.requests.cpu", c.Resources.Requests}, {c.Path + ".resources.limits.cpu", c.Resources.Limits}} {
			q, ok := x.list[corev1.ResourceCPU]
			if !ok || q.CmpInt64(most) <= 0 || !w.Has(x.path) {
				continue
			}
			p.Report(w.Object, x.path, "cpu: %s is %s cores, more than the %d of a large node; was %sm meant?", q.String(), q.String(), most, q.String())
		}
	},
}
