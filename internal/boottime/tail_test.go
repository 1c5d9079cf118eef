package boottime

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/fairway-k8s/fairway/internal/testkit/boots"
)

// The likelihood's gradient and Hessian are what its values say.
func TestLikelihoodDerivatives(t *testing.T) {
	data := []datum{{math.Log(10), math.Log(12), 1, 3}, {math.Inf(-1), math.Log(8), 1, 2}, {math.Log(15), math.Inf(1), 1, 1}, {math.Log(9), math.Log(14), .4, 2}, {math.Log(9), math.Log(9), 0, 5}}
	const h = 1e-5
	for _, f := range families {
		for _, l := range []line{{4, 9}, {1, 2}, {8, 20}} {
			ll, g, hess := likelihood(f, data, l)
			for i, d := range []line{{h, 0}, {0, h}} {
				up, gu, _ := likelihood(f, data, line{l.a + d.a, l.b + d.b})
				down, gd, _ := likelihood(f, data, line{l.a - d.a, l.b - d.b})
				if n := (up - down) / (2 * h); math.Abs(n-g[i]) > 1e-5*(1+math.Abs(n)) {
					t.Errorf("%v at %v (%g): gradient %d is %g, by differences %g", f, l, ll, i, g[i], n)
				}
				for j, k := range [2]int{i, i + 1} {
					if n := (gu[j] - gd[j]) / (2 * h); math.Abs(n-hess[k]) > 1e-4*(1+math.Abs(n)) {
						t.Errorf("%v at %v: second derivative %d%d is %g, by differences %g", f, l, i, j, hess[k], n)
					}
				}
			}
		}
	}
}

// Of boots that are known to the instant, the lognormal fit is the mean and the standard deviation of the logarithms.
func TestFitOfExactBoots(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	var boots []Boot
	sum, square := 0.0, 0.0
	const n = 500
	for range n {
		x := 41 * math.Exp(.3*r.NormFloat64())
		boots = append(boots, Boot{At: time.Duration(x * float64(time.Second))})
		sum, square = sum+math.Log(x), square+math.Log(x)*math.Log(x)
	}
	mean := sum / n
	deviation := math.Sqrt(square/n - mean*mean)
	got := fit(Lognormal, boots, nil, 0, tailCut)
	if math.Abs(got.Location()-mean) > 1e-3 || math.Abs(got.Scale()-deviation) > 1e-3 {
		t.Errorf("location %g, scale %g; want %g, %g", got.Location(), got.Scale(), mean, deviation)
	}
	// The known interval of the location: mean +- z deviation / sqrt(n).
	from, to := math.Inf(1), math.Inf(-1)
	for _, l := range got.region {
		from, to = min(from, l.b/l.a), max(to, l.b/l.a)
	}
	if half := z95 * deviation / math.Sqrt(n); math.Abs(from-(mean-half)) > half/20 || math.Abs(to-(mean+half)) > half/20 {
		t.Errorf("location %g to %g, want %g +- %g", from, to, mean, half)
	}
}

// No point of a fine grid is likelier than the maximum, and those that are likely enough lie within the region's border.
func TestMaximumAndRegionAgainstAGrid(t *testing.T) {
	for seed := range 6 {
		r := rand.New(rand.NewPCG(uint64(seed), 6))
		watched := seen(boots.Observe(r, boots.Random(r), 60)...)
		s := NewSample(watched)
		for _, tail := range s.Tails {
			data := tail.data(watched, s.Masses)
			most := tail.over(50, 0).To
			for i := range 200 {
				for j := range 200 {
					l := line{tail.best.a * (.02 + float64(i)/60), tail.best.b * (.02 + float64(j)/60)}
					ll, _, _ := likelihood(tail.Family, data, l)
					if ll > tail.ll+1e-6 {
						t.Fatalf("seed %d, %v: %v has %g, the maximum %v %g", seed, tail.Family, l, ll, tail.best, tail.ll)
					}
					if over := tail.Family.survival(l.z(50)); ll > tail.ll-tailCut && over > most*1.03+1e-12 {
						t.Fatalf("seed %d, %v: %v is likely enough and has %g boots over 50 s, the border %g at the most", seed, tail.Family, l, over, most)
					}
				}
			}
		}
	}
}

// Odd samples have answers, and none of them is a panic or a number from nowhere.
func TestOddSamples(t *testing.T) {
	same := make([]Boot, 30)
	for i := range same {
		same[i] = Boot{At: 40 * time.Second, Resolution: time.Second, Period: 10 * time.Second}
	}
	for name, boots := range map[string][]Boot{
		"none": nil, "one": exactly(30), "one killed": exactly(-30), "all killed": exactly(-30, -30, -31, -29, -30, -30, -30, -30, -30, -30, -30, -30),
		"all alike": same, "instant": exactly(make([]float64, 40)...), "two far apart": append(exactly(make([]float64, 20)...), exactly(3000)...),
	} {
		s := NewSample(boots)
		for _, q := range []float64{.5, .99, .999} {
			v := s.Quantile(q)
			if v.From > v.To || v.Estimate < v.From || v.Estimate > v.To {
				t.Errorf("%s: quantile %g is %+v", name, q, v)
			}
		}
		o := s.Over(60, 10)
		for _, i := range []Interval{o.Sure, o.Tail} {
			if i.From < 0 || i.To > 1 || i.From > i.To {
				t.Errorf("%s: over 60 s %+v", name, i)
			}
		}
	}
}

// The intervals of quantiles hold the truth in 95 of 100 samples.
func TestQuantilesCover(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 8))
	const samples = 120
	missed, widths := [3]int{}, [3][]float64{}
	quantiles := [3]float64{.5, .9, .99}
	for range samples {
		tr := boots.Random(r)
		s := NewSample(seen(boots.Observe(r, tr, 20+r.IntN(400))...))
		for i, q := range quantiles {
			v := s.Quantile(q)
			if tr.Survival(v.From) < 1-q || tr.Survival(v.To) > 1-q {
				missed[i]++
			}
			widths[i] = append(widths[i], (v.To-v.From)/v.Estimate)
		}
	}
	var width [3]float64
	for i := range widths {
		slices.Sort(widths[i])
		width[i] = widths[i][samples/2]
	}
	t.Logf("outside in %v of %d samples for %v; median width %.2f of the estimate", missed, samples, quantiles, width)
	for i, m := range missed {
		if float64(m) > .05*samples {
			t.Errorf("the quantile %g is outside in %d of %d samples", quantiles[i], m, samples)
		}
	}
}

// edge comes to the same last bit as halving that asks everywhere.
func TestEdge(t *testing.T) {
	naive := func(v func(float64) float64, ll, c float64) float64 {
		lo, hi := 0.0, math.Sqrt(2*c)
		for range 60 {
			if v(hi) < ll-c {
				break
			}
			lo, hi = hi, 2*hi
		}
		for range 40 {
			if mid := (lo + hi) / 2; v(mid) < ll-c {
				hi = mid
			} else {
				lo = mid
			}
		}
		return lo
	}
	r := rand.New(rand.NewPCG(1, 2))
	asked, saved := 0, 0
	for range 300 {
		f := families[r.IntN(len(families))]
		var boots []Boot
		for range 10 + r.IntN(60) {
			at := time.Duration(math.Exp(3+0.4*r.NormFloat64()) * float64(time.Second))
			boots = append(boots, Boot{At: at, Period: time.Duration(r.IntN(9)) * time.Second, Killed: r.IntN(8) == 0, Resolution: time.Duration(r.IntN(2)) * time.Second})
		}
		tail := &Tail{Family: f}
		data := tail.data(boots, Turnbull(boots))
		best, ll, _ := maximum(f, data, line{2, 6})
		if math.IsInf(ll, 0) {
			continue
		}
		da, db := r.NormFloat64(), r.NormFloat64()
		n := 0
		v := func(x float64) float64 { n++; return logLikelihood(f, data, line{best.a + x*da, best.b + x*db}) }
		want := naive(v, ll, tailCut)
		asked, n = asked+n, 0
		if got := edge(v, ll, tailCut); got != want {
			t.Fatalf("%s, %d boots: %v, want %v", f, len(boots), got, want)
		}
		saved += n
		if full, _, _ := likelihood(f, data, best); full != logLikelihood(f, data, best) {
			t.Fatalf("logLikelihood is not the first result of likelihood")
		}
	}
	if saved*2 > asked {
		t.Errorf("it asked %d times, halving alone %d times", saved, asked)
	}
}
