package probeplan

import (
	"fmt"
	"math"

	"github.com/fairway-k8s/fairway/internal/boottime"
	"github.com/fairway-k8s/fairway/internal/probesim"
)

// rule is something that a probe's numbers have to keep, with the reason why.
type rule struct {
	text  string
	keeps func(numbers) bool
}

// Numbers of the rules.
const (
	patience   = 60   // s that liveness waits at the least: a restart is the last resort (C. Breck, How to avoid shooting yourself in the foot)
	margin     = 15   // s by which liveness outlasts readiness
	startEvery = 10   // s between two looks at a boot: each pod of a rollout waits for half of it
	maxCalls   = 900  // an hour and pod, as many as the golden path's probes make
	commands   = 30   // s between two runs of a command, each of which starts a process
	Headroom   = 1.5  // times the 99.9th percentile of the boot; exported for what a service file is to say
	often      = 3    // failures in a row: no single slow moment decides
	propagate  = 3.0  // s from Ready to traffic (EndpointSlice and kube-proxy)
	percentile = 99.9 // of the boot
)

// rulesOf are the rules for one probe by itself, those first that candidates break first.
func rulesOf(k probesim.Kind, command bool, budget float64) []rule {
	rules := []rule{{"timeoutSeconds below periodSeconds: an attempt that still waits pushes the next one back", func(n numbers) bool { return n.t < n.p }}}
	add := func(keeps func(numbers) bool, format string, args ...any) {
		rules = append(rules, rule{fmt.Sprintf(format, args...), keeps})
	}
	if command && k != probesim.Startup {
		add(func(n numbers) bool { return n.p >= commands }, "a command is not run more often than every %d s: each run starts a process", commands)
	}
	switch k {
	case probesim.Startup:
		add(func(n numbers) bool { return n.t >= 2 }, "an answer may take more than a second, the default: a process that boots is busy")
		add(func(n numbers) bool { return n.p <= startEvery }, "the boot is looked at every %d s at the least", startEvery)
		add(func(n numbers) bool { return float64((n.f-1)*n.p) >= budget }, "(failureThreshold - 1) x periodSeconds of at least %.0f s", budget)
	case probesim.Readiness:
		add(func(n numbers) bool { return n.t >= 2 }, "an answer may take more than a second, the default: collecting garbage or a throttled CPU takes longer")
		add(func(n numbers) bool { return n.f >= often }, "%d failures in a row: one slow answer is no reason to send nothing more", often)
		add(func(n numbers) bool { return 3600/n.p <= maxCalls }, "no more than %d calls an hour", maxCalls)
	case probesim.Liveness:
		add(func(n numbers) bool { return n.t >= 5 }, "a busy process may take 5 s to answer: starved is not stuck")
		add(func(n numbers) bool { return n.f >= often }, "%d failures in a row: no single slow moment restarts it", often)
		add(func(n numbers) bool { return n.f*n.p >= patience }, "no restart before %d s of failures: it is the last resort", patience)
	}
	return rules
}

// gate is the rule that joins liveness with startup: since Kubernetes 1.35 a container that is restarted counts as started until the startup probe's
// next turn, which liveness has to wait out.
func (q *Question) gate(live, start numbers) bool {
	return q.NoLiveness || start.p <= (live.f-1)*live.p
}

// calm are the rules that join liveness with readiness: liveness gives up last, and both together do not ask too often.
func (q *Question) calm(live, ready numbers) bool {
	switch {
	case q.NoLiveness || q.NoReadiness:
		return true
	case live.f*live.p <= ready.f*ready.p+margin:
		return false
	}
	return 3600*(live.p+ready.p) <= maxCalls*live.p*ready.p
}

// needed returns the budget that a boot has to have for sure.
func needed(s *boottime.Sample) (seconds float64, why string) {
	high := s.Quantile(percentile / 100)
	rule := Headroom * high.Estimate
	from := fmt.Sprintf("%.1f times the 99.9th percentile, %.0f s", Headroom, high.Estimate)
	// A percentile that was counted is trusted; one that was computed is not trusted to be below what was seen.
	switch longest := s.Curve.Last; {
	case math.IsNaN(rule), high.Fitted != nil && Headroom*longest > rule:
		rule, from = Headroom*longest, fmt.Sprintf("%.1f times the longest that was seen, %.0f s", Headroom, longest)
	case longest > rule:
		rule, from = longest, fmt.Sprintf("the longest that was seen, %.0f s", longest)
	}
	if sure := s.Needed(MaxKilled, reach()); sure > rule && !math.IsInf(sure, 1) {
		return sure, "fewer than 1 of 10,000 boots takes longer, with 95 % confidence in the tail"
	}
	return rule, from
}

// reach is the largest budget of the whole space, in seconds.
func reach() float64 { return float64((Whole.Failures - 1) * startEvery) }
