package cli

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// What was saved between reading and writing must survive --fix.
func TestReplaceKeepsLaterChanges(t *testing.T) {
	for _, c := range []struct{ name, now, want string }{
		{"untouched", "a: 1\n", "a: 2\n"},
		{"saved since", "a: 1\nb: mine\n", "a: 1\nb: mine\n"},
		{"emptied since", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "a.yaml")
			if err := os.WriteFile(file, []byte(c.now), 0o644); err != nil {
				t.Fatal(err)
			}
			err := replace(file, []byte("a: 1\n"), []byte("a: 2\n"))
			if changed := c.now != "a: 1\n"; errors.Is(err, errChanged) != changed || !changed && err != nil {
				t.Errorf("replace of %q: %v", c.now, err)
			}
			if got, _ := os.ReadFile(file); string(got) != c.want {
				t.Errorf("the file holds %q, want %q", got, c.want)
			}
		})
	}
}
