package kubelet

import (
	"strings"
	"testing"

	"github.com/fairway-k8s/fairway/internal/testkit/mutant"
)

// mutants are errors of one line. The vectors that the kubelet wrote must notice every one of them; that is what agreeing with them is worth.
var mutants = []mutant.Mutant{
	{"internal/probesim/prober.go", "w.tick = p.now + w.probe.Period // Ticker.Reset", "w.tick += 0 // Ticker.Reset", "a manual trigger leaves the grid alone"},
	{"internal/probesim/prober.go", "w.tick += w.probe.Period * (1 + (p.now-w.tick)/w.probe.Period)", "w.tick = p.now + w.probe.Period", "a late tick moves the grid"},
	{"internal/probesim/prober.go", "w.tick += w.probe.Period * (1 + (p.now-w.tick)/w.probe.Period)", "w.tick += w.probe.Period", "all ticks that were missed are remembered"},
	{"internal/probesim/prober.go", "		w.onHold = false\n", "		w.onHold, w.run = false, 0\n", "the run of results ends with the container"},
	{"internal/probesim/prober.go", "w.onHold, w.run = true, 0", "w.onHold = true", "a kill leaves the run of results"},
	{"internal/probesim/prober.go", "w.onHold, w.run = true, 0", "w.run = 0", "a worker goes on after its verdict"},
	{"internal/probesim/prober.go", "w.kind == Startup || w.kind == Liveness && value == failed", "w.kind == Liveness && value == failed", "a startup worker goes on after success"},
	{"internal/probesim/kubelet.go", "s.startedAt = r.startedAt / second * second", "s.startedAt = r.startedAt", "the initial delay is exact"},
	{"internal/probesim/prober.go", "(p.now-s.startedAt)/second < w.probe.InitialDelay/second", "(p.now-s.startedAt)/second <= w.probe.InitialDelay/second", "the initial delay is a second longer"},
	{"internal/probesim/prober.go", "w.outcome == Errored && w.attempt < maxAttempts", "w.outcome == Errored && w.attempt < 1", "what cannot be judged is not tried again"},
	{"internal/probesim/prober.go", "	if w.outcome == Errored { // 11\n		return\n	}\n", "", "what cannot be judged is a failure or a success"},
	{"internal/probesim/prober.go", "p.setResult(ci, w, initial[w.kind])", "p.setResult(ci, w, unknown)", "initial values are all unknown"},
	{"internal/probesim/prober.go", "if s.started == (w.kind == Startup)", "if w.kind == Startup && s.started", "liveness and readiness do not wait for startup"},
	{"internal/probesim/prober.go", "run < w.probe.SuccessThreshold", "run < 1", "one success is enough"},
	{"internal/probesim/prober.go", "w.run < w.probe.FailureThreshold || value", "w.run <= w.probe.FailureThreshold || value", "one failure more is needed"},
	{"internal/probesim/prober.go", "p.draw()*float64(w.probe.Period)", "0*float64(w.probe.Period)", "no jitter after a restart of the kubelet"},
	{"internal/probesim/kubelet.go", "w.trigger = w.trigger || !ready", "", "a sync does not ask readiness"},
	{"internal/probesim/kubelet.go", "inherited := p.kubelet.Version.startedSurvives() && r.running", "inherited := false && r.running", "Started is not inherited"},
	{"internal/probesim/kubelet.go", "return inherited || w.phase == absent", "return inherited", "no startup probe, never started"},
	{"internal/probesim/kubelet.go", "max(grace-hook/second*second, minGrace)", "max(grace, minGrace)", "the hook costs nothing"},
	{"internal/probesim/kubelet.go", "max(grace-hook/second*second, minGrace)", "grace-hook/second*second", "no minimal grace period"},
	{"internal/probesim/kubelet.go", "probe.Grace > 0 && !p.killPod", "probe.Grace > 0", "the probe's grace period counts when the whole pod is killed"},
	{"internal/probesim/kubelet.go", "probe.Grace > 0 && !p.killPod", "false", "the probe's grace period does not count"},
	{"internal/probesim/kubelet.go", "	if c.view.id != 0 && !c.view.running {\n		return &c.view\n", "	if c.cur.id != 0 && !c.cur.running {\n		return &c.cur\n", "the back-off looks at the exit that the kill has just caused"},
	{"internal/probesim/kubelet.go", "c.backOff.next(last.finishedAt, p.now, p.maxBackOff)", "c.backOff.next(last.finishedAt, last.finishedAt, p.maxBackOff)", "the back-off remembers the exit, not the decision"},
	{"internal/probesim/backoff.go", "return exit-b.last > 2*most", "return false", "the back-off is never forgotten"},
	{"internal/probesim/backoff.go", "now-exit < b.wait", "now-b.last < b.wait", "the wait begins with the last restart"},
	{"internal/probesim/kubelet.go", "		p.pending, p.stage = false, called", "		p.pending = false", "what is asked for during a sync is forgotten"},
	{"internal/probesim/kubelet.go", "func (p *Pod) fresh() bool { return p.known > p.lastSync }", "func (p *Pod) fresh() bool { return true }", "a sync does not wait for a relist"},
	{"internal/probesim/kubelet.go", "case v.retriesAtExpiry():", "case false:", "a retry after back-off comes after ten seconds"},
	{"internal/probesim/kubelet.go", "v.relistsOnDemand() && p.acted", "false && p.acted", "no relist on demand"},
	{"internal/probesim/kubelet.go", "p.sandbox && !p.sandboxSeen", "false", "the sandbox is not an event of the relist"},
	{"internal/probesim/pod.go", "ceilTo(p.requeueAt+1, p.pollPhase, pollPeriod)", "p.requeueAt", "the work queue is looked at all the time"},
}

func TestMutants(t *testing.T) {
	if version != 36 {
		t.Skip("the vectors of all versions are judged once")
	}
	if testing.Short() {
		t.Skip("it compiles the model thirty times")
	}
	for _, m := range mutants {
		t.Run(m.Why, func(t *testing.T) {
			out, passed := m.Test(t, "../..", "-run=^TestGolden$", "./internal/probesim")
			switch n := strings.Count(out, "-kubelet +model"); {
			case passed:
				t.Errorf("the vectors do not notice that\n  %s\nbecame\n  %s", m.Old, m.New)
			case n == 0:
				t.Errorf("it does not compile or panics:\n%.800s", out)
			default:
				t.Logf("%d vectors", n)
			}
		})
	}
}
