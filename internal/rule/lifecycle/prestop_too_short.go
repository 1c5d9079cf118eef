package lifecycle

import (
	"fmt"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
	"github.com/fairway-k8s/fairway/internal/source"
)

// prestopTooShort speaks of hooks that only pause: one that does something else may wait for what it does. Its mend is for the sleep action, and
// lengthens the grace period by as much, so that the process has as long to end as before.
var prestopTooShort = &rule.Rule{
	ID:    "prestop-too-short",
	Title: "the pause before stopping ends before everybody has heard",
	Why: "A deletion travels from the API server to the EndpointSlice, to the proxies of all nodes and to load balancers: 1-3 s in a quiet cluster, more in a " +
		"large one. Requests that are sent until then are refused when the process has closed its listener.",
	How:      "Pause 5 s or longer, and let the grace period grow by as much.",
	Example:  "lifecycle: {preStop: {sleep: {seconds: 10}}}\n",
	Severity: finding.Could, Profile: rule.Strict, Since: "0.1.0", Incident: "traffic-before-endpoint-removal", Gathers: true, Fixes: true,
	Links: []string{linkEndpoints, linkTermination},
	Params: []rule.Param{
		{Name: "pause", Unit: "s", Doc: "the shortest pause that is enough", Default: 5},
	},
	Workload: func(p *rule.Pass, w *cluster.Workload) {
		if !w.Scales() || !w.LongRunning() || stopsFirst(w) || traffic(p, w) == nil {
			return
		}
		c, seconds := longestPause(w)
		least := int64(p.Int("pause"))
		if c == nil || seconds >= least || drains(c) {
			return
		}
		hook, grace := preStop(c), graceOf(w)
		if hook.Exec != nil {
			if _, only := sleeps(hook.Exec.Command); !only {
				return
			}
		}
		field := c.Path + ".lifecycle.preStop"
		f := p.Report(w.Object, field, "Service %s still sends requests to container %s when its pause of %d s is over", traffic(p, w).Name, c.Name, seconds)
		if hook.Sleep != nil && grace > 0 {
			f.Fix = rule.Mend(fmt.Sprintf("pause %d s, with as much more grace", least), rule.Set(field+".sleep.seconds", source.Int(least)),
				rule.Set(w.SpecPath+".terminationGracePeriodSeconds", source.Int(grace+least-seconds), "serviceAccountName", "restartPolicy"))
		}
	},
}
