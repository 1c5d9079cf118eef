package probes

import (
	"fmt"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
	"github.com/fairway-k8s/fairway/internal/source"
)

// startupMissing leaves liveness probes with an initial delay to probe-initial-delay-instead-of-startup: there somebody did think
// of the boot. Its parameter is half again what a slow but usual service takes, a minute. Its mend asks what liveness asks, which
// until now was asked from the first second on, and gives it more time.
var startupMissing = &rule.Rule{
	ID:    "probe-startup-missing",
	Title: "liveness counts from the first second of the boot",
	Why: "Without a startup probe or an initial delay the liveness probe gives a boot what it gives a hang. A boot that is slower once, " +
		"on a busy node or with a cold cache, is killed, and the replacement boots into more load.",
	How: "Add a startup probe whose (failureThreshold - 1) x periodSeconds covers the slowest boot with half again; it may ask the " +
		"liveness endpoint. Liveness and readiness wait for it.",
	Example:  "startupProbe:\n  httpGet: {path: /health/started, port: health}\n  periodSeconds: 10\n  failureThreshold: 30   # a boot may take 290 s\n",
	Severity: finding.Should, Profile: rule.Golden, Since: "0.1.0", Incident: "cascading-restarts", Fixes: true,
	Links: []string{linkProbes, linkConfigure},
	Params: []rule.Param{
		{Name: "boot", Unit: "s", Doc: "a liveness probe that surely gives a boot this long needs no startup probe", Default: 90},
	},
	Gate: &rule.Gate{Of: "running", Let: []rule.Let{letLongRunning}, Container: "longRunning && has(c.livenessProbe) && !has(c.startupProbe) &&\n" +
		"c.livenessProbe.?initialDelaySeconds.orValue(0) == 0 && " + celSurelyLives + " < param.boot"},
	Container: func(p *rule.Pass, w *cluster.Workload, c *cluster.Container) {
		if c.LivenessProbe == nil || c.StartupProbe != nil || !w.LongRunning() || !probed(c) {
			return
		}
		t := timingOf(c.LivenessProbe)
		if t.delay > 0 || t.budget().from >= int64(p.Int("boot")) {
			return
		}
		if _, ok := endpointOf(c.Container, c.LivenessProbe); !ok {
			return
		}
		p.Report(w.Object, c.Path+".startupProbe", "there is no startup probe, so liveness kills a container that has not answered %s after its start",
			t.budget()).Fix = addStartup(w, c, 0)
	},
}

// bootBudget is what the golden path gives a boot, in seconds: 10 s x 30.
const bootBudget = 300

// addStartup makes a fix that adds a startup probe with the endpoint of liveness, as the manifest writes it. It gives a boot the
// golden path's budget or, when that is more, so many seconds for sure. It obeys startup-gate-leaks, probe-timeout-exceeds-period
// and probe-budget-exceeds-progress-deadline, and is nil when they leave a boot no more time than it has.
func addStartup(w *cluster.Workload, c *cluster.Container, seconds int64) *finding.Fix {
	live := timingOf(c.LivenessProbe)
	period := min(max(10, live.timeout), gate(live))
	if period < live.timeout {
		return nil
	}
	n := max(bootBudget/period, threshold(seconds, period))
	if d := cluster.As[*appsv1.Deployment](w.Object); d != nil && d.Spec.ProgressDeadlineSeconds != nil {
		n = min(n, (int64(*d.Spec.ProgressDeadlineSeconds)-int64(d.Spec.MinReadySeconds))/period)
	}
	budget := (n - 1) * period
	if budget <= live.budget().from {
		return nil
	}
	for _, handler := range [...]string{"httpGet", "tcpSocket", "grpc", "exec"} {
		e, ok := w.Written(c.Path + ".livenessProbe." + handler)
		if !ok {
			continue
		}
		fields := []source.Field{source.F(handler, e.Value.Resolve().Value()), source.F("periodSeconds", source.Int(period))}
		if live.timeout > 1 {
			fields = append(fields, source.F("timeoutSeconds", source.Int(live.timeout)))
		}
		fields = append(fields, source.Field{Key: "failureThreshold", Value: source.Int(n), Comment: fmt.Sprintf("a boot may take %d s", budget)})
		return rule.Mend(fmt.Sprintf("add a startup probe that gives a boot %d s", budget), rule.Set(c.Path+".startupProbe", source.Map(fields...), "livenessProbe"))
	}
	return nil
}
