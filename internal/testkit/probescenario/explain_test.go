package probescenario

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/fairway-k8s/fairway/internal/probesim"
)

// An order that was chosen at random is found, from what it told alone; and a trace in which one event is a nanosecond late is not explained beyond that.
func TestExplain(t *testing.T) {
	others := 0
	for seed := range uint64(150) {
		version, instant := probesim.Version(33+seed%4), seed%2 == 0
		sc := Random(seed, version, instant)
		r := rand.New(rand.NewPCG(seed, 1))
		choices := make([]int, 20_000)
		for i := range choices {
			choices[i] = max(r.IntN(8)-4, 0)
		}
		want := Simulate(sc, choices)
		x := Explain(sc, want)
		if x.Until != probesim.Never {
			t.Errorf("seed %d: an order of the model is not found beyond %v", seed, x.Until)
			continue
		}
		if !slices.Equal(Simulate(sc, x.Choices), want) {
			t.Errorf("seed %d: the order that was found does not give the trace", seed)
		}
		if len(x.Choices) > 0 {
			others++
		}

		i := r.IntN(len(want))
		broken := slices.Clone(want)
		broken[i].At += time.Nanosecond
		slices.SortStableFunc(broken, compareEvents)
		if x := Explain(sc, broken); x.Until > want[i].At+time.Nanosecond {
			t.Errorf("seed %d: explained beyond %v, where %v is late", seed, x.Until, want[i])
		}
	}
	if others < 30 {
		t.Errorf("only %d of the random orders were not the model's first", others)
	}
}
