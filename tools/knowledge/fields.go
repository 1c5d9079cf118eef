package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// fields is the content of openapi/fields.json.gz: the fields of all objects of all releases, once. An entry that some releases
// lack ends in @since or @since-until, both inclusive: "string@1.35", "integer@1.33-1.34".
type fields struct {
	Versions []string `json:"versions"` // oldest first
	// Kinds gives the type of a kind, keyed by group, version and kind: apps/v1/Deployment, v1/Pod.
	Kinds map[string]string `json:"kinds"`
	// Types gives the fields of a type. A field is string, integer, number, boolean, any (what is below is not known), or the name
	// of a type; [] before it makes a list, {} a mapping with free keys.
	Types map[string]map[string]string `json:"types"`
}

type openAPI struct {
	Definitions map[string]*openAPISchema `json:"definitions"`
}

type openAPISchema struct {
	Ref                  string                    `json:"$ref"`
	Type                 string                    `json:"type"`
	Properties           map[string]*openAPISchema `json:"properties"`
	Items                *openAPISchema            `json:"items"`
	AdditionalProperties *openAPISchema            `json:"additionalProperties"`
	Kinds                []struct {
		Group   string `json:"group"`
		Version string `json:"version"`
		Kind    string `json:"kind"`
	} `json:"x-kubernetes-group-version-kind"`
}

func writeFields(out string) error {
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	var all []fields
	for _, r := range releases {
		f, err := readFields(r)
		if err != nil {
			return fmt.Errorf("kubernetes %s: %w", r.version, err)
		}
		all = append(all, f)
	}
	text, err := compact(unite(all))
	if err != nil {
		return err
	}
	size, err := writeGzip(filepath.Join(out, "fields.json.gz"), text)
	fmt.Printf("%-20s %-10s           %8d bytes %7d gzip\n", "kubernetes", releases[0].minor+"-"+releases[len(releases)-1].minor, len(text), size)
	return err
}

func readFields(r release) (fields, error) {
	f := fields{Versions: []string{r.minor}, Kinds: map[string]string{}, Types: map[string]map[string]string{}}
	dir, err := fetch("k8s.io/kubernetes", r.version, r.sum)
	if err != nil {
		return f, err
	}
	text, err := os.ReadFile(filepath.Join(dir, "api/openapi-spec/swagger.json"))
	if err != nil {
		return f, err
	}
	var doc openAPI
	if err := json.Unmarshal(text, &doc); err != nil {
		return f, err
	}
	for name, def := range doc.Definitions {
		if len(def.Kinds) == 1 { // DeleteOptions and WatchEvent claim every group; nobody writes them
			k := def.Kinds[0]
			f.Kinds[strings.TrimPrefix(k.Group+"/"+k.Version+"/"+k.Kind, "/")] = shorten(name)
		}
		if doc.leaf(name, def) != "" {
			continue
		}
		props := make(map[string]string, len(def.Properties))
		for field, s := range def.Properties {
			props[field] = doc.typeOf(s)
		}
		f.Types[shorten(name)] = props
	}
	return f, nil
}

func shorten(name string) string { return strings.TrimPrefix(name, "io.k8s.") }

// leaf returns the type of a definition without fields, "" for one that is a struct.
func (d *openAPI) leaf(name string, def *openAPISchema) string {
	switch {
	case len(def.Properties) > 0, strings.HasPrefix(name, "io.k8s.api."):
		return ""
	case strings.HasSuffix(name, ".IntOrString"), def.Type == "" || def.Type == "object":
		return "any"
	}
	return def.Type
}

func (d *openAPI) typeOf(s *openAPISchema) string {
	switch {
	case s.Ref != "":
		name := strings.TrimPrefix(s.Ref, "#/definitions/")
		if leaf := d.leaf(name, d.Definitions[name]); leaf != "" {
			return leaf
		}
		return shorten(name)
	case s.Type == "array":
		return "[]" + d.typeOf(s.Items)
	case s.Type == "object" && s.AdditionalProperties != nil:
		return "{}" + d.typeOf(s.AdditionalProperties)
	case s.Type == "object":
		return "any"
	}
	return s.Type
}

// unite joins the fields of releases, oldest first. The newest release decides what type a field has.
func unite(all []fields) fields {
	u := fields{Kinds: map[string]string{}, Types: map[string]map[string]string{}}
	for _, f := range all {
		u.Versions = append(u.Versions, f.Versions...)
	}
	kinds := make([]map[string]string, len(all))
	types := map[string][]map[string]string{}
	for i, f := range all {
		kinds[i] = f.Kinds
		for name, props := range f.Types {
			if types[name] == nil {
				types[name] = make([]map[string]string, len(all))
			}
			types[name][i] = props
		}
	}
	u.Kinds = u.over(kinds)
	for name, props := range types {
		u.Types[name] = u.over(props)
	}
	return u
}

// over joins one table of each release, nil where a release has none.
func (u fields) over(tables []map[string]string) map[string]string {
	out := map[string]string{}
	for i, t := range tables {
		for _, key := range slices.Sorted(maps.Keys(t)) {
			first := i
			for j := range i {
				if _, ok := tables[j][key]; ok {
					first = j
					break
				}
			}
			last := i // of those up to here; later releases overwrite
			value := t[key]
			switch {
			case last < len(tables)-1:
				value += "@" + u.Versions[first] + "-" + u.Versions[last]
			case first > 0:
				value += "@" + u.Versions[first]
			}
			out[key] = value
		}
	}
	return out
}
