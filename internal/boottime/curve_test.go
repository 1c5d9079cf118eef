package boottime

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/fairway-k8s/fairway/internal/testkit/boots"
)

// exactly makes boots of seconds that are known to the instant; negative ones were killed.
func exactly(seconds ...float64) (boots []Boot) {
	for _, s := range seconds {
		boots = append(boots, Boot{At: time.Duration(math.Abs(s) * float64(time.Second)), Killed: s < 0})
	}
	return boots
}

// seen are boots that were watched.
func seen(all ...boots.Seen) (out []Boot) {
	for _, b := range all {
		if b.Killed {
			out = append(out, Boot{At: b.At, Killed: true})
		} else {
			out = append(out, Boot{At: b.At, Resolution: time.Second, Period: b.Period})
		}
	}
	return out
}

// Weeks of remission of 21 children with leukaemia given 6-mercaptopurine, minus for those who were still in remission: Freireich et al. 1963, Blood
// 21:699. The estimates and their standard errors are those of Klein and Moeschberger, Survival Analysis, table 4.1A.
var remission = exactly(6, 6, 6, -6, 7, -9, 10, -10, -11, 13, 16, -17, -19, -20, 22, 23, -25, -32, -32, -34, -35)

func TestKaplanMeierOfPublishedData(t *testing.T) {
	want := []struct {
		at           float64
		risk, ended  int
		s, deviation float64
	}{
		{6, 21, 3, .857, .076}, {7, 17, 1, .807, .087}, {10, 15, 1, .753, .096}, {13, 12, 1, .690, .107},
		{16, 11, 1, .627, .114}, {22, 7, 1, .538, .128}, {23, 6, 1, .448, .135},
	}
	got := KaplanMeier(remission)
	if len(got.Steps) != len(want) || got.Last != 35 {
		t.Fatalf("%d steps until %g, want %d until 35", len(got.Steps), got.Last, len(want))
	}
	for i, w := range want {
		g := got.Steps[i]
		if g.Seconds != w.at || g.AtRisk != w.risk || g.Boots != w.ended || math.Abs(g.Unfinished.Estimate-w.s) > 5e-4 {
			t.Errorf("step %d is %+v, want %+v", i, g, w)
		}
		// The interval is exp(-exp(log(-log s) +- z d / (s log s))) with the published deviation d.
		v := z95 * w.deviation / (w.s * math.Log(w.s))
		from, to := math.Pow(w.s, math.Exp(-v)), math.Pow(w.s, math.Exp(v))
		if math.Abs(g.Unfinished.From-from) > 3e-3 || math.Abs(g.Unfinished.To-to) > 3e-3 {
			t.Errorf("at %g: %.4f to %.4f, want %.4f to %.4f", w.at, g.Unfinished.From, g.Unfinished.To, from, to)
		}
	}
	for at, want := range map[float64]float64{0: 1, 5.9: 1, 6: 18. / 21, 100: got.Steps[6].Unfinished.Estimate} {
		if s := got.Unfinished(at); s != want {
			t.Errorf("after %g: %g, want %g", at, s, want)
		}
	}
}

// Without killed boots the bounds are Clopper and Pearson's; their values are those of tables for 95 %.
func TestSureIsClopperPearson(t *testing.T) {
	for _, x := range []struct {
		longer, n int
		from, to  float64
	}{{0, 10, 0, .3085}, {1, 10, .0025, .4450}, {3, 20, .0321, .3789}, {10, 10, .6915, 1}, {0, 3000, 0, .001229}} {
		var boots []Boot
		for i := range x.n {
			boots = append(boots, exactly(float64(i+1))...)
		}
		from, to := Sure(boots, float64(x.n-x.longer), 0.05)
		if math.Abs(from-x.from) > 5e-5 || math.Abs(to-x.to) > 5e-5 {
			t.Errorf("%d of %d longer: %.5f to %.5f, want %.4f to %.4f", x.longer, x.n, from, to, x.from, x.to)
		}
	}
	// The rule of three, with the whole of alpha at one end.
	_, to := Sure(exactly(make([]float64, 3000)...), 1, 0.10)
	if math.Abs(to-3./3000) > 2e-6 {
		t.Errorf("no longer boot among 3000: %g, want 3/n", to)
	}
}

// What Sure says holds in at least 95 of 100 samples, whatever the distribution, the killing and the looking.
func TestSureCovers(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	samples, missed := 3000, 0
	for range samples {
		tr := boots.Random(r)
		n := 5 + r.IntN(60)
		watched := seen(boots.Observe(r, tr, n)...)
		at := tr.Draw(r)
		from, to := Sure(watched, at, 0.05)
		if s := tr.Survival(at); s < from || s > to {
			missed++
		}
	}
	if share := float64(missed) / float64(samples); share > 0.05 {
		t.Errorf("the truth is outside in %.1f %% of samples", share*100)
	} else {
		t.Logf("the truth is outside in %.1f %% of %d samples", share*100, samples)
	}
}

func TestBetaCDF(t *testing.T) {
	for _, x := range []struct{ x, a, b, want float64 }{ // of whole a and b, polynomials
		{.5, 1, 1, .5}, {.5, 2, 3, .6875}, {.25, 3, 1, .015625}, {.9, 1, 4, .9999}, {0, 2, 2, 0}, {1, 2, 2, 1},
	} {
		if got := betaCDF(x.x, x.a, x.b); math.Abs(got-x.want) > 1e-12 {
			t.Errorf("I_%g(%g, %g) = %g, want %g", x.x, x.a, x.b, got, x.want)
		}
	}
	// The naive twin adds up the density.
	r := rand.New(rand.NewPCG(2, 2))
	for range 200 {
		a, b, x := 1+r.Float64()*50, 1+r.Float64()*50, r.Float64()
		la, _ := math.Lgamma(a)
		lb, _ := math.Lgamma(b)
		lab, _ := math.Lgamma(a + b)
		sum, n := 0.0, 20000
		for i := range n {
			u := (float64(i) + .5) / float64(n) * x
			sum += math.Exp(lab-la-lb+(a-1)*math.Log(u)+(b-1)*math.Log1p(-u)) * x / float64(n)
		}
		if got := betaCDF(x, a, b); math.Abs(got-sum) > 1e-6 {
			t.Errorf("I_%g(%g, %g) = %g, added up %g", x, a, b, got, sum)
		}
		q := r.Float64()
		if back := betaCDF(betaQuantile(q, a, b), a, b); math.Abs(back-q) > 1e-9 {
			t.Errorf("quantile of %g for %g, %g leads back to %g", q, a, b, back)
		}
	}
}
