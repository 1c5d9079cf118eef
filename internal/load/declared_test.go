package load

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// A service file in a folder is read for what it declares, although nothing in it looks like an object.
func TestServiceFileInFolder(t *testing.T) {
	for _, name := range []string{"fairway.yaml", "checkout.fairway.yaml"} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, name), []byte("path: stateless-service@1.0.0\nname: checkout\nboot: 45s\n"), 0o666); err != nil {
			t.Fatal(err)
		}
		in, err := Load(t.Context(), []string{dir}, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if len(in.Declared) != 1 || in.Declared[0].Boot != 45*time.Second || len(in.Failures) != 0 {
			t.Errorf("%s: declared %+v, failures %v", name, in.Declared, in.Failures)
		}
	}
}
