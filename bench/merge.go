package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/fairway-k8s/fairway/internal/testkit/mergejudge"
	"go.yaml.in/yaml/v4"
)

// mergePage is the page with the figures of merges.
const mergePage = "../docs/merge.md"

// expectation is what a case wants, beside the bytes of want.yaml.
type expectation struct {
	Values     map[string]*string // by path; nil means that it must be absent
	Comments   []string
	Contains   []string
	Gone       []string
	Conflicts  []string
	Count      map[string]int
	ForbidBoth []string
}

// The grades of a merge, the best first.
const (
	exact = iota
	inConflict
	reformatted
	needless
	wrong
	grades
)

var gradeNames = [grades]string{"right, byte-exact", "right, with conflict", "values right, reformatted or comment lost", "needless conflict", "silently wrong"}

// enginesAndCases returns the engines, and the folders in the one that the first argument names that hold a file.
func enginesAndCases(args []string, file string) (list []engine, dirs []string, err error) {
	if len(args) == 0 {
		return nil, nil, errors.New("it needs a folder with one folder for each case")
	}
	if list, err = engines(); err != nil {
		return nil, nil, err
	}
	files, err := filepath.Glob(filepath.Join(args[0], "*", file))
	if err != nil {
		return nil, nil, err
	}
	if len(files) == 0 {
		return nil, nil, fmt.Errorf("no folder in %s holds a %s", args[0], file)
	}
	for _, f := range files {
		dirs = append(dirs, filepath.Dir(f))
	}
	return list, dirs, nil
}

// mergeCases merges every case with every engine and writes the table.
func mergeCases(args []string) error {
	const answer = "expect.json"
	engines, dirs, err := enginesAndCases(args, answer)
	if err != nil {
		return err
	}
	counts := make([][grades]int, len(engines))
	var below []string
	for _, dir := range dirs {
		expect := filepath.Join(dir, answer)
		t, err := readTriple(dir)
		if err != nil {
			return err
		}
		want, err := os.ReadFile(filepath.Join(dir, "want.yaml"))
		if err != nil {
			return err
		}
		var e expectation
		data, err := os.ReadFile(expect)
		if err == nil {
			err = json.Unmarshal(data, &e)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", expect, err)
		}
		for i, engine := range engines {
			o, err := engine.merge(t)
			if err != nil {
				return fmt.Errorf("%s: %s: %w", dir, engine.name, err)
			}
			g, why := grade(t, want, e, o)
			counts[i][g]++
			if i == 0 && g != exact && g != inConflict || slices.Contains(args, "-v") {
				below = append(below, fmt.Sprintf("%s: %s: %s: %s", filepath.Base(dir), engine.name, gradeNames[g], why))
			}
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d cases, each with base, ours, theirs, the ideal bytes and what must hold, by people who did not write the engine; they are not part of\nthis repository. `go run . merge CASES` at %s.\n\n", len(dirs), describe())
	b.WriteString("| engine | " + strings.Join(gradeNames[:], " | ") + " |\n|---|" + strings.Repeat("---|", grades) + "\n")
	for i, engine := range engines {
		fmt.Fprintf(&b, "| %s |", engine.name)
		for _, n := range counts[i] {
			fmt.Fprintf(&b, " %d |", n)
		}
		b.WriteString("\n")
	}
	b.WriteString("\nAll engines get the same three files. A conflict where one is wanted is right when the engine also keeps what ours has, or leaves markers.\n" +
		"kyaml merges as kpt does it, object by object, with the indentation of lists kept.\n")
	fmt.Print(b.String())
	for _, line := range below {
		fmt.Println(line)
	}
	return section(mergePage, "Cases", b.String())
}

// grade says how good a merge is, and why it is no better.
func grade(t triple, want []byte, e expectation, o outcome) (int, string) {
	switch {
	case o.refused && len(e.Conflicts) == 0:
		return needless, "refused"
	case o.refused:
		return inConflict, "refused"
	case o.conflicted && len(e.Conflicts) == 0:
		return needless, fmt.Sprint(o.conflicts)
	case !o.conflicted && len(e.Conflicts) > 0:
		return wrong, "no conflict is reported"
	case o.conflicted && o.conflicts == nil: // markers in the text
		return inConflict, ""
	}
	faults, err := mergejudge.Judge(t.base, t.ours, t.theirs, o.merged, o.conflicts)
	if err != nil {
		return wrong, err.Error()
	}
	values, looks := e.check(o.merged), e.looks(o.merged)
	for _, f := range mergejudge.Strong(faults) {
		if f.Guarantee == "d" || f.Guarantee == "e" {
			looks = append(looks, f.String())
		} else {
			values = append(values, f.String())
		}
	}
	switch {
	case len(values) > 0:
		return wrong, strings.Join(values, "; ")
	case len(e.Conflicts) > 0 && len(looks) == 0:
		return inConflict, ""
	case bytes.Equal(o.merged, want):
		return exact, ""
	}
	return reformatted, strings.Join(append(looks, "bytes differ"), "; ")
}

// check says which wanted values a file does not have.
func (e expectation) check(data []byte) (wrong []string) {
	var root yaml.Node
	if err := yaml.NewDecoder(bytes.NewReader(data)).Decode(&root); err != nil {
		return []string{err.Error()}
	}
	for path, want := range e.Values {
		n := at(&root, path)
		switch {
		case want == nil && n != nil:
			wrong = append(wrong, path+" is there")
		case want != nil && (n == nil || n.Value != *want):
			wrong = append(wrong, path+" is not "+*want)
		}
	}
	for path, want := range e.Count {
		if n := at(&root, path); n == nil || len(n.Content) != want {
			wrong = append(wrong, fmt.Sprintf("%s has not %d items", path, want))
		}
	}
	both := 0
	for _, path := range e.ForbidBoth {
		if at(&root, path) != nil {
			both++
		}
	}
	if both > 1 {
		wrong = append(wrong, strings.Join(e.ForbidBoth, " and ")+" are both there")
	}
	slices.Sort(wrong)
	return wrong
}

// looks says which wanted texts and comments a file does not have.
func (e expectation) looks(data []byte) (wrong []string) {
	for _, text := range slices.Concat(e.Comments, e.Contains) {
		if !bytes.Contains(data, []byte(text)) {
			wrong = append(wrong, fmt.Sprintf("%q is not there", text))
		}
	}
	for _, text := range e.Gone {
		if bytes.Contains(data, []byte(text)) {
			wrong = append(wrong, fmt.Sprintf("%q is still there", text))
		}
	}
	return wrong
}

// at is the value at a path such as containers[name=app].image, nil when there is none. Keys with dots are quoted.
func at(n *yaml.Node, path string) *yaml.Node {
	if n.Kind == yaml.DocumentNode {
		n = n.Content[0]
	}
	for path != "" && n != nil {
		if n.Kind == yaml.AliasNode {
			n = n.Alias
		}
		var key string
		switch path[0] {
		case '.':
			path = path[1:]
			continue
		case '[':
			key, path, _ = strings.Cut(path[1:], "]")
			k, v, _ := strings.Cut(key, "=")
			n = item(n, k, v)
			continue
		case '"':
			key, path, _ = strings.Cut(path[1:], `"`)
		default:
			end := strings.IndexAny(path, ".[")
			if end < 0 {
				end = len(path)
			}
			key, path = path[:end], path[end:]
		}
		n = field(n, key)
	}
	return n
}

func field(n *yaml.Node, key string) *yaml.Node {
	for i := 0; n.Kind == yaml.MappingNode && i < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}

func item(list *yaml.Node, key, value string) *yaml.Node {
	for _, n := range list.Content {
		if f := field(n, key); f != nil && f.Value == value {
			return n
		}
	}
	return nil
}

// section replaces one section of a page, or adds it at the end. A page that is not there is begun.
func section(file, title, text string) error {
	data, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	page := string(data)
	if page == "" {
		page = "# Merges\n\nHow well merges keep what both sides wrote. The commands stand in [bench/](../bench/README.md); faults are found by\n[mergejudge](../internal/testkit/mergejudge/doc.go), which shares no code with the engine.\n"
	}
	head := "\n## " + title + "\n"
	before, rest, ok := strings.Cut(page, head)
	after := ""
	if ok {
		if i := strings.Index(rest, "\n## "); i >= 0 {
			after = rest[i:]
		}
	}
	return os.WriteFile(file, []byte(before+head+text+after), 0o644)
}
