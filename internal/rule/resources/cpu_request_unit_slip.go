package resources

import (
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
	"github.com/fairway-k8s/fairway/internal/source"
)

// The fix is offered where the other of request and limit has an m, and goes together with the number only when that has one too.
var cpuRequestUnitSlip = &rule.Rule{
	ID:    "cpu-request-unit-slip",
	Title: "a CPU request that no node can meet",
	Why: "A number without a unit is whole cores: cpu: 200 asks for two hundred of them. The pod stays Pending, or, as a limit, the " +
		"number bounds nothing.",
	How:      "Write millicores with an m: 200m is a fifth of a core.",
	Example:  "resources:\n  requests:\n    cpu: 200m\n",
	Severity: finding.Must, Profile: rule.Basic, Since: "0.1.0", Incident: "cores-for-millicores", Fixes: true,
	Links:  []string{linkResources + "#meaning-of-cpu"},
	Params: []rule.Param{{Name: "maxCores", Unit: "cores", Doc: "the most cores that a container can ask for: those of your largest node", Default: 64}},
	Container: func(p *rule.Pass, w *cluster.Workload, c *cluster.Container) {
		most := int64(p.Int("maxCores"))
		request, limit := c.Path+".resources.requests.cpu", c.Path+".resources.limits.cpu"
		for _, x := range []struct {
			path, other string
			list        corev1.ResourceList
		}{{request, limit, c.Resources.Requests}, {limit, request, c.Resources.Limits}} {
			q, ok := x.list[corev1.ResourceCPU]
			if !ok || q.CmpInt64(most) <= 0 || !w.Has(x.path) {
				continue
			}
			if sizedForNode(c, x.list) {
				continue
			}
			meant := ""
			if _, whole := q.AsInt64(); whole && strings.Trim(q.String(), "0123456789") == "" {
				meant = "; was " + q.String() + "m meant?"
			}
			f := p.Report(w.Object, x.path, "cpu: %s is %d cores, more than the %d of a large node%s", q.String(), q.Value(), most, meant)
			milli, ok := millicores(w.Object, x.other)
			if n, whole := q.AsInt64(); ok && whole && (x.path == request && n <= milli || x.path == limit && n >= milli) {
				value := strconv.FormatInt(n, 10) + "m"
				f.Fix = rule.Mend("write "+value, rule.Set(x.path, source.String(value)))
			}
		}
	},
}

// sizedForNode reports whether a container asks for accelerators, or for memory as such nodes have it to a core: then it is to have a
// node for itself, and the cores are meant.
func sizedForNode(c *cluster.Container, list corev1.ResourceList) bool {
	for _, list := range []corev1.ResourceList{c.Resources.Requests, c.Resources.Limits} {
		for name := range list {
			if domain, _, ok := strings.Cut(string(name), "/"); ok && !strings.HasSuffix(domain, "kubernetes.io") {
				return true
			}
		}
	}
	cpu, memory := list[corev1.ResourceCPU], list[corev1.ResourceMemory]
	return memory.Value()/cpu.Value() >= 1<<30
}

// millicores returns an amount that is written with an m.
func millicores(o *cluster.Object, field string) (int64, bool) {
	e, ok := o.Written(field)
	if !ok {
		return 0, false
	}
	number, milli := strings.CutSuffix(e.Value.Text(), "m")
	n, err := strconv.ParseInt(number, 10, 64)
	return n, milli && err == nil
}
