package fleet

import (
	"testing"
	"time"

	"github.com/fairway-k8s/fairway/internal/probesim"
)

const second = time.Second

// The configurations of the cascade: one endpoint behind the requests with default probes; the same with a startup probe; three truths; three truths
// whose readiness sheds; three truths and admission control.
func cascades() map[string]Scenario {
	probe := func(period time.Duration, failures int, timeout time.Duration) *probesim.Probe {
		return &probesim.Probe{Period: period, FailureThreshold: failures, Timeout: timeout}
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

func TestCascadeTable(t *testing.T) {
	for _, name := range []string{"A", "B", "C", "D", "E"} {
		for _, load := range []struct {
			rho float64
			k   int
		}{{0.8, 3}, {0.9, 3}, {0.6, 1}} {
			s := cascades()[name]
			s.Load.Utilization = load.rho
			s.Fault = Fault{Kind: Crash, Pods: load.k}
			if err := s.Check(); err != nil {
				t.Fatal(err)
			}
			extra, lost, last, good := 0.0, 0, 0.0, 0.0
			for seed := range uint64(10) {
				r := s.Run(seed, nil)
				extra += float64(r.Extra) / 10
				last += r.Last / 10
				good += r.Goodput / 10
				if !r.Recovered {
					lost++
				}
			}
			t.Logf("%s rho %.1f k %d: extra %.1f last %.1f%% overall %.1f%% not recovered %d of 10", name, load.rho, load.k, extra, last*100, good*100, lost)
		}
	}
}

func BenchmarkRun(b *testing.B) {
	for _, name := range []string{"A", "C"} {
		b.Run("configuration="+name, func(b *testing.B) {
			s := cascades()[name]
			s.Load.Utilization = 0.8
			s.Fault = Fault{Kind: Crash, Pods: 3}
			b.ReportAllocs()
			seed := uint64(0)
			for b.Loop() {
				s.Run(seed, nil)
				seed++
			}
		})
	}
}
