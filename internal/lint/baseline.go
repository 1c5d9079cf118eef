package lint

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/fairway-k8s/fairway/internal/finding"
)

// Baseline is a list of findings that are known and accepted for now, so that only new ones fail a run. An entry names rule,
// object and field, never a line: moving text does not make a finding new. It is a ratchet: writing it again drops what is gone.
type Baseline struct {
	// SchemaVersion is 2 where files are named from the baseline's folder, so that it does not matter from where a check is run, and 1
	// where they are named from the working directory of the check that wrote it.
	SchemaVersion int             `json:"schemaVersion"`
	Findings      []BaselineEntry `json:"findings"`

	name Naming
}

// Naming says how a file of the input is called from the folder of a baseline; nil leaves names as they are.
type Naming func(file string) string

// BaselineEntry is one accepted finding; Count of them are accepted in that place.
type BaselineEntry struct {
	Rule   string      `json:"rule"`
	File   string      `json:"file"`
	Object finding.Ref `json:"object"`
	Field  string      `json:"field"`
	Count  int         `json:"count"`
}

func (b *Baseline) entryOf(f *finding.Finding) BaselineEntry {
	file := f.Place.File
	if b.name != nil && b.SchemaVersion > 1 {
		file = b.name(file)
	}
	return BaselineEntry{Rule: f.Rule, File: file, Object: f.Object, Field: f.Field}
}

// Origin says where the names of files in it start.
func (b *Baseline) Origin() string {
	if b.SchemaVersion == 1 {
		return "the working directory it was written in; written again, they are from its folder"
	}
	return "its folder"
}

// NewBaseline accepts findings.
func NewBaseline(findings []*finding.Finding, name Naming) *Baseline {
	b := &Baseline{SchemaVersion: 2, name: name}
	count := map[BaselineEntry]int{}
	for _, f := range findings {
		count[b.entryOf(f)]++
	}
	b.Findings = make([]BaselineEntry, 0, len(count))
	for e, n := range count {
		e.Count = n
		b.Findings = append(b.Findings, e)
	}
	slices.SortFunc(b.Findings, func(a, b BaselineEntry) int {
		return cmp.Or(cmp.Compare(a.File, b.File), a.Object.Compare(b.Object), cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Field, b.Field))
	})
	return b
}

// ParseBaseline reads what Encode wrote, now or in an earlier version.
func ParseBaseline(data []byte, name Naming) (*Baseline, error) {
	b := Baseline{name: name}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&b); err != nil {
		return nil, err
	}
	if b.SchemaVersion != 1 && b.SchemaVersion != 2 {
		return nil, fmt.Errorf("schemaVersion is %d, this version reads 1 and 2", b.SchemaVersion)
	}
	return &b, nil
}

// Encode writes the baseline as JSON, one finding a line, so that a review shows what was added or went.
func (b *Baseline) Encode() []byte {
	var buf bytes.Buffer
	fmt.Fprintf(&buf, "{\n  \"schemaVersion\": %d,\n  \"findings\": [", b.SchemaVersion)
	for i, e := range b.Findings {
		line, err := json.Marshal(e)
		if err != nil {
			panic(err) // strings and numbers
		}
		if i > 0 {
			buf.WriteByte(',')
		}
		buf.WriteString("\n    ")
		buf.Write(line)
	}
	buf.WriteString("\n  ]\n}\n")
	return buf.Bytes()
}

// Filter takes the accepted findings out and counts them. It does not say which entries are gone: a check of some files or rules leaves
// most entries without a finding.
func (b *Baseline) Filter(findings []*finding.Finding) (fresh []*finding.Finding, accepted int) {
	left := map[BaselineEntry]int{}
	for _, e := range b.Findings {
		n := e.Count
		e.Count = 0
		left[e] += n
	}
	for _, f := range findings {
		if e := b.entryOf(f); left[e] > 0 {
			left[e]--
			accepted++
		} else {
			fresh = append(fresh, f)
		}
	}
	return fresh, accepted
}

// Gone returns the accepted findings that findings no longer hold, in the baseline's order: those in files that were judged, by the
// baseline's names for them, of rules that were run. Count is how many went.
func (b *Baseline) Gone(findings []*finding.Finding, judged func(file, rule string) bool) []BaselineEntry {
	have := map[BaselineEntry]int{}
	for _, f := range findings {
		have[b.entryOf(f)]++
	}
	var out []BaselineEntry
	for _, e := range b.Findings {
		n := e.Count
		e.Count = 0
		if left := n - have[e]; left > 0 && judged(e.File, e.Rule) {
			e.Count = left
			out = append(out, e)
		}
	}
	return out
}

// NameOf returns how the baseline calls a file of the input.
func (b *Baseline) NameOf(file string) string {
	return b.entryOf(&finding.Finding{Place: finding.Place{File: file}}).File
}
