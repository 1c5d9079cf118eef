package boottime

import (
	"cmp"
	"math"
	"slices"
)

// Family is a shape of distribution. All are log-location-scale families: the logarithm of the boot is Location + Scale x Z.
type Family uint8

// The families, from the lightest tail to the heaviest. Those of a Weibull distribution with a shape below 1 and of a lognormal one with a
// large scale are heavier than exponential; a log-logistic tail falls with a power of the time.
const (
	Weibull Family = iota
	Lognormal
	LogLogistic
)

var families = []Family{Weibull, Lognormal, LogLogistic}

func (f Family) String() string { return [...]string{"Weibull", "lognormal", "log-logistic"}[f] }

// at returns, at z, the distribution function of Z, the survival 1 - cdf, the density, and the density's derivative.
func (f Family) at(z float64) (cdf, survival, density, slope float64) {
	cdf, survival = f.cdf(z), f.survival(z)
	if math.IsInf(z, 0) {
		return cdf, survival, 0, 0
	}
	switch f {
	case Lognormal:
		density = math.Exp(-z*z/2) / math.Sqrt(2*math.Pi)
		return cdf, survival, density, -z * density
	case LogLogistic:
		density = cdf * survival
		return cdf, survival, density, density * (survival - cdf)
	}
	e := math.Exp(min(z, 700))
	density = survival * e
	return cdf, survival, density, density * (1 - e)
}

// cdf returns the share of Z up to z.
func (f Family) cdf(z float64) float64 {
	switch {
	case math.IsInf(z, 1):
		return 1
	case math.IsInf(z, -1):
		return 0
	}
	switch f {
	case Lognormal:
		return math.Erfc(-z/math.Sqrt2) / 2
	case LogLogistic:
		if z > 0 {
			return 1 / (1 + math.Exp(-z))
		}
		e := math.Exp(z)
		return e / (1 + e)
	}
	return -math.Expm1(-math.Exp(min(z, 700)))
}

// survival returns the share of Z above z.
func (f Family) survival(z float64) float64 {
	switch {
	case math.IsInf(z, 1):
		return 0
	case math.IsInf(z, -1):
		return 1
	}
	switch f {
	case Lognormal:
		return math.Erfc(z/math.Sqrt2) / 2
	case LogLogistic:
		if z > 0 {
			e := math.Exp(-z)
			return e / (1 + e)
		}
		return 1 / (1 + math.Exp(z))
	}
	return math.Exp(-math.Exp(min(z, 700)))
}

// line is a distribution in the form in which the likelihood is concave (Burridge 1981, J. R. Stat. Soc. B 43:41): z = a log(t) - b, so a is
// 1/Scale and b is Location/Scale.
type line struct{ a, b float64 }

func (l line) z(seconds float64) float64 { return l.a*math.Log(seconds) - l.b }

// datum is a span of the logarithm with how often it was seen. Part is how much of the probability before from does not belong to it: a boot
// that may have ended before the tail begins as well has a part of what is there, as the body's own estimate divides it.
type datum struct{ from, to, part, count float64 }

// pull keeps the scale of a sample from vanishing that fits into one span: a weight on 1/Scale so small that it costs a scale of 0.05 a fifth
// of a unit of log-likelihood.
const pull = 0.01

// likelihood returns the log-likelihood of l, its gradient and its Hessian (aa, ab, bb).
func likelihood(f Family, data []datum, l line) (ll float64, g [2]float64, h [3]float64) {
	if l.a <= 0 {
		return math.Inf(-1), g, h
	}
	ll = -pull * l.a
	g[0] = -pull
	for _, d := range data {
		z0, z1 := l.a*d.from-l.b, l.a*d.to-l.b
		c0, s0, d0, e0 := f.at(z0)
		c1, s1, d1, e1 := f.at(z1)
		r := d.part
		p := c1 - r*c0
		if z0 > 0 {
			p = s0 - s1 + (1-r)*c0
		}
		d0, e0 = r*d0, r*e0
		if p <= 0 {
			return math.Inf(-1), g, h
		}
		ll += d.count * math.Log(p)
		x0, x1 := d.from, d.to // an infinite end has no density
		if math.IsInf(x0, 0) {
			x0 = 0
		}
		if math.IsInf(x1, 0) {
			x1 = 0
		}
		ga, gb := (d1*x1-d0*x0)/p, (d0-d1)/p
		g[0] += d.count * ga
		g[1] += d.count * gb
		h[0] += d.count * ((e1*x1*x1-e0*x0*x0)/p - ga*ga)
		h[1] += d.count * ((e0*x0-e1*x1)/p - ga*gb)
		h[2] += d.count * ((e1-e0)/p - gb*gb)
	}
	return ll, g, h
}

// maximum finds the likeliest line from a start by Newton's method; the likelihood is concave, so any step that raises it is a good one.
func maximum(f Family, data []datum, l line) (line, float64, [3]float64) {
	ll, g, h := likelihood(f, data, l)
	for range 200 {
		det := h[0]*h[2] - h[1]*h[1]
		var da, db float64
		if det > 1e-300 && h[0] < 0 {
			da, db = (-g[0]*h[2]+g[1]*h[1])/det, (-g[1]*h[0]+g[0]*h[1])/det
		} else {
			da, db = g[0], g[1]
		}
		step, better := 1.0, false
		for range 60 {
			next := line{l.a + step*da, l.b + step*db}
			if v, gn, hn := likelihood(f, data, next); v > ll {
				better = v-ll > 1e-10*(1+math.Abs(ll))
				l, ll, g, h = next, v, gn, hn
				break
			}
			step /= 2
		}
		if !better {
			break
		}
	}
	return l, ll, h
}

// Tail is what a family says of the longest boots, fitted to those above Above seconds.
type Tail struct {
	Family Family
	Above  float64 // boots below are only counted
	Boots  int     // boots above
	ll     float64
	best   line
	region []line // its border: the lines that a likelihood-ratio test does not reject
}

// Location and Scale are the parameters of the logarithm of the boot in seconds.
func (t *Tail) Location() float64 { return t.best.b / t.best.a }

// Scale is the spread of the logarithm.
func (t *Tail) Scale() float64 { return 1 / t.best.a }

// rays is how many points of a region's border are known.
const rays = 96

// data is what boots say of times above Above; what is below has the shape of the masses and only counts.
func (t *Tail) data(boots []Boot, masses []Mass) []datum {
	counts := map[datum]float64{}
	body := share(masses, t.Above)
	for _, b := range boots {
		s := b.inner()
		d := datum{from: math.Log(s.from), to: math.Log(s.to), part: 1}
		switch {
		case s.to <= t.Above:
			d = datum{from: math.Log(t.Above), to: math.Log(t.Above), part: 0}
		case s.from < t.Above && body > 0:
			d.from, d.part = math.Log(t.Above), min(share(masses, s.from)/body, 1)
		}
		counts[d]++
	}
	data := make([]datum, 0, len(counts))
	for d, n := range counts {
		d.count = n
		data = append(data, d)
	}
	slices.SortFunc(data, func(a, b datum) int { // sums must not depend on the order of a map
		return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to), cmp.Compare(a.part, b.part))
	})
	return data
}

// fit fits a family to the boots above a time. c is how much less likely than the best a line of its region may be.
func fit(f Family, boots []Boot, masses []Mass, above, c float64) *Tail {
	t := &Tail{Family: f, Above: above}
	data := t.data(boots, masses)
	sum, square, n := 0.0, 0.0, 0.0
	for _, b := range boots {
		if b.inner().to > above && !b.Killed {
			t.Boots++
		}
		x := math.Log(max(b.mid(), 0.01))
		sum, square, n = sum+x, square+x*x, n+1
	}
	scale := max(math.Sqrt(max(square/n-sum/n*sum/n, 0)), 0.05)
	start := line{1 / scale, sum / n / scale}
	for range 20 { // a start at which every span has some likelihood
		if ll, _, _ := likelihood(f, data, start); !math.IsInf(ll, -1) {
			break
		}
		start = line{start.a / 2, start.b / 2}
	}
	var h [3]float64
	t.best, t.ll, h = maximum(f, data, start)
	t.region = region(f, data, t.best, t.ll, h, c)
	return t
}

// region walks from the best line in all directions to where the likelihood is lower by c. The set is convex, as the likelihood is concave.
func region(f Family, data []datum, best line, ll float64, h [3]float64, c float64) []line {
	// Directions are those of a circle in coordinates in which the curvature is the same everywhere.
	l11 := math.Sqrt(max(-h[0], 1e-9))
	l21 := -h[1] / l11
	l22 := math.Sqrt(max(-h[2]-l21*l21, 1e-9))
	border := make([]line, 0, rays)
	for i := range rays {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / rays)
		db := sin / l22
		da := (cos - l21*db) / l11
		at := func(r float64) line { return line{best.a + r*da, best.b + r*db} }
		border = append(border, at(edge(func(r float64) float64 { return logLikelihood(f, data, at(r)) }, ll, c)))
	}
	return border
}

// edge returns the largest distance that halving finds at which v, which is concave and ll at 0, is not below ll-c.
//
// v falls about with the square of the distance, so the square root of what it has fallen is about a line, and the secant method is at its end in
// three or four steps. Halving then asks v only near that, where rounding decides: it comes to the same last bit as if it had asked everywhere.
func edge(v func(float64) float64, ll, c float64) float64 {
	lo, hi := 0.0, math.Sqrt(2*c)
	vhi := v(hi)
	for range 60 {
		if vhi < ll-c {
			break
		}
		lo, hi = hi, 2*hi
		vhi = v(hi)
	}
	root, near := secant(v, ll, c, lo, hi, vhi)
	for range 40 {
		mid := (lo + hi) / 2
		below := mid > root
		if math.Abs(mid-root) <= near {
			below = v(mid) < ll-c
		}
		if below {
			hi = mid
		} else {
			lo = mid
		}
	}
	return lo
}

// secant looks for the distance between lo and hi at which v is ll-c, and says within which distance of it it surely is; +Inf when it found none.
func secant(v func(float64) float64, ll, c, lo, hi, vhi float64) (root, near float64) {
	fallen := func(v float64) float64 { return math.Sqrt(max(ll-v, 0)) - math.Sqrt(c) }
	// The roundings of a sum are some millionths of a millionth of it.
	noise := 1e-12 * (1 + math.Abs(ll))
	root, near = 0, math.Inf(1)
	r0, y0 := 0.0, -math.Sqrt(c)
	r1, y1 := hi, fallen(vhi)
	for range 8 {
		if math.IsInf(y1, 0) || math.IsNaN(y1) || y1 == y0 {
			break
		}
		r := r1 - y1*(r1-r0)/(y1-y0)
		if !(r > lo && r < hi) {
			break
		}
		r0, y0 = r1, y1
		r1, y1 = r, fallen(v(r))
		// Around there v falls by 2 sqrt(c) for one of the root's.
		slope := math.Abs(y1-y0) / math.Abs(r1-r0)
		if e := 8 * (math.Abs(y1) + noise/math.Sqrt(c)) / slope; e < near {
			root, near = r1, e
		}
		if math.Abs(y1) < noise {
			break
		}
	}
	return root, near
}

// logLikelihood is the first result of likelihood, to the last bit, for those who need no more.
func logLikelihood(f Family, data []datum, l line) float64 {
	if l.a <= 0 {
		return math.Inf(-1)
	}
	ll := -pull * l.a
	for _, d := range data {
		z0, z1 := l.a*d.from-l.b, l.a*d.to-l.b
		var p float64
		if z0 > 0 {
			p = f.survival(z0) - f.survival(z1)
			if d.part != 1 {
				p += (1 - d.part) * f.cdf(z0)
			}
		} else {
			p = f.cdf(z1) - d.part*f.cdf(z0)
		}
		if p <= 0 {
			return math.Inf(-1)
		}
		ll += d.count * math.Log(p)
	}
	return ll
}

// over is the mean share of boots that take longer than a time drawn evenly from from to from + width seconds.
func (t *Tail) over(from, width float64) Interval {
	return t.extent(func(l line) float64 {
		return mean(from, width, func(x float64) float64 { return t.Family.survival(l.z(x)) })
	})
}

// quantile is the time that the share q of boots does not exceed.
func (t *Tail) quantile(q float64) Interval {
	lo, hi := -50.0, 50.0 // as far as any family reaches
	for range 60 {
		if mid := (lo + hi) / 2; t.Family.survival(mid) > 1-q {
			lo = mid
		} else {
			hi = mid
		}
	}
	return t.extent(func(l line) float64 { return math.Exp((hi + l.b) / l.a) })
}

// extent is what f is for the best line, and the least and the most it is on the border of the region. As long as f has no extreme inside, that is
// the least and most of the region.
func (t *Tail) extent(f func(line) float64) Interval {
	out := Interval{f(t.best), math.Inf(1), math.Inf(-1)}
	for _, l := range t.region {
		v := f(l)
		out.From, out.To = min(out.From, v), max(out.To, v)
	}
	return out
}

// mean integrates a smooth function over an interval and divides by its width (Gauss and Legendre, five points).
func mean(from, width float64, f func(float64) float64) float64 {
	if width == 0 {
		return f(from)
	}
	nodes := [5][2]float64{{0, 128. / 225}, {0.538469310105683, 0.478628670499366}, {-0.538469310105683, 0.478628670499366},
		{0.906179845938664, 0.236926885056189}, {-0.906179845938664, 0.236926885056189}}
	s := 0.0
	for _, n := range nodes {
		s += n[1] / 2 * f(from+width*(1+n[0])/2)
	}
	return s
}
