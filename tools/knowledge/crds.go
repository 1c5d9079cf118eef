package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"sigs.k8s.io/yaml"
)

// indexProject is what the index says of one project.
type indexProject struct {
	Name    string      `json:"name"`
	Version string      `json:"version"`
	Licence string      `json:"licence"`
	Source  string      `json:"source"`
	Kinds   []indexKind `json:"kinds"`
}

type indexKind struct {
	Group    string   `json:"group"`
	Kind     string   `json:"kind"`
	Scope    string   `json:"scope"`
	Versions []string `json:"versions"` // served ones, newest first as the definition has them
	// Unserved are versions that the release no longer serves, whose schema is there all the same.
	Unserved []string `json:"unserved,omitempty"`
	// Status says that the status is a subresource: what a manifest says of it is dropped.
	Status bool `json:"status,omitempty"`
}

// data is the content of one project's file. Schemas are keyed by group, version and kind (apps.example.com/v1/Thing). A schema
// that occurs several times stands once in Defs, and {"$ref":"n"} where it belongs.
type data struct {
	Schemas map[string]any `json:"schemas"`
	Defs    []any          `json:"defs"`
}

type definition struct {
	Kind string `json:"kind"`
	Spec struct {
		Group string                `json:"group"`
		Names struct{ Kind string } `json:"names"`
		Scope string                `json:"scope"`

		Versions []struct {
			Name         string                        `json:"name"`
			Served       bool                          `json:"served"`
			Schema       struct{ OpenAPIV3Schema any } `json:"schema"`
			Subresources map[string]any                `json:"subresources"`
		} `json:"versions"`
	} `json:"spec"`
}

func writeCRDs(out string) error {
	if err := os.RemoveAll(out); err != nil {
		return err
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	var index []indexProject
	total := 0
	for _, p := range projects {
		entry, d, err := read(p)
		if err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		d.share()
		text, err := compact(d)
		if err != nil {
			return err
		}
		size, err := writeGzip(filepath.Join(out, p.name+".json.gz"), text)
		if err != nil {
			return err
		}
		total += size
		fmt.Printf("%-20s %-10s %3d kinds %8d bytes %7d gzip\n", p.name, p.version, len(entry.Kinds), len(text), size)
		index = append(index, entry)
	}
	fmt.Printf("%d bytes gzip in all\n", total)
	return writeIndex(filepath.Join(out, "index.json"), index)
}

// writeIndex writes one kind a line, so that a review of a new release shows what it changes.
func writeIndex(path string, index []indexProject) error {
	var b bytes.Buffer
	b.WriteString("[")
	for i, p := range index {
		if i > 0 {
			b.WriteByte(',')
		}
		kinds := p.Kinds
		p.Kinds = nil
		head, err := compact(p)
		if err != nil {
			return err
		}
		b.WriteString("\n" + strings.TrimSuffix(string(head), "null}") + "[")
		for j, k := range kinds {
			line, err := compact(k)
			if err != nil {
				return err
			}
			if j > 0 {
				b.WriteByte(',')
			}
			b.WriteString("\n  " + string(line))
		}
		b.WriteString("\n]}")
	}
	b.WriteString("\n]\n")
	if !json.Valid(b.Bytes()) {
		return fmt.Errorf("%s would not be JSON", path)
	}
	return os.WriteFile(path, b.Bytes(), 0o644)
}

func read(p project) (indexProject, *data, error) {
	entry := indexProject{Name: p.name, Version: p.version, Licence: p.licence, Source: p.url}
	d := &data{Schemas: map[string]any{}}
	dir, err := fetch(p.module, p.version, p.sum)
	if err != nil {
		return entry, nil, err
	}
	var texts [][]byte
	if p.types != "" {
		// The module is a requirement of this one, so that the types it uses are there as well.
		text, err := exec.Command("go", "tool", "controller-gen", "crd", "paths="+p.types, "output:stdout").Output()
		if err != nil {
			return entry, nil, fmt.Errorf("controller-gen: %w", err)
		}
		texts = append(texts, text)
	}
	for _, pattern := range p.files {
		files, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			return entry, nil, err
		}
		if len(files) == 0 {
			return entry, nil, fmt.Errorf("no file matches %s", pattern)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				return entry, nil, err
			}
			texts = append(texts, text)
		}
	}
	for _, text := range texts {
		for doc := range strings.SplitSeq("\n"+string(text), "\n---") {
			var def definition
			if err := yaml.Unmarshal([]byte(doc), &def); err != nil {
				return entry, nil, err
			}
			if def.Kind == "CustomResourceDefinition" {
				entry.Kinds = append(entry.Kinds, d.add(&def))
			}
		}
	}
	slices.SortFunc(entry.Kinds, func(a, b indexKind) int {
		return cmp.Or(cmp.Compare(a.Group, b.Group), cmp.Compare(a.Kind, b.Kind))
	})
	return entry, d, nil
}

func (d *data) add(def *definition) indexKind {
	s := &def.Spec
	k := indexKind{Group: s.Group, Kind: s.Names.Kind, Scope: s.Scope}
	for _, v := range s.Versions {
		if v.Served {
			k.Versions = append(k.Versions, v.Name)
		} else {
			k.Unserved = append(k.Unserved, v.Name)
		}
		_, k.Status = v.Subresources["status"]
		root, ok := v.Schema.OpenAPIV3Schema.(map[string]any)
		if !ok {
			continue
		}
		strip(root)
		if k.Status {
			dropStatus(root)
		}
		d.Schemas[s.Group+"/"+v.Name+"/"+s.Names.Kind] = root
	}
	return k
}

// words are the keywords of a schema that say nothing about which objects are valid.
var words = []string{"description", "title", "example", "externalDocs", "x-kubernetes-map-type"}

var oldSelf = regexp.MustCompile(`\boldSelf\b`)

// strip removes from a schema and those below it what does not decide whether an object is accepted.
func strip(s map[string]any) {
	for _, w := range words {
		delete(s, w)
	}
	if rules, ok := s["x-kubernetes-validations"].([]any); ok {
		// A rule about the old object is not evaluated when an object is created, unless it says that the old one is optional.
		rules = slices.DeleteFunc(rules, func(r any) bool {
			rule := r.(map[string]any)
			return oldSelf.MatchString(rule["rule"].(string)) && rule["optionalOldSelf"] != true
		})
		s["x-kubernetes-validations"] = rules
		if len(rules) == 0 {
			delete(s, "x-kubernetes-validations")
		}
	}
	eachChild(s, func(child map[string]any, _ func(any), _ bool) { strip(child) })
}

// dropStatus replaces the schema of the status by one that takes anything: the API server drops the status of what it is
// given, and the schema of the status is often the larger half.
func dropStatus(root map[string]any) {
	if required, ok := root["required"].([]any); ok && slices.Contains(required, any("status")) {
		return
	}
	rules, err := compact(root["x-kubernetes-validations"])
	if err != nil || strings.Contains(string(rules), "status") {
		return
	}
	if props, ok := root["properties"].(map[string]any); ok && props["status"] != nil {
		props["status"] = map[string]any{"type": "object", "x-kubernetes-preserve-unknown-fields": true}
	}
}

// eachChild calls f with every schema directly under s, and with a function that replaces it. Alternatives are true for
// the members of allOf, anyOf, oneOf and not, which say nothing about structure.
func eachChild(s map[string]any, f func(child map[string]any, replace func(any), alternative bool)) {
	if props, ok := s["properties"].(map[string]any); ok {
		names := make([]string, 0, len(props))
		for name := range props {
			names = append(names, name)
		}
		slices.Sort(names)
		for _, name := range names {
			f(props[name].(map[string]any), func(v any) { props[name] = v }, false)
		}
	}
	for _, word := range []string{"additionalProperties", "items"} {
		if child, ok := s[word].(map[string]any); ok {
			f(child, func(v any) { s[word] = v }, false)
		}
	}
	for _, word := range []string{"allOf", "anyOf", "oneOf"} {
		if list, ok := s[word].([]any); ok {
			for i := range list {
				f(list[i].(map[string]any), func(v any) { list[i] = v }, true)
			}
		}
	}
	if child, ok := s["not"].(map[string]any); ok {
		f(child, func(v any) { s["not"] = v }, true)
	}
}

// shareFrom is the size in bytes from which a repeated schema is worth a reference.
const shareFrom = 80

// share moves schemas that occur more than once to d.Defs.
func (d *data) share() {
	count := map[string]int{}
	var tally func(s map[string]any)
	tally = func(s map[string]any) {
		eachChild(s, func(child map[string]any, _ func(any), alternative bool) {
			if alternative {
				return
			}
			key, err := compact(child)
			if err != nil {
				panic(err) // it came from JSON
			}
			if count[string(key)]++; count[string(key)] == 1 {
				tally(child)
			}
		})
	}
	names := make([]string, 0, len(d.Schemas))
	for name := range d.Schemas {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		tally(d.Schemas[name].(map[string]any))
	}
	number := map[string]string{}
	var replace func(s map[string]any)
	replace = func(s map[string]any) {
		eachChild(s, func(child map[string]any, put func(any), alternative bool) {
			if alternative {
				return
			}
			b, err := compact(child)
			if err != nil {
				panic(err) // as above
			}
			key := string(b)
			if count[key] < 2 || len(key) < shareFrom {
				replace(child)
				return
			}
			n, ok := number[key]
			if !ok {
				replace(child)
				n = strconv.Itoa(len(d.Defs))
				number[key] = n
				d.Defs = append(d.Defs, child)
			}
			put(map[string]any{"$ref": n})
		})
	}
	for _, name := range names {
		replace(d.Schemas[name].(map[string]any))
	}
}
