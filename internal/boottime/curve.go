package boottime

import (
	"cmp"
	"math"
	"slices"
)

// z95 is the 97.5 % point of the normal distribution: intervals are of 95 % unless something else is said.
const z95 = 1.959963984540054

// Interval is an estimate with what it may be as well: the truth is within From and To for 95 of 100 samples.
type Interval struct{ Estimate, From, To float64 }

// Step is one step of a [Curve].
type Step struct {
	Seconds float64
	AtRisk  int // boots that were not over and still watched just before
	Boots   int // that ended here
	// Unfinished is the share of boots that take longer than Seconds, the Kaplan-Meier estimate with its interval: Greenwood's variance on
	// the log-log scale, which stays between 0 and 1.
	Unfinished Interval
}

// Curve is a Kaplan-Meier estimate. A curve without steps is 1 everywhere.
type Curve struct {
	Steps []Step
	// Last is the longest time that anything is known of, in seconds, a killed boot's included.
	Last float64

	n int
}

// point is a time with what happened then.
type point struct {
	at     float64
	killed bool
}

// KaplanMeier estimates the share of boots that are not over after a time. Half of the period with which a boot was watched is taken off.
func KaplanMeier(boots []Boot) Curve {
	points := make([]point, len(boots))
	for i, b := range boots {
		points[i] = point{b.mid(), b.Killed}
		if b.Killed {
			points[i].at = b.outer().from
		}
	}
	return curve(points)
}

func curve(points []point) Curve {
	slices.SortFunc(points, func(a, b point) int {
		if c := cmp.Compare(a.at, b.at); c != 0 {
			return c
		}
		return cmp.Compare(bit(a.killed), bit(b.killed)) // a boot that was killed at t was still under way at t
	})
	c := Curve{n: len(points)}
	s, green := 1.0, 0.0
	for i := 0; i < len(points); {
		at, risk, d := points[i].at, len(points)-i, 0
		for ; i < len(points) && points[i].at == at; i++ {
			if !points[i].killed {
				d++
			}
		}
		c.Last = at
		if d == 0 {
			continue
		}
		s *= float64(risk-d) / float64(risk)
		green += float64(d) / (float64(risk) * float64(risk-d))
		c.Steps = append(c.Steps, Step{at, risk, d, logLog(s, green)})
	}
	return c
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// logLog is the interval of a survival s whose relative variance is green (Kalbfleisch and Prentice 1980, section 1.3).
func logLog(s, green float64) Interval {
	if s <= 0 || s >= 1 {
		return Interval{s, s, s}
	}
	w := z95 * math.Sqrt(green) / -math.Log(s)
	return Interval{s, math.Pow(s, math.Exp(w)), math.Pow(s, math.Exp(-w))}
}

// Unfinished is the share of boots that take longer than so many seconds.
func (c Curve) Unfinished(seconds float64) float64 {
	s := 1.0
	for _, x := range c.Steps {
		if x.Seconds > seconds {
			break
		}
		s = x.Unfinished.Estimate
	}
	return s
}

// Sure bounds the share of boots that take longer than so many seconds, whatever the distribution: the beta product confidence procedure
// (Fay, Brittain and Proschan 2013, Biostatistics 14:723, the variant with matched moments), which is Clopper and Pearson's interval
// when no boot was killed, and for no longer boot among n gives 1 - 0.025^(1/n), about 3.7/n. alpha is shared between both ends.
//
// The upper end takes each boot for as long, the lower one for as short, as what was seen of it allows, so that looking every
// so often cannot deceive it.
func Sure(boots []Boot, seconds, alpha float64) (from, to float64) {
	late, soon := make([]point, len(boots)), make([]point, len(boots))
	for i, b := range boots {
		s := b.outer()
		late[i], soon[i] = point{s.to, b.Killed}, point{s.from, b.Killed}
		if b.Killed {
			late[i].at = s.from
		}
	}
	_, to = betaProduct(late, seconds, alpha)
	from, _ = betaProduct(soon, seconds, alpha)
	return from, to
}

// betaProduct bounds the survival at a time. With d of r boots at risk ending together the survival falls by a factor distributed as
// Beta(r-d+1, d); just before the next end it may be a factor Beta(r, 1) lower already.
func betaProduct(points []point, seconds, alpha float64) (from, to float64) {
	c := curve(points)
	mean, square := 1.0, 1.0 // moments of the product
	fall := func(a, b float64) {
		mean *= a / (a + b)
		square *= a * (a + 1) / ((a + b) * (a + b + 1))
	}
	for _, x := range c.Steps {
		if x.Seconds > seconds {
			break
		}
		fall(float64(x.AtRisk-x.Boots+1), float64(x.Boots))
	}
	to = 1
	if mean < 1 {
		to = quantileOf(1-alpha/2, mean, square)
	}
	left := 0
	for _, p := range points {
		if p.at > seconds {
			left++
		}
	}
	if left > 0 {
		fall(float64(left), 1)
		from = quantileOf(alpha/2, mean, square)
	}
	return from, to
}

// quantileOf is a quantile of the beta distribution with that mean and mean square.
func quantileOf(q, mean, square float64) float64 {
	v := max(square-mean*mean, 1e-300)
	k := mean*(1-mean)/v - 1
	return betaQuantile(q, mean*k, (1-mean)*k)
}
