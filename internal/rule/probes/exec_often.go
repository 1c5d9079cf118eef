package probes

import (
	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
)

// execOften leaves startup probes alone: they end with the boot, and asking seldom would make each boot longer.
var execOften = &rule.Rule{
	ID:    "probe-exec-often",
	Title: "a probe starts a process in the container every few seconds",
	Why: "The kubelet has the container runtime start a process for every exec probe, within the container's CPU and memory. A hundred pods with a trivial " +
		"command brought a node from 60 % idle CPU to 7 % (kubernetes issue 82440), and the command may outlive its timeout.",
	How:      "Let the program answer over HTTP or gRPC, which costs a connection. Where only a command knows, ask every 30 s or less often.",
	Example:  "readinessProbe:\n  grpc: {port: 9090}\n  periodSeconds: 5\n",
	Severity: finding.Could, Profile: rule.Strict, Since: "0.1.0",
	Links: []string{"https://github.com/kubernetes/kubernetes/issues/82440", linkConfigure},
	Params: []rule.Param{
		{Name: "period", Unit: "s", Doc: "a command may be run this often", Default: 30},
	},
	Gate: &rule.Gate{Of: "running", Container: "[c.?readinessProbe, c.?livenessProbe].exists(p, p.hasValue() && has(p.value().exec) && p.value().periodSeconds < param.period)"},
	Container: func(p *rule.Pass, w *cluster.Workload, c *cluster.Container) {
		if !probed(c) {
			return
		}
		for _, a := range asks(c.Container) {
			if a.probe == nil || a.probe.Exec == nil || a.probe == c.StartupProbe {
				continue
			}
			if t := timingOf(a.probe); t.period < int64(p.Int("period")) {
				e, _ := endpointOf(c.Container, a.probe)
				p.Report(w.Object, c.Path+"."+a.field, "%s is started every %d s, %d times an hour in every pod", e, t.period, 3600/t.period)
			}
		}
	},
}
