package rule

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/source"
	"github.com/fairway-k8s/fairway/internal/spell"
)

// AllowAnnotation, followed by a rule's ID, suppresses the rule for an object or for the pods of a workload. Its value is the reason,
// which may end in "until YYYY-MM-DD".
const AllowAnnotation = "allow.fairway-k8s.io/"

// A comment suppresses rules at a place:
//
//	# fairway:allow host-network it measures the host's network until 2027-03-01
//
// Behind a field it covers that line; on a line of its own it covers the field below it, all of it. Several rules are separated by
// commas.
var allowComment = regexp.MustCompile(`^#\s*fairway:allow\s+([a-z0-9-]+(?:\s*,\s*[a-z0-9-]+)*)(?:\s+(.*))?$`)

var (
	untilSuffix = regexp.MustCompile(`(?i)[,;(]?\s*until\s+(\S+?)\)?\s*$`)
	// untilWithin is an end that is not last: who wrote it wanted one, and as a part of the reason it would have no effect.
	untilWithin = regexp.MustCompile(`(?i)\s*[,;(]?\s*\b(until\s+\d{4}[-/.]\d{1,2}[-/.]\d{1,2})\b\)?[\s,;:.-]*`)
)

// suppression is one "not here".
type suppression struct {
	rules       []string
	reason      string
	until       time.Time
	place       finding.Place
	first, last int             // lines covered, for a comment
	file        string          // for a comment
	object      *cluster.Object // for an annotation
	root        source.Node     // that holds the annotation
	path        string          // of the annotation in the object
	broken      map[string]bool // the rules that something in its reach breaks
	unknown     map[string]bool // the rules that could not be judged for its object or in its file
	fault       string          // why it is not honoured; "" when it is
	near        string          // for an unknown rule: the ID that is written almost the same
}

// Suppress takes the findings away that comments and annotations suppress, and adds findings about suppressions that are expired,
// without a reason, for unknown rules, or needed by nothing. A suppression is "needed by nothing" only when its rule ran and could be
// judged: a rule that is silent because an object is not in the input, or that said unknown, may speak when all is there.
func Suppress(s *cluster.Snapshot, files []*source.File, findings []*finding.Finding, unknown []finding.Unknown, ran []Active, c *Catalogue, now time.Time) (kept []*finding.Finding, suppressed int) {
	all := annotations(s)
	for _, f := range files {
		all = append(all, comments(f)...)
	}
	if len(all) == 0 {
		return findings, 0
	}
	severities := Severities(ran)
	byFile, byObject := map[string][]*suppression{}, map[finding.Ref][]*suppression{}
	for _, x := range all {
		x.judge(c, now)
		if x.object != nil {
			byObject[x.object.Ref] = append(byObject[x.object.Ref], x)
		} else {
			byFile[x.file] = append(byFile[x.file], x)
		}
	}
	for _, f := range findings {
		hit := false
		for _, x := range slices.Concat(byObject[f.Object], byFile[f.Place.File]) {
			if x.reaches(f) {
				x.broken[f.Rule] = true
				hit = hit || x.fault == "" && slices.Contains(x.rules, f.Rule)
			}
		}
		if hit {
			suppressed++
		} else {
			kept = append(kept, f)
		}
	}
	for _, u := range unknown {
		for _, x := range slices.Concat(byObject[u.Object], byFile[u.Place.File]) {
			x.unknown[u.Rule] = true
		}
	}
	for _, x := range all {
		if f := x.finding(severities, c); f != nil {
			kept = append(kept, f)
		}
	}
	slices.SortFunc(kept, (*finding.Finding).Compare)
	return kept, suppressed
}

func annotations(s *cluster.Snapshot) []*suppression {
	var out []*suppression
	for _, o := range s.Objects {
		out = appendAnnotations(out, o, o.Annotations, "metadata.annotations")
		if w := s.WorkloadOf(o); w != nil && w.MetaPath != "metadata" {
			out = appendAnnotations(out, o, w.Template.Annotations, w.MetaPath+".annotations")
		}
	}
	return out
}

func appendAnnotations(out []*suppression, o *cluster.Object, annotations map[string]string, path string) []*suppression {
	for _, key := range slices.Sorted(maps.Keys(annotations)) {
		id, ok := strings.CutPrefix(key, AllowAnnotation)
		if !ok {
			continue
		}
		x := &suppression{rules: []string{id}, object: o, path: path + "[" + key + "]", broken: map[string]bool{}, unknown: map[string]bool{}}
		x.root, x.place = Locate(o, x.path)
		x.read(annotations[key])
		out = append(out, x)
	}
	return out
}

func comments(f *source.File) []*suppression {
	var out []*suppression
	for _, c := range f.Comments {
		m := allowComment.FindSubmatch(f.Data[c.Start:c.End])
		if m == nil {
			continue
		}
		start, end := f.Position(c.Start), f.Position(c.End)
		x := &suppression{file: f.Name, first: start.Line, last: start.Line, broken: map[string]bool{}, unknown: map[string]bool{},
			place: finding.Place{File: f.Name, Line: start.Line, Column: start.Column, EndLine: end.Line, EndColumn: end.Column}}
		for _, id := range strings.Split(string(m[1]), ",") {
			x.rules = append(x.rules, strings.TrimSpace(id))
		}
		x.read(string(m[2]))
		if c.Own {
			x.first, x.last = below(f, c)
		}
		out = append(out, x)
	}
	return out
}

// below returns the lines of the field that follows an own-line comment.
func below(f *source.File, c source.Comment) (first, last int) {
	i := c.End
	for i < len(f.Data) {
		switch f.Data[i] {
		case ' ', '\t', '\r', '\n', '-':
			i++
			continue
		case '#':
			for i < len(f.Data) && f.Data[i] != '\n' {
				i++
			}
			continue
		}
		break
	}
	line := f.Position(i).Line
	first, last = line, line
	for _, n := range f.At(i) { // from the document's root inwards; the first that starts on the line is the whole field
		if n.Position().Line >= line {
			return line, f.Position(n.Span().End).Line
		}
	}
	return first, last
}

func (x *suppression) read(text string) {
	text = strings.TrimSpace(text)
	if m := untilSuffix.FindStringSubmatchIndex(text); m != nil {
		day, err := parseDay(text[m[2]:m[3]])
		if err != nil {
			x.fault = err.Error()
		}
		x.until = day
		text = strings.TrimSpace(text[:m[0]])
	} else if m := untilWithin.FindStringSubmatchIndex(text); m != nil {
		end, rest := text[m[2]:m[3]], strings.TrimSpace(text[:m[0]]+" "+text[m[1]:])
		x.fault = fmt.Sprintf("%q must be the last words; write %q", end, rest+" "+end)
	}
	x.reason = strings.Trim(text, " -:—")
}

// judge decides whether a suppression is honoured.
func (x *suppression) judge(c *Catalogue, now time.Time) {
	for _, id := range x.rules {
		if c.Rule(id) == nil && x.fault == "" {
			x.fault = "there is no rule " + id + c.didYouMean(id)
			if near := c.Nearest(id); spell.Swapped(id, near) <= 2 && x.reason != "" && (x.until.IsZero() || now.Before(x.until)) {
				x.near = near
			}
		}
	}
	if x.reason == "" && x.fault == "" {
		x.fault = "it gives no reason"
	}
	if x.fault == "" && !x.until.IsZero() && !now.Before(x.until) {
		x.fault = "expired"
	}
}

// reaches reports whether a finding lies where the suppression would hold.
func (x *suppression) reaches(f *finding.Finding) bool {
	if x.object != nil {
		return x.object.Ref == f.Object && x.object.Origin.File() == f.Root.File()
	}
	return f.Place.Line >= x.first && f.Place.Line <= x.last
}

// finding says what is wrong with the suppression itself; nil when nothing is, or when the rule about it is off.
func (x *suppression) finding(severities map[string]finding.Severity, c *Catalogue) *finding.Finding {
	names := strings.Join(x.rules, ", ")
	switch {
	case x.fault == "expired":
		return x.report(severities, "suppression-expired", x.removal(severities, c), "the suppression of %s ended on %s (reason given: %s)", names, x.until.Format(time.DateOnly), x.reason)
	case x.fault != "":
		return x.report(severities, "suppression-invalid", x.renaming(), "the suppression of %s is not honoured: %s", names, x.fault)
	}
	for _, id := range x.rules {
		if x.needless(id, severities, c) {
			return x.report(severities, "suppression-unused", x.removal(severities, c), "nothing here breaks %s any more; the suppression can go", id)
		}
	}
	return nil
}

// report makes a finding of a rule about suppressions; nil when it is off.
func (x *suppression) report(severities map[string]finding.Severity, rule string, fix *finding.Fix, format string, args ...any) *finding.Finding {
	severity, on := severities[rule]
	if !on {
		return nil
	}
	f := &finding.Finding{Rule: rule, Severity: severity, Place: x.place, Message: fmt.Sprintf(format, args...), Fix: fix}
	if x.object != nil {
		f.Object, f.Workload, f.Root, f.Field = x.object.Ref, x.object.Ref, x.root, x.path
	}
	return f
}

// needless reports whether it is a fact that nothing breaks a rule of the suppression, wherever the object is looked at. A rule about
// several objects may be silent for their lack, and what the API server says depends on its version.
func (x *suppression) needless(id string, severities map[string]finding.Severity, c *Catalogue) bool {
	_, ran := severities[id]
	r := c.Rule(id)
	return ran && !x.broken[id] && !x.unknown[id] && !r.NeedsContext && !r.Gathers && r.Snapshot == nil && !r.External
}

// removal takes a needless annotation away; nil for a comment, which is no part of the object.
func (x *suppression) removal(severities map[string]finding.Severity, c *Catalogue) *finding.Fix {
	path, ok := x.inRoot()
	if !ok || slices.ContainsFunc(x.rules, func(id string) bool { return !x.needless(id, severities, c) }) {
		return nil
	}
	if all, _ := x.root.Find(path[:len(path)-1]); all.Value.Len() == 1 {
		path = path[:len(path)-1]
	}
	return Mend("remove the suppression", source.Change{Op: source.Remove, Path: path})
}

// renaming gives an annotation the ID that was meant, when something breaks that rule; nil for a comment.
func (x *suppression) renaming() *finding.Fix {
	path, ok := x.inRoot()
	if !ok || x.near == "" || !x.broken[x.near] {
		return nil
	}
	return Mend("name "+x.near, source.Change{Op: source.Rename, Path: path, Value: source.String(AllowAnnotation + x.near)})
}

// inRoot returns the path of an annotation in the tree that holds it; ok is false when none does.
func (x *suppression) inRoot() (path source.Path, ok bool) {
	path, err := source.ParsePath(x.path)
	if x.root.IsZero() || err != nil {
		return nil, false
	}
	if x.root != x.object.Root {
		path = InOrigin(x.object, path)
	}
	return path, true
}
