package kubelet

import (
	"strings"
	"testing"

	"github.com/fairway-k8s/fairway/internal/testkit/mutant"
)

// mutants are errors of one line. The vectors that the kubelet wrote must notice every one of them; that is what agreeing with them is worth.
var mutants = []struct{ file, old, new, why string }{
	{"prober.go", "w.tick = p.now + w.probe.Period // Ticker.Reset", "w.tick += 0 // Ticker.Reset", "a manual trigger leaves the grid alone"},
	{"prober.go", "w.tick += w.probe.Period * (1 + (p.now-w.tick)/w.probe.Period)", "w.tick = p.now + w.probe.Period", "a late tick moves the grid"},
	{"prober.go", "w.tick += w.probe.Period * (1 + (p.now-w.tick)/w.probe.Period)", "w.tick += w.probe.Period", "all ticks that were missed are remembered"},
	{"prober.go", "		w.onHold = false\n", "		w.onHold, w.run = false, 0\n", "the run of results ends with the container"},
	{"prober.go", "w.onHold, w.run = true, 0", "w.onHold = true", "a kill leaves the run of results"},
	{"prober.go", "w.onHold, w.run = true, 0", "w.run = 0", "a worker goes on after its verdict"},
	{"prober.go", "w.kind == Startup || w.kind == Liveness && value == failed", "w.kind == Liveness && value == failed", "a startup worker goes on after success"},
	{"kubelet.go", "s.startedAt = r.startedAt / second * second", "s.startedAt = r.startedAt", "the initial delay is exact"},
	{"prober.go", "(p.now-s.startedAt)/second < w.probe.InitialDelay/second", "(p.now-s.startedAt)/second <= w.probe.InitialDelay/second", "the initial delay is a second longer"},
	{"prober.go", "w.outcome == Errored && w.attempt < maxAttempts", "w.outcome == Errored && w.attempt < 1", "what cannot be judged is not tried again"},
	{"prober.go", "	if w.outcome == Errored { // 11\n		return\n	}\n", "", "what cannot be judged is a failure or a success"},
	{"prober.go", "p.setResult(ci, w, initial[w.kind])", "p.setResult(ci, w, unknown)", "initial values are all unknown"},
	{"prober.go", "if s.started == (w.kind == Startup)", "if w.kind == Startup && s.started", "liveness and readiness do not wait for startup"},
	{"prober.go", "passed, w.probe.SuccessThreshold", "passed, 1", "one success is enough"},
	{"prober.go", "failed, w.probe.FailureThreshold", "failed, w.probe.FailureThreshold+1", "one failure more is needed"},
	{"prober.go", "p.draw()*float64(w.probe.Period)", "0*float64(w.probe.Period)", "no jitter after a restart of the kubelet"},
	{"kubelet.go", "w.trigger, w.hearsAt = true, p.now", "", "a sync does not ask readiness"},
	{"kubelet.go", "inherited := p.kubelet.Version.startedSurvives() && r.running", "inherited := false && r.running", "Started is not inherited"},
	{"kubelet.go", "return inherited || w.phase == absent", "return inherited", "no startup probe, never started"},
	{"kubelet.go", "max(grace-hook/second*second, minGrace)", "max(grace, minGrace)", "the hook costs nothing"},
	{"kubelet.go", "max(grace-hook/second*second, minGrace)", "grace-hook/second*second", "no minimal grace period"},
	{"kubelet.go", "probe.Grace > 0 && !p.killPod", "probe.Grace > 0", "the probe's grace period counts when the whole pod is killed"},
	{"kubelet.go", "probe.Grace > 0 && !p.killPod", "false", "the probe's grace period does not count"},
	{"kubelet.go", "	if c.view.id != 0 && !c.view.running {\n		return &c.view\n", "	if c.cur.id != 0 && !c.cur.running {\n		return &c.cur\n", "the back-off looks at the exit that the kill has just caused"},
	{"kubelet.go", "c.backOff.next(last.finishedAt, p.now, p.maxBackOff)", "c.backOff.next(last.finishedAt, last.finishedAt, p.maxBackOff)", "the back-off remembers the exit, not the decision"},
	{"backoff.go", "return exit-b.last > 2*most", "return false", "the back-off is never forgotten"},
	{"backoff.go", "now-exit < b.wait", "now-b.last < b.wait", "the wait begins with the last restart"},
	{"kubelet.go", "		p.pending, p.stage = false, called", "		p.pending = false", "what is asked for during a sync is forgotten"},
	{"kubelet.go", "func (p *Pod) fresh() bool { return p.known > p.lastSync }", "func (p *Pod) fresh() bool { return true }", "a sync does not wait for a relist"},
	{"kubelet.go", "case v.retriesAtExpiry():", "case false:", "a retry after back-off comes after ten seconds"},
	{"kubelet.go", "v.relistsOnDemand() && p.acted", "false && p.acted", "no relist on demand"},
	{"kubelet.go", "p.sandbox && !p.sandboxSeen", "false", "the sandbox is not an event of the relist"},
	{"pod.go", "ceilTo(p.requeueAt+1, p.pollPhase, pollPeriod)", "p.requeueAt", "the work queue is looked at all the time"},
}

func TestMutants(t *testing.T) {
	if version != 36 {
		t.Skip("the vectors of all versions are judged once")
	}
	if testing.Short() {
		t.Skip("it compiles the model thirty times")
	}
	for _, m := range mutants {
		t.Run(m.why, func(t *testing.T) {
			out, passed := mutant.Mutant{File: "internal/probesim/" + m.file, Old: m.old, New: m.new, Why: m.why}.Test(t, "../..", "-run=^TestGolden$", "./internal/probesim")
			switch n := strings.Count(out, "-kubelet +model"); {
			case passed:
				t.Errorf("the vectors do not notice that\n  %s\nbecame\n  %s", m.old, m.new)
			case n == 0:
				t.Errorf("it does not compile or panics:\n%.800s", out)
			default:
				t.Logf("%d vectors", n)
			}
		})
	}
}
