package goldenpath

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/fairway-k8s/fairway/internal/source"
)

// kore is the example of an organisation's own catalogue: four shapes in three versions.
const kore = "../../examples/catalogue-kore"

// TestUpgradeInParts takes the changes of Kore's paths in every combination. What is taken changes nothing that belongs to another change, and when
// the rest is taken later the files are those that the newest version renders, byte for byte.
func TestUpgradeInParts(t *testing.T) {
	c, err := Open(os.DirFS(kore))
	if err != nil {
		t.Fatal(err)
	}
	for _, shape := range c.Shapes() {
		services, err := filepath.Glob(filepath.Join(kore, "tests", shape, "*.yaml"))
		if err != nil || len(services) == 0 {
			t.Fatalf("%s has no service (%v)", shape, err)
		}
		versions := c.Versions(shape)
		last := versions[len(versions)-1]
		for _, name := range services {
			newest := koreService(t, c, shape+"@"+last, name)
			for _, version := range versions[:len(versions)-1] {
				t.Run(fmt.Sprintf("%s/%s/%s", shape, strings.TrimSuffix(filepath.Base(name), ".yaml"), version), func(t *testing.T) {
					changes, err := c.Changes(shape, version, last)
					if err != nil {
						t.Fatal(err)
					}
					takeInParts(t, koreService(t, c, shape+"@"+version, name), newest, changes)
				})
			}
		}
	}
}

func koreService(t *testing.T, c *Catalogue, path, file string) *Ancestor {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	p, err := c.Path(path)
	if err != nil {
		t.Fatal(err)
	}
	s, faults := ReadService(p, source.Parse(file, data), nil)
	if len(faults) > 0 {
		t.Fatalf("%s with %s: %v", file, path, faults)
	}
	files, err := s.Render()
	if err != nil {
		t.Fatal(err)
	}
	return &Ancestor{path, files}
}

func takeInParts(t *testing.T, from, to *Ancestor, changes []*Change) {
	none := func(string) bool { return false }
	whole, err := PlanUpgrade(from, from.Files, to, changes, Selection{none, none, none})
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, x := range whole.Items {
		if x.Change == nil {
			t.Errorf("no change of the changelog covers %v", x.Changes)
		}
		ids = append(ids, x.ID())
	}
	for subset := range 1 << len(ids) {
		var taken []string
		for i, id := range ids {
			if subset>>i&1 == 1 {
				taken = append(taken, id)
			}
		}
		some, err := PlanUpgrade(from, from.Files, to, changes, Selection{func(id string) bool { return !slices.Contains(taken, id) }, none, none})
		if err != nil {
			t.Fatalf("taking %v: %v", taken, err)
		}
		files := FilesOf(some.Result)
		differences, err := Deviations(from, files, nil)
		if err != nil {
			t.Fatal(err)
		}
		arrived := map[string]bool{}
		for _, d := range differences {
			id := Parameters
			if x := changeFor(changes, d.Object.Kind, d.Field); x != nil {
				id = x.ID
			}
			arrived[id] = true
			if !slices.Contains(taken, id) {
				t.Errorf("taking %v brought %s %s, which belongs to %s", taken, d.Object, d.Field, id)
			}
		}
		for _, id := range taken {
			if !arrived[id] {
				t.Errorf("taking %v brought nothing of %s", taken, id)
			}
		}
		rest, err := PlanUpgrade(some.Ancestor, files, to, changes, Selection{none, none, none})
		if err != nil {
			t.Fatalf("taking the rest after %v: %v", taken, err)
		}
		for _, f := range to.Files {
			if got := FilesOf(rest.Result); !slices.ContainsFunc(got, func(g Rendered) bool { return equalFile(f, g) }) {
				i := slices.IndexFunc(got, func(g Rendered) bool { return g.Name == f.Name })
				t.Fatalf("after %v and then the rest, %s is\n%s\ninstead of\n%s", taken, f.Name, got[i].Data, f.Data)
			}
		}
	}
}
