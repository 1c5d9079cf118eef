package report

import (
	"bufio"
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"github.com/fairway-k8s/fairway/internal/finding"
)

// JUnit writes a report as JUnit XML in the form that Jenkins, GitLab and Surefire's readers share: a test suite per workload, a
// test case per finding. must and should are failures; could, which fails no run, is a passing case with output; unknown and
// skipped are skipped cases; what could not be read is a case with an error. A run without any of them has one passing case.
func JUnit(w io.Writer, r *finding.Report) error {
	x := &xmlWriter{bufio.NewWriterSize(w, 64<<10)}
	all := groups(r)
	counts := total(all)
	failures := counts[finding.Must] + counts[finding.Should]
	tests := len(r.Findings) + len(r.Unknown) + len(r.Skipped) + len(r.Failures)
	clean := tests == 0
	if clean {
		tests = 1
	}
	x.WriteString(xml.Header)
	x.open("testsuites", "name", "fairway lint", "tests", fmt.Sprint(tests), "failures", fmt.Sprint(failures), "errors", fmt.Sprint(len(r.Failures)),
		"time", fmt.Sprintf("%.3f", r.Elapsed.Seconds()))
	for _, g := range all {
		x.suite(r, g)
	}
	if len(r.Failures) > 0 {
		x.open("testsuite", "name", "input that could not be read", "tests", fmt.Sprint(len(r.Failures)), "failures", "0", "errors", fmt.Sprint(len(r.Failures)), "skipped", "0", "time", "0")
		for _, e := range r.Failures {
			at, _ := attach(r, e.Place)
			x.open("testcase", "classname", "fairway.input", "name", e.Place.String(), "file", at.File, "time", "0")
			x.leaf("error", e.Hint, "message", e.Message, "type", "unreadable")
			x.end("testcase")
		}
		x.end("testsuite")
	}
	if len(r.Skipped) > 0 {
		x.open("testsuite", "name", "input that was skipped", "tests", fmt.Sprint(len(r.Skipped)), "failures", "0", "errors", "0", "skipped", fmt.Sprint(len(r.Skipped)), "time", "0")
		for _, k := range r.Skipped {
			at, _ := attach(r, k.Place)
			x.open("testcase", "classname", "fairway.input", "name", strings.TrimSpace(k.Place.String()+" "+refString(k.Object)), "file", at.File, "time", "0")
			x.leaf("skipped", "", "message", strings.TrimSuffix(k.Reason+": "+k.Detail, ": "))
			x.end("testcase")
		}
		x.end("testsuite")
	}
	if clean {
		x.open("testsuite", "name", "fairway lint", "tests", "1", "failures", "0", "errors", "0", "skipped", "0", "time", "0")
		x.open("testcase", "classname", "fairway", "name", summary(r, all, counts), "time", "0")
		x.end("testcase")
		x.end("testsuite")
	}
	x.end("testsuites")
	return x.Flush()
}

func refString(o finding.Ref) string {
	if o == (finding.Ref{}) {
		return ""
	}
	return o.String()
}

type xmlWriter struct{ *bufio.Writer }

func (x *xmlWriter) suite(r *finding.Report, g *group) {
	name := g.name()
	if g.file != "" && name != g.file {
		name += " (" + g.file + ")"
	}
	x.open("testsuite", "name", name, "tests", fmt.Sprint(len(g.findings)+len(g.unknown)),
		"failures", fmt.Sprint(g.count[finding.Must]+g.count[finding.Should]), "errors", "0", "skipped", fmt.Sprint(len(g.unknown)), "time", "0")
	for _, f := range g.findings {
		at, note := attach(r, f.Place)
		x.open("testcase", "classname", g.name(), "name", f.Rule+" "+placeOrObject(f.Place, f.Object), "file", at.File, "line", fmt.Sprint(at.Line), "time", "0")
		info := about(r, f.Rule)
		text := f.Message + note
		if f.Field != "" {
			text = f.Field + ": " + text
		}
		for _, s := range []string{placeOrObject(f.Place, f.Object), info.Why, info.How, "fairway explain " + f.Rule} {
			if s != "" {
				text += "\n" + s
			}
		}
		if f.Severity >= finding.Should {
			x.leaf("failure", text, "message", f.Severity.String()+": "+f.Message+note, "type", f.Rule)
		} else {
			x.leaf("system-out", text)
		}
		x.end("testcase")
	}
	for _, u := range g.unknown {
		at, _ := attach(r, u.Place)
		x.open("testcase", "classname", g.name(), "name", u.Rule+" "+placeOrObject(u.Place, u.Object), "file", at.File, "line", fmt.Sprint(at.Line), "time", "0")
		x.leaf("skipped", "", "message", "unknown: "+u.Missing)
		x.end("testcase")
	}
	x.end("testsuite")
}

// tag writes the beginning of a tag with its attributes, given as names and values. A file of "" and a line of 0 are left out.
func (x *xmlWriter) tag(name string, attrs []string) {
	x.WriteString("<" + name)
	for i := 0; i < len(attrs); i += 2 {
		k, v := attrs[i], attrs[i+1]
		if k == "file" && v == "" || k == "line" && v == "0" {
			continue
		}
		x.WriteString(" " + k + `="`)
		xml.EscapeText(x, []byte(Clean(v)))
		x.WriteString(`"`)
	}
}

func (x *xmlWriter) open(name string, attrs ...string) {
	x.tag(name, attrs)
	x.WriteString(">\n")
}

func (x *xmlWriter) end(name string) { x.WriteString("</" + name + ">\n") }

// leaf writes an element that holds text only.
func (x *xmlWriter) leaf(name, text string, attrs ...string) {
	x.tag(name, attrs)
	if text == "" {
		x.WriteString("/>\n")
		return
	}
	x.WriteString(">")
	for i, line := range strings.Split(text, "\n") {
		if i > 0 {
			x.WriteString("\n")
		}
		xml.EscapeText(x, []byte(Clean(line)))
	}
	x.end(name)
}
