package fleet

import (
	"time"

	"github.com/fairway-k8s/fairway/internal/probesim"
)

// State is what a pod is at an instant, as a picture shows it.
type State uint8

// The states.
const (
	Coming   State = iota // no container yet
	Booting               // the process runs and cannot serve yet
	NotReady              // it could serve, and is not Ready
	Serving               // Ready
	Hung                  // its workers stand still
	Stopping              // SIGTERM was sent
	Waiting               // no process: crash-loop back-off
	Lost                  // its node is
	Gone
)

// StateNames are the names of the states, in their order.
var StateNames = []string{"coming", "booting", "not ready", "ready", "hung", "stopping", "waiting", "lost", "gone"}

func (s State) String() string { return StateNames[s] }

// Trace is what happened in one run, for pictures. Instants count from the beginning of the scenario; what came before is cut off.
type Trace struct {
	Rows    []*Row // one for each pod, in the order of their creation
	Samples []Sample
	Every   time.Duration // between samples
	End     time.Duration
}

// Row is one pod.
type Row struct {
	Name  string
	Spans []Span
	Marks []Mark
}

// Span is a time in which the state stays the same. To is the end of the run for the last one.
type Span struct {
	From, To time.Duration
	State    State
}

// Mark is an instant: a probe that failed, or a kill that the kubelet decided because of the probe of Kind.
type Mark struct {
	At   time.Duration
	Kill bool
	Boot bool // the process was booting
	Kind probesim.Kind
}

// Sample is the fleet at an instant; rates are in capacities of one pod.
type Sample struct {
	At        time.Duration
	Endpoints int
	Offered   float64       // first tries
	Good      float64       // answered in time
	Wait      time.Duration // the longest wait in an endpoint's queue; Never when one stands still
}

const sampleEvery = 5 * time.Second

func (f *fleet) traceRow(p *pod, name string) {
	if f.trace != nil {
		p.row = &Row{Name: name}
		f.trace.Rows = append(f.trace.Rows, p.row)
	}
}

// note brings the pod's row up to date.
func (f *fleet) note(p *pod, at time.Duration) {
	if p.row == nil {
		return
	}
	at = max(at-f.settle, 0)
	s := p.state(at + f.settle)
	spans := p.row.Spans
	if n := len(spans); n > 0 {
		last := &spans[n-1]
		if last.State == s {
			return
		}
		if last.To = at; last.From == at {
			last.State = s
			if n > 1 && spans[n-2].State == s {
				p.row.Spans = spans[:n-1]
			}
			return
		}
	}
	p.row.Spans = append(p.row.Spans, Span{From: at, State: s})
}

func (f *fleet) mark(p *pod, m Mark) {
	if p.row != nil && m.At >= f.settle {
		m.At -= f.settle
		p.row.Marks = append(p.row.Marks, m)
	}
}

// finish closes the rows.
func (t *Trace) finish(end time.Duration) {
	t.End, t.Every = end, sampleEvery
	for _, r := range t.Rows {
		for i := range r.Spans {
			if i+1 == len(r.Spans) {
				r.Spans[i].To = end
			} else {
				r.Spans[i].To = r.Spans[i+1].From
			}
		}
	}
}

// Goodput returns the mean rates of answered and offered requests in the samples from one instant up to another; zeros when there is no sample.
func (t *Trace) Goodput(from, to time.Duration) (good, offered float64) {
	n := 0.0
	for _, s := range t.Samples {
		if s.At > from && s.At <= to {
			good, offered, n = good+s.Good, offered+s.Offered, n+1
		}
	}
	if n == 0 {
		return 0, 0
	}
	return good / n, offered / n
}
