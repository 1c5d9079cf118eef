// Package boots draws boot times from known distributions and shows them as Kubernetes does, so that what is said of them can be compared with the Truth.
package boots

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

// Truth is a distribution of boots in seconds.
type Truth struct {
	Name     string
	Draw     func(r *rand.Rand) float64
	Survival func(x float64) float64
}

// Lognormal has a median in seconds and a scale of the logarithm.
func Lognormal(median, sigma float64) Truth {
	return Truth{"lognormal", func(r *rand.Rand) float64 { return median * math.Exp(sigma*r.NormFloat64()) },
		func(x float64) float64 { return math.Erfc(math.Log(x/median)/sigma/math.Sqrt2) / 2 }}
}

// Weibull has a median in seconds and a shape.
func Weibull(median, shape float64) Truth {
	scale := median / math.Pow(math.Ln2, 1/shape)
	return Truth{"Weibull", func(r *rand.Rand) float64 { return scale * math.Pow(r.ExpFloat64(), 1/shape) },
		func(x float64) float64 { return math.Exp(-math.Pow(max(x, 0)/scale, shape)) }}
}

// Mixed is b for a share of the boots, and otherwise a.
func Mixed(a, b Truth, share float64) Truth {
	return Truth{"two modes", func(r *rand.Rand) float64 {
		if r.Float64() < share {
			return b.Draw(r)
		}
		return a.Draw(r)
	}, func(x float64) float64 { return (1-share)*a.Survival(x) + share*b.Survival(x) }}
}

// PowerTail has a median in seconds and falls with a power of the time (log-logistic).
func PowerTail(median, index float64) Truth {
	return Truth{"power tail", func(r *rand.Rand) float64 {
		u := r.Float64()
		return median * math.Pow(u/(1-u), 1/index)
	}, func(x float64) float64 { return 1 / (1 + math.Pow(x/median, index)) }}
}

// After is t after a fixed start.
func After(start float64, t Truth) Truth {
	return Truth{"Weibull after a fixed part", func(r *rand.Rand) float64 { return start + t.Draw(r) }, func(x float64) float64 {
		if x <= start {
			return 1
		}
		return t.Survival(x - start)
	}}
}

func between(r *rand.Rand, a, b float64) float64  { return a + (b-a)*r.Float64() }
func betweenL(r *rand.Rand, a, b float64) float64 { return a * math.Pow(b/a, r.Float64()) }

// Random draws one of five kinds of distribution with medians of 2 to 90 s.
func Random(r *rand.Rand) Truth {
	m := betweenL(r, 2, 90)
	switch r.IntN(5) {
	case 0:
		return Lognormal(m, betweenL(r, .05, .6))
	case 1:
		return Weibull(m, betweenL(r, 1, 8))
	case 2:
		return Mixed(Lognormal(m, betweenL(r, .05, .3)), Lognormal(m*between(r, 1.5, 4), betweenL(r, .05, .3)), betweenL(r, .02, .5))
	case 3:
		return PowerTail(m, betweenL(r, 4, 20))
	}
	return After(m*between(r, .3, .9), Weibull(m*between(r, .1, .5), between(r, .7, 2)))
}

// Observe draws n boots and sees them as Kubernetes shows them: looked at with a random period from a random phase, in whole seconds, and half of
// the times killed by a probe that is too short for up to 15 % of them.
func Observe(r *rand.Rand, tr Truth, n int) []Seen {
	p := []float64{1, 2, 5, 10, 15, 30}[r.IntN(6)]
	tries := math.Inf(1)
	if r.IntN(2) == 0 {
		some := make([]float64, 200)
		for i := range some {
			some[i] = tr.Draw(r)
		}
		slices.Sort(some)
		tries = math.Ceil(some[int(between(r, .85, .999)*200)]/p) + 1
	}
	var out []Seen
	for range n {
		out = append(out, Look(r, tr.Draw(r), p, tries))
	}
	return out
}

// Seen is a boot as it was seen: At is when, in whole seconds after its start, or when it was killed; Period how often somebody looked.
type Seen struct {
	At, Period time.Duration
	Killed     bool
}

// Look sees one boot: attempts come at u, u+p, ... after its start, for a u drawn evenly, and the last of the tries that fails kills it.
func Look(r *rand.Rand, boot, p, tries float64) Seen {
	u, k := r.Float64()*p, 0.0
	if boot > u {
		k = math.Ceil((boot - u) / p)
	}
	if k >= tries {
		last := u + (tries-1)*p
		return Seen{At: time.Duration(last * float64(time.Second)), Killed: true}
	}
	start := r.Float64() // within its second
	return Seen{At: time.Duration(math.Floor(start+u+k*p)) * time.Second, Period: time.Duration(p) * time.Second}
}

// Mean is the mean of a function over from to from + width.
func Mean(from, width float64, f func(float64) float64) float64 {
	const n = 400
	sum := 0.0
	for i := range n {
		sum += f(from+width*(float64(i)+.5)/n) / n
	}
	return sum
}
