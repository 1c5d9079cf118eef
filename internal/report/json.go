package report

import (
	"io"

	"github.com/fairway-k8s/fairway/internal/finding"
)

// SchemaVersion is the version of the JSON format, docs/schema/lint-v1.json. Members may be added within a version; none is
// taken away and none changes its meaning.
const SchemaVersion = 1

// The types below are the JSON format. Every member is always there; the order is fixed.

type jsonPlace struct {
	File      string `json:"file"` // "" when the object came from no file
	Line      int    `json:"line"` // 0 when there is no place in a file; so are the next three
	Column    int    `json:"column"`
	EndLine   int    `json:"endLine"`
	EndColumn int    `json:"endColumn"`
}

func toJSONPlace(p finding.Place) jsonPlace {
	return jsonPlace{File: p.File, Line: p.Line, Column: p.Column, EndLine: p.EndLine, EndColumn: p.EndColumn}
}

type jsonFinding struct {
	Rule     string           `json:"rule"`
	Severity finding.Severity `json:"severity"`
	jsonPlace
	Object   *finding.Ref `json:"object"`   // null when the finding is about no object
	Workload *finding.Ref `json:"workload"` // the same
	Field    string       `json:"field"`
	Message  string       `json:"message"`
	Why      string       `json:"why"`
	Fix      *jsonFix     `json:"fix"`
}

type jsonFix struct {
	Title string     `json:"title"`
	Edits []jsonEdit `json:"edits"` // of the finding's file, in order; empty when they were not worked out
}

type jsonEdit struct {
	Line      int    `json:"line"`
	Column    int    `json:"column"`
	EndLine   int    `json:"endLine"`
	EndColumn int    `json:"endColumn"`
	NewText   string `json:"newText"`
}

type jsonUnknown struct {
	Rule string `json:"rule"`
	jsonPlace
	Object  *finding.Ref `json:"object"`
	Missing string       `json:"missing"`
}

type jsonSkipped struct {
	jsonPlace
	Object *finding.Ref `json:"object"`
	Reason string       `json:"reason"`
	Detail string       `json:"detail"`
}

type jsonError struct {
	jsonPlace
	Message string `json:"message"`
	Hint    string `json:"hint"`
}

type jsonSummary struct {
	Files      int `json:"files"`
	Objects    int `json:"objects"`
	Workloads  int `json:"workloads"`
	Affected   int `json:"affectedWorkloads"`
	Must       int `json:"must"`
	Should     int `json:"should"`
	Could      int `json:"could"`
	Unknown    int `json:"unknown"`
	Skipped    int `json:"skipped"`
	Errors     int `json:"errors"`
	Suppressed int `json:"suppressed"`
	Baselined  int `json:"baselined"`
}

// JSON writes a report for programs, as docs/schema/lint-v1.json describes it. Elapsed time is left out, so that the same input
// gives the same bytes.
func JSON(w io.Writer, r *finding.Report) error {
	s := newStream(w)
	s.WriteString("{\n  \"schemaVersion\": ")
	s.value(SchemaVersion)
	s.WriteString(",\n  \"findings\": ")
	s.list("  ", len(r.Findings), func(i int) any { return toJSONFinding(r, r.Findings[i]) })
	s.WriteString(",\n  \"unknown\": ")
	s.list("  ", len(r.Unknown), func(i int) any {
		u := &r.Unknown[i]
		return jsonUnknown{Rule: u.Rule, jsonPlace: toJSONPlace(u.Place), Object: refOrNil(u.Object), Missing: u.Missing}
	})
	s.WriteString(",\n  \"skipped\": ")
	s.list("  ", len(r.Skipped), func(i int) any {
		k := &r.Skipped[i]
		return jsonSkipped{jsonPlace: toJSONPlace(k.Place), Object: refOrNil(k.Object), Reason: k.Reason, Detail: k.Detail}
	})
	s.WriteString(",\n  \"errors\": ")
	s.list("  ", len(r.Failures), func(i int) any {
		e := &r.Failures[i]
		return jsonError{jsonPlace: toJSONPlace(e.Place), Message: e.Message, Hint: e.Hint}
	})
	s.WriteString(",\n  \"summary\": ")
	counts := severities(r.Findings)
	s.value(jsonSummary{Files: r.Files, Objects: r.Objects, Workloads: r.Workloads, Affected: r.Affected,
		Must: counts[finding.Must], Should: counts[finding.Should], Could: counts[finding.Could], Unknown: len(r.Unknown),
		Skipped: len(r.Skipped), Errors: len(r.Failures), Suppressed: r.Suppressed, Baselined: r.Baselined})
	s.WriteString("\n}\n")
	return s.finish()
}

func toJSONFinding(r *finding.Report, f *finding.Finding) jsonFinding {
	j := jsonFinding{Rule: f.Rule, Severity: f.Severity, jsonPlace: toJSONPlace(f.Place), Object: refOrNil(f.Object),
		Workload: refOrNil(f.Workload), Field: f.Field, Message: f.Message, Why: r.About(f.Rule).Why}
	if f.Fix != nil {
		j.Fix = &jsonFix{Title: f.Fix.Title, Edits: []jsonEdit{}}
		file := f.Root.File()
		for _, e := range r.EditsOf(f) {
			start, end := file.Position(e.Start), file.Position(e.End)
			j.Fix.Edits = append(j.Fix.Edits, jsonEdit{start.Line, start.Column, end.Line, end.Column, e.New})
		}
	}
	return j
}

func refOrNil(r finding.Ref) *finding.Ref {
	if r == (finding.Ref{}) {
		return nil
	}
	return &r
}

// severities counts findings by severity.
func severities(all []*finding.Finding) (count [finding.Must + 1]int) {
	for _, f := range all {
		count[f.Severity]++
	}
	return count
}
