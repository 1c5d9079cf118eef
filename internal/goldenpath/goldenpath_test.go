package goldenpath

import (
	"bytes"
	"cmp"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v4"
	"golang.org/x/tools/txtar"

	"github.com/fairway-k8s/fairway/content"
	"github.com/fairway-k8s/fairway/internal/source"
)

var update = flag.Bool("update", false, "rewrite what the service files in testdata render to")

func loadPath(t testing.TB, name string) *Path {
	t.Helper()
	c, err := Open(content.FS)
	if err != nil {
		t.Fatal(err)
	}
	p, err := c.Path(name)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Every testdata/*.txtar holds a service file and what it renders to, or the faults it has.
func TestServices(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no testdata", err)
	}
	for _, name := range files {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			var file, org *source.File
			want := map[string]string{}
			for _, f := range archive.Files {
				switch f.Name {
				case "fairway.yaml":
					file = source.Parse(f.Name, f.Data)
				case "fairway.org.yaml":
					org = source.Parse(f.Name, f.Data)
				default:
					want[f.Name] = string(f.Data)
				}
			}
			got := render(t, file, org)
			if *update {
				kept := archive.Files[:0]
				for _, f := range archive.Files {
					if strings.HasPrefix(f.Name, "fairway.") {
						kept = append(kept, f)
					}
				}
				archive.Files = kept
				for _, f := range got {
					archive.Files = append(archive.Files, txtar.File{Name: f.Name, Data: f.Data})
				}
				if err := os.WriteFile(name, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			texts := map[string]string{}
			for _, f := range got {
				texts[f.Name] = string(f.Data)
			}
			if diff := gocmp.Diff(want, texts); diff != "" {
				t.Errorf("rendered (-want +got):\n%s", diff)
			}
			if again := render(t, file, org); !equal(got, again) {
				t.Error("a second rendering differs")
			}
		})
	}
}

func equal(a, b []Rendered) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].Name != b[i].Name || !bytes.Equal(a[i].Data, b[i].Data) {
			return false
		}
	}
	return true
}

// render returns the files of a service, or one called faults. What it renders is read by a second reader.
func render(t *testing.T, file, org *source.File) []Rendered {
	t.Helper()
	p := loadPath(t, cmp.Or(file.Docs[0].Root.Get("path").Text(), "stateless-service@1.0.0"))
	s, faults := ReadService(p, file, org)
	if s == nil {
		var b strings.Builder
		for _, f := range faults {
			fmt.Fprintf(&b, "%s:%d:%d: %s\n    %s\n", f.File, f.Line, f.Column, f.Message, f.Next)
		}
		return []Rendered{{"faults", []byte(b.String())}}
	}
	out, err := s.Render()
	if err != nil {
		t.Fatal(err)
	}
	seeds, err := s.Seed()
	if err != nil {
		t.Fatal(err)
	}
	out = append(out, seeds...)
	for _, f := range out {
		checkYAML(t, f)
	}
	return out
}

// checkYAML reads a file by two readers.
func checkYAML(t *testing.T, f Rendered) {
	t.Helper()
	var v any
	if err := yaml.Unmarshal(f.Data, &v); err != nil {
		t.Errorf("%s: %v\n%s", f.Name, err, f.Data)
	}
	for _, d := range source.Parse(f.Name, f.Data).Docs {
		if d.Err != nil || len(d.Duplicates) > 0 {
			t.Errorf("%s: %v %v", f.Name, d.Err, d.Duplicates)
		}
	}
}

func BenchmarkRender(b *testing.B) {
	p := loadPath(b, "stateless-service@1.0.0")
	archive, err := txtar.ParseFile("testdata/service.txtar")
	if err != nil {
		b.Fatal(err)
	}
	file := source.Parse("fairway.yaml", archive.Files[0].Data)
	b.ReportAllocs()
	for b.Loop() {
		s, faults := ReadService(p, file, nil)
		if s == nil {
			b.Fatal(faults)
		}
		if _, err := s.Render(); err != nil {
			b.Fatal(err)
		}
	}
}

// Every number of a rendering has a comment on its line that ends in the ID of a default, and every ID in a comment is one.
func TestNumbersAreExplained(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	numbers := 0
	for _, name := range files {
		archive, err := txtar.ParseFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range archive.Files {
			numbers += checkNumbers(t, name, Rendered{x.Name, x.Data})
		}
	}
	if numbers < 100 {
		t.Errorf("%d numbers were looked at", numbers)
	}
}

// checkNumbers returns how many numbers a file of a rendering has, all of which must be explained.
func checkNumbers(t *testing.T, name string, x Rendered) (numbers int) {
	t.Helper()
	if !strings.HasPrefix(x.Name, "deploy/") || !strings.HasSuffix(x.Name, ".yaml") || strings.Contains(x.Name, "/config/") {
		return 0
	}
	f := source.Parse(x.Name, x.Data)
	comments := map[int]string{}
	for _, c := range f.Comments {
		text := string(x.Data[c.Start:c.End])
		comments[f.Position(c.Start).Line] = text
		if m := defaultID.FindStringSubmatch(text); m != nil {
			if _, err := fs.Stat(content.FS, "defaults/"+m[1]+".yaml"); err != nil {
				t.Errorf("%s: %s: there is no default %s", name, x.Name, m[1])
			}
		}
	}
	var walk func(n source.Node)
	walk = func(n source.Node) {
		for e := range n.Entries() {
			walk(e.Value)
		}
		for _, item := range n.Items() {
			walk(item)
		}
		if _, ok := n.Float(); n.Kind() == source.Scalar && ok {
			numbers++
			if line := n.Position().Line; !defaultID.MatchString(comments[line]) {
				t.Errorf("%s: %s:%d: nothing explains %s", name, x.Name, line, strings.TrimSpace(f.Line(line)))
			}
		}
	}
	for _, d := range f.Docs {
		walk(d.Root)
	}
	return numbers
}

var defaultID = regexp.MustCompile(`\(([a-z]+(?:-[a-z]+)+)\)\.?$`)
