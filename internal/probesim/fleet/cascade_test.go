package fleet

import (
	"math"
	"testing"
	"time"

	"github.com/fairway-k8s/fairway/internal/probesim"
	"github.com/fairway-k8s/fairway/internal/testkit/cputime"
)

const second = time.Second

// The configurations of the cascade: one endpoint behind the requests with default probes; the same with a startup probe; three truths; three truths
// whose readiness sheds; three truths and admission control.
func cascades() map[string]Scenario {
	probe := func(period time.Duration, failures int, timeout time.Duration) *probesim.Probe {
		return &probesim.Probe{Period: period, FailureThreshold: failures, Timeout: timeout, ByAddress: true}
	}
	base := Scenario{Boot: Lognormal{45 * second, 0.2}, Replicas: 10, Load: Load{Timeout: 10 * second}, For: 35 * time.Minute}
	a := base
	a.Health = OneHealth(false)
	a.Spec = probesim.Spec{Readiness: probe(10*second, 3, second), Liveness: probe(10*second, 3, second)}
	b := a
	b.Spec.Startup = probe(10*second, 30, second)
	c := base
	c.Health = ThreeTruths()
	c.Spec = probesim.Spec{Startup: probe(10*second, 30, second), Readiness: probe(5*second, 3, 2*second), Liveness: probe(20*second, 3, 5*second)}
	d := c
	d.Health.Readiness.ShedAbove = 2 * second
	e := c
	e.Load.Admission = second
	return map[string]Scenario{"A": a, "B": b, "C": c, "D": d, "E": e}
}

// The table of the specification, from another model of the same kind: who recovers and who does not, and extra restarts in the same region. The closed form stands
// beside it: it has to say the same of the cells in which pods go into the queue for their probes.
func TestCascadeTable(t *testing.T) {
	for _, x := range []struct {
		name     string
		rho      float64
		k        int
		extra    float64 // of the specification
		recovers bool
		last     float64 // goodput of the last five minutes, of the specification
	}{
		{"A", 0.8, 3, 130, false, 0},
		{"A", 0.9, 3, 130, false, 0},
		{"A", 0.6, 1, 11.8, true, 1},
		{"B", 0.8, 3, 110, false, 0.06},
		{"B", 0.9, 3, 110, false, 0.048},
		{"B", 0.6, 1, 0, true, 1},
		{"C", 0.8, 3, 0, true, 1},
		{"C", 0.9, 3, 0, true, 1},
		{"C", 0.6, 1, 0, true, 1},
		{"D", 0.8, 3, 0, true, 1},
		{"D", 0.9, 3, 0, true, 1},
		{"D", 0.6, 1, 0, true, 1},
		{"E", 0.8, 3, 0, true, 1},
		{"E", 0.9, 3, 0, true, 1},
		{"E", 0.6, 1, 0, true, 1},
	} {
		s := cascades()[x.name]
		s.Load.Utilization = x.rho
		s.Fault = Fault{Kind: Crash, Pods: x.k}
		if err := s.Check(); err != nil {
			t.Fatal(err)
		}
		a := s.Ask(1, 10)
		t.Logf("%s at %.1f without %d: %.1f extra restarts (%.1f-%.1f), goodput at the end %.1f %%, %d of 10 recover; closed form: runaway %v", x.name, x.rho, x.k,
			a.Extra.Value, a.Extra.Low, a.Extra.High, 100*a.Last.Value, a.Recovers.Count, s.After(x.k).Runaway)
		wanted := 0
		if x.recovers {
			wanted = 10
		}
		if a.Recovers.Count != wanted || math.Abs(a.Last.Value-x.last) > 0.05 {
			t.Errorf("%s at %.1f without %d: %d of 10 recover, goodput at the end %.3f; want %d and about %.3f", x.name, x.rho, x.k, a.Recovers.Count, a.Last.Value, wanted, x.last)
		}
		if math.Abs(a.Extra.Value-x.extra) > 0.15*x.extra {
			t.Errorf("%s at %.1f without %d: %.1f extra restarts, want about %.1f", x.name, x.rho, x.k, a.Extra.Value, x.extra)
		}
		if o := s.After(x.k); o.Runaway == x.recovers {
			t.Errorf("%s at %.1f without %d: the closed form says %+v, and the runs recover: %v", x.name, x.rho, x.k, o, x.recovers)
		}
	}
}

// The specification's example: 10 pods at 80 % without 3. The queue makes probes fail after 7 s, the next kill comes 20 s to 31 s later, and the missing
// pods are back after 57 s.
func TestAfter(t *testing.T) {
	s := cascades()["B"]
	s.Load.Utilization = 0.8
	o := s.After(3)
	near := func(got, want time.Duration) bool { return (got - want).Abs() < 10*time.Millisecond }
	if math.Abs(o.Utilization-8.0/7) > 1e-9 || !near(o.FailsAt, 7*second) || !near(o.KillFrom, 27*second) || !near(o.KillTo, 38*second) || !near(o.Return, 57*second) || !o.Runaway {
		t.Errorf("%+v", o)
	}
	if o := s.After(2); o.Utilization != 1 || o.Runaway {
		t.Errorf("without 2 the others carry it: %+v", o)
	}
}

// Retries make three truths vulnerable too: what is tried again keeps the queues full after the pods are back. Admission control holds, and so does a client with a budget.
func TestRetries(t *testing.T) {
	ask := func(name string, l Load) Answer {
		s := cascades()[name]
		s.Load = l
		s.Load.Admission = cascades()[name].Load.Admission
		s.Fault = Fault{Kind: Crash, Pods: 3}
		return s.Ask(1, 10)
	}
	storm := Load{Utilization: 0.9, Retries: 3}
	budget := storm
	budget.RetryBudget = 0.1
	if a := ask("C", storm); a.Recovers.Count != 0 || a.Extra.Value != 0 {
		t.Errorf("C with 3 retries: %d of 10 recover with %.1f extra restarts; want none, and none", a.Recovers.Count, a.Extra.Value)
	}
	if a := ask("C", budget); a.Recovers.Count != 10 {
		t.Errorf("C with a budget of a tenth: %d of 10 recover, want all", a.Recovers.Count)
	}
	if a := ask("E", storm); a.Recovers.Count != 10 {
		t.Errorf("E with 3 retries: %d of 10 recover, want all", a.Recovers.Count)
	}
}

func BenchmarkRun(b *testing.B) {
	for _, name := range []string{"A", "C"} {
		b.Run("configuration="+name, func(b *testing.B) {
			s := cascades()[name]
			s.Load.Utilization = 0.8
			s.Fault = Fault{Kind: Crash, Pods: 3}
			b.ReportAllocs()
			seed, start := uint64(0), cputime.Used()
			for b.Loop() {
				s.Run(seed, nil)
				seed++
			}
			b.ReportMetric(float64(cputime.Used()-start)/float64(b.N), "cpu-ns/op")
		})
	}
}
