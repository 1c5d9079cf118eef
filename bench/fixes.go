package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"
)

// fixes mends a copy of a folder and judges the result from outside: no file may gain a finding that says what the API server would
// reject, every byte that no fix names must stay, and a second run must find nothing to mend. Files that were changed elsewhere are
// listed, to be read: a fix may stand elsewhere when another fix came first, and a later pass may mend what an earlier one revealed.
func fixes(args []string) error {
	if len(args) != 1 {
		return errors.New("fixes needs one folder")
	}
	_, fairway, err := buildFairway()
	if err != nil {
		return err
	}
	names, err := yamlNames(args[0])
	if err != nil {
		return err
	}
	work, err := copyOf(args[0], names)
	defer os.RemoveAll(work)
	if err != nil {
		return err
	}
	run := func(flags ...string) ([]byte, error) {
		cmd := exec.Command(fairway, append(append([]string{"lint", "--fail-on=never"}, flags...), ".")...)
		cmd.Dir = work
		out, err := cmd.Output()
		if _, ok := errors.AsType[*exec.ExitError](err); ok {
			err = nil // some input could not be read, which the report says
		}
		return out, err
	}
	check := func() (r lintReport, err error) {
		out, err := run("-o=json")
		if err != nil {
			return r, err
		}
		return r, json.Unmarshal(out, &r)
	}
	found, err := check()
	if err != nil {
		return err
	}
	if _, err := run("--fix", "-q"); err != nil {
		return err
	}
	left, err := check()
	if err != nil {
		return err
	}
	second, err := run("--diff")
	if err != nil {
		return err
	}

	changed, outside := 0, 0
	edits := editsByFile(found)
	for _, name := range names {
		before, err := os.ReadFile(filepath.Join(args[0], name))
		if err != nil {
			return err
		}
		after, err := os.ReadFile(filepath.Join(work, name))
		if err != nil {
			return err
		}
		if bytes.Equal(before, after) {
			continue
		}
		changed++
		if !keeps(string(before), string(after), edits[filepath.ToSlash(name)]) {
			outside++
			fmt.Println("changed outside of the edits that the first report names:", name)
		}
	}
	rejections := newRejections(found, left)
	for _, r := range rejections {
		fmt.Println("newly rejected:", r)
	}
	fmt.Printf("| | |\n|---|---|\n| files, objects | %d, %d |\n", found.Summary.Files, found.Summary.Objects)
	fmt.Printf("| findings, of them with a fix | %d, %d |\n", len(found.Findings), fixable(found))
	fmt.Printf("| after --fix | %d, %d |\n", len(left.Findings), fixable(left))
	fmt.Printf("| files changed | %d |\n| of them changed outside of the edits that the first report names | %d |\n", changed, outside)
	fmt.Printf("| findings of API rejections before, after, new | %d, %d, %d |\n", rejected(found), rejected(left), len(rejections))
	fmt.Printf("| bytes of diff a second run would make | %d |\n", len(second))
	return nil
}

func editsByFile(r lintReport) map[string][]lintEdit {
	out := map[string][]lintEdit{}
	for _, f := range r.Findings {
		if f.Fix != nil {
			out[f.File] = append(out[f.File], f.Fix.Edits...)
		}
	}
	return out
}

// keeps reports whether after is before with other text at the places of edits: what stands between them is there, in order.
func keeps(before, after string, edits []lintEdit) bool {
	type span struct{ start, end int }
	var spans []span
	for _, e := range edits {
		spans = append(spans, span{offset(before, e.Line, e.Column), offset(before, e.EndLine, e.EndColumn)})
	}
	slices.SortFunc(spans, func(a, b span) int { return a.start - b.start })
	at := 0
	first := true
	for _, s := range spans {
		if s.start < at {
			at = max(at, s.end)
			continue
		}
		i := strings.Index(after, before[at:s.start])
		if i < 0 || first && i > 0 {
			return false
		}
		after = after[i+s.start-at:]
		at, first = s.end, false
	}
	return strings.HasSuffix(after, before[at:])
}

// offset is the byte offset of a place; columns count code points.
func offset(text string, line, column int) int {
	at := 0
	for range line - 1 {
		i := strings.IndexByte(text[at:], '\n')
		if i < 0 {
			return len(text)
		}
		at += i + 1
	}
	for range column - 1 {
		_, n := utf8.DecodeRuneInString(text[at:])
		at += n
	}
	return at
}

func fixable(r lintReport) (n int) {
	for _, f := range r.Findings {
		if f.Fix != nil {
			n++
		}
	}
	return n
}

// rejection says whether a finding is one of what the API server would reject.
func rejection(f lintFinding) bool { return strings.HasPrefix(f.Rule, "api-") }

func rejected(r lintReport) (n int) {
	for _, f := range r.Findings {
		if rejection(f) {
			n++
		}
	}
	return n
}

// newRejections are the rejections of after that before did not have, wherever in their file they stood.
func newRejections(before, after lintReport) []string {
	text := func(f lintFinding) string {
		return fmt.Sprint(f.File, ": ", f.Rule, " ", f.Object, " ", f.Field, ": ", f.Message)
	}
	known := map[string]int{}
	for _, f := range before.Findings {
		known[text(f)]++
	}
	var out []string
	for _, f := range after.Findings {
		if s := text(f); rejection(f) {
			if known[s]--; known[s] < 0 {
				out = append(out, s)
			}
		}
	}
	return out
}
