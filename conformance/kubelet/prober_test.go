//go:debug randseednop=0

package kubelet

import (
	"flag"
	"math/rand"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fairway-k8s/fairway/internal/probesim"
)

var (
	count = flag.Int("scenarios", 300, "random scenarios a harness")
	first = flag.Uint64("seed", 1, "seed of the first scenario")
)

// realInstant runs the scenario in harness 1. It must run in a bubble of synctest.
func realInstant(sc *scenario) trace {
	rand.Seed(int64(sc.seed)) // the workers' jitter, in the order in which they draw it
	m := newMachine(sc)
	m.t0 = m.t0.Add(time.Hour) // the origin, a whole second
	time.Sleep(sc.at - sc.kubelet.Uptime - m.now())
	k := newInstant(m)
	time.Sleep(sc.kubelet.Uptime)
	k.run()
	for _, a := range sc.acts {
		time.Sleep(a.at - m.now())
		switch a.what {
		case crash:
			m.mu.Lock()
			run := m.current(a.container)
			m.mu.Unlock()
			if run != nil {
				m.exit(a.container, run, a.code)
			}
		case restartKubelet:
			k.end()
			k = newInstant(m)
			k.run()
		}
	}
	time.Sleep(sc.end - m.now())
	k.end()
	m.mu.Lock()
	events := m.events
	m.mu.Unlock()
	time.Sleep(3 * time.Hour)
	return traceOf(events, sc.end)
}

type tally struct{ scenarios, probes, restarts, identical, otherOrder, unexplained, tries int }

func (t *tally) add(sc *scenario, tb testing.TB, want trace) {
	t.scenarios++
	for _, e := range want {
		switch {
		case e.Type == probesim.ProbeStarted:
			t.probes++
		case e.Type == probesim.ContainerStarted && e.Incarnation > 0:
			t.restarts++
		}
	}
	tries, at, best := explain(sc, want)
	t.tries += tries
	switch {
	case at != probesim.Never:
		t.unexplained++
		tb.Errorf("%v\nno order of simultaneous things explains the kubelet's trace beyond %v (%d tries)\n%s", sc, at, tries, around(want, best, at))
	case tries == 1:
		t.identical++
	default:
		t.otherOrder++
	}
}

// Harness 1: the prober in a kubelet without latencies.
func TestProber(t *testing.T) {
	var sum tally
	for i := range *count {
		sc := random(*first+uint64(i), true)
		var want trace
		synctest.Test(t, func(*testing.T) { want = realInstant(sc) })
		sum.add(sc, t, want)
		if sum.unexplained >= 3 {
			break
		}
	}
	t.Logf("1.%d, prober: %+v", version, sum)
}

// Harness 2: the prober, the status manager, the relist, the work queue and the runtime manager.
func TestKubelet(t *testing.T) {
	var sum tally
	for i := range *count {
		sc := random(*first+uint64(i), false)
		var want trace
		synctest.Test(t, func(*testing.T) { want = realFull(sc) })
		sum.add(sc, t, want)
		if sum.unexplained >= 3 {
			break
		}
	}
	t.Logf("1.%d, kubelet: %+v", version, sum)
}
