package report

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/source"
	"github.com/google/go-cmp/cmp"
)

func TestWidth(t *testing.T) {
	for s, want := range map[string]int{"": 0, "abc": 3, "é": 1, "e\u0301": 1, "名前": 4, "ｱ": 1, "Ａ": 2, "🚢": 2, "→": 1} {
		if got := Width(s); got != want {
			t.Errorf("%q: %d, want %d", s, got, want)
		}
	}
}

func TestWrap(t *testing.T) {
	for _, tc := range []struct {
		text  string
		width int
		want  []string
	}{
		{"", 10, nil},
		{"one two  three\nfour", 9, []string{"one two", "three", "four"}},
		{"averyveryverylongword a", 5, []string{"averyveryverylongword", "a"}},
		{"名前 名前 名前", 9, []string{"名前 名前", "名前"}},
	} {
		if d := cmp.Diff(tc.want, Wrap(tc.text, tc.width)); d != "" {
			t.Errorf("%q at %d (-want +got):\n%s", tc.text, tc.width, d)
		}
	}
}

func TestCut(t *testing.T) {
	for _, tc := range []struct {
		s    string
		w    int
		want string
	}{{"abcdef", 6, "abcdef"}, {"abcdefg", 6, "abc..."}, {"ab  cdefg", 6, "ab..."}, {"名前名前", 8, "名前名前"}, {"名前名前", 7, "名前..."}} {
		if got := cut(tc.s, tc.w); got != tc.want {
			t.Errorf("%q at %d: %q, want %q", tc.s, tc.w, got, tc.want)
		}
	}
}

func TestWords(t *testing.T) {
	for n, want := range map[int]string{0: "0 files", 1: "1 file", 999: "999 files", 1000: "1,000 files", -1234567: "-1,234,567 files"} {
		if got := Count(n, "file", "files"); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
	for d, want := range map[time.Duration]string{80 * time.Millisecond: "0.08 s", 9_994 * time.Millisecond: "9.99 s", 75 * time.Second: "75.0 s"} {
		if got := seconds(d); got != want {
			t.Errorf("%v: %s, want %s", d, got, want)
		}
	}
}

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"plain text": "plain text", "名前 é 🚢": "名前 é 🚢", "a\tb\nc\r": `a\tb\nc\r`, "\x1b[2J": `\x1b[2J`, "\x7f": `\x7f`, "\u009b31m": `\u009b31m`,
		"\u202eabc": `\u202eabc`, "a\u00a0b": `a\u00a0b`, "\xff\xc3": `\xff\xc3`, "\ufeffx": `\ufeffx`, "\U000e0041": `\U000e0041`, "�": "�",
	} {
		if got := Clean(in); got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
}

// A place must be underlined where a terminal shows it: the naive twin shows the text before it and measures that.
func TestUnderlineStandsUnderItsText(t *testing.T) {
	alphabet := []string{"a", "b", " ", "\t", "é", "e\u0301", "名", "🚢", "\x1b", "\u202e", "\xff", "\x80", "\xe5\x90", "\r"}
	rng := rand.New(rand.NewPCG(1, 2))
	columns := func(s string) (n int) { // as source.File.Position counts
		for i := range len(s) {
			if s[i]&0xC0 != 0x80 {
				n++
			}
		}
		return n
	}
	for range 20_000 {
		var parts [3]string
		for i := range parts {
			for range rng.IntN(12) {
				parts[i] += alphabet[rng.IntN(len(alphabet))]
			}
		}
		// A place never begins or ends within a character.
		whole := true
		for _, p := range parts[1:] {
			whole = whole && (p == "" || utf8.RuneStart(p[0]) && (p[0] < 0x80 || utf8.FullRuneInString(p)))
		}
		line := strings.Join(parts[:], "")
		if !whole || !utf8.ValidString(parts[0]) || !utf8.ValidString(parts[1]) {
			continue
		}
		start := 1 + columns(parts[0])
		end := start + columns(parts[1])
		text, from, to := showLine(line, start, end, 1000)
		before, _, _ := showLine(parts[0]+"x", 1, 1, 1000)
		upTo, _, _ := showLine(parts[0]+parts[1]+"x", 1, 1, 1000)
		wantFrom := Width(before) - 1
		wantTo := max(Width(upTo)-1, wantFrom+1)
		if from != wantFrom || to != wantTo {
			t.Fatalf("%q from column %d to %d, shown as %q: underlined %d to %d, want %d to %d", line, start, end, text, from, to, wantFrom, wantTo)
		}
		// Cut to a narrow room, the line fits and the same text stands above the underline.
		room := 20 + rng.IntN(20)
		short, f, e := showLine(line, start, end, room)
		if Width(short) > room || f >= room || e < f+1 {
			t.Fatalf("%q in %d columns: %q, underlined %d to %d", line, room, short, f, e)
		}
	}
}

func TestLongLineIsCutAroundThePlace(t *testing.T) {
	line := strings.Repeat("x", 5000) + "HERE" + strings.Repeat("y", 5000)
	for _, tc := range []struct {
		col, end int
		want     string
	}{
		{5001, 5005, "...xxxxxxxxxxHEREyyyyyyyyyy..."},
		{1, 3, "xxxxxxxxxxxxxxxxxxxxxxxxxxx..."},
		{10004, 10005, "...yyyyyyyyyyy"},
	} {
		text, from, to := showLine(line, tc.col, tc.end, 30)
		if text != tc.want && tc.col != 5001 || Width(text) > 30 {
			t.Errorf("column %d: %q, want %q", tc.col, text, tc.want)
		}
		if got, want := text[from:to], line[tc.col-1:tc.end-1]; got != want {
			t.Errorf("column %d: %q stands above the underline, want %q, in %q", tc.col, got, want, text)
		}
	}
}

func TestFrameLines(t *testing.T) {
	text := `# a comment
spec:
  containers:
    - name: app

      image: nginx
      # and why
      resources:
        limits:
          memory: 1Gi
    - name: b
other: {a: 1}
---
  loose: x
`
	f := &source.File{Name: "f", Data: []byte(text)}
	for _, tc := range []struct {
		line  int
		lines []int // 0 is the mark for lines left out; the place's own line is negative
	}{
		{2, []int{-2, 3}},
		{4, []int{3, -4}},
		{6, []int{4, 5, -6}},
		{8, []int{4, 0, -8, 9}},
		{10, []int{4, 0, -10}},
		{11, []int{3, 0, -11}},
		{12, []int{-12}},
		{14, []int{-14}},
	} {
		fr := newFrame(f, finding.Place{File: "f", Line: tc.line, Column: 1, EndLine: tc.line, EndColumn: 2}, 100)
		var got []int
		for _, l := range fr.before {
			got = append(got, l.number)
		}
		got = append(got, -fr.at.number)
		for _, l := range fr.after {
			got = append(got, l.number)
		}
		if d := cmp.Diff(tc.lines, got); d != "" {
			t.Errorf("line %d (-want +got):\n%s", tc.line, d)
		}
	}
}

// Report places may be stale or beyond the file: nothing may panic, whatever they say.
func FuzzFrame(f *testing.F) {
	f.Add("a:\n  b: c\n", 2, 3, 2, 4, 80)
	f.Add("\xff\x80\t名", 1, 2, 9, 1, 1)
	f.Fuzz(func(t *testing.T, data string, line, col, endLine, endCol, width int) {
		if line < 1 || line > 1<<20 || width > 1000 || width < 0 || len(data) > 1<<12 {
			return
		}
		fr := newFrame(&source.File{Data: []byte(data)}, finding.Place{File: "f", Line: line, Column: col, EndLine: endLine, EndColumn: endCol}, width)
		var b strings.Builder
		fr.write(&b, "message", width, func(s string) string { return s })
		if out := b.String(); Clean(strings.ReplaceAll(out, "\n", "")) != strings.ReplaceAll(out, "\n", "") && utf8.ValidString(out) {
			t.Errorf("control characters in %q", out)
		}
	})
}

func TestByteOrderMarkIsNoColumn(t *testing.T) {
	f := &source.File{Name: "f", Data: []byte("\ufeffkind: Pod\n")}
	at, end := f.Position(len("\ufeffkind: ")), f.Position(len("\ufeffkind: Pod"))
	fr := newFrame(f, finding.Place{File: "f", Line: at.Line, Column: at.Column, EndLine: end.Line, EndColumn: end.Column}, 100)
	if got := fr.at.text[fr.from:fr.to]; got != "Pod" {
		t.Errorf("%q stands above the underline of %q, want Pod", got, fr.at.text)
	}
}

func TestGroups(t *testing.T) {
	a, b := deployment("shop", "a"), deployment("", "b")
	service := finding.Ref{APIVersion: "v1", Kind: "Service", Namespace: "shop", Name: "a"}
	at := func(rule, file string, s finding.Severity, o, w finding.Ref) *finding.Finding {
		return &finding.Finding{Rule: rule, Severity: s, Object: o, Workload: w, Place: finding.Place{File: file, Line: 1, Column: 1, EndLine: 1, EndColumn: 2}}
	}
	r := &finding.Report{
		Findings: []*finding.Finding{
			at("1", "x/svc.yaml", finding.Should, service, a), at("2", "x/a.yaml", finding.Must, a, a), at("3", "y/svc.yaml", finding.Must, service, a),
			at("4", "x/b.yaml", finding.Could, b, b), at("5", "z/b.yaml", finding.Must, b, b), at("6", "z/b.yaml", finding.Must, b, b),
			at("7", "notes.yaml", finding.Must, finding.Ref{}, finding.Ref{}),
		},
		Unknown: []finding.Unknown{{Rule: "8", Object: b, Place: finding.Place{File: "x/b.yaml"}}, {Rule: "9", Object: a}},
	}
	var got []string
	for _, g := range groups(r) {
		s := g.name() + " " + g.file
		if !g.placed {
			s += "?"
		}
		for _, f := range g.findings {
			s += " " + f.Rule + "@" + g.place(f)
		}
		for _, u := range g.unknown {
			s += " " + u.Rule
		}
		got = append(got, s)
	}
	want := []string{
		"deploy/b z/b.yaml 5@b.yaml:1:1 6@b.yaml:1:1", // two must
		"shop/deploy/a x/a.yaml 2@a.yaml:1:1 1@svc.yaml:1:1",
		"notes.yaml notes.yaml 7@notes.yaml:1:1",
		"shop/deploy/a y/svc.yaml? 3@y/svc.yaml:1:1", // the workload's own file is not known
		"deploy/b x/b.yaml 4@b.yaml:1:1 8",
		"shop/deploy/a  9",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}

// A number stays with its unit, whatever stands behind that.
func TestWrapKeepsUnits(t *testing.T) {
	for _, c := range []struct {
		text string
		want []string
	}{
		{"killed 33.3 % (22.7-45.9 %) of 60", []string{"killed", "33.3 %", "(22.7-45.9 %)", "of 60"}},
		{"within 20 s, or 5 min; some", []string{"within", "20 s, or", "5 min;", "some"}},
		{"a % of it", []string{"a % of it"}},
	} {
		if d := cmp.Diff(c.want, Wrap(c.text, 9)); d != "" {
			t.Errorf("Wrap(%q, 9) (-want +got):\n%s", c.text, d)
		}
	}
}

// A share that is not all of it never reads as if it were.
func TestPercent(t *testing.T) {
	for x, want := range map[float64]string{0: "0 %", 1: "100 %", 0.999996: "99.999 %", 0.9996: "99.96 %", 0.5: "50 %", 0.00002: "0.002 %", 4e-8: "4e-06 %"} {
		if got := percent(x); got != want {
			t.Errorf("%v: %s, want %s", x, got, want)
		}
	}
}
