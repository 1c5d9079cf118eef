package fleet

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fairway-k8s/fairway/internal/probesim"
	"github.com/fairway-k8s/fairway/internal/testkit/cputime"
)

// Wilson's interval, against the examples of Newcombe (1998), Two-sided confidence intervals for the single proportion, table I, method 3.
func TestShareOf(t *testing.T) {
	for _, x := range []struct {
		count, of int
		low, high float64
	}{{81, 263, 0.2553, 0.3662}, {15, 148, 0.0624, 0.1605}, {0, 20, 0, 0.1611}, {1, 29, 0.0061, 0.1718}} {
		s := ShareOf(x.count, x.of)
		if math.Abs(s.Low-x.low) > 5e-5 || math.Abs(s.High-x.high) > 5e-5 {
			t.Errorf("%d of %d: %.4f to %.4f, want %.4f to %.4f", x.count, x.of, s.Low, s.High, x.low, x.high)
		}
	}
	if s := ShareOf(0, 0); s.Low != 0 || s.High != 1 {
		t.Errorf("nothing of nothing: %+v, want no knowledge", s)
	}
}

// An interval of a median holds the truth in at least 95 of 100 samples, and not in all.
func TestQuantileCovers(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{11, 40, 200} {
		held := 0
		const samples = 2000
		for range samples {
			all := make(Times, n)
			for i := range all {
				all[i] = time.Duration(r.ExpFloat64() * float64(time.Minute))
			}
			slices.Sort(all)
			if i := all.Quantile(0.5); i.Low <= math.Ln2*60 && math.Ln2*60 <= i.High {
				held++
			}
		}
		if share := float64(held) / samples; share < 0.945 || share > 0.995 {
			t.Errorf("%d times: the interval holds the median in %.3f of samples, want 0.95 or a little more", n, share)
		}
	}
}

func TestMeanCovers(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	held := 0
	const samples = 500
	for range samples {
		all := make([]float64, 40)
		for i := range all {
			all[i] = r.ExpFloat64()
		}
		if i := meanOf(all); i.Low <= 1 && 1 <= i.High {
			held++
		}
	}
	if share := float64(held) / samples; share < 0.88 || share > 0.98 { // the bootstrap is a little short for skewed samples
		t.Errorf("the interval holds the mean in %.3f of samples, want about 0.93", share)
	}
}

func TestBetween(t *testing.T) {
	b := Between(45*second, 60*second)
	for p, want := range map[float64]time.Duration{0.05: 45 * second, 0.99: 60 * second} {
		if got := b.Quantile(p); (got - want).Abs() > time.Millisecond {
			t.Errorf("quantile %.2f is %v, want %v", p, got, want)
		}
	}
	if got := longer(b, 60*second); math.Abs(got-0.01) > 1e-6 {
		t.Errorf("%.6f are longer than 60 s, want 0.01", got)
	}
	o := NewObserved([]time.Duration{30 * second, 10 * second, 20 * second})
	if o.Quantile(0) != 10*second || o.Quantile(0.75) != 25*second || o.Quantile(0.999999) > 30*second {
		t.Errorf("observed: %v %v %v", o.Quantile(0), o.Quantile(0.75), o.Quantile(0.999999))
	}
}

// The share of killed boots by arithmetic, against runs: restarts begin anywhere in the grid of ticks, so all but the first boots are compared.
func TestKillShare(t *testing.T) {
	for _, x := range []struct {
		f      int
		period time.Duration
		boot   Lognormal
	}{{5, 10 * second, Lognormal{45 * second, 0.15}}, {6, 10 * second, Lognormal{45 * second, 0.2}}, {10, 5 * second, Lognormal{45 * second, 0.2}}, {3, 20 * second, Lognormal{40 * second, 0.25}}} {
		s := Scenario{Boot: x.boot, Replicas: 1, Fault: Fault{Kind: Crash, At: 7 * second}, For: 5 * time.Minute,
			Spec: probesim.Spec{Startup: &probesim.Probe{Period: x.period, FailureThreshold: x.f}}, Health: ThreeTruths()}
		killed, n := 0, 4000
		for seed := range uint64(n) {
			s.Fault.At = 7*second + time.Duration(seed%80)*250*time.Millisecond
			if r := s.Run(seed, nil); r.KilledBooting() {
				killed++
			}
		}
		share := ShareOf(killed, n)
		want := KillShare(s.Spec, x.boot, true)
		t.Logf("%d x %v: %.4f by arithmetic, %.4f (%.4f-%.4f)", x.f, x.period, want, share.Value, share.Low, share.High)
		// The arithmetic leaves out that a start is seen up to a second late.
		if want < share.Low-0.01 || want > share.High+0.01 {
			t.Errorf("%d x %v, boot %v: %.4f by arithmetic, runs say %.4f (%.4f-%.4f)", x.f, x.period, x.boot, want, share.Value, share.Low, share.High)
		}
	}
}

// KilledBooting says whether the first boot after the fault was killed.
func (r Run) KilledBooting() bool { return r.KilledBoots > 0 }

// The same seed gives the same run, whatever ran before, and another seed another one.
func TestDeterministic(t *testing.T) {
	s := cascades()["B"]
	s.Load.Utilization, s.Fault = 0.8, Fault{Kind: Crash, Pods: 3}
	var first, again Trace
	a := s.Run(7, &first)
	s.Run(8, nil)
	b := s.Run(7, &again)
	if d := cmp.Diff(a, b); d != "" {
		t.Errorf("the same seed, twice:\n%s", d)
	}
	if d := cmp.Diff(first, again); d != "" {
		t.Errorf("the same seed's trace, twice:\n%s", d)
	}
	if d := cmp.Diff(a, s.Run(8, nil)); d == "" {
		t.Error("another seed gives the same run")
	}
}

// Requests are not made or lost: without trouble all are answered, and never more than were asked.
func TestGoodputIsAShare(t *testing.T) {
	for name, s := range cascades() {
		for kind := None; kind <= Surge; kind++ {
			s.Load.Utilization, s.Load.Retries, s.Fault = 0.7, 2, Fault{Kind: kind}
			tr := &Trace{}
			r := s.Run(3, tr)
			if kind == None && (r.Goodput != 1 || r.Restarts != 0) {
				t.Errorf("%s without a fault: %+v", name, r)
			}
			if r.Goodput < 0 || r.Goodput > 1 || r.Extra > r.Restarts || r.Zero > s.For {
				t.Errorf("%s, %v: %+v", name, kind, r)
			}
			if len(tr.Samples) != int(s.For/sampleEvery) {
				t.Errorf("%s, %v: %d samples", name, kind, len(tr.Samples))
			}
			for _, row := range tr.Rows {
				at := time.Duration(-1)
				for _, x := range row.Spans {
					if x.To < x.From || at >= 0 && x.From != at {
						t.Fatalf("%s, %v, %s: spans %v do not join", name, kind, row.Name, row.Spans)
					}
					at = x.To
				}
			}
		}
	}
}

// Deadlocks: with three truths the kill is decided between two periods and a timeout, and three (20 x 3: 40 to 65 s), the pod is out of the endpoints between 10 s and
// 17 s and three more; a shared endpoint hangs and says the same later. Without a heartbeat nobody ever notices.
func TestDeadlock(t *testing.T) {
	s := cascades()["C"]
	s.Load.Utilization, s.Fault = 0.5, Fault{Kind: Deadlock}
	a := s.Ask(1, 40)
	for _, d := range a.Killed {
		if d < 40*second || d > 65*second {
			t.Errorf("killed after %v, want 40 s to 65 s", d)
		}
	}
	for _, d := range a.Out {
		if d < 10*second || d > 20*second {
			t.Errorf("out of the endpoints after %v, want 10 s to 20 s", d)
		}
	}
	if len(a.Killed) != 40 || a.Extra.Value != 0 {
		t.Errorf("%d of 40 deadlocks end with a kill, %.1f extra restarts; want all, none", len(a.Killed), a.Extra.Value)
	}
	s.Health.Liveness.Heartbeat, s.Health.Readiness.Heartbeat = false, false
	if a := s.Ask(1, 5); a.NeverKilled != 5 || a.NeverOut != 5 {
		t.Errorf("without heartbeats: %d never killed, %d never out, want 5 and 5", a.NeverKilled, a.NeverOut)
	}
}

// A dependency that is down: one deep /health restarts every pod for nothing, three truths none.
func TestDependencyDown(t *testing.T) {
	deep := cascades()["B"]
	deep.Health = OneHealth(true)
	deep.Load.Utilization, deep.Fault = 0.5, Fault{Kind: DepDown}
	three := cascades()["C"]
	three.Load.Utilization, three.Fault = 0.5, Fault{Kind: DepDown}
	if r := deep.Run(1, nil); r.Extra < 10 || r.Zero == 0 {
		t.Errorf("one deep endpoint: %+v, want every pod restarted and no endpoint for a while", r)
	}
	if r := three.Run(1, nil); r.Extra != 0 || r.Zero != 0 || !r.Recovered {
		t.Errorf("three truths: %+v, want no restart", r)
	}
}

// A pod that gets a twentieth of its CPU for two minutes: the isolated answer is slow and still in time, the one behind the requests is not.
func TestStarved(t *testing.T) {
	one, three := cascades()["B"], cascades()["C"]
	for _, s := range []*Scenario{&one, &three} {
		s.Load.Utilization, s.Fault = 0.5, Fault{Kind: Starved}
	}
	if r := one.Run(1, nil); r.Extra == 0 {
		t.Errorf("one endpoint: %+v, want the starved pod killed", r)
	}
	if r := three.Run(1, nil); r.Extra != 0 {
		t.Errorf("three truths: %+v, want no restart", r)
	}
}

// Since 1.35 a kubelet that restarts during a boot opens the gate of the startup probe: liveness that is not true while booting kills; before, it does not.
func TestKubeletRestart(t *testing.T) {
	s := cascades()["B"]
	s.Boot = Lognormal{Median: 100 * second}
	s.Fault = Fault{Kind: KubeletAgain}
	for version, extra := range map[probesim.Version]bool{33: false, 34: false, 35: true, 36: true} {
		s.Version = version
		if a := s.Ask(1, 5); (a.Extra.Value > 0) != extra {
			t.Errorf("Kubernetes %v: %.1f extra restarts, want some: %v", version, a.Extra.Value, extra)
		}
	}
	c := cascades()["C"]
	c.Boot, c.Fault = s.Boot, s.Fault
	if a := c.Ask(1, 5); a.Extra.Value != 0 {
		t.Errorf("liveness that is true while booting: %.1f extra restarts, want none", a.Extra.Value)
	}
}

// rho_max by arithmetic, against runs at its two sides.
func TestMaxUtilization(t *testing.T) {
	for _, name := range []string{"A", "B", "C"} {
		for _, k := range []int{1, 3} {
			s := cascades()[name]
			s.Fault = Fault{Kind: Crash, Pods: k}
			most, queue := s.MaxUtilization(k)
			if want := float64(10-k) / 10; queue != want {
				t.Errorf("%s without %d: no queue up to %.2f, want %.2f", name, k, queue, want)
			}
			s.Load.Utilization = most - 0.02
			if a := s.Ask(1, 10); name != "C" && a.Recovers.Count < 9 {
				t.Errorf("%s without %d at %.2f, below %.2f: %d of 10 recover", name, k, s.Load.Utilization, most, a.Recovers.Count)
			}
			if name == "C" && most < 0.99 {
				t.Errorf("C without %d: at most %.2f, want no bound", k, most)
			}
			s.Load.Utilization = most + 0.08
			if a := s.Ask(1, 10); name != "C" && a.Recovers.Count > 1 {
				t.Errorf("%s without %d at %.2f, above %.2f: %d of 10 recover", name, k, s.Load.Utilization, most, a.Recovers.Count)
			}
		}
	}
}

func TestCheck(t *testing.T) {
	good := cascades()["C"]
	if err := good.Check(); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*Scenario){
		"version":  func(s *Scenario) { s.Version = 32 },
		"replicas": func(s *Scenario) { s.Replicas = 2000 },
		"for":      func(s *Scenario) { s.For = second },
		"pods":     func(s *Scenario) { s.Fault = Fault{Kind: Crash, Pods: 11} },
		"late":     func(s *Scenario) { s.Fault = Fault{Kind: Crash, At: time.Hour} },
		"share":    func(s *Scenario) { s.Fault = Fault{Kind: Starved, Share: 2} },
		"retries":  func(s *Scenario) { s.Load.Retries = 6 },
		"load":     func(s *Scenario) { s.Load.Utilization = -1 },
		"nodes":    func(s *Scenario) { s.Nodes, s.Fault.Kind = 1, NodeLost },
		"boot":     func(s *Scenario) { s.Boot = Observed{} },

		"replicas below 0":  func(s *Scenario) { s.Replicas = -5 },
		"nodes without end": func(s *Scenario) { s.Nodes = 1e9 },
		"period below 0":    func(s *Scenario) { s.Spec.Liveness = &probesim.Probe{Period: -second} },
		"liveness success":  func(s *Scenario) { s.Spec.Liveness = &probesim.Probe{SuccessThreshold: 2} },
		"readiness grace":   func(s *Scenario) { s.Spec.Readiness = &probesim.Probe{Grace: second} },
		"grace below 0":     func(s *Scenario) { s.Spec.Grace = -second },
		"warm after months": func(s *Scenario) {
			s.Spec.Readiness = &probesim.Probe{Period: 1e6 * second, SuccessThreshold: 1e9}
			s.Fault = Fault{Kind: Crash}
		},
		"service below 0":    func(s *Scenario) { s.Load.Service = -1 },
		"min ready below 0":  func(s *Scenario) { s.Rollout.MinReady = -second },
		"surge below 0":      func(s *Scenario) { s.Rollout.MaxSurge = &Amount{Number: -1} },
		"budget below 0":     func(s *Scenario) { s.Budget = &Budget{MinAvailable: &Amount{Number: -1}} },
		"partition below 0":  func(s *Scenario) { s.Rollout.Partition = -1 },
		"scaler target":      func(s *Scenario) { s.Scaler = &Autoscaler{Min: 1, Max: 3} },
		"scaler max":         func(s *Scenario) { s.Scaler = &Autoscaler{Min: 1, Max: 1 << 31, Target: 0.8} },
		"scaler min":         func(s *Scenario) { s.Scaler = &Autoscaler{Min: -4, Max: 3, Target: 0.8} },
		"scaler upside down": func(s *Scenario) { s.Scaler = &Autoscaler{Min: 4, Max: 3, Target: 0.8} },
	} {
		s := good
		if spoil(&s); s.Check() == nil {
			t.Errorf("%s: the scenario passes", name)
		}
	}
}

func BenchmarkAnswer(b *testing.B) {
	b.Run("seeds=40", func(b *testing.B) {
		s := cascades()["C"]
		s.Load.Utilization, s.Fault = 0.8, Fault{Kind: Crash, Pods: 3}
		start := cputime.Used()
		for b.Loop() {
			s.Ask(1, 40)
		}
		b.ReportMetric(float64(cputime.Used()-start)/float64(b.N), "cpu-ns/op")
	})
}

// What admission control refuses is tried again, and answered once the surge is over.
func TestRefusedComeAgain(t *testing.T) {
	s := cascades()["E"]
	s.Load.Utilization, s.Load.RetryAfter = 0.6, 40*second
	s.Fault = Fault{Kind: Surge, Share: 2.5, For: 30 * second}
	s.For = 10 * time.Minute
	once := s.Run(1, nil)
	s.Load.Retries = 1
	again := s.Run(1, nil)
	if lost := 1 - once.Goodput; lost < 0.02 || again.Goodput < 1-lost/4 {
		t.Errorf("goodput %.4f without and %.4f with a retry; want some lost, and most of that answered later", once.Goodput, again.Goodput)
	}
}
