package fleet

import (
	"math"
	"slices"
	"time"
)

// Boot is a distribution of boot times: from the start of a process until it can serve.
type Boot interface {
	// Quantile returns the boot time that a share p of boots does not exceed, p from 0 up to but not including 1. It never falls with p.
	Quantile(p float64) time.Duration
}

// Lognormal is the usual form of boot times: most are near the median, some much longer. Sigma 0 is a boot that always takes the same time.
type Lognormal struct {
	Median time.Duration
	Sigma  float64 // of the logarithm
}

// Quantile implements [Boot].
func (l Lognormal) Quantile(p float64) time.Duration {
	if l.Sigma == 0 {
		return l.Median
	}
	z := math.Sqrt2 * math.Erfinv(2*min(max(p, 1e-12), 1-1e-12)-1)
	return time.Duration(float64(l.Median) * math.Exp(l.Sigma*z))
}

// Between returns the lognormal boot of which 5 % are shorter than p5 and 1 % longer than p99.
func Between(p5, p99 time.Duration) Lognormal {
	const z5, z99 = -1.6448536269514722, 2.3263478740408408 // quantiles of the normal distribution
	if p5 >= p99 {
		return Lognormal{Median: p99}
	}
	sigma := (math.Log(float64(p99)) - math.Log(float64(p5))) / (z99 - z5)
	return Lognormal{time.Duration(math.Exp(math.Log(float64(p5)) - z5*sigma)), sigma}
}

// Observed is a list of boot times, each as likely as the others; what lies between two is drawn too, what is longer than the longest never.
type Observed []time.Duration

// NewObserved returns the boot of the times, in any order; nil for none.
func NewObserved(times []time.Duration) Observed { return slices.Sorted(slices.Values(times)) }

// Quantile implements [Boot] by linear interpolation.
func (o Observed) Quantile(p float64) time.Duration {
	x := p * float64(len(o)-1)
	i := int(x)
	if i+1 >= len(o) {
		return o[len(o)-1]
	}
	return o[i] + time.Duration((x-float64(i))*float64(o[i+1]-o[i]))
}

// longer returns the share of boots that take longer than d.
func longer(b Boot, d time.Duration) float64 {
	lo, hi := 0.0, 1.0
	if b.Quantile(0) > d {
		return 1
	}
	for range 50 {
		mid := (lo + hi) / 2
		if b.Quantile(mid) <= d {
			lo = mid
		} else {
			hi = mid
		}
	}
	if hi == 1 {
		return 0
	}
	return 1 - hi
}

// random is splitmix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators). A seed and the number of a stream give the same
// draws on every machine and with every version of Go, and streams do not disturb each other.
type random uint64

func newRandom(seed, stream uint64) random {
	r := random(seed*0x9e3779b97f4a7c15 ^ stream*0xd1342543de82ef95)
	r.next()
	return r
}

func (r *random) next() uint64 {
	*r += 0x9e3779b97f4a7c15
	z := uint64(*r)
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// Float64 implements [probesim.Rand].
func (r *random) Float64() float64 { return float64(r.next()>>11) / (1 << 53) }
