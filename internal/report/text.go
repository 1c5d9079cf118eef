package report

import (
	"bufio"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/fairway-k8s/fairway/internal/finding"
)

// writer is what formats write to: a bufio.Writer, which keeps the first error for Flush.
type writer interface {
	io.Writer
	WriteString(string) (int, error)
}

// TextOptions say how text is laid out. The zero value is right for a pipe.
type TextOptions struct {
	Width int    // columns; 0 means 100, less than 60 is taken as 60
	Color bool   // mark severities with ANSI colours
	Full  bool   // show every finding in full and list everything that was skipped
	Quiet bool   // one line per finding and error, with Full per unknown as well, and nothing else
	Fold  int    // full showings of a rule before its findings are put together; 0 means 3
	Hint  string // what to try when there is more than anybody reads; shown before the totals then
}

// Text shows a report to a person at a terminal: grouped by workload, the worst first, the sum at the very end.
func Text(w io.Writer, r *finding.Report, o TextOptions) error {
	if o.Width == 0 {
		o.Width = 100
	}
	o.Width = max(o.Width, 60)
	if o.Fold == 0 {
		o.Fold = 3
	}
	t := &textWriter{Writer: bufio.NewWriterSize(w, 64<<10), r: r, o: o, shown: map[string]int{}, unknown: map[string]int{}}
	if o.Quiet {
		t.quiet()
	} else {
		t.report()
	}
	return t.Flush()
}

// groupLines is how many findings of one rule a group shows; nobody mends more than those before looking again.
const groupLines = 50

// maxGroups is how many groups are shown; the worst are the first.
const maxGroups = 1000

type textWriter struct {
	*bufio.Writer
	r *finding.Report
	o TextOptions
	// shown counts full showings by rule, unknown the unknowns by rule.
	shown, unknown map[string]int
	lines          int // written so far
}

// WriteString counts lines.
func (t *textWriter) WriteString(s string) (int, error) {
	t.lines += strings.Count(s, "\n")
	return t.Writer.WriteString(s)
}

// manyLines is more than anybody reads of a first result.
const manyLines = 200

const (
	colorMust    = "1;31"
	colorShould  = "33"
	colorCould   = "36"
	colorUnknown = "35"
)

func severityColor(s finding.Severity) string {
	switch s {
	case finding.Must:
		return colorMust
	case finding.Should:
		return colorShould
	}
	return colorCould
}

func (t *textWriter) paint(color string) func(string) string {
	return func(s string) string {
		if !t.o.Color || color == "" || s == "" {
			return s
		}
		return "\x1b[" + color + "m" + s + "\x1b[m"
	}
}

// row writes indent, word in colour and rest at the left and right at the right edge, two spaces apart at least, or on a line of
// its own when there is no room.
func (t *textWriter) row(indent, word, color, rest, right string) {
	room := t.o.Width - Width(indent) - Width(word) - Width(rest) - Width(right)
	t.WriteString(indent + t.paint(color)(word) + rest)
	if right != "" {
		if room < 2 {
			t.WriteString("\n")
			room = max(0, t.o.Width-Width(right))
		}
		t.WriteString(strings.Repeat(" ", room) + right)
	}
	t.WriteString("\n")
}

func (t *textWriter) report() {
	all := groups(t.r)
	counts := total(all)
	for i, g := range all {
		if i == maxGroups && !t.o.Full {
			rest := total(all[i:])
			t.WriteString("and " + Count(len(all)-i, "more object", "more objects") + " with " +
				Count(rest[finding.Must]+rest[finding.Should]+rest[finding.Could], "finding", "findings") + " (--full lists them)\n\n")
			t.count(all[i:])
			break
		}
		t.group(g)
	}
	for i := range t.r.Failures {
		if i == groupLines && !t.o.Full {
			t.WriteString("and " + Count(len(t.r.Failures)-i, "more error", "more errors") + " (--full lists them)\n\n")
			break
		}
		t.failure(&t.r.Failures[i])
	}
	findings := t.lines
	if t.o.Full {
		for _, s := range t.r.Skipped {
			t.skipped(s)
		}
	} else {
		t.unchecked()
	}
	if t.lines > findings {
		t.WriteString("\n")
	}
	t.repeated()
	if findings > manyLines {
		if t.o.Hint != "" {
			t.WriteString(t.o.Hint + "\n")
		}
		t.WriteString("a line for each: fairway lint -q\n")
	}
	t.summary(all, counts)
}

// count counts groups for the closing lines.
func (t *textWriter) count(rest []*group) {
	for _, g := range rest {
		for _, f := range g.findings {
			t.shown[f.Rule]++
		}
		for _, u := range g.unknown {
			t.unknown[u.Rule]++
		}
	}
}

func (t *textWriter) group(g *group) {
	unknown := g.unknown
	if !t.o.Full {
		unknown = nil
		for _, u := range g.unknown {
			if t.unknown[u.Rule]++; t.unknown[u.Rule] <= t.o.Fold {
				unknown = append(unknown, u)
			}
		}
	}
	if len(g.findings) == 0 && len(unknown) == 0 {
		return // nothing that was not said three times already; the closing lines count it
	}
	t.heading(g)
	inFull := false // the last thing shown was a finding in full
	var known []*finding.Finding
	lines := map[string]int{} // findings of the group by rule
	for _, f := range g.findings {
		if lines[f.Rule]++; lines[f.Rule] > groupLines && !t.o.Full {
			t.shown[f.Rule]++
			continue
		}
		t.shown[f.Rule]++
		if !t.o.Full && t.shown[f.Rule] > t.o.Fold {
			if f.Severity < finding.Must {
				known = append(known, f)
				continue
			}
			if inFull {
				t.WriteString("\n")
			}
			t.line(g, f)
			inFull = false
			continue
		}
		t.WriteString("\n")
		t.finding(g, f)
		inFull = true
	}
	if inFull && len(known) > 0 {
		t.WriteString("\n")
		inFull = false
	}
	t.known(g, known)
	for _, rule := range sortedByCount(lines) {
		if n := lines[rule] - groupLines; n > 0 && !t.o.Full {
			t.WriteString("  and " + Thousands(n) + " more " + rule + " (--full lists them)\n")
		}
	}
	if inFull && len(unknown) > 0 {
		t.WriteString("\n")
	}
	t.unknowns(unknown)
	t.WriteString("\n")
}

// heading names a group and its file, with its tally at the right. A file that is too long for the line has the next one to itself:
// the places below leave its folder out, so that it must be legible here.
func (t *textWriter) heading(g *group) {
	name, file, right := g.name(), Clean(g.file), tally(g)
	if !g.placed || file == name {
		file = ""
	}
	if file != "" && Width(name)+2+Width(file)+2+Width(right) <= t.o.Width {
		name, file = name+"  "+file, ""
	}
	t.row(name, "", "", "", right)
	if file != "" {
		t.WriteString("  " + cutLeft(file, t.o.Width-2) + "\n")
	}
}

// tally says how many findings of each severity a group has: 3 must fix, 2 should, 1 unknown.
func tally(g *group) string {
	var parts []string
	add := func(n int, what string) {
		if n > 0 {
			parts = append(parts, Thousands(n)+" "+what)
		}
	}
	add(g.count[finding.Must], "must fix")
	add(g.count[finding.Should], "should")
	add(g.count[finding.Could], "could")
	add(len(g.unknown), "unknown")
	return strings.Join(parts, ", ")
}

// place names a finding's place as seen from its group: the file without its folder when the group is in the same one. An object
// without a file is its own place, and not named when the group's header does.
func (g *group) place(f *finding.Finding) string {
	p := f.Place
	if p.File == "" {
		if f.Object == g.workload {
			return ""
		}
		return Label(f.Object)
	}
	if g.placed && path.Dir(p.File) == path.Dir(g.file) {
		p.File = path.Base(p.File)
	}
	return Clean(p.String())
}

// about names the finding's object where the group's header does not.
func (g *group) about(f *finding.Finding) string {
	if f.Object == g.workload || f.Place.File == "" || f.Object == (finding.Ref{}) {
		return ""
	}
	o := f.Object
	if o.Namespace == g.workload.Namespace {
		o.Namespace = ""
	}
	return "  " + Label(o)
}

// finding shows a finding in full. The reason stands where its rule is met first, unless everything is asked for.
func (t *textWriter) finding(g *group, f *finding.Finding) {
	color := severityColor(f.Severity)
	t.row("  ", f.Severity.String(), color, "  "+f.Rule+g.about(f), g.place(f))
	message := Clean(f.Message)
	if file := t.r.FileOf(f); file != nil && f.Place.Line > 0 {
		fr := newFrame(file, f.Place, t.o.Width)
		fr.write(t, message, t.o.Width, t.paint(color))
	} else {
		if f.Field != "" {
			message = Clean(f.Field) + ": " + message
		}
		t.paragraph(message)
	}
	info := about(t.r, f.Rule)
	if !t.o.Full && t.shown[f.Rule] > 1 {
		if f.Fix != nil {
			t.paragraph(fixLine(f, info))
		}
		return
	}
	why := info.Why
	if info.Incident != "" {
		incident := info.Incident
		if info.IncidentSummary != "" && t.shown[f.Rule] == 1 {
			incident += ": " + strings.TrimSuffix(info.IncidentSummary, ".")
		}
		stop := ""
		if strings.HasSuffix(why, ".") {
			why, stop = strings.TrimSuffix(why, "."), "."
		}
		why = strings.TrimSpace(why + " (" + incident + ")" + stop)
	}
	t.paragraph(why)
	t.paragraphAnd(fixLine(f, info), "fairway explain "+f.Rule)
}

// fixLine says what --fix would do, or how to mend by hand.
func fixLine(f *finding.Finding, info finding.RuleInfo) string {
	switch {
	case f.Fix != nil && !f.Root.IsZero() && f.Root.File().Virtual: // of a cluster: mended where its manifests are
		return "fix: " + Clean(f.Fix.Title)
	case f.Fix != nil:
		return "fix: " + Clean(f.Fix.Title) + " (fairway lint --fix)"
	case info.How != "":
		return "fix: " + info.How
	}
	return ""
}

const margin = "     "

func (t *textWriter) paragraph(text string) { t.paragraphAnd(text, "") }

// paragraphAnd writes a paragraph, and a hint at the right end of its last line, or of a further line when there is no room.
func (t *textWriter) paragraphAnd(text, hint string) {
	lines := Wrap(text, t.o.Width-len(margin))
	if hint != "" {
		if n := len(lines); n == 0 || len(margin)+Width(lines[n-1])+3+Width(hint) > t.o.Width {
			lines = append(lines, "")
		}
	}
	for i, l := range lines {
		if hint != "" && i == len(lines)-1 {
			l += strings.Repeat(" ", max(0, t.o.Width-len(margin)-Width(l)-Width(hint))) + hint
		}
		t.WriteString(margin + l + "\n")
	}
}

// hanging writes a coloured word, a lead and a text whose further lines stand below the text's own beginning, or nearer to the left
// when that leaves little room. Without any room the text has lines of its own.
func (t *textWriter) hanging(indent, word, color, lead, text string) {
	left := Width(indent) + Width(word) + Width(lead)
	if t.o.Width-left < 30 && strings.TrimSpace(lead) != "" {
		begin := Width(indent) + Width(word) + len("  ")
		for i, l := range Wrap(lead, t.o.Width-begin) {
			if i == 0 {
				t.WriteString(indent + t.paint(color)(word) + "  " + l + "\n")
			} else {
				t.WriteString(strings.Repeat(" ", begin) + l + "\n")
			}
		}
		for _, l := range Wrap(text, t.o.Width-len(margin)-4) {
			t.WriteString(margin + "    " + l + "\n")
		}
		return
	}
	lines := Wrap(text, max(t.o.Width-left, 30))
	if len(lines) > 1 && t.o.Width-left < 40 {
		first := lines[0]
		left = len(margin) + 4
		lines = append([]string{first}, Wrap(strings.Join(lines[1:], " "), t.o.Width-left)...)
	}
	t.WriteString(indent + t.paint(color)(word) + lead)
	for i, l := range lines {
		if i > 0 {
			t.WriteString(strings.Repeat(" ", left))
		}
		t.WriteString(l + "\n")
	}
	if len(lines) == 0 {
		t.WriteString("\n")
	}
}

// line shows a finding in one line, or its message on lines of its own when it does not fit beside the place.
func (t *textWriter) line(g *group, f *finding.Finding) {
	place, message := g.place(f), Clean(f.Message)
	word := f.Severity.String()
	lead := strings.Repeat(" ", max(0, len("should")-len(word))) + "  " + f.Rule + g.about(f)
	room := t.o.Width - len("  ") - Width(word) - Width(lead) - len("  ")
	if place != "" {
		room -= len("  ") + Width(place)
	}
	if Width(message) <= room {
		t.row("  ", word, severityColor(f.Severity), lead+"  "+message, place)
		return
	}
	t.row("  ", word, severityColor(f.Severity), lead, place)
	const indent = len("  should  ")
	for _, l := range Wrap(message, t.o.Width-indent) {
		t.WriteString(strings.Repeat(" ", indent) + l + "\n")
	}
}

func (t *textWriter) failure(e *finding.Failure) {
	t.row("", "error", colorMust, "  this could not be read or judged", Clean(e.Place.String()))
	message := Clean(e.Message)
	if file := t.r.FileAt(e.Place); file != nil && e.Place.Line > 0 {
		fr := newFrame(file, e.Place, t.o.Width)
		fr.write(t, message, t.o.Width, t.paint(colorMust))
	} else {
		t.paragraph(message)
	}
	if e.Hint != "" {
		t.paragraph("fix: " + Clean(e.Hint))
	}
	t.WriteString("\n")
}

func (t *textWriter) skipped(s finding.Skipped) {
	what := Clean(s.Place.String())
	if s.Object != (finding.Ref{}) {
		what = strings.TrimSpace(what + "  " + Label(s.Object))
	}
	t.hanging("", "skipped", "", "  "+what+"  ", skipped(s))
}

func (t *textWriter) summary(all []*group, counts [finding.Must + 1]int) {
	lines := Wrap(summary(t.r, all, counts), t.o.Width)
	if len(lines) > 1 {
		lines = append(lines[:1], Wrap(strings.Join(lines[1:], " "), t.o.Width-len("  "))...)
	}
	for i, l := range lines {
		if i > 0 {
			t.WriteString("\n  ")
		}
		t.WriteString(l)
	}
	if t.r.Elapsed > 0 {
		took, last := seconds(t.r.Elapsed), lines[len(lines)-1]
		if Width(last)+len("  ")+len("   ")+len(took) > t.o.Width {
			t.WriteString("\n ")
		} else {
			t.WriteString("  ")
		}
		t.WriteString(" " + took)
	}
	t.WriteString("\n")
}

// summary is the one sentence that every format for people ends or begins with.
func summary(r *finding.Report, all []*group, counts [finding.Must + 1]int) string {
	s := Count(r.Objects, "object", "objects") + ": "
	if r.Files > 0 || r.Objects == 0 { // a cluster has objects and no files
		s = Count(r.Files, "file", "files") + ", " + s
	}
	var parts []string
	for _, sev := range []finding.Severity{finding.Must, finding.Should, finding.Could} {
		if n := counts[sev]; n > 0 {
			parts = append(parts, Thousands(n)+" "+sev.String())
		}
	}
	switch {
	case len(parts) == 0 && r.Objects == 0:
		s += "nothing was checked"
	case len(parts) == 0:
		s += "nothing to mend"
		if r.Workloads > 0 {
			s += " in " + Count(r.Workloads, "workload", "workloads")
		}
	case r.Affected > 0:
		s += strings.Join(parts, ", ") + fmt.Sprintf(" in %s of %s", Thousands(r.Affected), Count(r.Workloads, "workload", "workloads"))
	default:
		n := 0
		for _, g := range all {
			if len(g.findings) > 0 {
				n++
			}
		}
		s += strings.Join(parts, ", ") + " in " + Count(n, "object", "objects")
	}
	if n := len(r.Unknown); n > 0 {
		s += "; " + Thousands(n) + " unknown"
	}
	if r.Suppressed > 0 {
		s += "; " + Thousands(r.Suppressed) + " suppressed"
	}
	if r.Baselined > 0 {
		s += "; " + Thousands(r.Baselined) + " in the baseline"
	}
	if n := len(r.Skipped); n > 0 {
		s += "; " + Thousands(n) + " skipped (" + skipReasons(r.Skipped) + ")"
	}
	if n := len(r.Failures); n > 0 || len(parts) > 0 {
		sep := "; "
		if len(r.Skipped) > 0 {
			sep = ", "
		}
		s += sep + Count(n, "error", "errors")
	}
	return s
}

// skipReasons counts what was skipped by reason, the commonest first; a single reason needs no count.
func skipReasons(skipped []finding.Skipped) string {
	counts := map[string]int{}
	for _, s := range skipped {
		counts[s.Reason]++
	}
	reasons := sortedByCount(counts)
	if len(reasons) == 1 {
		return reasonWords(reasons[0], len(skipped))
	}
	for i, name := range reasons {
		reasons[i] = Thousands(counts[name]) + " " + reasonWords(name, counts[name])
	}
	return strings.Join(reasons, ", ")
}

// sortedByCount returns the keys of a count, the largest first, equal ones by name.
func sortedByCount(counts map[string]int) []string {
	keys := make([]string, 0, len(counts))
	for k := range counts {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b string) int {
		if counts[a] != counts[b] {
			return counts[b] - counts[a]
		}
		return strings.Compare(a, b)
	})
	return keys
}

// repeated names the rules whose findings were folded, and those that were unknown in many places.
func (t *textWriter) repeated() {
	if t.o.Full {
		return
	}
	places := map[string]int{}
	for rule, n := range t.shown {
		if n > t.o.Fold {
			places[rule] = n
		}
	}
	containers := inContainers(t.r.Findings, places)
	known := sortedByCount(places)
	rows := make([]tableRow, len(known))
	for i, rule := range known {
		rows[i] = tableRow{rule, places[rule], Count(places[rule], "place", "places")}
		if n := containers[rule]; n > 0 {
			rows[i] = tableRow{rule, n, Count(n, "container", "containers")}
		}
	}
	t.table("same problem, many places", rows)
	rows = nil
	for _, rule := range sortedByCount(t.unknown) {
		if n := t.unknown[rule]; n > t.o.Fold {
			rows = append(rows, tableRow{rule, n, Count(n, "object", "objects")})
		}
	}
	t.table("not known, many places", rows)
}

// tableRow is a rule with a count of something, as a number and in words.
type tableRow struct {
	rule  string
	n     int
	words string
}

// table writes counts below a heading, rules at the left and numbers under each other.
func (t *textWriter) table(heading string, rows []tableRow) {
	if len(rows) == 0 {
		return
	}
	rules, numbers := 0, 0
	for _, r := range rows {
		rules, numbers = max(rules, Width(r.rule)), max(numbers, len(Thousands(r.n)))
	}
	t.WriteString(heading + " (see fairway lint --rule RULE)\n")
	for _, r := range rows {
		t.WriteString("  " + r.rule + strings.Repeat(" ", rules-Width(r.rule)+2+numbers-len(Thousands(r.n))) + r.words + "\n")
	}
	t.WriteString("\n")
}

// inContainers counts, for each of the rules all of whose findings are about containers, the containers concerned.
func inContainers(all []*finding.Finding, rules map[string]int) map[string]int {
	type container struct {
		object finding.Ref
		file   string
		path   string
	}
	seen := map[string]map[container]bool{}
	for _, f := range all {
		if rules[f.Rule] == 0 {
			continue
		}
		set, known := seen[f.Rule]
		if known && set == nil {
			continue
		}
		at := strings.Index(f.Field, "ontainers[")
		end := -1
		if at >= 0 {
			end = strings.IndexByte(f.Field[at:], ']')
		}
		if end < 0 {
			seen[f.Rule] = nil // about something else
			continue
		}
		if set == nil {
			set = map[container]bool{}
			seen[f.Rule] = set
		}
		set[container{f.Object, f.Place.File, f.Field[:at+end]}] = true
	}
	counts := map[string]int{}
	for rule, set := range seen {
		counts[rule] = len(set)
	}
	return counts
}

// quiet writes one line per finding, error and thing that was not checked, for grep and for editors: file:line:col: must rule: message. What is unknown needs
// nobody's hand, and is many lines where a repository holds half of what a cluster does.
func (t *textWriter) quiet() {
	for i := range t.r.Failures {
		e := &t.r.Failures[i]
		if e.Place.File != "" {
			t.WriteString(Clean(e.Place.String()) + ": ")
		}
		t.WriteString(t.paint(colorMust)("error") + ": " + Clean(e.Message) + "\n")
	}
	for _, f := range t.r.Findings {
		t.WriteString(placeOrObject(f.Place, f.Object) + ": " + t.paint(severityColor(f.Severity))(f.Severity.String()) + " " + f.Rule + ": " + Clean(f.Message) + "\n")
	}
	t.unchecked()
	if !t.o.Full {
		return
	}
	for _, u := range t.r.Unknown {
		t.WriteString(placeOrObject(u.Place, u.Object) + ": " + t.paint(colorUnknown)("unknown") + " " + u.Rule + ": " + Clean(u.Missing) + "\n")
	}
}

func placeOrObject(p finding.Place, o finding.Ref) string {
	if p.File == "" {
		return Label(o)
	}
	return Clean(p.String())
}
