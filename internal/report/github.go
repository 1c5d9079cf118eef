package report

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/fairway-k8s/fairway/internal/finding"
)

// annotationsPerKind is how many annotations of one kind (error, warning, notice) GitHub keeps of a step.
const annotationsPerKind = 10

// GitHub writes workflow commands, from which GitHub Actions makes annotations on the files of a pull request, the worst first.
// What is beyond the number that GitHub keeps follows as plain lines of the log, so that nothing is lost, and the last line sums up.
// must is an error, should a warning, could a notice; unknowns are only counted.
func GitHub(w io.Writer, r *finding.Report) error {
	out := bufio.NewWriterSize(w, 64<<10)
	used := map[string]int{}
	var rest []string
	put := func(kind, title, message, plain string, p finding.Place) {
		if used[kind]++; used[kind] > annotationsPerKind {
			rest = append(rest, plain)
			return
		}
		out.WriteString("::" + kind + " " + strings.Join(append(placeProperties(p), "title="+commandProperty(title)), ",") + "::" + commandData(message) + "\n")
	}
	for _, e := range r.Failures {
		at, note := attach(r, e.Place)
		message := e.Message + note
		if e.Hint != "" {
			message += "\nfix: " + e.Hint
		}
		put("error", "fairway: not read", message, e.Place.String()+": error: "+e.Message, at)
	}
	all := slices.Clone(r.Findings)
	slices.SortFunc(all, worstFirst)
	for _, f := range all {
		info := about(r, f.Rule)
		at, note := attach(r, f.Place)
		message := f.Message + note
		if f.Object != (finding.Ref{}) {
			message = f.Object.String() + ": " + message
		}
		for _, s := range []string{info.Why, info.How} {
			if s != "" {
				message += "\n" + s
			}
		}
		put(githubKind(f.Severity), f.Severity.String()+" "+f.Rule, message,
			placeOrObject(f.Place, f.Object)+": "+f.Severity.String()+" "+f.Rule+": "+f.Message, at)
	}
	for _, line := range rest {
		out.WriteString(plainLine(line) + "\n")
	}
	g := groups(r)
	out.WriteString(plainLine(summary(r, g, total(g))) + "\n")
	return out.Flush()
}

func githubKind(s finding.Severity) string {
	switch s {
	case finding.Must:
		return "error"
	case finding.Should:
		return "warning"
	}
	return "notice"
}

// placeProperties are the properties of a command that say where. Columns are given only within one line: GitHub refuses them
// otherwise.
func placeProperties(p finding.Place) []string {
	var props []string
	if p.File == "" {
		return props
	}
	props = append(props, "file="+commandProperty(p.File))
	if p.Line == 0 {
		return props
	}
	props = append(props, fmt.Sprintf("line=%d,endLine=%d", p.Line, max(p.EndLine, p.Line)))
	if p.EndLine <= p.Line {
		props = append(props, fmt.Sprintf("col=%d,endColumn=%d", p.Column, max(p.EndColumn, p.Column)))
	}
	return props
}

// Workflow commands escape what ends a line and, in properties, what ends a property.
var (
	dataEscapes     = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	propertyEscapes = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

func commandData(s string) string { return dataEscapes.Replace(CleanLines(s)) }

func commandProperty(s string) string { return propertyEscapes.Replace(Clean(s)) }

// plainLine makes text of the input safe to stand in a log that is read for commands: a line that begins with :: and the older form
// ##[command] anywhere in a line are commands.
func plainLine(s string) string {
	s = strings.ReplaceAll(Clean(s), "##[", "# #[")
	if strings.HasPrefix(strings.TrimLeft(s, " "), "::") {
		s = "./" + strings.TrimLeft(s, " ")
	}
	return s
}
