package kubelet

import (
	"cmp"
	"container/heap"
	"fmt"
	"math/rand"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/fairway-k8s/fairway/internal/probesim"
)

// trace is what both sides tell: every probe with its beginning, starts and exits of the container, kills with their reason, refused restarts, every result that a worker
// published, and what Started and Ready were once an instant was over. Events of one instant are sorted: their order is not the kubelet's to promise.
type trace []probesim.Event

func traceOf(events []probesim.Event, end time.Duration) trace {
	var out trace
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

// disagreement returns the first instant at which the traces differ, [probesim.Never] if they do not, and how many events agree before.
func disagreement(a, b trace) (time.Duration, int) {
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
	made       []choice
}

type choice struct {
	at    time.Duration
	n, of int
	state uint64 // of the model before the choice, and of what it told at this instant
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
	made := choice{at: c.now(), n: n, of: of}
	if c.state != nil {
		made.state = c.state()
	}
	c.made = append(c.made, made)
	return n
}

// simulate runs the model.
func simulate(sc *scenario, prescribed []int, states bool) (trace, []choice) {
	c := &choices{prescribed: prescribed}
	at := sc.at
	c.now = func() time.Duration { return at }
	k := sc.kubelet
	k.Ties = c
	containers := make([]probesim.Container, len(sc.specs))
	for i := range sc.specs {
		containers[i] = sc.container(i)
	}
	p := probesim.NewPod(k, rand.New(rand.NewSource(int64(sc.seed))), sc.at, containers...)
	var events []probesim.Event
	acts := sc.acts
	if states {
		c.state = func() uint64 { return stateOf(p, events, at) + uint64(len(acts)) }
	}
	for {
		at = p.Next()
		// What is done from outside at the instant of a step comes before or after it.
		if len(acts) > 0 && acts[0].at <= at {
			a := acts[0]
			if a.at < at || c.Choose(2) == 0 {
				acts = acts[1:]
				at = a.at
				switch a.what {
				case crash:
					events = p.Crash(a.at, a.container, a.code, events)
				case restartKubelet:
					p.RestartKubelet(a.at)
				case deletePod:
					events = p.Delete(a.at, sc.specs[0].Grace, events)
				}
				continue
			}
		}
		if at >= sc.end {
			break
		}
		events = p.Step(events)
	}
	return traceOf(events, sc.end), c.made
}

// attempt is a prescription of choices and how far its trace agrees.
type attempt struct {
	prescribed []int
	agrees     time.Duration
	equal      int
	made       []choice
	next       int // the choice to flip next; those before it follow
	cost       int // choices flipped, and instants passed over between the disagreement and them
	order      int
}

type attempts []*attempt

func (a attempts) Len() int { return len(a) }
func (a attempts) Less(i, j int) bool {
	if a[i].equal != a[j].equal {
		return a[i].equal > a[j].equal
	}
	if a[i].cost != a[j].cost {
		return a[i].cost < a[j].cost
	}
	return a[i].order < a[j].order
}
func (a attempts) Swap(i, j int) { a[i], a[j] = a[j], a[i] }
func (a *attempts) Push(x any)   { *a = append(*a, x.(*attempt)) }
func (a *attempts) Pop() any {
	old := *a
	x := old[len(old)-1]
	*a = old[:len(old)-1]
	return x
}

// maxTries bounds a search. Explained scenarios need few; one that is unexplained is a fault of the model whatever the bound.
const maxTries = 20_000

// explain looks for an order of simultaneous things in which the model gives the kubelet's trace: best agreement first, and of its choices only those
// that were made no later than the first disagreement: all orders of the latest instant, then those of earlier ones. A choice is
// made once in every state of the model. It returns how many runs that took, and the best trace.
func explain(sc *scenario, want trace) (tries int, agrees time.Duration, best trace) {
	var queue attempts
	longest := 0
	type node struct {
		state uint64
		n     int
	}
	seen := map[node]bool{}
	try := func(prescribed []int, cost int) bool {
		got, made := simulate(sc, prescribed, tries > 0)
		tries++
		at, equal := disagreement(got, want)
		if best == nil || equal > longest || at == probesim.Never {
			best, agrees, longest = got, at, equal
		}
		next := len(made) - 1
		for next >= 0 && made[next].at > at {
			next--
		}
		for _, c := range made {
			if c.at <= at {
				seen[node{c.state, c.n}] = true
			}
		}
		heap.Push(&queue, &attempt{prescribed, at, equal, made, next, cost, tries})
		return at == probesim.Never
	}
	if try(nil, 0) {
		return tries, agrees, best
	}
	queue = nil
	if try(nil, 0) { // once more, with states
		return tries, agrees, best
	}
	for len(queue) > 0 && tries < maxTries {
		a := heap.Pop(&queue).(*attempt)
		i := a.next
		if i < 0 || i < len(a.prescribed) {
			continue
		}
		for alt := range a.made[i].of {
			if alt == a.made[i].n || seen[node{a.made[i].state, alt}] {
				continue
			}
			next := make([]int, i+1)
			for j := range i {
				next[j] = a.made[j].n
			}
			next[i] = alt
			if try(next, a.cost+1) {
				return tries, agrees, best
			}
		}
		if a.next--; a.next >= 0 && a.made[a.next].at < a.made[i].at {
			a.cost++
		}
		heap.Push(&queue, a)
	}
	return tries, agrees, best
}

// around shows both traces near the instant.
func around(want, got trace, at time.Duration) string {
	var b strings.Builder
	show := func(name string, t trace) {
		fmt.Fprintf(&b, "%s:\n", name)
		before := 0
		for i, e := range t {
			if e.At < at {
				before = i
			}
		}
		for i, e := range t {
			if i > before-12 && e.At <= at+20*time.Second {
				fmt.Fprintf(&b, "  %v %v n=%d %v on=%v code=%d until=%v\n", e.At, e.Type, e.Incarnation, e.Kind, e.On, e.Code, e.Until)
			}
		}
	}
	show("kubelet", want)
	show("model", got)
	return b.String()
}
