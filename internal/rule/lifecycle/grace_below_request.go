package lifecycle

import (
	"fmt"
	"math"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
	"github.com/fairway-k8s/fairway/internal/source"
)

// graceBelowRequest speaks where somebody wrote down how long a request takes. A grace period that the pause alone uses up belongs to
// prestop-exceeds-grace, one of 0 to grace-period-zero. Its mend is the golden path's sum.
var graceBelowRequest = &rule.Rule{
	ID:    "grace-below-request",
	Title: "the longest request does not fit into the grace period",
	Why: "The grace period runs from the deletion of the pod and includes the preStop pause. What is in flight when it ends is cut off by SIGKILL, at every rollout " +
		"and every drain.",
	How: "Set terminationGracePeriodSeconds to the pause, the longest request and some seconds to spare. How long a request takes stands in fairway.yaml (request) " +
		"or in the annotation " + cluster.RequestAnnotation + ".",
	Example:  "terminationGracePeriodSeconds: 45   # 10 s pause, 30 s longest request, 5 s margin\n",
	Severity: finding.Should, Profile: rule.Golden, Since: "0.1.0", Incident: "traffic-before-endpoint-removal", Fixes: true,
	Links: []string{linkTermination},
	Workload: func(p *rule.Pass, w *cluster.Workload) {
		request := int64(math.Ceil(p.DeclaredOf(w).Request.Seconds()))
		grace := graceOf(w)
		_, seconds := longestPause(w)
		if request == 0 || grace <= seconds || grace >= seconds+request || !w.LongRunning() {
			return
		}
		field := w.SpecPath + ".terminationGracePeriodSeconds"
		origin := ""
		if grace == defaultGrace && !w.Has(field) {
			origin = ", the default"
		}
		want := seconds + request + 5
		set := rule.Set(field, source.Int(want), "serviceAccountName", "restartPolicy")
		set.Comment = fmt.Sprintf("%d s preStop pause, %d s longest request, 5 s margin", seconds, request)
		if seconds == 0 {
			set.Comment = fmt.Sprintf("%d s longest request, 5 s margin", request)
		}
		p.Report(w.Object, field, "a request may take %d s, but of the grace period of %d s%s, %d s are left for it", request, grace, origin, grace-seconds).Fix =
			rule.Mend(fmt.Sprintf("set terminationGracePeriodSeconds: %d", want), set)
	},
}
