package lifecycle

import (
	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
)

// gracePeriodVeryLong takes its number from the cluster autoscaler: what --max-graceful-termination-sec is by default. Jobs are left
// out: a long piece of work is what they are for.
var gracePeriodVeryLong = &rule.Rule{
	ID:    "grace-period-very-long",
	Title: "a pod may take longer to end than nodes wait for it",
	Why: "Every drain and rollout waits as long for a process that hangs. The cluster autoscaler gives a pod 600 s by default, whatever " +
		"the pod asks for, so what counts on more is cut off.",
	How:      "Cut long work into pieces that can be handed back on SIGTERM, or run it as a Job. If it must be this long, raise the limit of the parameter for it and tell whoever drains nodes.",
	Example:  "terminationGracePeriodSeconds: 120   # 10 s pause, 100 s longest task, 10 s margin\n",
	Severity: finding.Could, Profile: rule.Strict, Since: "0.1.0",
	Links: []string{linkTermination, "https://github.com/kubernetes/autoscaler/blob/master/cluster-autoscaler/FAQ.md"},
	Params: []rule.Param{
		{Name: "most", Unit: "s", Doc: "the longest grace period that nodes wait for", Default: 600},
	},
	Gate: &rule.Gate{Pod: "pod.?terminationGracePeriodSeconds.orValue(30) > param.most && !(object.kind in ['Job', 'CronJob']) && pod.?restartPolicy.orValue('') == 'Always'"},
	Workload: func(p *rule.Pass, w *cluster.Workload) {
		if grace, most := graceOf(w), int64(p.Int("most")); grace > most && w.LongRunning() {
			p.Report(w.Object, w.SpecPath+".terminationGracePeriodSeconds", "the pod may take %d s to end; a node that is scaled down waits %d s", grace, most)
		}
	},
}
