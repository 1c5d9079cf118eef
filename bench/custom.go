package main

import (
	"compress/gzip"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// customSchemas adds schemas of a project's custom resources to a folder of schemas, in the same form. They are those of the project's release,
// as they lie in the product's content: {"$ref":"n"} stands for the n-th of defs.
func customSchemas(dir, project string) error {
	f, err := os.Open(filepath.Join("..", "content", "knowledge", "crds", project+".json.gz"))
	if err != nil {
		return err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return err
	}
	var packed struct {
		Schemas map[string]map[string]any
		Defs    []any
	}
	if err := json.NewDecoder(z).Decode(&packed); err != nil {
		return err
	}
	for name, s := range packed.Schemas {
		part := strings.Split(name, "/") // group, version, kind
		group, _, _ := strings.Cut(part[0], ".")
		data, err := json.Marshal(strict(s, packed.Defs, true))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, strings.ToLower(part[2])+"-"+group+"-"+part[1]+".json"), data, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// strict writes a structural schema out so that it allows no fields but those it names. The metadata of a whole object is the API server's.
func strict(schema any, defs []any, whole bool) any {
	in, ok := schema.(map[string]any)
	if !ok {
		return schema
	}
	if ref, ok := in["$ref"].(string); ok {
		n, err := strconv.Atoi(ref)
		if err != nil || n >= len(defs) {
			panic("no definition " + ref)
		}
		return strict(defs[n], defs, false)
	}
	if in["x-kubernetes-int-or-string"] == true {
		return map[string]any{"type": []string{"string", "integer"}}
	}
	out := maps.Clone(in)
	for _, below := range []string{"items", "additionalProperties"} {
		if x, ok := out[below]; ok {
			out[below] = strict(x, defs, false)
		}
	}
	if properties, ok := in["properties"].(map[string]any); ok {
		named := map[string]any{}
		for name, p := range properties {
			named[name] = strict(p, defs, false)
		}
		if whole {
			named["metadata"] = map[string]any{"type": "object"}
		}
		out["properties"] = named
		if _, free := out["additionalProperties"]; !free && in["x-kubernetes-preserve-unknown-fields"] != true {
			out["additionalProperties"] = false
		}
	}
	return out
}
