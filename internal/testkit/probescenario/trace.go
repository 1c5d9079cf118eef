package probescenario

import (
	"cmp"
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
	last := settled{}
	for len(events) > 0 && events[0].At < end {
		n := 1
		for n < len(events) && events[n].At == events[0].At {
			n++
		}
		from := len(out)
		out = last.instant(out, events[:n])
		last.settle(out[from:])
		events = events[n:]
	}
	return out
}

// settled is what Started of each container and Ready were when an instant was over.
type settled map[settling]bool

type settling struct {
	of        probesim.EventType
	container int
}

// instant appends what the events of one instant come to, sorted.
func (s settled) instant(out Trace, events []probesim.Event) Trace {
	from := len(out)
	for i, e := range events {
		switch e.Type {
		case probesim.ProbeEnded, probesim.PodEnded:
			continue
		case probesim.StartedChanged, probesim.ReadyChanged:
			again := func(x probesim.Event) bool { return x.Type == e.Type && x.Container == e.Container }
			if s[settling{e.Type, e.Container}] == e.On || slices.ContainsFunc(events[i+1:], again) {
				continue
			}
			e.Incarnation = 0
		default:
			e.Until = 0 // the runtime manager does not tell
		}
		out = append(out, e)
	}
	slices.SortStableFunc(out[from:], compareEvents)
	return out
}

func (s settled) settle(t Trace) {
	for _, e := range t {
		if e.Type == probesim.StartedChanged || e.Type == probesim.ReadyChanged {
			s[settling{e.Type, e.Container}] = e.On
		}
	}
}

func compareEvents(a, b probesim.Event) int {
	return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.Type, b.Type), cmp.Compare(a.Container, b.Container), cmp.Compare(a.Incarnation, b.Incarnation),
		cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Outcome, b.Outcome), cmp.Compare(a.Code, b.Code), cmp.Compare(a.Until, b.Until))
}
