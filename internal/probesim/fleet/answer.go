package fleet

import (
	"math"
	"slices"
	"time"
)

// Interval is an estimate with bounds: 95 of 100 such intervals hold the truth.
type Interval struct{ Value, Low, High float64 }

// Share is a part of a whole, with Wilson's interval.
type Share struct {
	Interval
	Count, Of int
}

// ShareOf returns the share of count in n; the interval is 0 to 1 when n is 0.
func ShareOf(count, n int) Share {
	if n == 0 {
		return Share{Interval: Interval{0, 0, 1}}
	}
	const z = 1.959963984540054
	N, p := float64(n), float64(count)/float64(n)
	centre := (p + z*z/(2*N)) / (1 + z*z/N)
	half := z * math.Sqrt(p*(1-p)/N+z*z/(4*N*N)) / (1 + z*z/N)
	low, high := max(centre-half, 0), min(centre+half, 1)
	if count == 0 {
		low = 0
	}
	if count == n {
		high = 1
	}
	return Share{Interval{p, low, high}, count, n}
}

// Times are measurements of one thing, in order.
type Times []time.Duration

// Quantile returns the time that a share p does not exceed, with the interval of the order statistics around it (binomial, so it needs no assumption
// about the distribution). A bound that the sample is too small for is the smallest or largest time. The zero Interval stands for no times.
func (t Times) Quantile(p float64) Interval {
	n := len(t)
	if n == 0 {
		return Interval{}
	}
	at := func(i int) float64 { return t[min(max(i, 0), n-1)].Seconds() }
	low, high := 0, n-1
	// The number of times below the quantile is binomial: walk its distribution.
	below := 0.0
	for k := 0; k <= n; k++ {
		below += binomial(n, k, p)
		if below <= 0.025 {
			low = k
		}
		if below >= 0.975 {
			high = k
			break
		}
	}
	return Interval{at(int(math.Ceil(p*float64(n))) - 1), at(low), at(high)}
}

// binomial is the probability of k of n.
func binomial(n, k int, p float64) float64 {
	if p <= 0 || p >= 1 {
		return 0
	}
	a, _ := math.Lgamma(float64(n + 1))
	b, _ := math.Lgamma(float64(k + 1))
	c, _ := math.Lgamma(float64(n - k + 1))
	return math.Exp(a - b - c + float64(k)*math.Log(p) + float64(n-k)*math.Log1p(-p))
}

// meanOf returns the mean with the percentile bootstrap's interval, drawn from a fixed seed.
func meanOf(values []float64) Interval {
	n := len(values)
	if n == 0 {
		return Interval{}
	}
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	const again = 1000
	means := make([]float64, again)
	chance := newRandom(uint64(n), 1)
	for i := range means {
		for range n {
			means[i] += values[chance.next()%uint64(n)]
		}
		means[i] /= float64(n)
	}
	slices.Sort(means)
	return Interval{sum / float64(n), means[again/40], means[again-again/40-1]}
}

// Answer is what many runs say together. Times of events that did not happen in a run are missing from it; Never... count those runs.
type Answer struct {
	Seeds                    int
	KilledBooting            Share   // of boots
	Closed                   float64 // the same by arithmetic, see KillShare
	Extra                    Interval
	ToReady                  Times
	NeverReady               int // pods
	Zero                     Interval
	Killed, Out              Times
	NeverKilled, NeverOut    int // runs in which a deadlock was not ended, or a struck pod stayed in the endpoints
	Settled, Rolled, Drained Times
	NeverSettled             int
	NeverRolled              int
	NeverDrained             int
	Goodput, Last            Interval
	Recovers                 Share // of runs
	Runs                     []Run
}

// Sum makes an answer of the runs of one scenario, in the order of their seeds.
func (s Scenario) Sum(runs []Run) Answer {
	a := Answer{Seeds: len(runs), Runs: runs, Closed: KillShare(s.Spec, s.withDefaults().Boot, s.Health.Liveness.InBoot)}
	var extra, zero, goodput, last []float64
	boots, killed, recovered := 0, 0, 0
	collect := func(t *Times, d time.Duration, never *int) {
		if d < 0 {
			*never++
			return
		}
		*t = append(*t, d)
	}
	for _, r := range runs {
		boots, killed = boots+r.Boots, killed+r.KilledBoots
		extra, zero = append(extra, float64(r.Extra)), append(zero, r.Zero.Seconds())
		goodput, last = append(goodput, r.Goodput), append(last, r.Last)
		a.ToReady = append(a.ToReady, r.ToReady...)
		a.NeverReady += r.NeverReady
		collect(&a.Killed, r.Killed, &a.NeverKilled)
		collect(&a.Out, r.Out, &a.NeverOut)
		collect(&a.Settled, r.Settled, &a.NeverSettled)
		collect(&a.Rolled, r.Rolled, &a.NeverRolled)
		collect(&a.Drained, r.Drained, &a.NeverDrained)
		if r.Recovered {
			recovered++
		}
	}
	a.KilledBooting, a.Recovers = ShareOf(killed, boots), ShareOf(recovered, len(runs))
	a.Extra, a.Zero, a.Goodput, a.Last = meanOf(extra), meanOf(zero), meanOf(goodput), meanOf(last)
	for _, t := range []Times{a.ToReady, a.Killed, a.Out, a.Settled, a.Rolled, a.Drained} {
		slices.Sort(t)
	}
	return a
}

// Ask runs the scenario with seeds from first on, n of them, and sums them up.
func (s Scenario) Ask(first uint64, n int) Answer {
	runs := make([]Run, n)
	for i := range runs {
		runs[i] = s.Run(first+uint64(i), nil)
	}
	return s.Sum(runs)
}
