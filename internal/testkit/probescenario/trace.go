package probescenario

import (
	"cmp"
	"math/rand"
	"reflect"
	"slices"
	"time"

	"github.com/fairway-k8s/fairway/internal/probesim"
)

// Trace is what both sides tell: every probe with its beginning, starts and exits of the container, kills with their reason, refused restarts, every result that a worker
// published, and what Started and Ready were once an instant was over. Events of one instant are sorted: their order is not the kubelet's to promise.
type Trace []probesim.Event

// TraceOf makes a trace of what was told before the end.
func TraceOf(events []probesim.Event, end time.Duration) Trace {
	var out Trace
	type state struct {
		kind      probesim.EventType
		container int
	}
	now := map[state]bool{}
	at := time.Duration(-1)
	changed := map[state]probesim.Event{}
	settle := func() {
		for k, e := range changed {
			if now[k] != e.On {
				now[k] = e.On
				e.Incarnation = 0
				out = append(out, e)
			}
		}
		clear(changed)
	}
	for _, e := range events {
		if e.At >= end {
			break
		}
		if e.At != at {
			settle()
			at = e.At
		}
		switch e.Type {
		case probesim.ProbeEnded, probesim.PodEnded:
		case probesim.StartedChanged, probesim.ReadyChanged:
			changed[state{e.Type, e.Container}] = e
		default:
			e.Until = 0 // the runtime manager does not tell
			out = append(out, e)
		}
	}
	settle()
	slices.SortStableFunc(out, compareEvents)
	return out
}

func compareEvents(a, b probesim.Event) int {
	return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.Type, b.Type), cmp.Compare(a.Container, b.Container), cmp.Compare(a.Incarnation, b.Incarnation),
		cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Outcome, b.Outcome), cmp.Compare(a.Code, b.Code), cmp.Compare(a.Until, b.Until))
}

// Disagreement returns the first instant at which the traces differ, [probesim.Never] if they do not, and how many events agree before.
func Disagreement(a, b Trace) (time.Duration, int) {
	for i := range max(len(a), len(b)) {
		switch {
		case i >= len(a):
			return b[i].At, i
		case i >= len(b):
			return a[i].At, i
		case a[i] != b[i]:
			return min(a[i].At, b[i].At), i
		}
	}
	return probesim.Never, len(a)
}

// choices is the Chooser of one run: it follows a prescription and takes the first afterwards, and remembers what there was to choose.
type choices struct {
	prescribed []int
	now        func() time.Duration
	state      func() uint64 // nil: not remembered
	made       []Choice
}

// Choice is one that was made among what was due at one instant.
type Choice struct {
	At    time.Duration
	N, Of int    // the one that was taken, of how many
	State uint64 // if asked for: of the model before the choice, and of what it told at this instant
}

// fingerprint mixes all numbers that a value holds; what is behind interfaces is left out.
func fingerprint(h uint64, v reflect.Value) uint64 {
	mix := func(x uint64) { h = (h ^ x) * 0x9e3779b97f4a7c15; h ^= h >> 29 }
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			h = fingerprint(h, v.Field(i))
		}
	case reflect.Slice, reflect.Array:
		mix(uint64(v.Len()))
		for i := range v.Len() {
			h = fingerprint(h, v.Index(i))
		}
	case reflect.Bool:
		mix(map[bool]uint64{true: 1}[v.Bool()])
	case reflect.Int, reflect.Int64:
		mix(uint64(v.Int()))
	case reflect.Uint8:
		mix(v.Uint())
	}
	return h
}

// stateOf tells two moments of the model apart that differ in what may follow, or in what was told at this instant, in whatever order.
func stateOf(p *probesim.Pod, events []probesim.Event, at time.Duration) uint64 {
	v := reflect.ValueOf(p).Elem()
	h := uint64(at)
	for i := range v.NumField() {
		switch v.Type().Field(i).Name {
		case "due", "out", "kubelet": // scratch, and constants
		default:
			h = fingerprint(h, v.Field(i))
		}
	}
	told := uint64(0)
	for i := len(events) - 1; i >= 0 && events[i].At == at; i-- {
		told += fingerprint(1, reflect.ValueOf(events[i]))
	}
	return h ^ told
}

func (c *choices) Choose(of int) int {
	n := 0
	if i := len(c.made); i < len(c.prescribed) && c.prescribed[i] < of {
		n = c.prescribed[i]
	}
	made := Choice{At: c.now(), N: n, Of: of}
	if c.state != nil {
		made.State = c.state()
	}
	c.made = append(c.made, made)
	return n
}

// Simulate runs the model. Of what is due at one instant it takes the prescribed, and the first where nothing is prescribed; it returns the choices that
// it had, with the model's state before each if states are asked for.
func Simulate(sc *Scenario, prescribed []int, states bool) (Trace, []Choice) {
	c := &choices{prescribed: prescribed}
	at := sc.At
	c.now = func() time.Duration { return at }
	k := sc.Kubelet
	k.Ties = c
	containers := make([]probesim.Container, len(sc.Specs))
	for i := range sc.Specs {
		containers[i] = sc.Container(i)
	}
	p := probesim.NewPod(k, rand.New(rand.NewSource(int64(sc.Seed))), sc.At, containers...)
	var events []probesim.Event
	acts := sc.Acts
	if states {
		c.state = func() uint64 { return stateOf(p, events, at) + uint64(len(acts)) }
	}
	for {
		at = p.Next()
		// What is done from outside at the instant of a step comes before or after it.
		if len(acts) > 0 && acts[0].At <= at {
			a := acts[0]
			if a.At < at || c.Choose(2) == 0 {
				acts = acts[1:]
				at = a.At
				switch a.What {
				case Crash:
					events = p.Crash(a.At, a.Container, a.Code, events)
				case RestartKubelet:
					p.RestartKubelet(a.At)
				}
				continue
			}
		}
		if at >= sc.End {
			break
		}
		events = p.Step(events)
	}
	return TraceOf(events, sc.End), c.made
}
