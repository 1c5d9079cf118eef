package goldenpath

import (
	"bytes"
	"cmp"
	"flag"
	"fmt"
	"os"
	"path/filepath"
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
	shape, version, _ := strings.Cut(name, "@")
	p, err := LoadPath(content.FS, "paths/"+shape+"/"+version)
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
	return out
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
