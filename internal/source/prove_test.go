package source

import (
	"errors"
	"strings"
	"testing"
)

// TestProve gives the proof results that Apply should never have, and sees it refuse them.
func TestProve(t *testing.T) {
	for _, c := range []struct {
		title, in, words, out string
		want                  string // part of the message; empty when the result is right
	}{
		{"right", "a: 1\n", "set b 2", "a: 1\nb: 2\n", ""},
		{"right, another way", "a: 1\n", "set b 2", "a: 1\n\"b\":    2\n", ""},
		{"nothing done", "a: 1\n", "set b 2", "a: 1\n", "the key b is missing"},
		{"too much done", "a: 1\n", "set b 2", "a: 1\nb: 2\nc: 3\n", "the key c is new"},
		{"wrong value", "a: 1\n", "set b.c 2", "a: 1\nb: {c: 3}\n", "2 wanted, 3 found"},
		{"number for string", "a: 1\n", "set b '2'", "a: 1\nb: 2\n", `the string "2" wanted, 2 found`},
		{"old boolean for string", "a: 1\n", "set b 'yes'", "a: 1\nb: yes\n", `the string "yes" wanted, yes found`},
		{"old octal for string", "a: 1\n", "set b '0777'", "a: 1\nb: 0777\n", `the string "0777" wanted`},
		{"base 60 for string", "a: 1\n", "set b '1:30'", "a: 1\nb: 1:30\n", `the string "1:30" wanted`},
		{"string for number", "a: 1\n", "set b 2", "a: 1\nb: '2'\n", `2 wanted, the string "2" found`},
		{"string for null", "a: 1\n", "set b null", "a: 1\nb: 'null'\n", `null wanted, the string "null" found`},
		{"comment lost", "a: 1 # one\n", "set a 2", "a: 2\n", "the comment # one got lost"},
		{"one of two equal comments lost", "a: 1 # one\nb: 1 # one\n", "set a 2", "a: 2\nb: 1 # one\n", "the comment # one got lost"},
		{"comment became text", "a: |\n  x\nb: 1\n# c\n", "remove b", "a: |\n  x\n  # c\n", "the comment # c got lost"},
		{"neighbour changed", "a: 1\nb: 2\n", "set a 2", "a: 2\nb: 1\n", "2 wanted, 1 found"},
		{"order changed", "a: 1\nb: 2\n", "set c 2", "b: 2\na: 1\nc: 2\n", "changed its place"},
		{"item lost", "a: [1, 2]\n", "set b 1", "a: [1]\nb: 1\n", "2 items wanted, 1 found"},
		{"trailing line break lost", "a: |\n  x\nb: 1\n", "remove b", "a: |-\n  x\n", `the string "x\n" wanted, the string "x" found`},
		{"other user of an anchor", "a: &x {k: 1}\nb: *x\n", "set a.k 2", "a: &x {k: 2}\nb: *x\n", "1 wanted, 2 found"},
		{"alias replaced by its value", "a: &x {k: 1}\nb: *x\n", "set b.k 2", "a: &x {k: 1}\nb: {k: 2}\n", ""},
		{"merged key replaced", "a: &x {k: 1}\nb:\n  <<: *x\n", "set b.k 2", "a: &x {k: 1}\nb:\n  <<: *x\n  k: 2\n", ""},
		{"merge key lost", "a: &x {k: 1}\nb:\n  <<: *x\n", "set b.l 2", "a: &x {k: 1}\nb:\n  l: 2\n", "the key k is missing"},
		{"tag lost", "a: !Ref x\nb: 1\n", "set b 2", "a: x\nb: 2\n", "wanted"},
		{"another document changed", "a: 1\n---\nb: 1\n", "set a 2", "a: 2\n---\nb: 2\n", "1 wanted, 2 found"},
		{"a document split", "a: 1\nb: 1\n", "set a 2", "a: 2\n---\nb: 1\n", "1 documents wanted, 2 found"},
		{"unreadable", "a: 1\n", "set a 2", "a: 2\n\tb\n", "the new text cannot be read"},
		{"append", "a: 1\n", "append {b: 2}", "a: 1\n---\nb: 2\n", ""},
		{"append forgotten", "a: 1\n", "append {b: 2}", "a: 1\n", "2 documents wanted, 1 found"},
		{"append of something else", "a: 1\n", "append {b: 2}", "a: 1\n---\nb: 3\n", "2 wanted, 3 found"},
		{"rename", "a: 1\n", "rename a b", "a: 1\n", "the key b is missing"},
		{"insert in the wrong place", "- 1\n- 2\n", "insert [1] 3", "- 3\n- 1\n- 2\n", "1 wanted, 3 found"},
		{"duplicate dropped, but the wrong one", "a: 1\na: 2\n", "dedupe a", "a: 1\n", "2 wanted, 1 found"},
		{"duplicate dropped", "a: 1\na: 2\n", "dedupe a", "a: 2\n", ""},
	} {
		t.Run(c.title, func(t *testing.T) {
			f, next := Parse("test.yaml", []byte(c.in)), Parse("test.yaml", []byte(c.out))
			_, changes := parseChanges(t, c.words)
			edits := []Edit{{Span{0, len(c.in)}, c.out}}
			err := proveOne(f, next, edits, changes)
			var proof *ProofError
			switch {
			case c.want == "" && err != nil:
				t.Errorf("refused: %v", err)
			case c.want != "" && (!errors.As(err, &proof) || !strings.Contains(err.Error(), c.want)):
				t.Errorf("got %v, want an error with %q", err, c.want)
			}
			if proveOne(f, next, nil, changes) == nil && c.in != c.out {
				t.Error("edits that do not lead to the new text are accepted")
			}
		})
	}
}

// A bomb of aliases is measured, not expanded, and a document that only the other reader refuses is told as such.
func TestProveLimits(t *testing.T) {
	var b strings.Builder
	b.WriteString("x: 1\na0: &a0 [x]\n")
	for i := 1; i < 40; i++ {
		n, m := itoa(int64(i)), itoa(int64(i-1))
		b.WriteString("a" + n + ": &a" + n + " [*a" + m + ", *a" + m + ", *a" + m + "]\n")
	}
	f := Parse("test.yaml", []byte(b.String()))
	next, _, err := f.Apply(firstRoot(f), Change{Path: MustPath("x"), Value: Int(2)})
	if err != nil || !strings.HasPrefix(string(next.Data), "x: 2\n") {
		t.Errorf("%v", err)
	}
	if v := firstRoot(f).Value(); v.kind != Invalid {
		t.Error("an alias bomb became a value")
	}
	_, _, err = f.Apply(firstRoot(f), Change{Path: MustPath("y"), Value: firstRoot(f).Value()})
	var ce *ChangeError
	if !errors.As(err, &ce) || ce.Reason != Unwritable {
		t.Errorf("got %v, want a refusal of the zero value", err)
	}
}

// proveOne proves changes of the first document, and documents that are appended.
func proveOne(f, next *File, edits []Edit, changes []Change) error {
	var added []appended
	for i, c := range changes {
		if c.Op == Append {
			added = append(added, appended{c, i})
		}
	}
	return prove(f, next, edits, map[int][]rooted{f.documentOf(firstRoot(f)): {{changes: changes}}}, added)
}
