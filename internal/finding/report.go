package finding

import (
	"time"

	"github.com/fairway-k8s/fairway/internal/source"
)

// Report is all that one run has to say, ready to be shown. Its lists are in the order in which they were sorted by their
// Compare methods; whoever shows it may group them.
type Report struct {
	Findings []*Finding
	Unknown  []Unknown
	Skipped  []Skipped
	Failures []Failure

	Files, Objects, Workloads int
	// Affected is how many of Workloads have a finding.
	Affected int
	// Suppressed and Baselined count findings that are left out because somebody said so.
	Suppressed, Baselined int
	// Elapsed is how long the run took; zero when nobody wants to know.
	Elapsed time.Duration

	// Rule looks up what is known of a rule. It may be nil, and may return the zero RuleInfo for an ID it does not know.
	Rule func(id string) RuleInfo
	// Source looks up a file by the name that places give it; nil for a file whose text is not at hand. It is asked for the
	// places of failures, and of findings whose Root is in another file. It may be nil.
	Source func(file string) *source.File
	// Exists reports whether there is a file of that name, whose text need not be at hand. It may be nil.
	Exists func(file string) bool
	// Edits returns the edits of Finding.Root's file that the finding's Fix comes to, in order; nil when they were not worked
	// out. It may be nil.
	Edits func(*Finding) []source.Edit
}

// RuleInfo is what a report tells of a rule.
type RuleInfo struct {
	ID       string
	Title    string   // what is wrong when it fires, lower case, no final stop
	Why      string   // why it hurts, one to three sentences
	How      string   // how to mend it, one to three sentences
	Severity Severity // the default one
	// Incident is the ID of the incident that shows the harm and IncidentSummary its one line; both may be empty.
	Incident, IncidentSummary string
	Link                      string // where to read more, a URL; may be empty
}

// About returns what is known of a rule, at least its ID.
func (r *Report) About(id string) RuleInfo {
	var info RuleInfo
	if r.Rule != nil {
		info = r.Rule(id)
	}
	info.ID = id
	return info
}

// FileOf returns the file that holds f's place, nil when its text is not at hand.
func (r *Report) FileOf(f *Finding) *source.File {
	if file := f.Root.File(); file != nil && file.Name == f.Place.File {
		return file
	}
	return r.FileAt(f.Place)
}

// FileAt returns the file of a place, nil when its text is not at hand.
func (r *Report) FileAt(p Place) *source.File {
	if r.Source == nil || p.File == "" {
		return nil
	}
	return r.Source(p.File)
}

// EditsOf returns the edits that f's fix comes to, nil when it has none or they were not worked out.
func (r *Report) EditsOf(f *Finding) []source.Edit {
	if r.Edits == nil || f.Fix == nil || f.Root.IsZero() {
		return nil
	}
	return r.Edits(f)
}
