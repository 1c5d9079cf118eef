package probeverify

import (
	"fmt"
	"regexp"
	"strings"
	"time"
)

// Verdict is what a row came to.
type Verdict string

// The three verdicts. An unknown is an answer: NotChecked says why.
const (
	Holds      Verdict = "holds"
	Breaks     Verdict = "breaks"
	NotChecked Verdict = "not checked"
)

// Kind tells rows of the table of faults from those about the protocol.
type Kind string

// The two kinds.
const (
	Truth Kind = "truth"
	Trap  Kind = "trap"
)

// Row is one fault or trap and what was seen.
type Row struct {
	ID      string // permanent, such as "dependency-down"; see Rows
	Title   string
	Subject string // the dependency, "" for the application as a whole
	Kind    Kind
	Verdict Verdict
	Why     string // for NotChecked: what is missing
	Note    string // what else was seen, or how the fault was approximated
	Cells   []Cell // of the endpoints that were asked, in the order of Endpoints
	Faults  []Fault
	Took    time.Duration
}

// Cell is what one endpoint had to answer and what it did.
type Cell struct {
	Endpoint   Endpoint
	Want, Seen string
	Short      string // of Seen, for a column: "503 > 200"
	Holds      bool
}

// Fault is one thing that is wrong.
type Fault struct {
	Endpoint Endpoint // "" for the application as a whole
	What     string   // one sentence
	Fleet    string   // what that does to a fleet, one sentence
	Next     string   // how to mend it
}

// cell adds what an endpoint answered. With a fault it breaks.
func (r *Row) cell(e Endpoint, want, seen string, f *Fault) {
	r.Cells = append(r.Cells, Cell{Endpoint: e, Want: want, Seen: seen, Short: short(seen), Holds: f == nil})
	if f != nil {
		f.Endpoint = e
		r.Faults = append(r.Faults, *f)
	}
}

// fault adds what is wrong with no endpoint in particular.
func (r *Row) fault(what, fleet, next string) {
	r.Faults = append(r.Faults, Fault{What: what, Fleet: fleet, Next: next})
}

func (r *Row) note(format string, args ...any) {
	if r.Note != "" {
		r.Note += "; "
	}
	r.Note += fmt.Sprintf(format, args...)
}

// unknown is the reason why a row cannot be checked.
type unknown string

func (u unknown) Error() string { return string(u) }

func notChecked(format string, args ...any) error { return unknown(fmt.Sprintf(format, args...)) }

// pods says how many pods a fault hits that hits all of them.
func (o *Options) pods() string {
	if o.Replicas > 1 {
		return fmt.Sprintf("all %d pods", o.Replicas)
	}
	return "every pod"
}

// reached is when a threshold is reached after answers begin to fail, at the earliest and at the latest; attempt is how long one takes.
// It is section 1.9 of the kubelet's rules: the first failure comes up to a period late, and the last one takes its time.
func (p Probe) reached(attempt time.Duration) (from, to time.Duration) {
	cadence := max(p.Period, attempt)
	from = time.Duration(p.FailureThreshold-1)*cadence + attempt
	return from, from + p.Period
}

// window writes the same as people say it: "45 to 65 s".
func (p Probe) window(attempt time.Duration) string {
	from, to := p.reached(attempt)
	return strings.TrimSuffix(brief(from), " s") + " to " + brief(to)
}

// attemptOf is how long an attempt takes that fails like this answer.
func (p Probe) attemptOf(a Answer) time.Duration {
	if a.Outcome == TimedOut {
		return p.Timeout
	}
	return 0
}

// killed says what a fleet does when live fails like this answer, while something lasts.
func (b *bench) killed(a Answer, while string) string {
	p := b.Probes[Live]
	if a.Outcome == Discarded {
		return "the kubelet forgets an answer without its end: a pod that is stuck for good is never restarted"
	}
	return fmt.Sprintf("the kubelet restarts %s after %s, and again and again %s", b.pods(), p.window(p.attemptOf(a)), while)
}

// out says what a fleet does when ready fails like this answer.
func (b *bench) out(a Answer, while string) string {
	p := b.Probes[Ready]
	if a.Outcome == Discarded {
		return "the kubelet forgets an answer without its end: the pod keeps the state it had, and requests go on being sent to it"
	}
	return fmt.Sprintf("%s leaves the Service after %s; nobody answers %s", b.pods(), p.window(p.attemptOf(a)), while)
}

// unstarted says what happens when started is taken back or never given.
func (b *bench) unstarted() string {
	p := b.Probes[Started]
	from, to := p.reached(0)
	return fmt.Sprintf("a kubelet that asks again, as one before 1.35 does after its own restart, kills the container after %s to %s", brief(from), brief(to))
}

// short takes the times out of what was seen: "503, after 1.5 s 200" is "503 > 200".
func short(seen string) string {
	return afterTime.ReplaceAllString(seen, " > ")
}

var afterTime = regexp.MustCompile(`, after [0-9.]+ m?s `)
