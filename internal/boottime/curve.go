package boottime

import (
	"cmp"
	"math"
	"slices"
	"sort"
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
	return boundsOf(boots).at(seconds, alpha)
}

// bounds are what [Sure] needs of boots, for whoever asks it of many times.
type bounds struct{ late, soon products }

func boundsOf(boots []Boot) bounds {
	late, soon := make([]point, len(boots)), make([]point, len(boots))
	for i, b := range boots {
		s := b.outer()
		late[i], soon[i] = point{s.to, b.Killed}, point{s.from, b.Killed}
		if b.Killed {
			late[i].at = s.from
		}
	}
	return bounds{betaProducts(late), betaProducts(soon)}
}

func (b bounds) at(seconds, alpha float64) (from, to float64) {
	_, to = b.late.at(seconds, alpha)
	from, _ = b.soon.at(seconds, alpha)
	return from, to
}

// products are the beta products of points, as they are after each end: what bounds the survival at a time is a product over all ends before it.
type products struct {
	points []point   // in order
	ends   []float64 // times at which boots ended
	after  []moments // after[i] is the product over the first i ends
}

// moments are the mean and the mean square of a product of independent factors.
type moments struct{ mean, square float64 }

// times multiplies with a factor distributed as Beta(a, b).
func (m moments) times(a, b float64) moments {
	return moments{m.mean * (a / (a + b)), m.square * (a * (a + 1) / ((a + b) * (a + b + 1)))}
}

// betaProducts makes the products. With d of r boots at risk ending together the survival falls by a factor distributed as Beta(r-d+1, d).
func betaProducts(points []point) products {
	p := products{points: points, after: []moments{{1, 1}}}
	for _, x := range curve(points).Steps { // which sorts them
		p.ends = append(p.ends, x.Seconds)
		p.after = append(p.after, p.after[len(p.after)-1].times(float64(x.AtRisk-x.Boots+1), float64(x.Boots)))
	}
	return p
}

// at bounds the survival at a time; just before the next end it may be a factor Beta(r, 1) lower already.
func (p products) at(seconds, alpha float64) (from, to float64) {
	m := p.after[sort.Search(len(p.ends), func(i int) bool { return p.ends[i] > seconds })]
	to = 1
	if m.mean < 1 {
		to = quantileOf(1-alpha/2, m)
	}
	if left := len(p.points) - sort.Search(len(p.points), func(i int) bool { return p.points[i].at > seconds }); left > 0 {
		from = quantileOf(alpha/2, m.times(float64(left), 1))
	}
	return from, to
}

// quantileOf is a quantile of the beta distribution with these moments.
func quantileOf(q float64, m moments) float64 {
	v := max(m.square-m.mean*m.mean, 1e-300)
	k := m.mean*(1-m.mean)/v - 1
	return betaQuantile(q, m.mean*k, (1-m.mean)*k)
}
