package merge_test

import (
	"strings"
	"testing"

	"github.com/fairway-k8s/fairway/internal/merge"
)

// A byte order mark takes no column, stays first, and nothing is put before it.
func TestByteOrderMark(t *testing.T) {
	const mark = "\ufeff"
	for _, x := range []struct{ base, ours, theirs, want string }{
		{"a: 1\n", mark + "a: 1\n", "a: 1\nz: 9\n", mark + "a: 1\nz: 9\n"},
		{"a: 1\n", mark + "a: 1\n", "z: 9\na: 1\n", mark + "z: 9\na: 1\n"},
		{"a: 1\nb: 2\n", mark + "a: 1\nb: 3\n", "b: 2\n", mark + "b: 3\n"},
		{"a: 1\nb: 2\n", mark + "# note\na: 1\nb: 3\n", "b: 2\n", mark + "# note\nb: 3\n"},
		{"a: 1\n", mark + "a: 1\nb: 2\n", "# why\na: 1\n", mark + "# why\na: 1\nb: 2\n"},
		{"- 1\n", mark + "- 1\n- 2\n", "- 1\n- 3\n", mark + "- 1\n- 2\n- 3\n"},
		{"a: 1\n", "a: 1\nb: 2\n", mark + "a: 1\nz: 9\n", "a: 1\nz: 9\nb: 2\n"},
	} {
		got, r := mergeText(t, x.base, x.ours, x.theirs)
		if got != x.want || len(r.Conflicts) > 0 {
			t.Errorf("base %q, ours %q, theirs %q:\ngot  %q %v\nwant %q", x.base, x.ours, x.theirs, got, r.Conflicts, x.want)
		}
	}
}

// What is no text has no lines to put together.
func TestBinary(t *testing.T) {
	for _, ours := range []string{"\xff\xfea\x00:\x00 \x001\x00\n\x00", "a: \x00\n", "a: \xff\n"} {
		got, r := mergeText(t, "a: 1\n", ours, "a: 1\n"+strings.Repeat("z: 9\n", 3))
		if got != ours || len(r.Conflicts) != 1 || r.Conflicts[0].Reason != merge.Unreadable {
			t.Errorf("ours %q: got %q, %v", ours, got, r.Conflicts)
		}
	}
}
