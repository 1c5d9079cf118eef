package source

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// readRows are inputs that must be read, exactly as the other readers do.
var readRows = []struct{ name, in string }{
	{"empty file", ""},
	{"blank file", "\n  \n\t\n"},
	{"comments only", "# a\n\n  # b\n"},
	{"null document", "---\n"},
	{"root scalar", "just text\n"},
	{"root scalar of several lines", "just\ntext\n\nmore\n"},
	{"mapping", "a: b\nc: d\n"},
	{"no final newline", "a: b"},
	{"empty values", "a:\nb: # comment\nc:\n"},
	{"nested mapping", "a:\n  b:\n      c: 1\n  d: 2\n"},
	{"sequence in the column of its key", "a:\n- b\n- c: 1\n  d: 2\ne: f\n"},
	{"sequence indented", "a:\n    - b\n    - c: 1\n      d: 2\ne: f\n"},
	{"sequence in the column of its key, twice", "a:\n- b:\n  - c\n  - d\n- e\n"},
	{"empty items", "-\n- \n- # c\n-\n  a\n"},
	{"compact nesting", "- - a\n  - b\n-   - - c\n"},
	{"compact mapping in compact sequence", "- - a: 1\n    b: 2\n  - c\n"},
	{"key with spaces before the colon", "a  : b\n\"c\" : d\n"},
	{"colons inside words", "image: a:b\nurl: http://x:80/\ntime: 12:30\n:a: b\n"},
	{"hash inside words", "a: b#c\nd#e: f\n"},
	{"dashes inside words", "-a: -b\nc: --d\n"},
	{"question mark in words", "?a: ?b\n"},
	{"plain scalar of several lines", "a: b\n  c\n\n  d\n e\nf: g\n"},
	{"plain scalar on the next line", "a:\n  b\n  c\nd:\n    e\n"},
	{"plain scalar with dashes on the next line", "a: b\n  - c\n"},
	{"plain scalar ended by a comment", "a: b # c\nd: e\n"},
	{"single quoted", "a: 'it''s'\n'b': ''\n"},
	{"single quoted of several lines", "a: 'x\n\n  y\n z '\n"},
	{"double quoted with escapes", `a: "\0\a\b\t\n\v\f\r\e\ \"\/\\\N\_\L\P\x41\u00e9\U0001F600"` + "\n"},
	{"double quoted of several lines", "a: \"x  \n\n\n  y \\\n   z\\\n\n  w\"\n"},
	{"double quoted line outside the indentation", "a:\n  b: \"x\ny\"\n"},
	{"quotes that hold what ends lines", "a: \"# b: c\"\nd: '- e'\n"},
	{"literal", "a: |\n  x\n    y\n\n  z\nb: c\n"},
	{"literal strip, keep", "a: |-\n  x\n\nb: |+\n  y\n\n\nc: d\n"},
	{"literal without text", "a: |\nb: |+\n\n\nc: |-\n"},
	{"literal with indicator", "a: |2\n   x\n  y\nb: |1-\n  z\n"},
	{"literal in sequences", "- |\n x\n- >\n   y\n   z\n"},
	{"literal in the column of the key's sequence", "a:\n- |\n x\n-  |2\n   y\n"},
	{"literal with comment in the header", "a: | # c\n  # text\n  b\n # comment\nc: d\n"},
	{"literal without final newline", "a: |\n  b"},
	{"literal keep without final newline", "a: |+\n  b\n \n  "},
	{"literal that ends in spaces", "a: |\n  b\n     "},
	{"literal with tabs", "a: |\n  \tb\n  c\t\n"},
	{"literal at the root", "--- |\n  a\n  b\n"},
	{"folded", "a: >\n  x\n  y\n\n  z\n    deeper\n    still\n  w\n\n\n  v\n"},
	{"folded strip, keep", "a: >-\n  x\n  y\nb: >+\n  z\n\n"},
	{"folded with deeper first line", "a: >\n\n    x\n      y\n    z\n"},
	{"flow sequence", "a: [b, 'c', \"d\", 1, [e], {f: g}, ]\n"},
	{"flow mapping", "a: {b: c, d, \"e\":f, 'g': , h: {}, }\n"},
	{"flow over lines", "a: {\n    b: [ # c\n    x,\n  # d\n  y\n ],\n}\nc: d\n"},
	{"flow plain scalar over lines", "a: [b\n c, d\n\n  e]\n"},
	{"flow key with its colon on the next line", "{a\n: b, 'c'\n: d}\n"},
	{"flow pair", "[a: b, 'c': d, e]\n"},
	{"flow explicit keys", "{? a : b, ? c}\n"},
	{"flow explicit pair", "[? a : b]\n"},
	{"flow scalars with colons", "{a: :b, c: http://x, d:e: f, :g: h}\n"},
	{"json", `{"a": [1, -2.5e3, true, null, "x\ty"], "b": {"c": {}}, "d": []}`},
	{"json over lines", "{\n\t\"a\": 1,\n\t\"b\": [\n\t\t2\n\t]\n}\n"},
	{"explicit keys", "? a\n: b\n? c\n? d\n: - e\n  - f\n? |\n  g\n: h: i\n"},
	{"anchors and aliases", "a: &x 1\nb: *x\nc: &y\n  d: *x\ne: *y\nf: &x 2\ng: *x\n"},
	{"anchor on the next line's collection", "a: &x\n- b\nc: &y\n  d: e\nf: &z {g: h}\ni: *z\n"},
	{"anchored key", "&k a: &v b\nc: *v\n"},
	{"anchor of a mapping and of its first key", "a: &m\n  &k b: c\nd: *m\ne: *k\n"},
	{"anchored empty value", "a: &x\nb: *x\nc:\n- &y\n- *y\n"},
	{"tags", "a: !!str 1\nb: !Ref x\nc: !!map\n  d: e\nf: !<tag:yaml.org,2002:int> \"3\"\ng: !!seq [h]\ni: ! 7\nj: !!str\n"},
	{"tag and anchor", "a: !!str &x 1\nb: &y !!int '2'\nc: &z\n  !!map\n  d: e\n"},
	{"merge keys", "base: &b {x: 1, y: 2}\na:\n  <<: *b\n  y: 3\nc:\n  y: 3\n  <<: [*b, {y: 4, z: 5}]\n"},
	{"merge keys that are none", "a: {\"<<\": 1}\nb: {!!str <<: 2}\n"},
	{"duplicate keys", "a: 1\nb: 2\na: 3\n\"b\": 4\nc: {d: 1, d: 2}\n"},
	{"types", "- [yes, No, ON, off, y, n, true, False, ~, null, Null, NULL, nul]\n- [1, 0777, 0o17, 0x1F, 0b101, -0b11, 1_000, +5, 08, 1e3, 1.5, .5, 5., -.5e-1, 1.2.3, 0x, 1_0.5, _1, 9223372036854775808, 99999999999999999999]\n- [2001-01-01, 12:30, 1:2, 'yes', \"1\", '']\n"},
	{"keys of all types", "1: a\n2.5: b\nyes: c\n0x10: d\n2001-01-01: e\n.inf: f\n"},
	{"documents", "a: 1\n---\nb: 2\n--- # c\nd: 3\n---\n---\n- e\n"},
	{"documents with content on the separator", "--- {a: b}\n--- text\n--- |\n  x\n--- !!map\na: b\n--- &x\n- c\n--- 'q'\n"},
	{"document ends", "a: 1\n...\n---\nb: 2\n...\n# c\n...\nd: 3\n...\n"},
	{"directives", "%YAML 1.1 # c\n---\na: b\n...\n%YAML 1.1\n---\nc: d\n"},
	{"separator-like text", "a: ---\nb:\n  ---\n--- \n---a: b\n"},
	{"byte order mark", "\uFEFFa: b\nc: d\n"},
	{"byte order mark and comment", "\uFEFF# x\n---\na: b\n"},
	{"crlf", "a: b\r\nc:\r\n- d\r\n- |\r\n  e\r\n  f\r\n\r\ng: 'x\r\n\r\n  y'\r\n# h\r\n"},
	{"lone carriage returns", "a: b\rc:\r  - d\r# e\rf: |\r  g\r"},
	{"tabs", "a:\tb\nc: d\t# e\n"},
	{"tab behind a dash", "-\ta\n-\t[b]\n- \tc # d\n"},
	{"tab before text, behind spaces", "a:\n  \tb\nc: d\n \t \n"},
	{"tab inside scalars", "a: b\tc\nd: 'e\tf'\ng: \"h\ti\"\n"},
	{"tab before a flow collection", "\t{a: b}\n"},
	{"tab lines", "a: b\n\t\n \t# c\nd: e\n"},
	{"unicode", "ключ: значение\nemoji: \"🚢\" # ⚓\nкомм: [а, б]\n"},
	{"comments everywhere", "# 1\na: # 2\n  # 3\n  - b # 4\n    # 5\n  # 6\n  - {c: d} # 7\n# 8\ne: f\n# 9"},
	{"commented-out yaml", "a:\n  b: 1\n  # c: 2\n  #d: 3\n#e:\n#  f: 4\ng: 5\n"},
	{"del and c1 controls", "a: \x7f\u0080\n"},
	{"long key", strings.Repeat("k", 3000) + ": v\n"},
}

// TestRead compares the readers on the table and on the files of testdata/read.
func TestRead(t *testing.T) {
	check := func(name string, data []byte) {
		t.Run(name, func(t *testing.T) {
			for _, d := range Parse(name, data).Docs {
				if d.Err != nil {
					t.Errorf("document %d is refused: %v: %s\n%q", d.Index, d.Err.Position, d.Err, data)
				}
			}
			if diff, _, _ := compare(data); diff != "" {
				t.Errorf("%s\n%q", diff, data)
			}
		})
	}
	for _, row := range readRows {
		check(row.name, []byte(row.in))
	}
	files, err := filepath.Glob("testdata/read/*")
	if err != nil || len(files) < 30 {
		t.Fatalf("%d files in testdata/read (%v), want at least 30", len(files), err)
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		check(filepath.Base(name), data)
	}
}

// refusedRows are inputs with one document that must be refused, at a place and with words. A row of the other readers' faults
// (ours) is one that they accept.
var refusedRows = []struct {
	name, in string
	at       string // line:column
	message  string // part of it
	hint     string // part of it
	ours     bool
}{
	{"endless key", "a: {" + strings.Repeat("k", 70000) + ": v}\n", "1:5", "a key of more than 64 KiB", "quote", true},
	{"tab as indentation", "a:\n\tb: c\n", "2:1", "tab", "replace the tab", false},
	{"tab behind spaces before a mapping", "a:\n  \tb: c\n", "2:4", "tab", "replace the tab", false},
	{"tab before a nested sequence", "-\t- a\n", "1:3", "tab", "replace the tab", false},
	{"tab in a plain scalar's indentation", "a:\n  b: c\n\td\n", "3:1", "tab", "replace the tab", false},
	{"tab in a block scalar's indentation", "a: |\n  b\n\tc\n", "3:1", "tab", "replace the tab", false},
	{"bad indentation", "a:\n    b: 1\n  c: 2\n", "3:3", "bad indentation", "align", false},
	{"bad indentation of an item", "- - a\n - b\n", "2:2", "bad indentation", "align", false},
	{"key indented too far", "a: b\n  c: d\n", "2:3", "goes on with the text above", "align", false},
	{"key indented too far below a quoted value", "a: 'b'\n  c: d\n", "2:3", "bad indentation", "align", false},
	{"double quote never closed", "a: \"b\nc: d\n", "1:4", "quote opened here is never closed", `\"`, false},
	{"single quote not closed in its document", "a: 'b\n---\nc: d\n", "1:4", "before the document ends", "''", false},
	{"text behind a quoted value", "a: 'it's'\n", "1:8", "behind a quoted value", "quote the whole value", false},
	{"bracket never closed", "a: [1, 2\n", "1:4", "never closed", "", false},
	{"brace never closed, a key follows", "a: {b: 1\nc: 2\n", "2:2", "colon", "opened in line 1", false},
	{"bracket not closed in its document", "a: [1\n---\n", "1:4", "not closed before the document ends", "", false},
	{"wrong closing bracket", "a: [1}\n", "1:6", "wrong closing bracket", "needs ]", false},
	{"comma missing", "{\"a\": 1\n\"b\": 2}\n", "2:4", "a colon where", "comma may be missing", false},
	{"extra comma", "[a,, b]\n", "1:4", "value is missing", "comma", false},
	{"extra closing bracket", "a: [b]]\n", "1:7", "unexpected text", "", false},
	{"no space behind a colon", "a: 1\nb:2\n", "2:1", "without its colon", "space behind the colon", false},
	{"no space behind the first colon", "a:1\nb: 2\n", "1:1", "without a space behind its colon", "key: value", false},
	{"colon in a value", "cmd: echo: hi\n", "1:10", "mapping values are not allowed", "quote the value", false},
	{"mapping behind ---", "--- a: b\n", "1:6", "mapping values are not allowed", "", false},
	{"line without colon", "a: b\nc\n", "2:1", "without its colon", "key: value", false},
	{"key missing", "a: 1\n: b\n", "2:1", "key is missing", "", true},
	{"key missing in a flow mapping", "{: b}\n", "1:2", "key is missing", "", true},
	{"explicit key missing", "?\n: b\n", "1:1", "key is missing", "", true},
	{"item on its key's line", "a: - b\n", "1:4", "list item", "line of its own", false},
	{"item among keys", "a: 1\n- b\n", "2:1", "where a key is expected", "indent", false},
	{"key among items", "- a\nb: c\n", "2:1", "expected a list item", "", false},
	{"list as a key", "[a]: b\n", "1:1", "cannot be a key", "quote the key", true},
	{"mapping as an explicit key", "? a: b\n: c\n", "1:1", "cannot be a key", "", true},
	{"mapping as a flow key", "{{a: b}: c}\n", "1:2", "cannot be a key", "", true},
	{"alias as a key", "a: &x b\n*x : c\n", "2:1", "alias cannot be a key", "write the key out", true},
	{"undefined alias", "a: *.example.com\n", "1:4", "*.example.com has no anchor", "quote the text", false},
	{"alias of a later anchor", "a: *x\nb: &x 1\n", "1:4", "no anchor", "", false},
	{"alias of an earlier document's anchor", "---\na: *x\n", "2:4", "no anchor", "", false},
	{"alias inside its anchor", "a: &x\n  b: *x\n", "2:6", "inside the value it stands for", "", true},
	{"two anchors", "a: &x &y b\n", "1:7", "second anchor", "", false},
	{"anchor on an alias", "a: &x 1\nb: &y *x\n", "2:7", "alias cannot have", "", false},
	{"invalid anchor", "a: & b\n", "1:4", "not a valid name", "", false},
	{"unknown tag handle", "a: !x!y b\n", "1:4", "tag", "quote", false},
	{"invalid tag", "a: !x,y b\n", "1:4", "tag", "quote", false},
	{"unknown escape", `a: "C:\dir"` + "\n", "1:7", `unknown escape \d`, `\\`, false},
	{"escape cut short", `a: "\x4"` + "\n", "1:5", "2 hexadecimal digits", "", false},
	{"surrogate escape", `a: "\ud83d\ude00"` + "\n", "1:5", "not a Unicode character", "two", false},
	{"block scalar badly indented", "a: |\n    b\n  c\n", "3:3", "less than the block scalar", "indent it", false},
	{"block scalar below wider blank lines", "a: |\n     \n  b\n", "3:3", "less than the block scalar", "blank lines", false},
	{"text in a block scalar's header", "a: |b\n  c\n", "1:5", "header", "", false},
	{"comment without space", "a: \"b\"#c\n", "1:7", "space before its #", "", false},
	{"value that begins with @", "a: @b\n", "1:4", "cannot begin with @", "quote", false},
	{"value that begins with a backtick", "a: `b`\n", "1:4", "cannot begin with `", "quote", false},
	{"value that begins with %", "a: %b\n", "1:4", "cannot begin with %", "quote", false},
	{"helm value", "a: {{ .Values.b }}\n", "1:5", "", "Helm", true},
	{"helm block", "a: b\n{{- if .Values.c }}\nd: e\n{{- end }}\n", "2:1", "", "Helm", false},
	{"conflict marker", "a: b\n<<<<<<< HEAD\nc: d\n=======\n", "2:1", "", "conflict", false},
	{"version 1.2", "%YAML 1.2\n---\na: b\n", "1:1", "version", "remove", false},
	{"tag directive", "%TAG !x! tag:example.com,2000:\n---\na: b\n", "1:1", "%TAG", "remove", false},
	{"directive without separator", "%YAML 1.1\na: b\n", "2:1", "no ---", "", false},
	{"directive in the middle", "a: b\n%YAML 1.1\n---\nc: d\n", "2:1", "cannot begin with %", "", false},
	{"json lines", "{\"a\": 1}\n{\"b\": 2}\n", "2:1", "behind the end of the document", "---", false},
	{"text behind ...", "a: b\n... c\n", "2:5", "behind the end marker", "", false},
	{"nul", "a: b\x00c\n", "1:5", "NUL", "", false},
	{"control character", "a: \"\x1b[0m\"\n", "1:5", "U+001B", `\x1B`, false},
	{"invalid utf-8", "a: caf\xe9\n", "1:7", "UTF-8", "save", false},
	{"line separator", "a: \"b\u2028c\"\n", "1:6", "U+2028", "", true},
	{"byte order mark inside the file", "a: b\n\uFEFFc: d\n", "2:1", "byte order mark", "joining", true},
	{"two byte order marks", "\uFEFF\uFEFFa: b\n", "1:1", "byte order mark", "", true},
	{"utf-16 with mark", "\xff\xfea\x00:\x00 \x00b\x00", "1:1", "UTF-16", "UTF-8", true},
	{"utf-16 without mark", "a\x00:\x00 \x00b\x00", "1:1", "UTF-16", "UTF-8", false},
	{"gzip", "\x1f\x8b\x08\x00", "1:1", "gzip", "", false},
	{"separator in a root block scalar", "--- |\na\n---\nb\n", "3:1", "separator inside a block scalar", "", true},
	{"too deep, flow", strings.Repeat("[", 1001) + strings.Repeat("]", 1001), "1:1001", "1000 levels", "", true},
	{"too deep, block", strings.Repeat("- ", 1001) + "a\n", "1:2001", "1000 levels", "", true},
}

func TestRefused(t *testing.T) {
	for _, row := range refusedRows {
		t.Run(row.name, func(t *testing.T) {
			f := Parse("test.yaml", []byte(row.in))
			err := f.Docs[0].Err
			if err == nil {
				t.Fatalf("accepted: %q", row.in)
			}
			if at := fmt.Sprintf("%d:%d", err.Line, err.Column); at != row.at {
				t.Errorf("refused at %s, want %s: %s\n%s", at, row.at, err.Message, row.in)
			}
			if !strings.Contains(err.Message, row.message) || !strings.Contains(err.Hint, row.hint) {
				t.Errorf("message %q, hint %q; want %q and %q in them", err.Message, err.Hint, row.message, row.hint)
			}
			if !f.Docs[0].Root.IsZero() {
				t.Error("the refused document has a root")
			}
			diff, refused, _ := compare([]byte(row.in))
			if diff != "" {
				t.Error(diff)
			}
			if ours := refused > 0; ours != row.ours {
				t.Errorf("the other reader accepts it: %v, want %v", ours, row.ours)
			}
		})
	}
}

// TestResync: one bad document does not hide the others.
func TestResync(t *testing.T) {
	f := Parse("test.yaml", []byte("# first\na: 1\n---\nb: [\n  - x\n---x\n---\nc: \"\n--- # third\nd: 4\n---\te\n"))
	got := []string{}
	for _, d := range f.Docs {
		s := fmt.Sprintf("%d %v ", d.Index, d.Span)
		if d.Err != nil {
			s += fmt.Sprintf("refused at %d:%d", d.Err.Line, d.Err.Column)
		} else {
			s += d.Root.Raw()
		}
		got = append(got, s)
	}
	want := []string{
		"0 {0 13} a: 1",
		"1 {13 33} refused at 5:3",
		"2 {33 42} refused at 8:4",
		"3 {42 59} d: 4",
		"4 {59 65} e",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	var comments []string
	for _, c := range f.Comments {
		comments = append(comments, fmt.Sprintf("%s %v", f.Data[c.Start:c.End], c.Own))
	}
	if d := cmp.Diff([]string{"# first true", "# third false"}, comments); d != "" {
		t.Error(d)
	}
}

// TestDocuments: which documents a file has, and which of them are empty.
func TestDocuments(t *testing.T) {
	for _, row := range []struct{ in, want string }{
		{"", "-"},
		{"# c\n", "-"},
		{"a: 1\n", "a"},
		{"# c\n---\na: 1\n", "a"},
		{"---\n# c\n---\na: 1\n", "-a"},
		{"a: 1\n---\n", "a-"},
		{"a: 1\n---\n---\nb: 1\n", "a-b"},
		{"a: 1\n...\n", "a"},
		{"a: 1\n...\n# c\n", "a"},
		{"a: 1\n...\nb: 1\n", "ab"},
		{"a: 1\n...\n---\nb: 1\n", "ab"},
		{"---\n---\n", "--"},
	} {
		got := ""
		for _, d := range Parse("test.yaml", []byte(row.in)).Docs {
			if d.Root.IsZero() {
				got += "-"
			}
			for e := range d.Root.Entries() {
				got += e.Key.Text()
			}
		}
		if got != row.want {
			t.Errorf("%q: documents %s, want %s", row.in, got, row.want)
		}
	}
}

// TestSpans shows where nodes begin and end, and where their introductions do.
func TestSpans(t *testing.T) {
	in := "a: &x !!str  b c  # d\n" +
		"e:\n" +
		"- f: [1, {g: h}]\n" +
		"  i: |+ # j\n" +
		"     k\n" +
		"\n" +
		"- \n" +
		"? l\n" +
		": m\n"
	f := Parse("test.yaml", []byte(in))
	if f.Docs[0].Err != nil {
		t.Fatal(f.Docs[0].Err)
	}
	var got []string
	for i, x := range f.nodes {
		got = append(got, fmt.Sprintf("%s | %s", strings.TrimSpace(in[x.lead:x.start]), Node{f, uint32(i)}.Raw()))
	}
	want := []string{
		" | " + strings.TrimSuffix(in, "\n"),
		" | a", ": &x !!str | b c",
		" | e", ": | " + in[25:strings.Index(in, "? l")-2],
		"- | f: [1, {g: h}]\n  i: |+ # j\n     k",
		" | f", ": | [1, {g: h}]", " | 1", " | {g: h}", " | g", ": | h",
		" | i", ": | |+ # j\n     k",
		"- | ",
		"? | l", ": | m",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestDuplicates(t *testing.T) {
	many := strings.Builder{}
	for i := range 40 {
		fmt.Fprintf(&many, "k%d: 1\n", i%30)
	}
	for _, row := range []struct {
		in   string
		want []string
	}{
		{"a: 1\nb: 1\n", nil},
		{"a: 1\nb: {c: 1, 'c': 2}\na: 2\na: 3\n", []string{"2:11 c", "3:1 a", "4:1 a"}},
		{"<<: {}\n<<: {}\n", nil},
		{`"\x61": 1` + "\na: 2\n", []string{"2:1 a"}},
		{many.String(), []string{"31:1 k0", "32:1 k1", "33:1 k2", "34:1 k3", "35:1 k4", "36:1 k5", "37:1 k6", "38:1 k7", "39:1 k8", "40:1 k9"}},
	} {
		var got []string
		for _, k := range Parse("test.yaml", []byte(row.in)).Docs[0].Duplicates {
			if !k.IsDuplicate() {
				t.Errorf("%s is not flagged", k.Text())
			}
			got = append(got, fmt.Sprintf("%d:%d %s", k.Position().Line, k.Position().Column, k.Text()))
		}
		if d := cmp.Diff(row.want, got); d != "" {
			t.Errorf("%s%s", row.in, d)
		}
	}
}

// TestNoBlowUp reads inputs that are expensive for careless readers. A quadratic one would need minutes for them.
func TestNoBlowUp(t *testing.T) {
	const n = 200_000
	keys := strings.Builder{}
	for i := range n {
		fmt.Fprintf(&keys, "k%d: v\n", i)
	}
	bomb := strings.Builder{}
	bomb.WriteString("a0: &a0 [x, x]\n")
	for i := 1; i < 60; i++ {
		fmt.Fprintf(&bomb, "a%d: &a%d [*a%d, *a%d]\n", i, i, i-1, i-1)
	}
	for name, in := range map[string]string{
		"keys":                    keys.String(),
		"items":                   strings.Repeat("- a\n", n),
		"blank lines":             "a: b\n" + strings.Repeat("\n", n) + "c: d\n",
		"blank lines in a scalar": "a: b\n" + strings.Repeat(strings.Repeat("\n", 100)+" c\n", n/100),
		"comments":                strings.Repeat("# a\n", n),
		"documents":               strings.Repeat("---\na: b\n", n),
		"bad documents":           strings.Repeat("---\na: b: c\n", n),
		"bad bytes":               strings.Repeat("---\na: \x01\n", n),
		"open brackets":           strings.Repeat("[", n),
		"open braces":             strings.Repeat("{a: ", n),
		"dashes":                  strings.Repeat("- ", n),
		"question marks":          strings.Repeat("? ", n),
		"deep indentation":        strings.Repeat(" ", n) + "a: {b: c,\n" + strings.Repeat(" ", n+1) + strings.Repeat("d: e, ", n) + "}\n",
		"empty flow":              "[" + strings.Repeat("[],", n) + "]",
		"flow on one line":        "{" + strings.Repeat("é: 1, ", n) + "}",
		"aliases":                 "a: &x 1\nb:\n" + strings.Repeat("- *x\n", n),
		"alias bomb":              bomb.String(),
		"escapes":                 "a: \"" + strings.Repeat(`\x41`, n) + "\"\n",
	} {
		start := time.Now()
		f := Parse("test.yaml", []byte(in))
		for _, d := range f.Docs {
			_, _ = d.Root.AppendJSON(nil)
		}
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("%s: %d bytes took %v", name, len(in), took)
		}
		if d := checkOrder(f); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}

// checkOrder is checkSpans without its nodes.
func checkOrder(f *File) string {
	at := 0
	for _, d := range f.Docs {
		if d.Span.Start != at {
			return fmt.Sprintf("document %d begins at %d, want %d", d.Index, d.Span.Start, at)
		}
		at = d.Span.End
	}
	if at != len(f.Data) {
		return fmt.Sprintf("the documents end at %d of %d bytes", at, len(f.Data))
	}
	return ""
}
