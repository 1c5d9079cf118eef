package probes

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/fairway-k8s/fairway/internal/probesim"
)

// TestFormulasAgreeWithTheKubelet holds the spans that rules speak of against the model of the kubelet, which is itself compared with the real one: 2,000 random
// probes of a container that never boots, and of one that locks up. None may give up outside of its span, and over all of them both ends are come close to.
func TestFormulasAgreeWithTheKubelet(t *testing.T) {
	const runs = 2000
	r := rand.New(rand.NewPCG(1, 2))
	for _, x := range []struct {
		name string
		kind probesim.Kind
		span func(timing) window
		app  func(locks time.Duration) *probesim.Service
	}{
		{"budget", probesim.Startup, timing.budget, func(time.Duration) *probesim.Service {
			return &probesim.Service{Boot: func(int) time.Duration { return probesim.Never }, Latency: time.Millisecond}
		}},
		{"hang", probesim.Liveness, timing.hang, func(locks time.Duration) *probesim.Service {
			return &probesim.Service{Locks: func(int) time.Duration { return locks }, Latency: time.Millisecond}
		}},
	} {
		t.Run(x.name, func(t *testing.T) {
			early, late := time.Hour, time.Hour // how close to the ends of their spans any came
			for range runs {
				tm := timing{period: 1 + r.Int64N(30), timeout: 1 + r.Int64N(12), failures: 1 + r.Int64N(6)}
				locks := time.Duration(0)
				if x.kind == probesim.Startup {
					tm.delay, tm.timeout = r.Int64N(3)*r.Int64N(20), 1
				} else {
					locks = 200*time.Second + time.Duration(r.Int64N(int64(30*time.Second)))
				}
				probe := &probesim.Probe{InitialDelay: seconds(tm.delay), Period: seconds(tm.period), Timeout: seconds(tm.timeout), FailureThreshold: int(tm.failures)}
				spec := probesim.Spec{Startup: probe}
				if x.kind == probesim.Liveness {
					spec = probesim.Spec{Liveness: probe}
				}
				create := time.Duration(r.Int64N(int64(40 * time.Second))) // of image and sandbox, while the probes' clock runs
				k := probesim.Kubelet{Instant: true, Create: func(int, int, time.Duration) time.Duration { return create }}
				p := probesim.NewPod(k, nil, 0, probesim.Container{Spec: spec, App: x.app(locks)})
				var started, took time.Duration
				for _, e := range p.Run(10*time.Minute, nil) {
					switch {
					case e.Type == probesim.ContainerStarted && e.Incarnation == 0:
						started = e.At
					case e.Type == probesim.ResultChanged && e.Kind == x.kind && e.Outcome == probesim.Failure && took == 0:
						took = e.At - started - locks
					}
				}
				span, slack := x.span(tm), 20*time.Millisecond // the answers take time as well
				from, to := seconds(span.from), seconds(span.to)
				if took < from-slack || took > to+slack {
					t.Fatalf("%+v: gave up after %s, and the rules say %s", tm, took, span)
				}
				early, late = min(early, took-from), min(late, to-took)
			}
			if early > time.Second || late > time.Second {
				t.Errorf("of %d none came closer to the ends of its span than %s and %s: the rules say too much", runs, early, late)
			}
		})
	}
}

func seconds(n int64) time.Duration { return time.Duration(n) * time.Second }
