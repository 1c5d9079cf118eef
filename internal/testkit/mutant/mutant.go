// Package mutant makes errors in the source on purpose, to see whether a test notices them.
package mutant

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Mutant is one error: in the file, a path from the module's root, New stands instead of Old, which is there once.
type Mutant struct{ File, Old, New, Why string }

// Test runs "go test" with the arguments in the module whose root is given, as if the error were in its source. It returns what that printed, and
// whether it passed. The source is left as it is.
func (m Mutant) Test(t *testing.T, root string, args ...string) (output string, passed bool) {
	t.Helper()
	root, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	source := filepath.Join(root, m.File)
	text, err := os.ReadFile(source)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(text), m.Old); n != 1 {
		t.Fatalf("%s: %q is there %d times", m.File, m.Old, n)
	}
	dir := t.TempDir()
	changed, overlay := filepath.Join(dir, filepath.Base(m.File)), filepath.Join(dir, "overlay.json")
	replace, err := json.Marshal(map[string]map[string]string{"Replace": {source: changed}})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(changed, []byte(strings.Replace(string(text), m.Old, m.New, 1)), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(overlay, replace, 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "go", append([]string{"test", "-vet=off", "-count=1", "-overlay=" + overlay}, args...)...)
	cmd.Dir = root
	out, err := cmd.CombinedOutput()
	return string(out), err == nil
}
