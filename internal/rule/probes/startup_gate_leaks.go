package probes

import (
	"fmt"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
	"github.com/fairway-k8s/fairway/internal/source"
)

// startupGateLeaks knows from the kubelet's source and from runs of it (Kubernetes 1.35 and 1.36) that a container which booted before
// counts as started until the startup probe's next turn. Its mend keeps the budget: a shorter period, a higher threshold.
var startupGateLeaks = &rule.Rule{
	ID:    "startup-gate-leaks",
	Title: "liveness can kill a booting container before the startup probe has its turn",
	Why: "Since Kubernetes 1.35 a container that is restarted counts as started until the startup probe asks again, and so does one " +
		"that boots while the kubelet restarts. Liveness asks meanwhile; when it gives up sooner than the startup probe's period, one " +
		"restart becomes a chain of them.",
	How: "Keep periodSeconds of the startup probe at or below (failureThreshold - 1) x periodSeconds of liveness, and open the health " +
		"listener before the slow part of the boot, with liveness true from then on.",
	Example:  "startupProbe:  {periodSeconds: 10, failureThreshold: 30}\nlivenessProbe: {periodSeconds: 20, failureThreshold: 3}   # waits at least 40 s\n",
	Severity: finding.Should, Profile: rule.Golden, Since: "0.1.0", Incident: "gate-leaks", Fixes: true,
	Links: []string{"https://github.com/kubernetes/kubernetes/issues/142305", linkLifecycle},
	Gate:  &rule.Gate{Of: "running", Container: "has(c.startupProbe) && has(c.livenessProbe) && c.startupProbe.periodSeconds > " + celSurelyLives},
	Container: func(p *rule.Pass, w *cluster.Workload, c *cluster.Container) {
		if c.StartupProbe == nil || c.LivenessProbe == nil || !probed(c) {
			return
		}
		start, room := timingOf(c.StartupProbe), gate(timingOf(c.LivenessProbe))
		if start.period <= room {
			return
		}
		path := c.Path + ".startupProbe"
		when := fmt.Sprintf("after %d s", room)
		if room == 0 {
			when = "at its first failure"
		}
		f := p.Report(w.Object, path+".periodSeconds", "the startup probe asks every %d s, but liveness can kill a container that boots again %s", start.period, when)
		if room > 0 && room >= start.timeout {
			n := threshold(start.patience().from, room)
			f.Fix = rule.Mend(fmt.Sprintf("ask every %d s, %d times: the same budget", room, n),
				rule.Set(path+".periodSeconds", source.Int(room), "initialDelaySeconds"),
				rule.Set(path+".failureThreshold", source.Int(n), "periodSeconds", "timeoutSeconds"))
		}
	},
}

// gate is the longest startup period that liveness surely waits out.
func gate(live timing) int64 { return live.budget().from }
