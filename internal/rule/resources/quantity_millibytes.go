package resources

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
	"github.com/fairway-k8s/fairway/internal/source"
)

// leastMemory is an amount that no process can run in: one mebibyte.
const leastMemory = 1 << 20

// 512m of memory is half a byte; nobody can have meant it, and Mi is the only unit that looks like it. An amount without any unit
// is left to its author: 512 can have been meant as MB, MiB or as a line of something else.
var quantityMillibytes = &rule.Rule{
	ID:    "quantity-millibytes",
	Title: "an amount of memory or disk that is next to nothing",
	Why: "In Kubernetes m is a thousandth: memory: 512m is half a byte. A limit like that kills the container at once, a request like " +
		"that is none.",
	How:      "Write Mi or Gi (powers of 1024) for memory and storage; m is for CPU.",
	Example:  "resources:\n  requests:\n    cpu: 250m\n    memory: 512Mi\n",
	Severity: finding.Must, Profile: rule.Basic, Since: "0.1.0", Incident: "memory-millibytes", Fixes: true,
	Links: []string{linkResources + "#meaning-of-memory"},
	Gate: &rule.Gate{Container: "[c.?resources.?requests.orValue({}), c.?resources.?limits.orValue({})].exists(l, ['memory', 'ephemeral-storage'].exists(r, r in l &&\n" +
		"  quantity(string(l[r])).isGreaterThan(quantity('0')) && quantity(string(l[r])).isLessThan(quantity('1Mi'))))"},
	Container: func(p *rule.Pass, w *cluster.Workload, c *cluster.Container) {
		tooSmall(p, w.Object, c.Path+".resources.requests", c.Resources.Requests)
		tooSmall(p, w.Object, c.Path+".resources.limits", c.Resources.Limits)
	},
}

func tooSmall(p *rule.Pass, o *cluster.Object, path string, list corev1.ResourceList) {
	for _, name := range []corev1.ResourceName{corev1.ResourceMemory, corev1.ResourceEphemeralStorage} {
		q, ok := list[name]
		if !ok || q.Sign() <= 0 || q.CmpInt64(leastMemory) >= 0 {
			continue
		}
		field := path + "." + string(name)
		e, ok := o.Written(field)
		if !ok {
			continue // copied from the limit, where it is reported
		}
		f := p.Report(o, field, "%s is %s", e.Value.Text(), bytes(q))
		if number, isMilli := strings.CutSuffix(e.Value.Text(), "m"); isMilli {
			f.Fix = rule.Mend("write "+number+"Mi", rule.Set(field, source.String(number+"Mi")))
		}
	}
}

func bytes(q resource.Quantity) string {
	if q.CmpInt64(1) <= 0 {
		return "at most one byte"
	}
	return q.String() + " bytes, less than any process needs"
}
