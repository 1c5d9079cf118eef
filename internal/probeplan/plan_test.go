package probeplan

import (
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/fairway-k8s/fairway/internal/boottime"
	"github.com/fairway-k8s/fairway/internal/probesim"
	"github.com/fairway-k8s/fairway/internal/testkit/boots"
)

var distributions = flag.Int("distributions", 60, "how many random distributions TestKilledIsWithinItsInterval draws")

// TestKilledIsWithinItsInterval draws distributions of boots, shows them as Kubernetes does, has probes recommended, and compares how many boots these
// really kill with what was said of it.
func TestKilledIsWithinItsInterval(t *testing.T) {
	type tally struct{ n, sure, tail, likely, unknown, impossible int }
	var all tally
	by := map[string]*tally{}
	var sureWidth, tailWidth, likelyTruth []float64
	for seed := range *distributions {
		r := rand.New(rand.NewPCG(uint64(seed), 42))
		tr := boots.Random(r)
		n := int(20 * math.Pow(150, r.Float64())) // 20 to 3,000
		s := boottime.NewSample(seen(boots.Observe(r, tr, n)))
		k := by[tr.Name]
		if k == nil {
			k = &tally{}
			by[tr.Name] = k
		}
		plan, err := Search(Question{Boots: s})
		if err != nil {
			k.impossible++
			all.impossible++
			continue
		}
		k.n++
		all.n++
		from, width := Window(*plan.Startup)
		killed := boots.Mean(from, width, tr.Survival)
		o := plan.Killed
		if killed >= o.Sure.From && killed <= o.Sure.To {
			k.sure++
			all.sure++
		}
		if killed <= o.Tail.To {
			k.tail++
			all.tail++
		} else {
			t.Logf("seed %d: %d boots, %s: %.2g are killed, said were at most %.2g (any distribution: %.2g)", seed, n, tr.Name, killed, o.Tail.To, o.Sure.To)
		}
		sureWidth = append(sureWidth, o.Sure.To-o.Sure.From)
		tailWidth = append(tailWidth, o.Tail.To-o.Tail.From)
		switch plan.KilledVerdict {
		case Likely, Proved:
			all.likely++
			k.likely++
			likelyTruth = append(likelyTruth, killed)
		case Unknown:
			all.unknown++
			k.unknown++
		}
	}
	slices.Sort(sureWidth)
	slices.Sort(tailWidth)
	slices.Sort(likelyTruth)
	names := make([]string, 0, len(by))
	for name := range by {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		t.Logf("%-28s %+v", name, *by[name])
	}
	kept, _ := slices.BinarySearch(likelyTruth, MaxKilled)
	t.Logf("%d distributions, %d with a plan: within the tail's interval %.1f %% (median width %.2g), within the sure one %.1f %% (median width %.2g); said to be below 1e-4: %d, of which %d were",
		*distributions, all.n, 100*float64(all.tail)/float64(all.n), tailWidth[len(tailWidth)/2], 100*float64(all.sure)/float64(all.n), sureWidth[len(sureWidth)/2], all.likely, kept)
	if float64(all.tail) < .95*float64(all.n) || float64(all.sure) < .95*float64(all.n) {
		t.Errorf("within the intervals: tail %d, sure %d of %d, want 95 %%", all.tail, all.sure, all.n)
	}
	if all.likely < all.n/4 || tailWidth[len(tailWidth)/2] > 0.01 {
		t.Errorf("an interval that allows anything is of no use: %d of %d below 1e-4, median width %g", all.likely, all.n, tailWidth[len(tailWidth)/2])
	}
}

// The share of boots that a probe kills, as the formula has it, is what the simulated kubelet does.
func TestKilledAgreesWithTheSimulator(t *testing.T) {
	for _, p := range []probesim.Probe{
		{Period: 10 * time.Second, FailureThreshold: 5},
		{Period: 3 * time.Second, FailureThreshold: 14},
		{Period: 30 * time.Second, FailureThreshold: 2},
		{Period: 10 * time.Second, FailureThreshold: 3, InitialDelay: 15 * time.Second},
	} {
		tr := boots.Lognormal(40, .2)
		r := rand.New(rand.NewPCG(9, 9))
		const pods = 20000
		killed := 0
		for range pods {
			boot := time.Duration(tr.Draw(r) * float64(time.Second))
			app := &probesim.Service{Boot: func(int) time.Duration { return boot }, Latency: time.Millisecond}
			begins := time.Duration(r.Float64() * 60 * float64(time.Second)) // the image is pulled meanwhile, and the grid of the probes runs
			pod := probesim.NewPod(probesim.Kubelet{Create: func(int, int, time.Duration) time.Duration { return begins }}, r, time.Duration(r.Float64()*float64(time.Second)),
				probesim.Container{Spec: probesim.Spec{Startup: &p}, App: app})
			var buf []probesim.Event
		run:
			for pod.Next() < 10*time.Minute {
				buf = pod.Step(buf[:0])
				for _, e := range buf {
					switch e.Type {
					case probesim.Killing:
						killed++
						break run
					case probesim.ReadyChanged:
						if e.On {
							break run
						}
					}
				}
			}
		}
		from, width := Window(p)
		want := boots.Mean(from, width, tr.Survival)
		if p.InitialDelay > 0 { // the formula takes the worst: a whole second of the delay lost
			want = (want + boots.Mean(from+1, width, tr.Survival)) / 2
		}
		got := float64(killed) / pods
		deviation := math.Sqrt(want * (1 - want) / pods)
		t.Logf("%v x %d after %v: %.4f of boots are killed, the formula says %.4f", p.Period, p.FailureThreshold, p.InitialDelay, got, want)
		if math.Abs(got-want) > 4*deviation {
			t.Errorf("%v x %d after %v: %.4f of boots are killed, the formula says %.4f", p.Period, p.FailureThreshold, p.InitialDelay, got, want)
		}
	}
}

// seen are boots that were watched.
func seen(all []boots.Seen) (out []boottime.Boot) {
	for _, b := range all {
		if b.Killed {
			out = append(out, boottime.Boot{At: b.At, Killed: true})
		} else {
			out = append(out, boottime.Boot{At: b.At, Resolution: time.Second, Period: b.Period})
		}
	}
	return out
}

func sampleOf(median, sigma float64, n int) *boottime.Sample {
	r := rand.New(rand.NewPCG(11, uint64(n)))
	tr := boots.Lognormal(median, sigma)
	var all []boots.Seen
	for range n {
		all = append(all, boots.Look(r, tr.Draw(r), 10, math.Inf(1)))
	}
	return boottime.NewSample(seen(all))
}

// brute looks at every combination.
func brute(q Question) (best [3]numbers, ok bool) {
	all := func(k probesim.Kind, out bool, budget float64) (list []numbers) {
		if out {
			return []numbers{{}}
		}
		for p := 1; p <= q.Space.Period; p++ {
			for f := 1; f <= q.Space.Failures; f++ {
			next:
				for t := 1; t <= q.Space.Timeout; t++ {
					for _, r := range rulesOf(k, q.Command[k], budget) {
						if !r.keeps(numbers{p, f, t}) {
							continue next
						}
					}
					list = append(list, numbers{p, f, t})
				}
			}
		}
		return list
	}
	budget, _ := needed(q.Boots)
	starts, readies := all(probesim.Startup, false, budget), all(probesim.Readiness, q.NoReadiness, 0)
	for _, l := range all(probesim.Liveness, q.NoLiveness, 0) {
		for _, s := range starts {
			if !q.gate(l, s) || q.cascade(l, s).Verdict == Broken {
				continue
			}
			for _, r := range readies {
				if !q.calm(l, r) {
					continue
				}
				if c := [3]numbers{l, r, s}; !ok || slices.CompareFunc(c[:], best[:], byLatency) < 0 {
					best, ok = c, true
				}
			}
		}
	}
	return best, ok
}

func TestSearchAgreesWithBruteForce(t *testing.T) {
	found, none := 0, 0
	for seed := range 30 {
		r := rand.New(rand.NewPCG(uint64(seed), 12))
		q := Question{Boots: sampleOf(2+r.Float64()*20, .05+r.Float64()*.3, 30+r.IntN(100)), Space: Space{6 + r.IntN(6), 9 + r.IntN(5), 6},
			NoReadiness: r.IntN(5) == 0, NoLiveness: r.IntN(5) == 0, Shared: r.IntN(2) == 0, Load: Load{Pods: 10, Out: 1 + r.IntN(4), Utilisation: r.Float64()}}
		want, ok := brute(q)
		plan, err := Search(q)
		if (err == nil) != ok {
			t.Fatalf("seed %d: Search says %v, brute force %v", seed, err, ok)
		}
		if err != nil {
			none++
			continue
		}
		found++
		for i, p := range []*probesim.Probe{plan.Liveness, plan.Readiness, plan.Startup} {
			switch {
			case p == nil && want[i] == (numbers{}):
			case p == nil || *p != *want[i].probe():
				t.Errorf("seed %d: Search has %v for %d, brute force %v", seed, p, i, want[i])
			}
		}
	}
	if found < 8 || none < 8 {
		t.Errorf("%d had an answer and %d had none: the test is to see both", found, none)
	}
}

// What the story's service gets: the golden path's liveness and readiness come out of the rules and the objective.
func TestStory(t *testing.T) {
	plan, err := Search(Question{Boots: sampleOf(41, .15, 2000)})
	if err != nil {
		t.Fatal(err)
	}
	want := Probes{Readiness: numbers{5, 3, 2}.probe(), Liveness: numbers{20, 3, 5}.probe()}
	if *plan.Readiness != *want.Readiness || *plan.Liveness != *want.Liveness {
		t.Errorf("readiness %+v, liveness %+v", *plan.Readiness, *plan.Liveness)
	}
	if plan.Budget < plan.Needed || plan.Needed < 90 || plan.Needed > 160 || plan.KilledVerdict != Likely {
		t.Errorf("budget %g for %g (%s), %s", plan.Budget, plan.Needed, plan.Reason, plan.KilledVerdict)
	}
}

func TestImpossible(t *testing.T) {
	_, err := Search(Question{Boots: sampleOf(500, .3, 100)})
	if x, ok := err.(*Impossible); !ok || x.Kind != probesim.Startup {
		t.Errorf("%v", err)
	}
	// Probes on the workers of requests, and no pod is left.
	_, err = Search(Question{Boots: sampleOf(50, .2, 300), Shared: true, Load: Load{Pods: 1, Out: 1, Utilisation: .5}})
	if x, ok := err.(*Impossible); !ok || x.Kind != probesim.Liveness {
		t.Errorf("%v", err)
	}
	// Half of the pods have to do the work of all until a boot is over: liveness becomes more patient than it is by itself.
	q := Question{Boots: sampleOf(150, .2, 3000), Shared: true, Load: Load{Pods: 2, Out: 1, Utilisation: 1}}
	plan, err := Search(q)
	if err != nil {
		t.Fatal(err)
	}
	if n := plan.Liveness; n.Period*time.Duration(n.FailureThreshold) < 200*time.Second || plan.Cascade.Verdict != Likely {
		t.Errorf("%+v, %+v", n, plan.Cascade)
	}
}

// The closed form of a cascade agrees with the fleets of the specification (section 1.13): 10 pods, boots of 45 s, liveness 10 x 3 with a timeout of
// 1 s on the workers of requests.
func TestCascadeOfTheSpecification(t *testing.T) {
	q := Question{Boots: sampleOf(45, .2, 500), Shared: true}
	live, start := numbers{10, 3, 1}, numbers{10, 30, 1}
	for _, x := range []struct {
		utilisation float64
		out         int
		cascades    bool
	}{{.6, 1, false}, {.6, 3, false}, {.7, 1, false}, {.7, 3, false}, {.8, 1, false}, {.8, 3, true}, {.9, 1, false}, {.9, 3, true}} {
		q.Load = Load{Pods: 10, Out: x.out, Utilisation: x.utilisation}
		c := q.cascade(live, start)
		if (c.Verdict == Broken) != x.cascades {
			t.Errorf("%.0f %%, %d out: %+v, want a cascade: %v", x.utilisation*100, x.out, c, x.cascades)
		}
	}
	q.Shared = false
	if c := q.cascade(live, start); c.Verdict != Proved {
		t.Errorf("on a listener of its own: %+v", c)
	}
}

func ExampleSearch() {
	plan, err := Search(Question{Boots: sampleOf(41, .15, 2000)})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(plan.Liveness.Period, plan.Liveness.FailureThreshold, plan.KilledVerdict)
	// Output: 20s 3 likely
}

func BenchmarkSearch(b *testing.B) {
	q := Question{Boots: sampleOf(41, .15, 500)}
	for b.Loop() {
		if _, err := Search(q); err != nil {
			b.Fatal(err)
		}
	}
}
