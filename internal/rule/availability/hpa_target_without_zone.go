package availability

import (
	"fmt"

	autoscalingv2 "k8s.io/api/autoscaling/v2"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
	"github.com/fairway-k8s/fairway/internal/source"
)

// hpaTargetWithoutZone is about CPU only: what is reserved of it is what a pod surely has, on a node that is full. That the pods of a zone are a
// share of 1/zones is what spreading is for; fewer pods than that make it worse. It leaves workloads aside that are not in one place anyway, which no
// manifest tells.
var hpaTargetWithoutZone = &rule.Rule{
	ID:    "hpa-target-without-zone",
	Title: "an autoscaler leaves no room for the loss of a zone",
	Why: "When a zone is lost, the pods that are left get all of the load at once, and new ones come a minute or more later. Above their capacity queues grow until " +
		"probes fail as well, and pods that restart or are not ready count as idle for the autoscaler, which then does not scale up.",
	How:      "Aim at (zones - 1) / zones of what a pod reserves, or less: 66 % with three zones.",
	Example:  "metrics:\n  - type: Resource\n    resource: {name: cpu, target: {type: Utilization, averageUtilization: 65}}\n",
	Severity: finding.Could, Profile: rule.Strict, Since: "0.1.0", Incident: "zone-lost", Fixes: true,
	Links: []string{linkHPA, "https://www.usenix.org/conference/osdi22/presentation/huang-lexiang"},
	Params: []rule.Param{
		{Name: "zones", Doc: "zones that the pods are spread over", Default: 3},
	},
	Gate: &rule.Gate{Kinds: []string{"HorizontalPodAutoscaler"}, Object: "object.spec.?metrics.orValue([]).exists(m,\n" +
		"  [m.?resource, m.?containerResource].exists(r, r.hasValue() && r.value().name == 'cpu' && r.value().target.?averageUtilization.orValue(0) * param.zones > 100 * (param.zones - 1)))"},
	Object: func(p *rule.Pass, o *cluster.Object) {
		h := cluster.As[*autoscalingv2.HorizontalPodAutoscaler](o)
		if h == nil || controlled(o) {
			return
		}
		zones := p.Int("zones")
		for i, m := range h.Spec.Metrics {
			target, field := cluster.CPUTarget(&m), fmt.Sprintf("spec.metrics[%d].", i)
			if target*zones <= 100*(zones-1) {
				continue
			}
			if m.Resource != nil {
				field += "resource.target.averageUtilization"
			} else {
				field += "containerResource.target.averageUtilization"
			}
			if o.APIVersion == "autoscaling/v1" {
				field = "spec.targetCPUUtilizationPercentage"
			}
			f := p.Report(o, field, "at %d %% the pods of %d zones have to do %d %% of what they reserve when one of %d is lost", target, zones-1, (target*zones+zones-2)/(zones-1), zones)
			if most := 100 * (zones - 1) / zones; o.Has(field) {
				f.Fix = rule.Mend(fmt.Sprintf("aim at %d %%", most), rule.Set(field, source.Int(int64(most))))
			}
		}
	},
}
