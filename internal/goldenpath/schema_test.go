package goldenpath

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"golang.org/x/tools/txtar"

	"github.com/fairway-k8s/fairway/content"
	"github.com/fairway-k8s/fairway/internal/source"
)

// The published schemas are those of the paths, and say of every service file in testdata what ReadService says of it.
func TestSchemas(t *testing.T) {
	c, err := Open(content.FS)
	if err != nil {
		t.Fatal(err)
	}
	compiled := map[string]*jsonschema.Schema{}
	for _, shape := range c.Shapes() {
		for _, version := range c.Versions(shape) {
			p, err := c.Path(shape + "@" + version)
			if err != nil {
				t.Fatal(err)
			}
			text, err := json.MarshalIndent(p.Schema(), "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			text = append(text, '\n')
			name := filepath.Join("../../docs/schema", "fairway-"+shape+"-"+version+".json")
			if *update {
				if err := os.WriteFile(name, text, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if old, _ := os.ReadFile(name); !bytes.Equal(old, text) {
				t.Errorf("%s is stale; write it anew with: make docs", name)
			}
			doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
			if err != nil {
				t.Fatal(err)
			}
			compiler := jsonschema.NewCompiler()
			if err := compiler.AddResource(name, doc); err != nil {
				t.Fatal(err)
			}
			if compiled[p.Name()], err = compiler.Compile(name); err != nil {
				t.Fatal(err)
			}
		}
	}
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		archive, err := txtar.ParseFile(name)
		if err != nil {
			t.Fatal(err)
		}
		base := filepath.Base(name)
		for _, x := range archive.Files {
			if x.Name != "fairway.yaml" || base == "faults-yaml.txtar" || strings.HasPrefix(base, "faults-between") { // no YAML, or only wrong together
				continue
			}
			root := source.Parse(x.Name, x.Data).Docs[0].Root
			text, err := root.AppendJSON(nil)
			if err != nil {
				t.Fatal(err)
			}
			value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
			if err != nil {
				t.Fatal(err)
			}
			err = compiled[root.Get("path").Text()].Validate(value)
			if wrong := strings.HasPrefix(base, "faults"); (err != nil) != wrong {
				t.Errorf("%s: the schema says %v, wrong is %t", name, err, wrong)
			}
		}
	}
}
