//go:debug randseednop=0

package kubelet

import (
	"flag"
	"fmt"
	"math/rand"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fairway-k8s/fairway/internal/probesim"
	. "github.com/fairway-k8s/fairway/internal/testkit/probescenario"
)

var (
	count  = flag.Int("scenarios", 300, "random scenarios a harness")
	first  = flag.Uint64("seed", 1, "seed of the first scenario")
	budget = flag.Duration("budget", 24*time.Hour, "time after which a harness begins no other scenario")
)

// real runs the scenario on the kubelet. It must run in a bubble of synctest.
func real(sc *Scenario) Trace {
	rand.Seed(int64(sc.Seed)) // the workers' jitter, in the order in which they draw it
	m := newMachine(sc)
	time.Sleep(sc.At - sc.Kubelet.Uptime - m.now()) // until the kubelet starts
	if sc.Kubelet.Instant {
		m.playInstant()
	} else {
		m.playFull()
	}
	m.mu.Lock()
	events := m.events
	m.mu.Unlock()
	time.Sleep(3 * time.Hour) // whatever still waits in the bubble comes to its end
	return TraceOf(events, sc.End)
}

// playInstant plays the scenario from the start of the kubelet on, in harness 1.
func (m *machine) playInstant() {
	k := newInstant(m)
	time.Sleep(m.sc.Kubelet.Uptime)
	k.run()
	m.play(func(time.Duration) {
		k.end()
		k = newInstant(m)
		k.run()
	})
	k.end()
}

type tally struct{ scenarios, probes, restarts, identical, otherOrder, unexplained, widest int }

func (t *tally) add(sc *Scenario, tb testing.TB, want Trace) {
	t.scenarios++
	for _, e := range want {
		switch {
		case e.Type == probesim.ProbeStarted:
			t.probes++
		case e.Type == probesim.ContainerStarted && e.Incarnation > 0:
			t.restarts++
		}
	}
	x := Explain(sc, want)
	if x.Until == probesim.Never && !slices.Equal(Simulate(sc, x.Choices), want) {
		tb.Errorf("%v\nthe order that explains the kubelet's trace does not give it: %v", sc, x.Choices)
	}
	t.widest = max(t.widest, x.Widest)
	switch {
	case x.Until != probesim.Never:
		t.unexplained++
		tb.Errorf("%v\nno order of simultaneous things explains the kubelet's trace beyond %v\n%s", sc, x.Until, around(want, Simulate(sc, x.Choices), x.Until))
	case x.Steps == 0:
		t.identical++
	default:
		t.otherOrder++
	}
}

// compare runs the scenarios in one of the harnesses.
func compare(t *testing.T, harness string, instant bool) {
	var sum tally
	end := time.Now().Add(*budget)
	for i := range *count {
		sc := Random(*first+uint64(i), version, instant)
		var want Trace
		synctest.Test(t, func(*testing.T) { want = real(sc) })
		sum.add(sc, t, want)
		if sum.unexplained >= 3 || time.Now().After(end) {
			break
		}
		if sum.scenarios%1000 == 0 {
			t.Log(sum)
		}
	}
	t.Logf("1.%d, %s: %v", version, harness, sum)
}

// Harness 1: the prober in a kubelet without latencies.
func TestProber(t *testing.T) { compare(t, "prober", true) }

// Harness 2: the prober, the status manager, the relist, the work queue and the runtime manager.
func TestKubelet(t *testing.T) { compare(t, "kubelet", false) }

func (t tally) String() string {
	return fmt.Sprintf("%d scenarios, %d probe calls, %d restarts: %d identical, %d in another legal order (at most %d states possible at once), %d unexplained",
		t.scenarios, t.probes, t.restarts, t.identical, t.otherOrder, t.widest, t.unexplained)
}
