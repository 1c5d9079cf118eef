package source

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
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

// TestMutated compares the readers on files of testdata/read with a few characters of YAML put in, taken out or replaced: unlike
// random bytes these are mistakes that people make.
func TestMutated(t *testing.T) {
	names, err := filepath.Glob("testdata/read/*")
	if err != nil {
		t.Fatal(err)
	}
	var files [][]byte
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, data)
	}
	pieces := []string{" ", "  ", "\t", "\n", "\r\n", ":", ": ", "-", "- ", "#", " #", "\"", "'", "[", "]", "{", "}", ",", "&a ", "*a",
		"!!str ", "|\n", ">-\n", "? ", "---\n", "...\n", "%", "\\", "\\\n", "<<: ", "x", "é"}
	r := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		data := slices.Clone(files[r.IntN(len(files))])
		if from := r.IntN(len(data) + 1); len(data) > 300 {
			data = data[from:min(from+300, len(data))]
		}
		for range 1 + r.IntN(3) {
			at := r.IntN(len(data) + 1)
			removed, put := 0, ""
			if r.IntN(3) > 0 {
				put = pieces[r.IntN(len(pieces))]
			}
			if r.IntN(2) > 0 || put == "" {
				removed = r.IntN(4)
			}
			data = slices.Replace(data, at, min(at+removed, len(data)), []byte(put)...)
		}
		if diff, _, _ := compare(data); diff != "" {
			t.Fatalf("%s\ninput: %q", diff, data)
		}
	}
}
