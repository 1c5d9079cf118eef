package main

import (
	"strconv"
	"testing"
)

// What share takes out, references put back: the schemas mean the same.
func TestShareKeepsSchemas(t *testing.T) {
	for _, p := range projects {
		_, d, err := read(p)
		if err != nil {
			t.Fatal(err)
		}
		want, err := compact(d.Schemas)
		if err != nil {
			t.Fatal(err)
		}
		d.share()
		for _, s := range d.Schemas {
			d.expand(t, s.(map[string]any))
		}
		got, err := compact(d.Schemas)
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != string(want) {
			t.Errorf("%s: schemas differ after sharing and expanding", p.name)
		}
		if len(d.Defs) == 0 && len(want) > 50_000 {
			t.Errorf("%s: nothing was shared", p.name)
		}
	}
}

func (d *data) expand(t *testing.T, s map[string]any) {
	eachChild(s, func(child map[string]any, put func(any), _ bool) {
		ref, ok := child["$ref"].(string)
		if !ok {
			d.expand(t, child)
			return
		}
		n, err := strconv.Atoi(ref)
		if err != nil || n >= len(d.Defs) {
			t.Fatalf("reference %q, with %d definitions", ref, len(d.Defs))
		}
		def := d.Defs[n].(map[string]any)
		d.expand(t, def)
		put(def)
	})
}

func TestUnite(t *testing.T) {
	u := unite([]fields{
		{Versions: []string{"1.1"}, Kinds: map[string]string{"v1/A": "a", "v1/Old": "old"}, Types: map[string]map[string]string{"a": {"x": "string", "gone": "string", "changed": "string"}, "old": {}}},
		{Versions: []string{"1.2"}, Kinds: map[string]string{"v1/A": "a"}, Types: map[string]map[string]string{"a": {"x": "string", "passing": "string", "changed": "integer"}}},
		{Versions: []string{"1.3"}, Kinds: map[string]string{"v1/A": "a", "v1/B": "b"}, Types: map[string]map[string]string{"a": {"x": "string", "new": "string", "changed": "integer"}, "b": {"y": "a"}}},
	})
	for _, c := range []struct {
		table     map[string]string
		key, want string
	}{
		{u.Kinds, "v1/A", "a"},
		{u.Kinds, "v1/Old", "old@1.1-1.1"},
		{u.Kinds, "v1/B", "b@1.3"},
		{u.Types["a"], "x", "string"},
		{u.Types["a"], "gone", "string@1.1-1.1"},
		{u.Types["a"], "passing", "string@1.2-1.2"},
		{u.Types["a"], "new", "string@1.3"},
		{u.Types["a"], "changed", "integer"},
		{u.Types["b"], "y", "a@1.3"},
	} {
		if got := c.table[c.key]; got != c.want {
			t.Errorf("%s is %q, want %q", c.key, got, c.want)
		}
	}
}
