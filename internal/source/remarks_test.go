package source

import (
	"slices"
	"testing"
)

func TestRemarks(t *testing.T) {
	root := Parse("", []byte("# far\n\n# one\n# two\na: 1  # behind\nb:\n  # in\n  c: 2\nd: 3\n# below\n")).Docs[0].Root
	for path, want := range map[string][]string{"a": {"# one", "# two", "# behind"}, "b": nil, "b.c": {"# in"}, "d": nil} {
		e, ok := root.Find(MustPath(path))
		if !ok {
			t.Fatal(path)
		}
		if got := e.Key.Remarks(); !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", path, got, want)
		}
	}
}
