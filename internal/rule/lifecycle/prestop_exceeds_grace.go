package lifecycle

import (
	"fmt"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
	"github.com/fairway-k8s/fairway/internal/source"
)

// prestopExceedsGrace mends by giving the process, after the pause, the grace period that the manifest has now; both numbers are the
// manifest's own. A grace period of 0 belongs to grace-period-zero.
var prestopExceedsGrace = &rule.Rule{
	ID:    "prestop-exceeds-grace",
	Title: "the preStop hook uses up the whole grace period",
	Why: "The grace period runs from the moment the pod is deleted and includes the hook. When the hook sleeps as long, the process " +
		"gets SIGTERM and 2 s later SIGKILL, with its requests in flight. The API server refuses a sleep action longer than the grace period.",
	How:      "Set terminationGracePeriodSeconds to the pause plus the longest request or task plus a margin.",
	Example:  "terminationGracePeriodSeconds: 45   # 10 s pause, 30 s longest request, 5 s margin\ncontainers:\n  - lifecycle: {preStop: {sleep: {seconds: 10}}}\n",
	Severity: finding.Must, Profile: rule.Basic, Since: "0.1.0", Incident: "traffic-before-endpoint-removal", Fixes: true,
	Links: []string{linkTermination, linkHooks},
	Workload: func(p *rule.Pass, w *cluster.Workload) {
		grace := graceOf(w)
		c, seconds := longestPause(w)
		if c == nil || grace <= 0 || seconds < grace {
			return
		}
		field := w.SpecPath + ".terminationGracePeriodSeconds"
		origin := ""
		if grace == defaultGrace && !w.Has(field) {
			origin = ", the default"
		}
		want := seconds + grace
		set := rule.Set(field, source.Int(want), "serviceAccountName", "restartPolicy")
		set.Comment = fmt.Sprintf("%d s preStop pause and %d s to end", seconds, grace)
		p.Report(w.Object, field, "the preStop hook of container %s sleeps %d s of a grace period of %d s%s, so the process is killed 2 s after SIGTERM",
			c.Name, seconds, grace, origin).Fix =
			rule.Mend(fmt.Sprintf("set terminationGracePeriodSeconds: %d", want), set)
	},
}
