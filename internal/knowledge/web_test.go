package knowledge_test

import (
	"maps"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/fairway-k8s/fairway/content"
	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/knowledge"
	"github.com/fairway-k8s/fairway/internal/rule"
	"github.com/fairway-k8s/fairway/internal/rule/catalogue"
)

// The web that is built in is whole: nothing dangles, nothing is named twice, every default is guarded.
func TestContentIsWhole(t *testing.T) {
	w, err := knowledge.Load(catalogue.New(), content.FS)
	if err != nil {
		t.Fatal(err)
	}
	if len(w.Incidents) == 0 || len(w.Defaults) == 0 {
		t.Errorf("%d incidents, %d defaults", len(w.Incidents), len(w.Defaults))
	}
	for id, d := range w.Defaults {
		if len(d.GuardedBy) == 0 {
			t.Errorf("default %s: no rule guards it", id)
		}
	}
}

const (
	incident = "---\nid: fire\ntitle: It burned\nsummary: it burned down\nseverity: outage\norigin: field\nlesson: Have water.\n---\n\n## What happened\nIt burned.\n"
	standard = "id: water\ntitle: There is water\nfields: ['spec.containers[].water']\nvalue: much\nreason: It puts fires out.\nincident: fire\nsince: 1.0.0\nguardedBy: [water-missing]\n"
)

func rules(t *testing.T, incident string) *rule.Catalogue {
	t.Helper()
	c, err := rule.NewCatalogue(&rule.Rule{ID: "water-missing", Title: "there is no water", Why: "w", How: "h", Severity: finding.Must, Profile: rule.Basic,
		Since: "1.0.0", Incident: incident, Object: func(*rule.Pass, *cluster.Object) {}})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func web(files map[string]string) fstest.MapFS {
	fsys := fstest.MapFS{}
	for name, text := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return fsys
}

func TestFaults(t *testing.T) {
	whole := map[string]string{"incidents/fire.md": incident, "defaults/water.yaml": standard}
	if _, err := knowledge.Load(rules(t, "fire"), web(whole)); err != nil {
		t.Fatalf("a web that is whole: %v", err)
	}
	swap := func(name, old, new string) map[string]string {
		files := maps.Clone(whole)
		if strings.Count(files[name], old) != 1 {
			t.Fatalf("%q is not once in %s", old, name)
		}
		files[name] = strings.Replace(files[name], old, new, 1)
		return files
	}
	without := func(name string) map[string]string {
		files := maps.Clone(whole)
		delete(files, name)
		return files
	}
	const in, def = "incidents/fire.md", "defaults/water.yaml"
	for _, x := range []struct {
		name  string
		files map[string]string
		want  string
	}{
		{"a default without its incident", without(in), `default water: there is no incident "fire"`},
		{"a rule without its incident", without(in), `rule water-missing: there is no incident "fire"`},
		{"a default guarded by an unknown rule", swap(def, "water-missing", "water-mising"), `default water: there is no rule "water-mising"`},
		{"a default without a reason", swap(def, "reason: It puts fires out.\n", ""), "title, value, reason and since are all needed"},
		{"a default in a file of another name", swap(def, "id: water", "id: hydrant"), "defaults/water.yaml: the file is not named after its ID hydrant"},
		{"a default with the ID of a rule", swap(def, "id: water", "id: water-missing"), "water-missing names two records"},
		{"a default with the ID of an incident", swap(def, "id: water", "id: fire"), "fire names two records"},
		{"an unknown field", swap(def, "value:", "values:"), "values not found"},
		{"an incident in a file of another name", swap(in, "id: fire", "id: smoke"), "incidents/fire.md: the file is not named after its ID smoke"},
		{"a summary that is too long", swap(in, "it burned down", strings.Repeat("ä", 111)), "the summary has more than 110 characters"},
		{"an unknown severity", swap(in, "outage", "bad"), `unknown severity "bad"`},
		{"an unknown origin", swap(in, "origin: field", "origin: hearsay"), `unknown origin "hearsay"`},
		{"an incident without a lesson", swap(in, "lesson: Have water.\n", ""), "title, summary, lesson and text are all needed"},
		{"an incident without a header", swap(in, "\n---\n", "\n"), "the header between two --- lines is missing"},
		{"an unknown field in a header", swap(in, "lesson:", "moral: x\nlesson:"), "moral not found"},
	} {
		t.Run(x.name, func(t *testing.T) {
			_, err := knowledge.Load(rules(t, "fire"), web(x.files))
			if err == nil || !strings.Contains(err.Error(), x.want) {
				t.Errorf("got %v\nwant %q in it", err, x.want)
			}
		})
	}
	// Just short enough, in characters and not in bytes.
	if _, err := knowledge.Load(rules(t, "fire"), web(swap(in, "it burned down", strings.Repeat("ä", 110)))); err != nil {
		t.Errorf("a summary of 110 characters: %v", err)
	}
}

// What an organisation says of a record is what counts, and its records stand beside those of the first layer.
func TestLayers(t *testing.T) {
	first := web(map[string]string{"incidents/fire.md": incident, "defaults/water.yaml": standard})
	own := web(map[string]string{
		"defaults/water.yaml": strings.Replace(standard, "value: much", "value: a bucket", 1),
		"defaults/sand.yaml":  strings.NewReplacer("id: water", "id: sand", "[water-missing]", "[]").Replace(standard),
	})
	w, err := knowledge.Load(rules(t, "fire"), first, own)
	if err != nil {
		t.Fatal(err)
	}
	if len(w.Defaults) != 2 || w.Defaults["water"].Value != "a bucket" || w.Defaults["sand"].Incident != "fire" {
		t.Errorf("got %+v, %+v", w.Defaults["water"], w.Defaults["sand"])
	}
	if w, _ := knowledge.Load(rules(t, "fire"), first); w.Defaults["water"].Value != "much" {
		t.Error("the first layer was changed")
	}
}

func TestNeighbours(t *testing.T) {
	w, err := knowledge.Load(rules(t, "fire"), web(map[string]string{"incidents/fire.md": incident, "defaults/water.yaml": standard}))
	if err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]string{
		"fire":          "motivated default water; motivated rule water-missing",
		"water":         "because incident fire; guarded by rule water-missing",
		"water-missing": "because incident fire; guards default water",
		"nothing":       "",
		"":              "",
	} {
		var got []string
		for _, n := range w.Neighbours(id) {
			got = append(got, n.How+" "+n.Kind+" "+n.ID)
		}
		if g := strings.Join(got, "; "); g != want {
			t.Errorf("%q: got %q, want %q", id, g, want)
		}
	}
	for field, want := range map[string]int{
		"spec.containers[0].water":               1,
		"spec.containers[name=a].water.pressure": 1,
		"spec.containers[0].waterfall":           0,
		"spec.containers":                        0,
		"":                                       0,
	} {
		if got := len(w.DefaultsFor(field)); got != want {
			t.Errorf("%q: %d defaults, want %d", field, got, want)
		}
	}
}
