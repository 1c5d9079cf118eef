package cli

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fairway-k8s/fairway/internal/probesim"
	"github.com/fairway-k8s/fairway/internal/probesim/fleet"
)

func TestParseProbe(t *testing.T) {
	s := time.Second
	got, err := parseProbe("3x20,timeout=5,delay=1m,grace=10s,success=2")
	want := &probesim.Probe{InitialDelay: time.Minute, Period: 20 * s, Timeout: 5 * s, SuccessThreshold: 2, FailureThreshold: 3, Grace: 10 * s, ByAddress: true}
	if d := cmp.Diff(want, got); err != nil || d != "" {
		t.Errorf("%v (-want +got)\n%s", err, d)
	}
	if got, err := parseProbe("none"); got != nil || err != nil {
		t.Errorf("none: %v, %v", got, err)
	}
	for _, text := range []string{"", "3", "x10", "0x10", "3x0", "3x1.5", "-1x10", "3x10,", "3x10,timeout", "3x10,success=a", "3x10,colour=red", "99999999999x1", "3x99h"} {
		if p, err := parseProbe(text); err == nil {
			t.Errorf("%q is %+v", text, p)
		}
	}
}

func TestParseFault(t *testing.T) {
	got, err := parseFault("cpu-starved:3,at=1m,for=90,share=10%")
	if want := (fleet.Fault{Kind: fleet.Starved, Pods: 3, At: time.Minute, For: 90 * time.Second, Share: 0.1}); err != nil || got != want {
		t.Errorf("%+v, %v, want %+v", got, err, want)
	}
	for i, name := range fleet.FaultNames {
		if x, err := parseFault(name); err != nil || x.Kind != fleet.FaultKind(i) {
			t.Errorf("%s: %+v, %v", name, x, err)
		}
	}
	for _, text := range []string{"", "crash:", "crash:0", "drain:2", "crash,at", "crash,at=never", "surge,share=x", "crash:3:4"} {
		if x, err := parseFault(text); err == nil {
			t.Errorf("%q is %+v", text, x)
		}
	}
}

// The schema that editors use and the reader agree on the bounds of whole numbers and lists.
func TestScenarioSchema(t *testing.T) {
	data, err := os.ReadFile("../../docs/schema/probe-scenario-v1.json")
	if err != nil {
		t.Fatal(err)
	}
	var schema struct {
		Properties map[string]struct {
			Type                                                     any
			Minimum, Maximum, MinProperties, MaxProperties, MaxItems *int
		}
	}
	if err := json.Unmarshal(data, &schema); err != nil {
		t.Fatal(err)
	}
	taken := func(lines string) bool {
		name := filepath.Join(t.TempDir(), "s.yaml")
		if err := os.WriteFile(name, []byte(lines+"\n"), 0o666); err != nil {
			t.Fatal(err)
		}
		return readScenario(name, &simulation{}) == nil
	}
	for name, p := range schema.Properties {
		if p.Type != "integer" {
			continue
		}
		if p.Minimum == nil || !taken(fmt.Sprintf("%s: %d", name, *p.Minimum)) || taken(fmt.Sprintf("%s: %d", name, *p.Minimum-1)) {
			t.Errorf("the minimum of %s is another one than the reader's", name)
		}
		if name == "seed" { // any that a computer has
			continue
		}
		if p.Maximum == nil || !taken(fmt.Sprintf("%s: %d", name, *p.Maximum)) || taken(fmt.Sprintf("%s: %d", name, *p.Maximum+1)) {
			t.Errorf("the maximum of %s is another one than the reader's", name)
		}
	}
	configurations := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "  c%d: {liveness: 3x10}\n", i)
		}
		return "configurations:\n" + b.String()
	}
	if n := *schema.Properties["configurations"].MaxProperties; !taken(configurations(n)) || taken(configurations(n+1)) {
		t.Errorf("%d configurations are another bound than the reader's", n)
	}
	if n := *schema.Properties["faults"].MaxItems; !taken("faults:\n"+strings.Repeat("- crash\n", n)) || taken("faults:\n"+strings.Repeat("- crash\n", n+1)) {
		t.Errorf("%d faults are another bound than the reader's", n)
	}
}

// What is read never breaks the simulator: a scenario that passes its check can be run, and everything else is an error with a next step.
func FuzzScenario(f *testing.F) {
	f.Add("boot: 45s..60s\nreplicas: 3\nload: 80%\nfaults: [crash, 'surge,share=3']\nconfigurations: {a: {liveness: 3x10}}\n")
	f.Add("boot: 1\nfor: 5m\nretries: 5\nretryBudget: 0.1\nadmission: 1s\nconfigurations: {a: {health: three, startup: '1x1', preStop: 3}, b: {}}\nfaults: [drain, node-lost, rollout]\nnodes: 2\n")
	f.Add("boot: [1]\nconfigurations: {a: 1}\nfaults: 3\n")
	f.Add("boot: 0\nservice: 0\ntimeout: 0.001\nkubernetes: 1.33\nconfigurations: {a: {readiness: '1x1,delay=600'}}\nfaults: [dependency-slow]\n")
	f.Fuzz(func(t *testing.T, text string) {
		name := filepath.Join(t.TempDir(), "s.yaml")
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		q := &question{simulation: simulation{seeds: 1, seed: 1}}
		if err := readScenario(name, &q.simulation); err != nil {
			if strings.Contains(err.Error(), "cannot construct") {
				t.Errorf("words of the decoder: %v", err)
			}
			return
		}
		if q.seeds = 1; q.common.Replicas > 20 || len(q.configs)*len(q.faults) > 6 || q.common.For > time.Hour || q.valid() != nil {
			return
		}
		if len(q.configs) == 0 || len(q.faults) == 0 {
			return
		}
		if _, err := q.answer(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}
