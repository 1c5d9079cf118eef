package report

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/fairway-k8s/fairway/internal/finding"
)

// The types below are the part of SARIF 2.1.0 (OASIS Standard, 27 March 2020) that is written; section numbers are its own.

type sarifText struct {
	Text     string `json:"text"`
	Markdown string `json:"markdown,omitempty"`
}

type sarifRule struct { // reportingDescriptor, 3.49
	ID     string      `json:"id"`
	Short  *sarifText  `json:"shortDescription,omitempty"`
	Full   *sarifText  `json:"fullDescription,omitempty"`
	URI    string      `json:"helpUri,omitempty"`
	Help   *sarifText  `json:"help,omitempty"`
	Config sarifConfig `json:"defaultConfiguration"`
}

type sarifConfig struct {
	Level string `json:"level"`
}

type sarifArtifact struct { // artifactLocation, 3.4
	URI    string `json:"uri"`
	BaseID string `json:"uriBaseId,omitempty"`
}

type sarifRegion struct { // 3.30
	StartLine   int `json:"startLine"`
	StartColumn int `json:"startColumn,omitempty"`
	EndLine     int `json:"endLine,omitempty"`
	EndColumn   int `json:"endColumn,omitempty"`
}

type sarifPhysical struct {
	Artifact sarifArtifact `json:"artifactLocation"`
	Region   *sarifRegion  `json:"region,omitempty"`
}

type sarifLogical struct { // 3.33
	Name          string `json:"name"`
	QualifiedName string `json:"fullyQualifiedName"`
	Kind          string `json:"kind"`
}

type sarifLocation struct {
	Physical *sarifPhysical `json:"physicalLocation,omitempty"`
	Logical  []sarifLogical `json:"logicalLocations,omitempty"`
}

type sarifReplacement struct { // 3.57
	Deleted  sarifRegion   `json:"deletedRegion"`
	Inserted *sarifContent `json:"insertedContent,omitempty"`
}

type sarifContent struct {
	Text string `json:"text"`
}

type sarifChange struct {
	Artifact     sarifArtifact      `json:"artifactLocation"`
	Replacements []sarifReplacement `json:"replacements"`
}

type sarifFix struct { // 3.55
	Description sarifText     `json:"description"`
	Changes     []sarifChange `json:"artifactChanges"`
}

type sarifResult struct { // 3.27
	RuleID       string            `json:"ruleId"`
	RuleIndex    int               `json:"ruleIndex"`
	Level        string            `json:"level"`
	Message      sarifText         `json:"message"`
	Locations    []sarifLocation   `json:"locations"`
	Fingerprints map[string]string `json:"partialFingerprints"`
	Fixes        []sarifFix        `json:"fixes,omitempty"`
}

type sarifNotification struct { // 3.58
	Level     string          `json:"level"`
	Message   sarifText       `json:"message"`
	Locations []sarifLocation `json:"locations,omitempty"`
}

// SARIF writes a report as a SARIF 2.1.0 log with one run; version is Fairway's own. Findings are results; failures (as errors),
// unknowns and skipped input (as notes) are notifications of the tool's execution. Suppressed findings are not part of a report
// and so not of the log.
func SARIF(w io.Writer, r *finding.Report, version string) error {
	rules, index := sarifRules(r)
	s := newStream(w)
	s.WriteString(`{
  "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
  "version": "2.1.0",
  "runs": [
    {
      "tool": {"driver": {
        "name": "fairway",
        "informationUri": "https://github.com/fairway-k8s/fairway",
        "version": `)
	s.value(cmp.Or(version, "unknown"))
	s.WriteString(",\n        \"rules\": ")
	s.list("        ", len(rules), func(i int) any { return rules[i] })
	s.WriteString("\n      }},\n      \"columnKind\": \"unicodeCodePoints\",\n      \"invocations\": [{\n        \"executionSuccessful\": ")
	s.value(len(r.Failures) == 0)
	s.WriteString(",\n        \"toolExecutionNotifications\": ")
	failures, unknown := len(r.Failures), len(r.Unknown)
	s.list("        ", failures+unknown+len(r.Skipped), func(i int) any {
		switch {
		case i < failures:
			return failureNotification(r, &r.Failures[i])
		case i < failures+unknown:
			return unknownNotification(r, &r.Unknown[i-failures])
		}
		return skippedNotification(r, &r.Skipped[i-failures-unknown])
	})
	s.WriteString("\n      }],\n      \"results\": ")
	seen := map[string]int{}
	s.list("      ", len(r.Findings), func(i int) any {
		f := r.Findings[i]
		at, note := attach(r, f.Place)
		return sarifResult{RuleID: f.Rule, RuleIndex: index[f.Rule], Level: sarifLevel(f.Severity), Message: sarifText{Text: f.Message + note},
			Locations: []sarifLocation{locationOf(at, f.Object, f.Field)}, Fingerprints: fingerprint(f, seen), Fixes: sarifFixes(r, f)}
	})
	s.WriteString("\n    }\n  ]\n}\n")
	return s.finish()
}

// sarifRules describes the rules that a report's findings name, by ID, and returns their places in the list.
func sarifRules(r *finding.Report) (rules []sarifRule, index map[string]int) {
	index = map[string]int{}
	severity := map[string]finding.Severity{}
	for _, f := range r.Findings {
		severity[f.Rule] = max(severity[f.Rule], f.Severity)
	}
	ids := make([]string, 0, len(severity))
	for id := range severity {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for i, id := range ids {
		index[id] = i
		info := r.About(id)
		rule := sarifRule{ID: id, URI: info.Link, Config: sarifConfig{sarifLevel(cmp.Or(info.Severity, severity[id]))}}
		if info.Title != "" {
			rule.Short = &sarifText{Text: info.Title}
		}
		if info.Why != "" {
			rule.Full = &sarifText{Text: info.Why}
		}
		text, markdown := help(info)
		rule.Help = &sarifText{Text: text, Markdown: markdown}
		rules = append(rules, rule)
	}
	return rules, index
}

// help tells a rule's reason and remedy, plain and as Markdown.
func help(info finding.RuleInfo) (text, markdown string) {
	var plain, marked []string
	add := func(heading, s string) {
		if s != "" {
			plain = append(plain, heading+": "+s)
			marked = append(marked, "**"+heading+"** "+s)
		}
	}
	add("Why", info.Why)
	if info.Incident != "" {
		s := info.Incident
		if info.IncidentSummary != "" {
			s += ": " + info.IncidentSummary
		}
		add("Incident", s)
	}
	add("How to mend it", info.How)
	add("More", "fairway explain "+info.ID)
	return strings.Join(plain, "\n"), strings.Join(marked, "\n\n")
}

func sarifLevel(s finding.Severity) string {
	switch s {
	case finding.Must:
		return "error"
	case finding.Should:
		return "warning"
	}
	return "note"
}

func failureNotification(r *finding.Report, e *finding.Failure) sarifNotification {
	at, note := attach(r, e.Place)
	text := e.Message + note
	if e.Hint != "" {
		text += "; " + e.Hint
	}
	return sarifNotification{Level: "error", Message: sarifText{Text: text}, Locations: locationsOf(at, finding.Ref{})}
}

func unknownNotification(r *finding.Report, u *finding.Unknown) sarifNotification {
	at, note := attach(r, u.Place)
	return sarifNotification{Level: "note", Message: sarifText{Text: u.Rule + " is unknown here: " + u.Missing + note},
		Locations: locationsOf(at, u.Object)}
}

func skippedNotification(r *finding.Report, k *finding.Skipped) sarifNotification {
	at, note := attach(r, k.Place)
	text := "skipped: " + k.Reason
	if k.Detail != "" {
		text += ": " + k.Detail
	}
	return sarifNotification{Level: "note", Message: sarifText{Text: text + note}, Locations: locationsOf(at, k.Object)}
}

func locationsOf(p finding.Place, o finding.Ref) []sarifLocation {
	if p.File == "" && o == (finding.Ref{}) {
		return nil
	}
	return []sarifLocation{locationOf(p, o, "")}
}

func locationOf(p finding.Place, o finding.Ref, field string) sarifLocation {
	var l sarifLocation
	if p.File != "" {
		l.Physical = &sarifPhysical{Artifact: artifact(p.File)}
		if p.Line > 0 {
			l.Physical.Region = &sarifRegion{StartLine: p.Line, StartColumn: p.Column, EndLine: p.EndLine, EndColumn: p.EndColumn}
		}
	}
	switch {
	case o == (finding.Ref{}):
	case field == "":
		l.Logical = []sarifLogical{{Name: o.Name, QualifiedName: o.String(), Kind: "resource"}}
	default:
		l.Logical = []sarifLogical{{Name: field, QualifiedName: o.String() + "/" + field, Kind: "property"}}
	}
	return l
}

// artifact turns a file name into a URI: a relative name is relative to the root of the sources.
func artifact(file string) sarifArtifact {
	u := url.URL{Path: file}
	if strings.HasPrefix(file, "/") {
		u.Scheme = "file"
		return sarifArtifact{URI: u.String()}
	}
	return sarifArtifact{URI: u.String(), BaseID: "%SRCROOT%"}
}

// fingerprint identifies a finding over time: by rule, object and field, whatever line it is on. seen counts those of each file that
// would look the same, which are numbered in order.
func fingerprint(f *finding.Finding, seen map[string]int) map[string]string {
	h := sha256.New()
	for _, part := range []string{f.Rule, f.Object.APIVersion, f.Object.Kind, f.Object.Namespace, f.Object.Name, f.Field} {
		io.WriteString(h, part+"\x00")
	}
	id := hex.EncodeToString(h.Sum(nil)[:16])
	key := id + f.Place.File
	seen[key]++
	return map[string]string{"fairway/v1": id + ":" + strconv.Itoa(seen[key])}
}

func sarifFixes(r *finding.Report, f *finding.Finding) []sarifFix {
	edits := r.EditsOf(f)
	if len(edits) == 0 {
		return nil
	}
	file := f.Root.File()
	if at, _ := attach(r, finding.Place{File: file.Name}); at.File != file.Name {
		return nil // what was built cannot be edited
	}
	change := sarifChange{Artifact: artifact(file.Name)}
	for _, e := range edits {
		start, end := file.Position(e.Start), file.Position(e.End)
		rep := sarifReplacement{Deleted: sarifRegion{StartLine: start.Line, StartColumn: start.Column, EndLine: end.Line, EndColumn: end.Column}}
		if e.New != "" {
			rep.Inserted = &sarifContent{Text: e.New}
		}
		change.Replacements = append(change.Replacements, rep)
	}
	return []sarifFix{{Description: sarifText{Text: f.Fix.Title}, Changes: []sarifChange{change}}}
}
