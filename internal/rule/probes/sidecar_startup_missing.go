package probes

import (
	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
)

// sidecarStartupMissing speaks only of sidecars whose readiness somebody thought of: those that nobody waits for have no probe at all. The kubelet
// starts what comes next once a sidecar has started, which without a startup probe is when its process is there (kuberuntime,
// computeInitContainerActions); it never looks at readiness for that.
var sidecarStartupMissing = &rule.Rule{
	ID:    "probe-sidecar-startup-missing",
	Title: "containers start before the sidecar they come after can answer",
	Why: "The next container waits for a sidecar's startup probe and for nothing else. A readiness probe on the sidecar does not hold it back: it only " +
		"keeps the pod out of traffic, so what needs the sidecar at its start fails or retries.",
	How:      "Give the sidecar a startup probe that asks what its readiness probe asks.",
	Example:  "initContainers:\n  - name: proxy\n    restartPolicy: Always\n    startupProbe: {httpGet: {path: /ready, port: 15021}, periodSeconds: 1, failureThreshold: 60}\n",
	Severity: finding.Could, Profile: rule.Strict, Since: "0.1.0",
	Links: []string{"https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/"},
	Gate:  &rule.Gate{Container: "c.?restartPolicy.orValue('') == 'Always' && pod.?initContainers.orValue([]).exists(i, i.name == c.name) && has(c.readinessProbe) && !has(c.startupProbe)"},
	Container: func(p *rule.Pass, w *cluster.Workload, c *cluster.Container) {
		if !c.Sidecar || !whole(c) || c.ReadinessProbe == nil || c.StartupProbe != nil {
			return
		}
		p.Report(w.Object, c.Path+".startupProbe", "what comes after sidecar %s starts as soon as its process is there, whatever its readiness probe says", c.Name)
	},
}
