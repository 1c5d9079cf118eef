package jobs

import (
	batchv1 "k8s.io/api/batch/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
)

// A Job of a CronJob is cleaned up by the history limits; only standalone ones stay for ever. Helm and Argo CD hooks are cleaned up
// by their own deletion policies.
var ttlMissing = &rule.Rule{
	ID:    "job-ttl-missing",
	Title: "a finished Job stays for ever",
	Why: "A Job that nothing owns is kept with its pods until somebody deletes it. They pile up in lists and quotas, and applying the " +
		"manifest again fails or does nothing, because the old Job is still there.",
	How:      "Set ttlSecondsAfterFinished to how long its logs are of interest.",
	Example:  "kind: Job\nspec:\n  ttlSecondsAfterFinished: 86400\n",
	Severity: finding.Should, Profile: rule.Golden, Since: "0.1.0",
	Links: []string{"https://kubernetes.io/docs/concepts/workloads/controllers/ttlafterfinished/"},
	Gate: &rule.Gate{Kinds: []string{"Job"}, Object: "!has(object.spec.ttlSecondsAfterFinished) && size(object.metadata.?ownerReferences.orValue([])) == 0 &&\n" +
		"['helm.sh/hook', 'argocd.argoproj.io/hook'].all(h, object.metadata.?annotations[?h].orValue('') == '')"},
	Object: func(p *rule.Pass, o *cluster.Object) {
		j := cluster.As[*batchv1.Job](o)
		if j == nil || j.Spec.TTLSecondsAfterFinished != nil || len(j.OwnerReferences) > 0 {
			return
		}
		for _, hook := range []string{"helm.sh/hook", "argocd.argoproj.io/hook"} {
			if o.Annotations[hook] != "" {
				return
			}
		}
		p.Report(o, "spec.ttlSecondsAfterFinished", "ttlSecondsAfterFinished is not set: the finished Job and its pods stay until somebody deletes them")
	},
}
