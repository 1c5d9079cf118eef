package probeplan

import (
	"math"

	"github.com/fairway-k8s/fairway/internal/boottime"
)

// Cascade is whether the kills of one fault lead to others.
type Cascade struct {
	Verdict Verdict
	// Probability that they do, at most; NaN when it is not known.
	Probability float64
	// Utilisation is up to which the plan holds, 0 to 1, when health endpoints share the workers of requests and the pods are known.
	Utilisation float64
	Why         string
}

// cascade judges liveness and startup together. Endpoints on a listener of their own do not see load. Where they share the workers, the wait for an
// answer grows by rho-1 seconds a second once the pods that are left are asked for rho times what they can do; liveness times out when it has grown to
// the timeout and kills f-1 periods later at the earliest. When the missing pods are back by then, nothing follows; otherwise it runs away.
func (q *Question) cascade(live, start numbers) Cascade {
	switch {
	case q.NoLiveness:
		return Cascade{Proved, 0, 1, "there is no liveness probe that could restart anything"}
	case !q.Shared:
		return Cascade{Proved, 0, 1, "liveness is answered on a listener of its own, which load does not reach"}
	case q.Load.Pods == 0:
		return Cascade{Unknown, math.NaN(), 0, "liveness shares the workers of requests, and how many pods there are is not known"}
	}
	if u := q.Load.Utilisation; u > 0 {
		c := Cascade{Verdict: Likely, Probability: q.runsAway(live, start, u), Utilisation: u}
		switch {
		case math.IsNaN(c.Probability):
			c.Verdict, c.Why = Unknown, "too few boots to say when the missing pods are back"
		case c.Probability >= MaxCascade:
			c.Verdict, c.Why = Broken, "the pods that are left are restarted before the missing ones are back"
		default:
			c.Why = "the missing pods are back before the others are restarted"
		}
		return c
	}
	lo, hi := 0.0, 1.0
	for range 20 {
		if mid := (lo + hi) / 2; q.runsAway(live, start, mid) < MaxCascade {
			lo = mid
		} else {
			hi = mid
		}
	}
	return Cascade{Unknown, math.NaN(), lo, "liveness shares the workers of requests, and how busy they are is not known"}
}

// runsAway bounds the probability that the fault of Load leads to further kills at a utilisation.
func (q *Question) runsAway(live, start numbers, utilisation float64) float64 {
	n, out := float64(q.Load.Pods), float64(max(q.Load.Out, 1))
	if out >= n {
		return 1
	}
	rho := utilisation * n / (n - out)
	if rho <= 1 {
		return 0
	}
	kill := float64(live.t)/(rho-1) + float64((live.f-1)*live.p)
	// Back are the missing pods when they have booted, the startup probe has asked and traffic has found them.
	late := q.Boots.Over(max(kill-propagate-float64(start.p), 0), float64(start.p))
	return 1 - math.Pow(1-bound(late), out)
}

// bound is the better of the two upper ends of a share.
func bound(o boottime.Over) float64 {
	if math.IsNaN(o.Tail.To) {
		return o.Sure.To
	}
	return min(o.Sure.To, o.Tail.To)
}
