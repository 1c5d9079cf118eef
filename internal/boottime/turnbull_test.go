package boottime

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/fairway-k8s/fairway/internal/testkit/boots"
)

// Months until breast retraction of 46 women who had radiotherapy alone (Finkelstein and Wolfe 1985, Biometrics 41:933, the data set bcos of
// R's package interval). The estimate is that of its function icfit.
func TestTurnbullOfPublishedData(t *testing.T) {
	never := math.Inf(1)
	var boots []Boot
	for _, s := range []span{{45, never}, {25, 37}, {37, never}, {6, 10}, {46, never}, {0, 5}, {0, 7}, {26, 40}, {18, never}, {46, never}, {46, never}, {24, never},
		{46, never}, {27, 34}, {36, never}, {7, 16}, {36, 44}, {5, 11}, {17, never}, {46, never}, {19, 35}, {7, 14}, {36, 48}, {17, 25}, {37, 44}, {37, never}, {24, never},
		{0, 8}, {40, never}, {32, never}, {4, 11}, {17, 25}, {33, never}, {15, never}, {46, never}, {19, 26}, {11, 15}, {11, 18}, {37, never}, {22, never}, {38, never},
		{34, never}, {46, never}, {5, 12}, {36, never}, {46, never}} {
		b := Boot{At: time.Duration(s.from) * time.Second, Killed: true}
		if s.to != never {
			b = Boot{At: time.Duration(s.to) * time.Second, Period: time.Duration(s.to-s.from) * time.Second}
		}
		boots = append(boots, b)
	}
	want := []Mass{{4, 5, .0463}, {6, 7, .0334}, {7, 8, .0887}, {11, 12, .0708}, {24, 25, .0926}, {33, 34, .0818}, {38, 40, .1209}, {46, 48, .4656}}
	got := slices.DeleteFunc(Turnbull(boots), func(m Mass) bool { return m.Share < 1e-5 })
	if len(got) != len(want) {
		t.Fatalf("%v, want %v", got, want)
	}
	for i, w := range want {
		if g := got[i]; g.From != w.From || g.To != w.To || math.Abs(g.Share-w.Share) > 1e-4 {
			t.Errorf("%v, want %v", g, w)
		}
	}
}

// naiveTurnbull hands each boot out over all cells, again and again.
func naiveTurnbull(spans []span, ends []float64) []float64 {
	share := make([]float64, len(ends)-1)
	for i := range share {
		share[i] = 1 / float64(len(share))
	}
	for range 20000 {
		next := make([]float64, len(share))
		for _, s := range spans {
			sum := 0.0
			for i := range share {
				if ends[i] >= s.from && ends[i+1] <= s.to {
					sum += share[i]
				}
			}
			for i := range share {
				if ends[i] >= s.from && ends[i+1] <= s.to {
					next[i] += share[i] / sum / float64(len(spans))
				}
			}
		}
		share = next
	}
	return share
}

func TestTurnbullAgreesWithTheNaiveWay(t *testing.T) {
	for seed := range 40 {
		r := rand.New(rand.NewPCG(uint64(seed), 3))
		var boots []Boot
		var spans []span
		var ends []float64
		for range 2 + r.IntN(12) {
			at, period := 1+r.IntN(30), 1+r.IntN(10)
			b := Boot{At: time.Duration(at) * time.Second, Period: time.Duration(min(period, at)) * time.Second}
			if r.IntN(4) == 0 {
				b = Boot{At: b.At, Killed: true}
			}
			boots = append(boots, b)
			spans = append(spans, b.inner())
			ends = append(ends, b.inner().from, b.inner().to)
		}
		slices.Sort(ends)
		ends = slices.Compact(ends)
		got, want := Turnbull(boots), naiveTurnbull(spans, ends)
		// Where the likelihood is flat shares may differ; what each boot is given may not.
		for _, s := range spans {
			a, b := 0.0, 0.0
			for _, m := range got {
				if m.From >= s.from && m.To <= s.to {
					a += m.Share
				}
			}
			for i, x := range want {
				if ends[i] >= s.from && ends[i+1] <= s.to {
					b += x
				}
			}
			if math.Abs(a-b) > 2e-3 {
				t.Fatalf("seed %d: %v has %.4f, the naive way gives %.4f", seed, s, a, b)
			}
		}
	}
}

// A median that is read from what was seen is late by half of the period; Turnbull's is not, and its spread is that of the boots, which that of
// the middles is not.
func TestPeriodIsTakenOut(t *testing.T) {
	tr := boots.Lognormal(41, .08)
	var apparent, found, spread, middles float64
	const rounds = 40
	for seed := range rounds {
		r := rand.New(rand.NewPCG(uint64(seed), 4))
		var watched []Boot
		var naive []float64
		for range 400 {
			b := boots.Look(r, tr.Draw(r), 15, math.Inf(1))
			watched, naive = append(watched, seen(b)...), append(naive, b.At.Seconds())
		}
		slices.Sort(naive)
		apparent += naive[200] / rounds
		masses := Turnbull(watched)
		found += quantile(masses, .5) / rounds
		spread += (quantile(masses, .95) - quantile(masses, .05)) / rounds
		mid := KaplanMeier(watched).Steps
		at := func(s float64) float64 {
			for _, x := range mid {
				if x.Unfinished.Estimate <= s {
					return x.Seconds
				}
			}
			return math.NaN()
		}
		middles += (at(.05) - at(.95)) / rounds
	}
	truth := 41 * (math.Exp(.08*1.645) - math.Exp(-.08*1.645))
	t.Logf("median 41: seen %.1f, found %.1f; from the 5th to the 95th percentile %.1f s: found %.1f, from the middles %.1f", apparent, found, truth, spread, middles)
	if math.Abs(apparent-48.5) > 1 || math.Abs(found-41) > 0.7 {
		t.Errorf("median 41: seen %.2f, want about 48.5; found %.2f, want about 41", apparent, found)
	}
	if math.Abs(spread-truth) > 1.5 || middles < truth+3 {
		t.Errorf("spread %.2f: found %.2f, from the middles %.2f", truth, spread, middles)
	}
}
