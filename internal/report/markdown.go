package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/fairway-k8s/fairway/internal/finding"
)

// markdownLimit is how many bytes a Markdown report takes at most; GitHub refuses comments of more than 65,536 characters.
const markdownLimit = 60_000

// markdownRows is how many workloads the table names; nobody reads more before mending the first.
const markdownRows = 50

// Markdown writes a report for a comment on a pull request: the sum, a table of workloads, and the details of each workload folded
// away. What would not fit into a comment is counted.
func Markdown(w io.Writer, r *finding.Report) error {
	out := bufio.NewWriterSize(w, 64<<10)
	all := groups(r)
	left := markdownLimit
	put := func(s string) bool {
		if len(s) > left {
			return false
		}
		left -= len(s)
		out.WriteString(s)
		return true
	}
	put("**fairway lint**: " + markdownText(summary(r, all, total(all))) + "\n")
	for i, e := range r.Failures {
		if !put(fmt.Sprintf("\n- **error** %s: %s\n", code(e.Place.String()), markdownText(e.Message)) + indented("fix: ", e.Hint)) {
			put(fmt.Sprintf("\n- and %s\n", Count(len(r.Failures)-i, "more error", "more errors")))
			break
		}
	}
	shown := make([]*group, 0, len(all))
	for _, g := range all {
		if len(g.findings) > 0 {
			shown = append(shown, g)
		}
	}
	if len(shown) == 0 {
		return out.Flush()
	}
	put("\n| workload | file | must | should | could | unknown |\n|---|---|--:|--:|--:|--:|\n")
	for i, g := range shown {
		row := fmt.Sprintf("| %s | %s | %d | %d | %d | %d |\n", markdownText(g.name()), markdownText(g.file), g.count[finding.Must], g.count[finding.Should], g.count[finding.Could], len(g.unknown))
		if i == markdownRows || !put(row) {
			put("| and " + Count(len(shown)-i, "more", "more") + " | | | | | |\n")
			break
		}
	}
	for i, g := range shown {
		const reserved = 100 // for the sentence below
		if d := details(r, g); len(d) > left-reserved || !put(d) {
			put("\nThe details of " + Count(len(shown)-i, "more workload", "more workloads") + " do not fit into a comment.\n")
			break
		}
	}
	return out.Flush()
}

func indented(lead, text string) string {
	if text == "" {
		return ""
	}
	return "  " + lead + markdownText(text) + "\n"
}

func details(r *finding.Report, g *group) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n<details><summary>%s: %s</summary>\n\n", markdownText(g.name()), tally(g))
	for _, f := range g.findings {
		if b.Len() > markdownLimit {
			return b.String() // it does not fit, whatever follows
		}
		fmt.Fprintf(&b, "- **%s** %s %s: %s\n", f.Severity, code(f.Rule), code(placeOrObject(f.Place, f.Object)), markdownText(f.Message))
		if file := r.FileOf(f); file != nil && f.Place.Line > 0 {
			line, _, _ := showLine(strings.TrimSpace(file.Line(f.Place.Line)), 1, 1, 90)
			fmt.Fprintf(&b, "  %s\n", code(line))
		}
		info := about(r, f.Rule)
		b.WriteString(indented("", info.Why))
		if f.Fix != nil {
			b.WriteString(indented("", fixLine(f, info)))
		} else {
			b.WriteString(indented("fix: ", info.How))
		}
	}
	for _, u := range g.unknown {
		fmt.Fprintf(&b, "- unknown %s: %s\n", code(u.Rule), markdownText(u.Missing))
	}
	b.WriteString("\n</details>\n")
	return b.String()
}

// markdownText escapes what Markdown or HTML would take for syntax, mentions and references to issues among it.
func markdownText(s string) string {
	var b strings.Builder
	for _, r := range Clean(s) {
		switch r {
		case '<':
			b.WriteString("&lt;")
		case '>':
			b.WriteString("&gt;")
		case '&':
			b.WriteString("&amp;")
		case '@', '#': // a zero-width character keeps GitHub from reading a mention or a reference
			b.WriteRune(r)
			b.WriteString("&#8203;")
		case '\\', '`', '*', '_', '[', ']', '|', '~':
			b.WriteByte('\\')
			b.WriteRune(r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// code makes a code span of s, with a fence longer than any run of backticks in it.
func code(s string) string {
	s = Clean(s)
	if s == "" {
		return ""
	}
	longest, run := 0, 0
	for _, r := range s {
		if r != '`' {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
	}
	fence := strings.Repeat("`", longest+1)
	if longest > 0 {
		s = " " + s + " "
	}
	return fence + s + fence
}
