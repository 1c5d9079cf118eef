package probes

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/fairway-k8s/fairway/conformance/probes/act"
	"github.com/fairway-k8s/fairway/internal/probesim"
)

// A tape holds all that is left to chance in one simulation, in the order in which it is asked for: numbers from [0,1).
type tape struct {
	numbers []float64
	next    int
	more    *rand.Rand
}

func newTape(seed uint64) *tape { return &tape{more: rand.New(rand.NewPCG(seed, 6))} }

// chance reads a tape. It implements [probesim.Rand] and [probesim.Chooser].
type chance struct{ *tape }

func (c chance) Float64() float64 {
	if c.next == len(c.numbers) {
		c.numbers = append(c.numbers, c.more.Float64())
	}
	c.next++
	return c.numbers[c.next-1]
}

func (c chance) Choose(n int) int { return int(c.Float64() * float64(n)) }

// upTo is a part of d.
func (c chance) upTo(d time.Duration) time.Duration { return time.Duration(c.Float64() * float64(d)) }

// rare is what happens on a node now and then. It is taken for an explanation only where there is no other.
type rare uint8

const (
	nothing rare = iota
	hears        // the readiness worker hears that it is to ask out of turn when the sync that told it is over
	sweeps       // the kubelet removes a container that has exited before it looks at it again
)

// given is what a simulation is told.
type given struct {
	version   probesim.Version
	tape      *tape
	rare      rare                                                                // this may happen too
	busy      time.Duration                                                       // how long it may take the kubelet to look at what it has done
	first     func(c chance) time.Duration                                        // when the kubelet sees the pod
	create    func(c chance, n int, at time.Duration) (takes, deaf time.Duration) // how long the runtime takes, and then the process until it listens
	restarted time.Duration                                                       // when the old kubelet is told to stop; 0: there is no other
}

// simulate gives the simulator's trace.
func (s *scenario) simulate(g given, end time.Duration) trace {
	t := trace{}
	c := chance{g.tape}
	g.tape.next = 0
	deaf := map[int]time.Duration{}
	began := time.Duration(math.MaxInt64) // when the new kubelet did
	app := &act.App{Act: s.act, Deaf: func(n int) time.Duration { return deaf[n] }, Called: func(k probesim.Kind, n int, at time.Duration) {
		if g.restarted == 0 || at < g.restarted || at >= began { // in between no kubelet runs
			t.add(k.String(), n, at)
		}
	}}
	spec := s.spec
	for k, p := range [...]**probesim.Probe{startup: &spec.Startup, readiness: &spec.Readiness, liveness: &spec.Liveness} {
		if *p != nil {
			probe := (*p).WithDefaults()
			probe.ByAddress = s.act.Over[k] != act.Exec
			app.Timeout[k] = probe.Timeout
			*p = &probe
		}
	}
	node := probesim.Kubelet{
		Version: g.version, Resync: 10 * time.Second, // as the testbed's
		Create: func(_, n int, at time.Duration) time.Duration {
			takes, then := g.create(c, n, at)
			deaf[n] = then
			return takes
		},
		Look: func() time.Duration { return time.Duration(math.Pow(c.Float64(), 4) * float64(g.busy)) }, // mostly at once
		Ties: c,
	}
	switch g.rare {
	case hears:
		node.Wake = func() time.Duration { return c.upTo(2 * time.Millisecond).Truncate(time.Millisecond) }
	case sweeps:
		node.Sweep = c.upTo(time.Minute)
	}
	pod := probesim.NewPod(node, c, g.first(c), probesim.Container{Spec: spec, App: app})
	var events []probesim.Event
	if g.restarted > 0 {
		restart := g.restarted + c.upTo(8*time.Second) // the new one reads its files, which takes a busy node long, then begins
		events = pod.Run(restart, events)
		pod.RestartKubelet(restart)
		began = restart
	}
	over := -1 // newest incarnation that has ended
	for _, e := range pod.Run(end, events) {
		switch e.Type {
		case probesim.ContainerStarted:
			t.add(started, e.Incarnation, e.At+deaf[e.Incarnation])
		case probesim.ContainerExited:
			over = e.Incarnation
			if e.Code == 1 {
				t.add(exited, e.Incarnation, e.At)
			}
		case probesim.Killing:
			if e.Incarnation > over { // the kubelet may not know yet that there is nobody to tell
				t.add(told, e.Incarnation, e.At)
			}
			t.add(killed, int(e.Kind), e.At)
		case probesim.ReadyChanged:
			t.add(ready, map[bool]int{true: 1}[e.On], e.At)
		}
	}
	return t
}

// A match is the best that the simulator could do to give the node's trace.
type match struct {
	distance
	trace trace
	rare  rare // it needs this
}

// A search begins anew so many times, if it must, and then changes a few numbers of its tape, so many times. A simulation takes about 20 µs.
const (
	beginnings = 200
	changes    = 800
)

// replay looks for a tape that gives the node's trace, with what is rare, up to rarest, where there is none without.
func (s *scenario) replay(v probesim.Version, r record, beginnings int, rarest rare) match {
	best := s.search(v, r, beginnings, nothing)
	for x := nothing + 1; x <= rarest && best.wrong > 0; x++ {
		if x == sweeps && len(r.Trace[started]) < 3 {
			continue // it shows in the wait after the next exit
		}
		if m := s.search(v, r, beginnings, x); m.less(best.distance) {
			best = m
		}
	}
	return best
}

func (s *scenario) search(v probesim.Version, r record, beginnings int, rare rare) match {
	best, firsts, got := match{distance: distance{wrong: math.MaxInt}}, r.firsts(), r.Trace
	g := given{version: v, rare: rare, busy: 2 * time.Second, restarted: r.Restarted,
		first: func(c chance) time.Duration {
			if len(firsts) == 0 {
				return c.upTo(2 * time.Second)
			}
			return firsts[c.Choose(len(firsts))]
		},
		create: func(c chance, n int, at time.Duration) (takes, deaf time.Duration) {
			takes, deaf = 200*time.Millisecond, time.Duration(math.Pow(c.Float64(), 4)*float64(time.Second))
			if n < len(got[started]) {
				if whole := got[started][n].At - at; whole > -tolerance && whole <= longestCreate(n) {
					takes = max(whole-deaf, 0)
				}
			}
			return takes, deaf
		}}
	for seed := range uint64(beginnings) {
		g.tape = newTape(seed)
		t := s.simulate(g, s.until)
		near := match{s.compare(t, r.Trace), t, rare}
		for range changes {
			if near.wrong == 0 {
				return near
			}
			old := slices.Clone(g.tape.numbers)
			for range 1 + g.tape.more.IntN(4) {
				i, by := g.tape.more.IntN(g.tape.next), g.tape.more.Float64()
				if g.tape.more.IntN(2) == 0 { // a step, not a leap
					_, by = math.Modf(1 + g.tape.numbers[i] + (by-0.5)/4)
				}
				g.tape.numbers[i] = by
			}
			t := s.simulate(g, s.until)
			if d := s.compare(t, r.Trace); near.less(d) {
				g.tape.numbers, g.tape.next = old, len(old)
			} else {
				near = match{d, t, rare}
			}
		}
		if near.less(best.distance) {
			best = near
		}
	}
	return best
}

// longestCreate is how long the runtime may take: the first container needs a sandbox, and many do at once.
func longestCreate(n int) time.Duration {
	if n == 0 {
		return 30 * time.Second
	}
	return 2 * time.Second
}

// firsts are the instants, a second apart, from which the kubelet may have counted the periods. It begins to after the pod's volumes are mounted, which
// is not seen, and before the container starts. The earliest call of a grid, in its second, is the least delayed. A new kubelet has other grids.
func (r record) firsts() []time.Duration {
	var calls []time.Duration
	for _, k := range []probesim.Kind{startup, liveness} {
		for _, m := range r.Trace[k.String()] {
			if r.Restarted == 0 || m.At < r.Restarted {
				calls = append(calls, m.At)
			}
		}
	}
	if len(calls) == 0 || len(r.Trace[started]) == 0 {
		return nil
	}
	first := calls[0]
	for _, at := range calls[1:] {
		if ahead := (at - calls[0]) % time.Second; ahead > 500*time.Millisecond {
			first = min(first, calls[0]+ahead-time.Second)
		}
	}
	var all []time.Duration
	for first %= time.Second; ; first += time.Second {
		if all = append(all, first); first+time.Second > r.Trace[started][0].At {
			return all
		}
	}
}
