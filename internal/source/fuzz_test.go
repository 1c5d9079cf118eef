package source

import (
	"os"
	"path/filepath"
	"testing"
)

// FuzzParse holds the reader to its word on any input: it never panics, its spans are in order, and what both it and
// go.yaml.in/yaml/v4 accept is the same tree and the same JSON. What only it accepts is an error.
func FuzzParse(f *testing.F) {
	for _, row := range readRows {
		f.Add([]byte(row.in))
	}
	for _, row := range refusedRows {
		f.Add([]byte(row.in))
	}
	files, err := filepath.Glob("testdata/read/*")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if diff, _, _ := compare(data); diff != "" {
			t.Errorf("%s\ninput: %q", diff, data)
		}
	})
}
