package kubelet

import (
	"flag"
	"fmt"
	"os"
	"testing"
	"testing/synctest"

	"github.com/fairway-k8s/fairway/internal/probesim"
	. "github.com/fairway-k8s/fairway/internal/testkit/probescenario"
)

var write = flag.String("vectors", "", "file for the vectors of internal/probesim/testdata")

// drawn is how many random scenarios of each harness become vectors.
const drawn = 60

// The numbered facts hold on the kubelet as the model says; with -vectors they, and some random scenarios, are written down.
func TestFacts(t *testing.T) {
	vectors := Facts()
	if *write != "" {
		for i := range drawn {
			for _, instant := range []bool{true, false} {
				v := Vector{Seed: uint64(1_000_000 + i), Instant: instant}
				v.Name = fmt.Sprintf("seed %d", v.Seed)
				vectors = append(vectors, v)
			}
		}
	}
	for i := range vectors {
		v := &vectors[i]
		v.Version = version
		sc := v.Play()
		var want Trace
		synctest.Test(t, func(*testing.T) { want = real(sc) })
		x := Explain(sc, want)
		if x.Until != probesim.Never {
			t.Errorf("%s: no order of simultaneous things explains the kubelet's trace beyond %v\n%s", v.Name, x.Until, around(want, Simulate(sc, x.Choices), x.Until))
		}
		v.Choices = x.Choices
		v.Fill(want)
	}
	if *write == "" || t.Failed() {
		return
	}
	text, err := Encode(vectors)
	if err == nil {
		err = os.WriteFile(*write, text, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}
