package probeverify

import (
	"fmt"
	"regexp"
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

// short takes the times out of what was seen: "503, after 1.5 s 200" is "503 > 200".
func short(seen string) string {
	return afterTime.ReplaceAllString(seen, " > ")
}

var afterTime = regexp.MustCompile(`, after [0-9.]+ m?s `)
