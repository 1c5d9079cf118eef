package mergejudge

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"go.yaml.in/yaml/v4"
)

// strip takes all comments out of a file.
func strip(data []byte) []byte {
	var out []byte
	i := 0
	lines := scan(data)
	for raw := range bytes.Lines(data) {
		if l := lines[i]; l.comment != "" {
			raw = slices.Concat(bytes.TrimRight(raw[:l.at], " \t"), raw[len(bytes.TrimRight(raw, "\r\n")):])
		}
		out = append(out, raw...)
		i++
	}
	return out
}

// yamlComments counts the comments that the YAML library finds.
func yamlComments(data []byte) (n int) {
	var count func(*yaml.Node)
	count = func(y *yaml.Node) {
		for _, c := range []string{y.HeadComment, y.LineComment, y.FootComment} {
			if c != "" {
				n++
			}
		}
		for _, c := range y.Content {
			count(c)
		}
	}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	for {
		var y yaml.Node
		if dec.Decode(&y) != nil {
			return n
		}
		count(&y)
	}
}

func TestScan(t *testing.T) {
	const text = `%YAML 1.2
# one
--- # two
a: "no # comment" # three
b: 'it''s # none'   # four
c: it's # five
d: http://x#y # six
e: |
  # text
   still # text

  # text
 # seven
f: >- # eight
    folded # text
  # nine
g: {x: "#", y: [a#b, 'c # d'], # ten
  z: 1} # eleven
h: "goes
  on # text
  here" # twelve
i: plain
  "goes # thirteen
j:
- |
  # text
- - >1
   # text
# fourteen
- k: |2
     # text
    # text
- l: !!str # fifteen
    m
- "n": |
    # text
--- |
# text
...
# sixteen
`
	want := []string{"one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen"}
	got := texts([]byte(text))
	for i := range max(len(got), len(want)) {
		if i >= len(got) || i >= len(want) || got[i] != "# "+want[i] {
			t.Fatalf("comment %d: want %q, got %q", i, want, got)
		}
	}
}

// TestScanFindsAll strips the files of the repository of their comments: they mean what they meant, and the YAML library finds none.
func TestScanFindsAll(t *testing.T) {
	files, found := 0, 0
	for _, dir := range []string{"../../../content", "../../../examples", "../../source/testdata"} {
		err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
			if err != nil || filepath.Ext(path) != ".yaml" {
				return err
			}
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			if _, err := read(data); err != nil || !bytes.Contains(data, []byte("\n")) {
				return nil // faulty on purpose, or with line breaks that no team has
			}
			bare := strip(data)
			files++
			found += len(texts(data))
			if !Same(data, bare) {
				t.Errorf("%s means something else without its comments", path)
			}
			if n := yamlComments(bare); n > 0 {
				t.Errorf("%s: %d comments are left", path, n)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if files < 100 || found < 1000 {
		t.Errorf("%d comments in %d files: the folders are not what they were", found, files)
	}
}
