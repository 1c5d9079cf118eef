package probes

import (
	"fmt"
	"slices"
	"time"

	"github.com/fairway-k8s/fairway/conformance/probes/act"
)

// tolerance is how far apart the same moment of the node and of the simulator may be. Late is for what a busy node delays more, because a sync comes
// first: the kubelet looks at the containers again, which takes it longer than a second then, before it kills one or asks for readiness out of turn. A command
// is run in the container first.
const (
	tolerance = 300 * time.Millisecond
	late      = time.Second
)

// What a trace has lists of. Questions are listed under the kind's name.
const (
	started = "start"     // the process runs
	told    = "SIGTERM"   // it is told to stop
	exited  = "exit"      // it exits by itself
	ready   = "ready"     // the pod's Ready changes; the number is 1 for true
	killed  = "killed by" // an event Killing; the number is the kind
	unheard = "unheard"   // of the node, not empty: it held events back
)

// A moment is when something happened, from the whole second in which the kubelet saw the pod first.
type moment struct {
	Number int // of the incarnation, where trace says nothing else
	At     time.Duration
}

// A trace is what happened, in order of time, by what it is.
type trace map[string][]moment

func (t trace) add(what string, number int, at time.Duration) {
	t[what] = append(t[what], moment{number, at})
}

// A record is what a node did in a scenario.
type record struct {
	Trace     trace
	Restarted time.Duration `json:",omitempty"` // when the old kubelet was told to stop, where the scenario restarts it
}

// slack is the tolerance of a list. What the API server keeps is cut to whole seconds, for which half a second was added.
func (s *scenario) slack(what string) time.Duration {
	switch what {
	case ready, killed:
		return late + 500*time.Millisecond
	case readiness.String(), told:
		return late
	case startup.String(), liveness.String():
		if s.act.Over[startup] == act.Exec { // all of them, then
			return late
		}
	}
	return tolerance
}

// A disagreement is a place in which two traces differ.
type disagreement struct {
	what      string
	i         int
	want, got *moment // nil: there is none
}

func (d *disagreement) String() string {
	text := func(m *moment) string {
		if m == nil {
			return "nothing"
		}
		return fmt.Sprintf("%d at %.2f s", m.Number, m.At.Seconds())
	}
	return fmt.Sprintf("%s, no. %d: simulator %s, node %s", d.what, d.i+1, text(d.want), text(d.got))
}

// A distance is how far two traces are apart.
type distance struct {
	wrong int           // moments that differ
	sum   time.Duration // of all moments; one that only one trace has counts as many seconds
	first *disagreement
	worst time.Duration // of the moments that agree, where the small tolerance holds
}

// less says whether d is nearer.
func (d distance) less(e distance) bool {
	return d.wrong < e.wrong || d.wrong == e.wrong && d.sum < e.sum
}

// compare gives the distance of the simulator's trace and the node's.
func (s *scenario) compare(want, got trace) (far distance) {
	at := func(d *disagreement) time.Duration {
		if d.want != nil {
			return d.want.At
		}
		return d.got.At
	}
	for _, what := range []string{startup.String(), readiness.String(), liveness.String(), started, told, exited, ready, killed} {
		w, g := want[what], got[what]
		if what == ready {
			w = sent(w, g, s.slack(ready))
		}
		if _, lacks := got[unheard]; what == killed && lacks {
			continue
		}
		for i := range max(len(w), len(g)) {
			d := &disagreement{what: what, i: i}
			if i < len(w) {
				d.want = &w[i]
			}
			if i < len(g) {
				d.got = &g[i]
			}
			apart := missing
			if d.want != nil && d.got != nil && d.want.Number == d.got.Number {
				apart = min((d.want.At - d.got.At).Abs(), missing)
			} else if at(d) > s.until-time.Second { // the other one may be after the end
				continue
			}
			far.sum += apart
			if apart > s.slack(what) {
				far.wrong++
				if far.first == nil || at(d) < at(far.first) {
					far.first = d
				}
			} else if s.slack(what) == tolerance {
				far.worst = max(far.worst, apart)
			}
		}
	}
	return far
}

// missing is the distance of a moment that only one trace has.
const missing = 5 * time.Second

// sent leaves out of what the kubelet concluded about Ready what it may never have sent: being unready for less than a second, of which the
// node has nothing.
func sent(want, got []moment, slack time.Duration) []moment {
	var kept []moment
	for i := 0; i < len(want); i++ {
		short := i+1 < len(want) && want[i].Number == 0 && want[i+1].At-want[i].At < time.Second
		if j := len(kept); short && (j >= len(got) || (got[j].At-want[i].At).Abs() > slack) {
			i++
			continue
		}
		kept = append(kept, want[i])
	}
	return kept
}

// A span is the shortest and the longest of something.
type span struct{ from, to time.Duration }

func (s span) String() string {
	if s.to-s.from < 100*time.Millisecond {
		return fmt.Sprintf("%.1f", s.to.Seconds())
	}
	return fmt.Sprintf("%.1f-%.1f", s.from.Seconds(), s.to.Seconds())
}

// lives returns how long each incarnation of the trace ran, and how long it took from its end to the next one.
func lives(t trace) (lives, waits []time.Duration) {
	ends := map[int]time.Duration{}
	for _, m := range slices.Concat(t[exited], t[told]) {
		ends[m.Number] = m.At
	}
	for i, start := range t[started] {
		if i > 0 {
			waits = append(waits, start.At-ends[i-1])
		}
		if end, ok := ends[i]; ok {
			lives = append(lives, max(end-start.At, 0)) // it may be told to stop before it has said that it runs
		}
	}
	return lives, waits
}

// ranges returns the spans of what lives returns, over many seeds, when nothing of the node's trace is given.
func (s *scenario) ranges(restarted time.Duration) (alive, waited []span) {
	widen := func(spans []span, values []time.Duration) []span {
		for i, v := range values {
			if i == len(spans) {
				spans = append(spans, span{v, v})
			}
			spans[i] = span{min(spans[i].from, v), max(spans[i].to, v)}
		}
		return spans
	}
	for seed := range uint64(4_000) {
		g := given{tape: newTape(seed), restarted: restarted, first: func(c chance) time.Duration { return c.upTo(time.Second) }, create: func(c chance, n int, _ time.Duration) (takes, deaf time.Duration) {
			longest := time.Second
			if n == 0 {
				longest = 10 * time.Second
			}
			return 50*time.Millisecond + c.upTo(longest), c.upTo(50 * time.Millisecond)
		}}
		l, w := lives(s.simulate(g, s.until+time.Minute))
		alive, waited = widen(alive, l), widen(waited, w)
	}
	return alive, waited
}
