package probes

import (
	"flag"
	"strings"
	"testing"

	"github.com/fairway-k8s/fairway/internal/testkit/mutant"
)

// wrong are errors of one rule in the simulator, and a scenario of which it then has no history that is the recorded one.
var wrong = []struct {
	scenario string
	mutant.Mutant
}{
	{"carried-over", mutant.Mutant{File: "prober.go", Old: "\t\tw.onHold = false\n", New: "\t\tw.onHold, w.run = false, 0\n", Why: "failures are forgotten at a restart"}},
	{"slow-stop", mutant.Mutant{File: "prober.go", Old: "w.onHold, w.run = true, 0", New: "w.run = 0", Why: "no hold after a kill was decided"}},
	{"deadlock", mutant.Mutant{File: "prober.go", Old: "w.tick = p.now + w.probe.Period // Ticker.Reset", New: "w.tick += 0 // Ticker.Reset", Why: "a question out of turn does not move the grid"}},
	{"deadlock", mutant.Mutant{File: "kubelet.go", Old: "w.trigger, w.hearsAt = true, p.now", New: "", Why: "no question out of turn"}},
	{"gate-leaks", mutant.Mutant{File: "kubelet.go", Old: "inherited := p.kubelet.Version.startedSurvives() && r.running", New: "inherited := false && r.running", Why: "Started is not inherited"}},
	{"budget", mutant.Mutant{File: "prober.go", Old: "failed, w.probe.FailureThreshold", New: "failed, w.probe.FailureThreshold+1", Why: "one failure more"}},
	{"crash-loop", mutant.Mutant{File: "backoff.go", Old: "2*b.wait", New: "3*b.wait", Why: "the back-off is tripled"}},
	{"boots", mutant.Mutant{File: "kubelet.go", Old: "\tp.acted, p.changed, p.sandbox = true, true, true\n",
		New: "\tp.acted, p.changed, p.sandbox = true, true, true\n\tfor k := range c.workers {\n\t\tc.workers[k].tick = p.now + c.workers[k].probe.Period\n\t}\n",
		Why: "the grid is counted from the container's start"}},
	{"gate-leaks", mutant.Mutant{File: "prober.go", Old: "if w.probe.ByAddress {", New: "if false {", Why: "the new process does not answer for the old one"}},
	{"slow-stop", mutant.Mutant{File: "kubelet.go", Old: "probe.Grace > 0 && !p.killPod", New: "false", Why: "the pod's grace period, not the probe's"}},
}

var breaks = flag.Bool("mutants", false, "break the simulator's rules one by one")

// The record is worth something: with an error in one rule of the simulator no history of it is the node's.
func TestMutants(t *testing.T) {
	if !*breaks {
		t.Skip("ten searches that find nothing take minutes; -mutants")
	}
	for _, w := range wrong {
		t.Run(w.Why, func(t *testing.T) {
			w.File = "internal/probesim/" + w.File
			out, passed := w.Test(t, "../..", "-run=^TestRecorded$/^"+w.scenario+"$", "./conformance/probes")
			switch {
			case passed:
				t.Errorf("the record of %s does not notice it", w.scenario)
			case !strings.Contains(out, "no history of the simulator has the node's trace"):
				t.Errorf("it fails for another reason:\n%.800s", out)
			}
		})
	}
}
