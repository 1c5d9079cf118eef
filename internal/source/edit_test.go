package source

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

// Cases of edits are in testdata/edit. Each is two sections: the changes as the section's name with the input, and "want" with
// the output, "same" when there is no edit, or "error Type" when it is refused. Changes are separated by " ; ":
//
//	set PATH [comment="..."] [after=key,key] VALUE
//	remove PATH, insert PATH VALUE, rename PATH NAME, dedupe PATH, append VALUE
//
// Before them "at PATH" tells the node they start from. VALUE is YAML on one line.
type editCase struct {
	file, title string
	in          string
	want        string // output, or "same" or "error ..."
}

func editCases(t testing.TB) []editCase {
	t.Helper()
	names, err := filepath.Glob("testdata/edit/*.txtar")
	if err != nil || len(names) == 0 {
		t.Fatal("no cases found", err)
	}
	var cases []editCase
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files := txtar.Parse(data).Files
		if len(files)%2 != 0 {
			t.Fatalf("%s: a case is two sections", name)
		}
		for i := 0; i < len(files); i += 2 {
			c := editCase{filepath.Base(name), files[i].Name, string(files[i].Data), string(files[i+1].Data)}
			if w := files[i+1].Name; w != "want" {
				c.want = w
			}
			cases = append(cases, c)
		}
	}
	return cases
}

// parseChanges reads the words of a case.
func parseChanges(t testing.TB, s string) (at Path, changes []Change) {
	t.Helper()
	for _, part := range strings.Split(s, " ; ") {
		op, rest, _ := strings.Cut(part, " ")
		path, rest, _ := strings.Cut(rest, " ")
		var c Change
		if op != "append" {
			p, err := ParsePath(path)
			if err != nil {
				t.Fatal(err)
			}
			c.Path = p
		} else if rest = path + " " + rest; true {
			c.Op = Append
		}
		if r, ok := strings.CutPrefix(rest, "comment="); ok {
			q, err := strconv.QuotedPrefix(r)
			if err != nil {
				t.Fatal(s, err)
			}
			c.Comment, _ = strconv.Unquote(q)
			rest = strings.TrimPrefix(r[len(q):], " ")
		}
		if r, ok := strings.CutPrefix(rest, "after="); ok {
			names, v, _ := strings.Cut(r, " ")
			c.After, rest = strings.Split(names, ","), v
		}
		if op == "rename" {
			c.Value = String(rest)
		} else if rest != "" {
			v, err := ParseValue(rest)
			if err != nil {
				t.Fatalf("%s: %v", s, err)
			}
			c.Value = v
		}
		switch op {
		case "at":
			at = c.Path
			continue
		case "set":
		case "append":
		case "remove":
			c.Op = Remove
		case "insert":
			c.Op = Insert
		case "rename":
			c.Op = Rename
		case "dedupe":
			c.Op = Dedupe
		default:
			t.Fatalf("no such operation: %s", op)
		}
		changes = append(changes, c)
	}
	return at, changes
}

// firstRoot returns the top of the first document that holds something.
func firstRoot(f *File) Node {
	for _, d := range f.Docs {
		if !d.Root.IsZero() {
			return d.Root
		}
	}
	return Node{}
}

// apply makes the changes of a case and checks what must hold of every answer.
func apply(t testing.TB, in, words string) (out string, err error) {
	t.Helper()
	f := Parse("test.yaml", []byte(in))
	at, changes := parseChanges(t, words)
	root := firstRoot(f)
	if len(at) > 0 {
		e, ok := root.Find(at)
		if !ok {
			t.Fatalf("%s does not lead anywhere", at)
		}
		root = e.Value
	}
	next, edits, err := f.Apply(root, changes...)
	if err != nil {
		if next != nil || edits != nil {
			t.Error("an error comes with results")
		}
		return "", err
	}
	checkEdits(t, f, next, edits)
	return string(next.Data), nil
}

func checkEdits(t testing.TB, f, next *File, edits []Edit) {
	t.Helper()
	if got := string(ApplyEdits(f.Data, edits)); got != string(next.Data) {
		t.Errorf("the edits lead to\n%s\nand not to\n%s", got, next.Data)
	}
	end := 0
	for i, e := range edits {
		if e.Start < end || i > 0 && e.Start == end || e.End < e.Start || e.Start == e.End && e.New == "" {
			t.Errorf("edit %d of %v overlaps, touches or is empty", i, edits)
		}
		if e.New != "" && e.End > e.Start && (f.Data[e.Start] == e.New[0] && e.New[0] < 0x80 && e.New[0] != '\r' || f.Data[e.End-1] == e.New[len(e.New)-1] && e.New[len(e.New)-1] < 0x80 && e.New[len(e.New)-1] != '\n') {
			t.Errorf("edit %d of %v is not minimal", i, edits)
		}
		end = e.End
	}
}

func errorName(err error) string {
	var ce *ChangeError
	if errors.As(err, &ce) {
		return "error " + [...]string{"NotFound", "WrongKind", "DuplicateKey", "KeyExists", "Unwritable", "Unreadable"}[ce.Reason]
	}
	return "error " + strings.TrimPrefix(fmt.Sprintf("%T", err), "*source.")
}

func TestApply(t *testing.T) {
	for _, c := range editCases(t) {
		t.Run(c.file+"/"+c.title, func(t *testing.T) {
			for _, eol := range []string{"\n", "\r\n"} {
				in, want := strings.ReplaceAll(c.in, "\n", eol), strings.ReplaceAll(c.want, "\n", eol)
				got, err := apply(t, in, c.title)
				switch {
				case err != nil:
					got = errorName(err)
				case c.want == "same" && got == in:
					continue
				}
				if got != want {
					t.Fatalf("%s\non\n%s\n%v\n(-want +got)\n%s", c.title, in, err, cmp.Diff(want, got))
				}
				if strings.HasPrefix(c.want, "error") {
					continue
				}
				// What was asked for is there now.
				if again, err := apply(t, got, c.title); repeatable(c.title) && (err != nil || again != got) {
					t.Errorf("%s a second time: %v\n%s", c.title, err, cmp.Diff(got, again))
				}
			}
		})
	}
}

// repeatable reports whether changes ask for a state, not for one more or one less.
func repeatable(words string) bool {
	for _, w := range []string{"insert ", "append ", "remove "} {
		if strings.Contains(words, w) && (w != "remove " || strings.Contains(words, "]")) {
			return false
		}
	}
	return true
}
