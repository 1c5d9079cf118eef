package probescenario

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"strings"
	"time"

	"github.com/fairway-k8s/fairway/internal/probesim"
)

// Vector is a scenario with what the kubelet did in it.
type Vector struct {
	Name     string
	Scenario *Scenario `json:",omitempty"` // nil: drawn from Seed, Version and Instant
	Seed     uint64    `json:",omitempty"`
	Version  probesim.Version
	Instant  bool     `json:",omitempty"`
	Choices  []int    `json:",omitempty"` // what came first among what was due at one instant, see [Simulate]
	Events   []string `json:",omitempty"` // the trace, of a scenario that is spelled out
	Digests  []string `json:",omitempty"` // of the trace in every minute since the origin, of one that is drawn
}

// Play returns the vector's scenario.
func (v *Vector) Play() *Scenario {
	if v.Scenario != nil {
		sc := *v.Scenario
		sc.Kubelet.Version, sc.Kubelet.Instant = v.Version, v.Instant
		return &sc
	}
	return Random(v.Seed, v.Version, v.Instant)
}

// Fill sets the vector's events or digests to the trace.
func (v *Vector) Fill(t Trace) {
	v.Events, v.Digests = nil, nil
	if v.Scenario != nil {
		v.Events = t.Lines()
		return
	}
	h, minute := fnv.New32a(), time.Duration(0)
	flush := func() {
		v.Digests = append(v.Digests, fmt.Sprintf("%08x", h.Sum32()))
		h.Reset()
		minute += time.Minute
	}
	for i, line := range t.Lines() {
		for t[i].At >= minute+time.Minute {
			flush()
		}
		fmt.Fprintln(h, line)
	}
	flush()
}

// Lines writes the events of a trace, one a line.
func (t Trace) Lines() []string {
	out := make([]string, len(t))
	for i, e := range t {
		var b strings.Builder
		fmt.Fprintf(&b, "%v %v", e.At, e.Type)
		if e.Container > 0 {
			fmt.Fprintf(&b, " of container %d", e.Container)
		}
		switch e.Type {
		case probesim.Synced:
		case probesim.StartedChanged, probesim.ReadyChanged:
			fmt.Fprintf(&b, " %v", e.On)
		case probesim.ContainerStarted, probesim.BackingOff:
			fmt.Fprintf(&b, " #%d", e.Incarnation)
		case probesim.ContainerExited:
			fmt.Fprintf(&b, " #%d code %d", e.Incarnation, e.Code)
		case probesim.ResultChanged:
			fmt.Fprintf(&b, " #%d %v %v", e.Incarnation, e.Kind, map[probesim.Outcome]string{probesim.Success: "success", probesim.Failure: "failure", probesim.Errored: "unknown"}[e.Outcome])
		default:
			fmt.Fprintf(&b, " #%d %v", e.Incarnation, e.Kind)
		}
		out[i] = b.String()
	}
	return out
}

// Encode writes vectors as JSON, one a line.
func Encode(vs []Vector) ([]byte, error) {
	var b strings.Builder
	b.WriteString("[\n")
	for i := range vs {
		line, err := json.Marshal(&vs[i])
		if err != nil {
			return nil, fmt.Errorf("encode vector %s: %w", vs[i].Name, err)
		}
		b.Write(line)
		if i < len(vs)-1 {
			b.WriteByte(',')
		}
		b.WriteByte('\n')
	}
	b.WriteString("]\n")
	return []byte(b.String()), nil
}

// Facts are the scenarios that the specification of probes numbers G1 to G12, as far as they are about one pod in time.
func Facts() []Vector {
	s := time.Second
	probe := func(period, timeout, failures int) *probesim.Probe {
		return &probesim.Probe{Period: time.Duration(period) * s, Timeout: time.Duration(timeout) * s, SuccessThreshold: 1, FailureThreshold: failures}
	}
	delayed := func(p *probesim.Probe, d time.Duration) *probesim.Probe { p.InitialDelay = d; return p }
	graceful := func(d time.Duration) *probesim.Probe { p := probe(5, 1, 2); p.Grace = d; return p }
	story := probesim.Spec{Startup: probe(10, 1, 30), Readiness: probe(5, 2, 3), Liveness: probe(20, 5, 3), Grace: 30 * s}
	// The kubelet's own instants are off the grid of the probes.
	k := probesim.Kubelet{Uptime: 2*time.Minute + 250*time.Millisecond, RelistPhase: 750 * time.Millisecond, PollPhase: 600 * time.Millisecond, TimeoutLate: 137 * time.Microsecond, MaxBackOff: 300 * s}
	fact := func(name string, instant bool, end time.Duration, spec probesim.Spec, app Fixed, acts ...Act) Vector {
		return Vector{Name: name, Instant: instant, Scenario: &Scenario{Kubelet: k, At: s, End: s + end, Specs: []probesim.Spec{spec}, App: App{Fixed: &app}, Acts: acts}}
	}
	latency := 5 * time.Millisecond
	never := []time.Duration{probesim.Never}
	return []Vector{
		fact("G1 slow boot", false, 90*s, story, Fixed{Boot: []time.Duration{45 * s}, Latency: latency}),
		fact("G2 deadlock", false, 300*s, story, Fixed{Boot: []time.Duration{45 * s}, Lock: []time.Duration{200*s + 1, probesim.Never}, Latency: latency}),
		fact("G3 failures carried over", true, 40*s, probesim.Spec{Liveness: probe(10, 1, 3), Grace: 30 * s},
			Fixed{Latency: latency, Fails: []Window{{probesim.Liveness, 0, time.Hour}}}, Act{At: 16*s + latency, What: Crash, Code: 1}),
		fact("G4 a sync asks readiness", false, 300*s, probesim.Spec{Readiness: probe(30, 1, 3), Liveness: probe(10, 1, 3), Grace: 30 * s},
			Fixed{Latency: latency, Boot: []time.Duration{time.Hour}, LiveInBoot: true}),
		fact("G5 restart of the kubelet while booting", false, 180*s, probesim.Spec{Startup: probe(10, 1, 30), Liveness: probe(10, 1, 3), Grace: 30 * s},
			Fixed{Boot: []time.Duration{120 * s}, Latency: latency}, Act{At: 61*s + latency, What: RestartKubelet}),
		fact("G7 attempts longer than the period", false, 60*s, probesim.Spec{Readiness: probe(5, 12, 3), Grace: 30 * s}, Fixed{Latency: latency, Lock: []time.Duration{0}}),
		fact("G9 budget 10x3", false, 90*s, probesim.Spec{Startup: probe(10, 1, 3), Grace: 30 * s}, Fixed{Latency: latency, Boot: never}),
		fact("G9 budget 5x1 after 5", false, 30*s, probesim.Spec{Startup: delayed(probe(5, 1, 1), 5*s), Grace: 30 * s}, Fixed{Latency: latency, Boot: never}),
		fact("G10 crash loop", false, 40*time.Minute, probesim.Spec{Grace: 30 * s}, Fixed{Exit: []time.Duration{s + 1}}),
		fact("G10 liveness loop", false, 40*time.Minute, probesim.Spec{Liveness: probe(10, 1, 3), Grace: 30 * s}, Fixed{Latency: latency, Lock: []time.Duration{latency}}),
		fact("G11 startup leaks to the replacement", false, 10*time.Minute, probesim.Spec{Startup: probe(30, 1, 10), Liveness: probe(5, 1, 3), Grace: 30 * s},
			Fixed{Latency: latency, Boot: []time.Duration{40 * s}, Lock: []time.Duration{100 * s, probesim.Never}}),
		fact("G12 successes carried over", true, 120*s, probesim.Spec{Readiness: &probesim.Probe{Period: 10 * s, Timeout: s, SuccessThreshold: 3, FailureThreshold: 3}, Grace: 30 * s},
			Fixed{Latency: latency}, Act{At: 60*s + latency, What: Crash, Code: 1}),
		fact("grace period of the probe", false, 60*s, probesim.Spec{Liveness: graceful(2 * s), Grace: 10 * s}, Fixed{Latency: latency, Lock: []time.Duration{0}, Stop: time.Minute}),
		fact("grace period of the pod when all of it is killed", false, 60*s, probesim.Spec{Liveness: graceful(2 * s), Grace: 10 * s, Restart: probesim.NeverRestart},
			Fixed{Latency: latency, Lock: []time.Duration{0}, Stop: time.Minute}),
		fact("what cannot be judged counts for nothing", true, 60*s, probesim.Spec{Liveness: probe(5, 1, 1), Readiness: probe(5, 1, 1), Grace: s}, Fixed{Latency: latency, Errs: true}),
	}
}
