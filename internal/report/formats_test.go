package report

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/source"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

func render(t testing.TB, write func(io.Writer) error) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// formats are all formats with the options that change most.
var formats = map[string]func(io.Writer, *finding.Report) error{
	"text":     func(w io.Writer, r *finding.Report) error { return Text(w, r, TextOptions{}) },
	"full":     func(w io.Writer, r *finding.Report) error { return Text(w, r, TextOptions{Full: true, Width: 61}) },
	"quiet":    func(w io.Writer, r *finding.Report) error { return Text(w, r, TextOptions{Quiet: true, Full: true}) },
	"json":     JSON,
	"sarif":    func(w io.Writer, r *finding.Report) error { return SARIF(w, r, "") },
	"junit":    JUnit,
	"github":   GitHub,
	"markdown": Markdown,
}

// Nothing that the input says may reach a terminal as a command, whatever the format.
func TestNoControlCharacters(t *testing.T) {
	for name, write := range formats {
		out := render(t, func(w io.Writer) error { return write(w, sample()) })
		for i, r := range string(out) {
			if r != '\n' && (r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 || r == '\u202e') {
				t.Errorf("%s: %U at byte %d: %q", name, r, i, out[max(0, i-40):i+1])
				break
			}
		}
	}
}

func TestSameBytes(t *testing.T) {
	for name, write := range formats {
		first := render(t, func(w io.Writer) error { return write(w, sample()) })
		for range 5 {
			if again := render(t, func(w io.Writer) error { return write(w, sample()) }); !bytes.Equal(first, again) {
				t.Errorf("%s: two runs differ", name)
			}
		}
	}
}

type fullDisk struct{}

var errFull = errors.New("no space left on device")

func (fullDisk) Write([]byte) (int, error) { return 0, errFull }

func TestWriteErrors(t *testing.T) {
	for name, write := range formats {
		if err := write(fullDisk{}, sample()); !errors.Is(err, errFull) {
			t.Errorf("%s: error %v, want %v", name, err, errFull)
		}
	}
	if err := Diff(fullDisk{}, "a", []byte("1\n"), []byte("2\n"), DiffOptions{Color: true}); !errors.Is(err, errFull) {
		t.Errorf("diff: error %v, want %v", err, errFull)
	}
}

func TestJSONSchema(t *testing.T) {
	compiler := jsonschema.NewCompiler()
	schema, err := compiler.Compile("../../docs/schema/lint-v1.json")
	if err != nil {
		t.Fatal(err)
	}
	good := render(t, func(w io.Writer) error { return JSON(w, sample()) })
	for _, r := range []*finding.Report{sample(), clean()} {
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(render(t, func(w io.Writer) error { return JSON(w, r) })))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(doc); err != nil {
			t.Error(err)
		}
	}
	// The schema must tell a wrong document from a right one.
	for old, wrong := range map[string]string{
		`"schemaVersion": 1`: `"schemaVersion": 2`, `"severity":"must"`: `"severity":"bad"`, `"line":9,`: ``, `"edits":[]`: `"edits":null`,
		`"fix":null`: `"fix":"x"`, `"kind":"Service",`: ``, `"reason":"no-schema"`: `"reason":""`, `"hint":""`: `"hint":1`,
	} {
		text := strings.Replace(string(good), old, wrong, 1)
		if text == string(good) && old != `"hint":""` {
			t.Errorf("%s is not in the output", old)
			continue
		}
		doc, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if text != string(good) && schema.Validate(doc) == nil {
			t.Errorf("the schema accepts %s in place of %s", wrong, old)
		}
	}
	// What the types can say, the schema says, and the other way round.
	var members struct {
		Defs map[string]struct {
			Required   []string
			Properties map[string]json.RawMessage
		} `json:"$defs"`
	}
	raw, err := os.ReadFile("../../docs/schema/lint-v1.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &members); err != nil {
		t.Fatal(err)
	}
	for def, v := range map[string]any{"finding": jsonFinding{}, "unknown": jsonUnknown{}, "skipped": jsonSkipped{}, "error": jsonError{}, "summary": jsonSummary{}} {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		var have map[string]any
		if err := json.Unmarshal(b, &have); err != nil {
			t.Fatal(err)
		}
		want := slices.Clone(members.Defs[def].Required)
		if def != "summary" {
			want = append(want, members.Defs["place"].Required...)
		}
		for name := range have {
			if !slices.Contains(want, name) {
				t.Errorf("%s has a member %s that the schema does not require", def, name)
			}
		}
		if len(have) != len(want) {
			t.Errorf("%s has %d members, the schema requires %d", def, len(have), len(want))
		}
	}
}

// The parts of a SARIF log that viewers rely on; see the OASIS standard, sections 3.14, 3.27, 3.30, 3.49.
func TestSARIF(t *testing.T) {
	var log struct {
		Version string
		Runs    []struct {
			Tool struct {
				Driver struct{ Rules []struct{ ID string } }
			}
			ColumnKind string
			Results    []struct {
				RuleID, Level string
				RuleIndex     int
				Locations     []struct {
					PhysicalLocation *struct {
						ArtifactLocation struct{ URI string }
						Region           struct{ StartLine, StartColumn, EndLine, EndColumn int }
					}
					LogicalLocations []struct{ FullyQualifiedName string }
				}
				PartialFingerprints map[string]string
			}
		}
	}
	r := sample()
	if err := json.Unmarshal(render(t, func(w io.Writer) error { return SARIF(w, r, "1.0.0") }), &log); err != nil {
		t.Fatal(err)
	}
	run := log.Runs[0]
	if log.Version != "2.1.0" || run.ColumnKind != "unicodeCodePoints" || len(run.Results) != len(r.Findings) {
		t.Errorf("version %q, columns %q, %d results", log.Version, run.ColumnKind, len(run.Results))
	}
	for i, res := range run.Results {
		if got := run.Tool.Driver.Rules[res.RuleIndex].ID; got != res.RuleID {
			t.Errorf("result %d is of rule %s, its index leads to %s", i, res.RuleID, got)
		}
		for _, l := range res.Locations {
			if p := l.PhysicalLocation; p != nil {
				g := p.Region
				if g.StartLine < 1 || g.StartColumn < 1 || g.EndLine < g.StartLine || g.EndLine == g.StartLine && g.EndColumn < g.StartColumn {
					t.Errorf("result %d has region %+v", i, g)
				}
				if strings.ContainsAny(p.ArtifactLocation.URI, "\x1b[ ") {
					t.Errorf("result %d has URI %q", i, p.ArtifactLocation.URI)
				}
			} else if len(l.LogicalLocations) == 0 {
				t.Errorf("result %d is nowhere", i)
			}
		}
	}
	// Fingerprints are unlike for unlike findings, and stay when lines move.
	seen := map[string]bool{}
	for _, res := range run.Results {
		seen[res.PartialFingerprints["fairway/v1"]] = true
	}
	if len(seen) != len(run.Results) {
		t.Errorf("%d fingerprints for %d results", len(seen), len(run.Results))
	}
	f := *r.Findings[1]
	before := fingerprint(&f, map[string]int{})
	f.Place.Line += 7
	if after := fingerprint(&f, map[string]int{}); fmt.Sprint(after) != fmt.Sprint(before) {
		t.Errorf("fingerprint %v became %v when the finding moved", before, after)
	}
	count := map[string]int{}
	if a, b := fingerprint(&f, count), fingerprint(&f, count); fmt.Sprint(a) == fmt.Sprint(b) {
		t.Errorf("two findings in one file have fingerprint %v", a)
	}
}

func TestArtifactURI(t *testing.T) {
	for file, want := range map[string]sarifArtifact{
		"deploy/a.yaml":      {"deploy/a.yaml", "%SRCROOT%"},
		"a b/50%/ü#?.yaml":   {"a%20b/50%25/%C3%BC%23%3F.yaml", "%SRCROOT%"},
		"c:d.yaml":           {"./c:d.yaml", "%SRCROOT%"},
		"../up.yaml":         {"../up.yaml", "%SRCROOT%"},
		"/tmp/some file.yml": {"file:///tmp/some%20file.yml", ""},
	} {
		if got := artifact(file); got != want {
			t.Errorf("%s: %+v, want %+v", file, got, want)
		}
	}
}

// The counts of every suite and of the whole must be those of its cases: Jenkins trusts the cases, GitLab the counts.
func TestJUnitCounts(t *testing.T) {
	type testcase struct {
		Name    string    `xml:"name,attr"`
		Failure *struct{} `xml:"failure"`
		Error   *struct{} `xml:"error"`
		Skipped *struct{} `xml:"skipped"`
	}
	type counts struct {
		Tests    int `xml:"tests,attr"`
		Failures int `xml:"failures,attr"`
		Errors   int `xml:"errors,attr"`
	}
	for _, r := range []*finding.Report{sample(), clean()} {
		var doc struct {
			XMLName xml.Name `xml:"testsuites"`
			counts
			Suites []struct {
				counts
				Skipped int        `xml:"skipped,attr"`
				Name    string     `xml:"name,attr"`
				Cases   []testcase `xml:"testcase"`
			} `xml:"testsuite"`
		}
		if err := xml.Unmarshal(render(t, func(w io.Writer) error { return JUnit(w, r) }), &doc); err != nil {
			t.Fatal(err)
		}
		var sum counts
		for _, s := range doc.Suites {
			var got counts
			skipped := 0
			for _, c := range s.Cases {
				got.Tests++
				if c.Failure != nil {
					got.Failures++
				}
				if c.Error != nil {
					got.Errors++
				}
				if c.Skipped != nil {
					skipped++
				}
			}
			if got != s.counts || skipped != s.Skipped {
				t.Errorf("suite %q says %+v and %d skipped, its cases are %+v and %d", s.Name, s.counts, s.Skipped, got, skipped)
			}
			sum.Tests += got.Tests
			sum.Failures += got.Failures
			sum.Errors += got.Errors
		}
		if sum != doc.counts {
			t.Errorf("the whole says %+v, its suites are %+v", doc.counts, sum)
		}
	}
}

// many makes a report with n findings of ten rules in n/20 workloads, each in a file of its own.
func many(n int) *finding.Report {
	b := newBench()
	const data = "deploy/checkout.yaml"
	for i := range n {
		w := deployment("shop", fmt.Sprintf("w%05d", i/20))
		f := b.find("probes-identical", data, "spec.template.spec.containers[0].livenessProbe", "liveness and readiness ask the same question", w, w)
		f.Rule, f.Severity = fmt.Sprintf("rule-%d", i%10), finding.Severity(1+i%3)
		f.Field = fmt.Sprintf("spec.template.spec.containers[%d].livenessProbe", i%20/10)
		f.Place.File = fmt.Sprintf("deploy/%05d.yaml", i/20)
	}
	b.Source = func(string) *source.File { return b.files[data] }
	b.Rule = func(string) finding.RuleInfo { return infos["probes-identical"] }
	return &b.Report
}

func TestGitHubKeepsTheWorst(t *testing.T) {
	r := many(90)
	out := string(render(t, func(w io.Writer) error { return GitHub(w, r) }))
	for _, kind := range []string{"error", "warning", "notice"} {
		if n := strings.Count(out, "\n::"+kind+" ") + strings.Count(out[:8], "::"+kind); n != annotationsPerKind {
			t.Errorf("%d annotations of kind %s, want %d", n, kind, annotationsPerKind)
		}
	}
	if lines := strings.Count(out, "\n"); lines != 90+1 {
		t.Errorf("%d lines for 90 findings and a summary", lines)
	}
}

func TestGitHubInjection(t *testing.T) {
	for in, want := range map[string]string{
		"::error::x":         "./::error::x",
		"  ::add-mask::y":    "./::add-mask::y",
		"a: ##[set-env n=v]": "a: # #[set-env n=v]",
		"a\n::error::x":      `a\n::error::x`,
	} {
		if got := plainLine(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	if got, want := commandProperty("a,b:c%\n"), `a%2Cb%3Ac%25\n`; got != want {
		t.Errorf("property %q, want %q", got, want)
	}
	if got, want := commandData("100%\nnext\r"), `100%25%0Anext\r`; got != want {
		t.Errorf("data %q, want %q", got, want)
	}
}

func TestMarkdownFitsAComment(t *testing.T) {
	out := render(t, func(w io.Writer) error { return Markdown(w, many(10_000)) })
	if len(out) > markdownLimit {
		t.Errorf("%d bytes, more than %d", len(out), markdownLimit)
	}
	for _, want := range []string{"| and 450 more |", "more workloads do not fit into a comment"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("what was left out is not told: no %q in the output", want)
		}
	}
}

func TestMarkdownCode(t *testing.T) {
	for in, want := range map[string]string{"a": "`a`", "a`b": "`` a`b ``", "```": "```` ``` ````", "": ""} {
		if got := code(in); got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
}

func TestDiff(t *testing.T) {
	before := "a: 1\r\nb: \x1b[31m\n\tc: 3\n"
	after := "a: 2\r\nb: \x1b[31m\n\tc: 3"
	for _, tc := range []struct {
		name string
		file string
		o    DiffOptions
		want string
	}{
		{"exact", "x.yaml", DiffOptions{}, "--- a/x.yaml\n+++ b/x.yaml\n@@ -1,3 +1,3 @@\n-a: 1\r\n+a: 2\r\n b: \x1b[31m\n-\tc: 3\n+\tc: 3\n\\ No newline at end of file\n"},
		{"terminal", "x.yaml", DiffOptions{Terminal: true}, "--- a/x.yaml\n+++ b/x.yaml\n@@ -1,3 +1,3 @@\n-a: 1\n+a: 2\n b: \\x1b[31m\n-\tc: 3\n+\tc: 3\n\\ No newline at end of file\n"},
		{"color", "x\ny.yaml", DiffOptions{Color: true, Terminal: true}, "--- \"a/x\\ny.yaml\"\n+++ \"b/x\\ny.yaml\"\n@@ -1,3 +1,3 @@\n\x1b[31m-a: 1\x1b[m\n\x1b[32m+a: 2\x1b[m\n b: \\x1b[31m\n" +
			"\x1b[31m-\tc: 3\x1b[m\n\x1b[32m+\tc: 3\x1b[m\n\\ No newline at end of file\n"},
	} {
		got := render(t, func(w io.Writer) error { return Diff(w, tc.file, []byte(before), []byte(after), tc.o) })
		if string(got) != tc.want {
			t.Errorf("%s:\ngot  %q\nwant %q", tc.name, got, tc.want)
		}
	}
	if got := render(t, func(w io.Writer) error { return Diff(w, "x", []byte("a\n"), []byte("a\n"), DiffOptions{}) }); len(got) != 0 {
		t.Errorf("no change gives %q", got)
	}
}

func BenchmarkText(b *testing.B)  { benchmark(b, "text") }
func BenchmarkFull(b *testing.B)  { benchmark(b, "full") }
func BenchmarkJSON(b *testing.B)  { benchmark(b, "json") }
func BenchmarkSARIF(b *testing.B) { benchmark(b, "sarif") }

func benchmark(b *testing.B, format string) {
	for _, n := range []int{1000, 10_000} {
		b.Run(fmt.Sprintf("findings=%d", n), func(b *testing.B) {
			r := many(n)
			b.ReportAllocs()
			for b.Loop() {
				if err := formats[format](io.Discard, r); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// Whatever stands in names and messages, each format stays what its readers expect and says the same thing.
func FuzzFormats(f *testing.F) {
	f.Add("a.yaml", "name", "message", "why", 3)
	f.Add("\x1b[2J::error::", "x\n::error::\u202e", "]]> <a> | `@x` %0A", "--- \\ \x00\xff", 0)
	f.Fuzz(func(t *testing.T, file, name, message, why string, line int) {
		object := finding.Ref{APIVersion: "v1", Kind: name, Namespace: why, Name: name}
		place := finding.Place{File: file, Line: max(line, 0), Column: 1, EndLine: max(line, 0), EndColumn: 2}
		r := &finding.Report{
			Findings: []*finding.Finding{{Rule: "r", Severity: finding.Must, Object: object, Workload: object, Place: place, Field: name, Message: message, Fix: &finding.Fix{Title: why}}},
			Unknown:  []finding.Unknown{{Rule: "r", Object: object, Place: place, Missing: message}},
			Skipped:  []finding.Skipped{{Place: place, Object: object, Reason: name, Detail: why}},
			Failures: []finding.Failure{{Place: place, Message: message, Hint: why}},
			Rule:     func(string) finding.RuleInfo { return finding.RuleInfo{Title: why, Why: why, How: message} },
			Source:   func(string) *source.File { return &source.File{Name: file, Data: []byte(message)} },
		}
		out := map[string][]byte{}
		for format, write := range formats {
			b := render(t, func(w io.Writer) error { return write(w, r) })
			out[format] = b
			if !utf8.Valid(b) {
				t.Errorf("%s is not UTF-8: %q", format, b)
			}
			for _, c := range string(b) {
				if c != '\n' && !strconv.IsPrint(c) {
					t.Errorf("%s: %U in %q", format, c, b)
					break
				}
			}
		}
		var doc struct {
			Findings []struct{ File, Message string }
		}
		if err := json.Unmarshal(out["json"], &doc); err != nil {
			t.Fatalf("%v in %s", err, out["json"])
		}
		if got := doc.Findings[0]; utf8.ValidString(file) && got.File != file || utf8.ValidString(message) && got.Message != message {
			t.Errorf("JSON says %q, want %q and %q", got, file, message)
		}
		if !json.Valid(out["sarif"]) {
			t.Errorf("not JSON: %s", out["sarif"])
		}
		var suites struct {
			Cases []struct{} `xml:"testsuite>testcase"`
		}
		if err := xml.Unmarshal(out["junit"], &suites); err != nil || len(suites.Cases) != 4 {
			t.Errorf("%d test cases, error %v in %s", len(suites.Cases), err, out["junit"])
		}
		if n := strings.Count("\n"+string(out["github"]), "\n::"); n != 2 {
			t.Errorf("%d commands, want 2: %s", n, out["github"])
		}
		if n := strings.Count(string(out["quiet"]), "\n"); n != 3 {
			t.Errorf("%d lines, want 3: %s", n, out["quiet"])
		}
	})
}

// git apply takes what Diff writes and makes the new file of it.
func TestDiffAppliesWithGit(t *testing.T) {
	git, err := exec.LookPath("git")
	if err != nil {
		t.Skip("git is not installed")
	}
	rng := rand.New(rand.NewPCG(3, 4))
	pieces := []string{"a: 1\n", "b: 2\n", "\n", "c: x\r\n", "- d\n", "\te\n", "名: 前\n", "\x1b\n", "--- \n", "+f\n"}
	text := func() string {
		var b strings.Builder
		for range rng.IntN(12) {
			b.WriteString(pieces[rng.IntN(len(pieces))])
		}
		if rng.IntN(3) == 0 {
			b.WriteString("no newline")
		}
		return b.String()
	}
	names := []string{"x.yaml", "with space.yaml", "名前.yaml", "quo\"te.yaml"}
	for i := range 60 {
		before, after := text(), text()
		if before == "" || after == "" || before == after {
			continue // an empty file is a file that is not there to git
		}
		dir, name := t.TempDir(), names[i%len(names)]
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(before), 0o666); err != nil {
			t.Fatal(err)
		}
		patch := render(t, func(w io.Writer) error { return Diff(w, name, []byte(before), []byte(after), DiffOptions{}) })
		cmd := exec.Command(git, "apply", "--whitespace=nowarn", "-")
		cmd.Dir, cmd.Stdin = dir, bytes.NewReader(patch)
		cmd.Env = append(os.Environ(), "GIT_CEILING_DIRECTORIES="+filepath.Dir(dir))
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s\nbefore %q\nafter %q\npatch:\n%q", err, out, before, after, patch)
		}
		if got, _ := os.ReadFile(path); string(got) != after {
			t.Fatalf("%q became %q, want %q, by\n%q", before, got, after, patch)
		}
	}
}
