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
		c.Why = "the missing pods are back before the others are restarted"
		if c.Probability == 0 {
			c.Why = "the pods that are left can do all the work"
		}
		if c.Probability >= MaxCascade {
			c.Verdict, c.Why = Broken, "the pods that are left are restarted before the missing ones are back"
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
	kill := q.kill(live, utilisation)
	switch {
	case math.IsInf(kill, 1):
		return 0
	case kill < 0:
		return 1
	}
	return q.missing(kill, start.p)
}

// kill is how long after the fault of Load liveness restarts a pod that is left, in seconds at the earliest; +Inf when those that are left can do
// all the work, less than 0 when none is left.
func (q *Question) kill(live numbers, utilisation float64) float64 {
	n, out := float64(q.Load.Pods), float64(max(q.Load.Out, 1))
	if out >= n {
		return -1
	}
	rho := utilisation * n / (n - out)
	if rho <= 1 {
		return math.Inf(1)
	}
	return float64(live.t)/(rho-1) + float64((live.f-1)*live.p)
}

// missing bounds the probability that a pod of the fault is still missing after some seconds: it is back when it has booted, the startup probe has
// asked and traffic has found it.
func (q *Question) missing(seconds float64, startPeriod int) float64 {
	late := q.Boots.Over(max(seconds-propagate-float64(startPeriod), 0), float64(startPeriod))
	return 1 - math.Pow(1-bound(late), float64(max(q.Load.Out, 1)))
}

// back is after how many seconds the pods of the fault are back, for each startup period that was asked for.
type back map[int]float64

// outlasts says whether cascade keeps its limit, without working it out for each candidate: what is missing only becomes less with time.
func (q *Question) outlasts(live, start numbers, known back) bool {
	if q.NoLiveness || !q.Shared || q.Load.Pods == 0 || q.Load.Utilisation == 0 {
		return true
	}
	kill := q.kill(live, q.Load.Utilisation)
	if math.IsInf(kill, 1) || kill < 0 {
		return kill > 0
	}
	when, ok := known[start.p]
	if !ok {
		lo, hi := 0.0, 4096.0 // more than any probe waits
		for hi-lo > 1e-3 {
			if mid := (lo + hi) / 2; q.missing(mid, start.p) < MaxCascade {
				hi = mid
			} else {
				lo = mid
			}
		}
		when = hi
		known[start.p] = when
	}
	return kill >= when
}

// bound is the better of the two upper ends of a share.
func bound(o boottime.Over) float64 {
	if math.IsNaN(o.Tail.To) {
		return o.Sure.To
	}
	return min(o.Sure.To, o.Tail.To)
}
