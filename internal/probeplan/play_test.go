package probeplan

import (
	"testing"
	"time"

	"github.com/fairway-k8s/fairway/internal/probesim"
)

// The fleet agrees with the closed form on both sides: the story's shared endpoint runs away when three of ten pods crash at 80 %, and recommended
// probes on a listener of their own do not, whatever is played.
func TestPlay(t *testing.T) {
	q := Question{Boots: sampleOf(45, .2, 500), Shared: true, Load: Load{Pods: 10, Out: 3, Utilisation: .8}}
	old := Probes{Startup: &probesim.Probe{Period: 10 * time.Second, FailureThreshold: 30}, Readiness: &probesim.Probe{}, Liveness: &probesim.Probe{}}
	played, _ := Play(q, old, 5)
	if c := played[0]; c.Fault != "crash" || c.Cascades.Count != 5 {
		t.Errorf("%s: %d of %d runs cascade, want all", c.Fault, c.Cascades.Count, c.Cascades.Of)
	}
	q.Shared = false
	plan, err := Search(q)
	if err != nil {
		t.Fatal(err)
	}
	started := time.Now()
	played, _ = Play(q, plan.Probes, 20)
	for _, c := range played {
		if c.Cascades.Count > 0 {
			t.Errorf("%s: %d of %d runs cascade, want none", c.Fault, c.Cascades.Count, c.Cascades.Of)
		}
	}
	t.Logf("%d faults x 20 runs of 20 minutes of 10 pods: %v", len(played), time.Since(started))
}
