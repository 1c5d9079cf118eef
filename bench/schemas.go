package main

import (
	"archive/zip"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// schemas returns a folder of JSON schemas for kubeconform, one a kind, named as its template names them. They are made from the
// OpenAPI document of a Kubernetes module, once, and are strict: no field but those named, null only where a field may be left out.
func schemas(cache, module string) (string, error) {
	dir := filepath.Join(cache, "schemas-"+releaseOf(module))
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	cmd := exec.Command(self, "schemas", dir, module)
	cmd.Stderr = os.Stderr
	return dir, cmd.Run()
}

// releaseOf is the version of a module with one.
func releaseOf(module string) string { return module[strings.IndexByte(module, '@')+1:] }

// schemaLocation is how kubeconform finds the schemas of a folder.
func schemaLocation(dir string) string {
	return filepath.Join(dir, "{{.ResourceKind}}{{.KindSuffix}}.json")
}

// schemasChild writes the schemas. It has a process of its own because it needs much memory.
func schemasChild(args []string) error {
	swagger, err := openAPI(args[1])
	if err != nil {
		return err
	}
	var doc struct{ Definitions map[string]map[string]any }
	if err := json.Unmarshal(swagger, &doc); err != nil {
		return err
	}
	made := args[0] + ".new"
	if err := os.MkdirAll(made, 0o755); err != nil {
		return err
	}
	for name, d := range doc.Definitions {
		kinds, _ := d["x-kubernetes-group-version-kind"].([]any)
		if len(kinds) != 1 { // options and the like belong to many groups and are no manifests
			continue
		}
		gvk := kinds[0].(map[string]any)
		group, version, kind := gvk["group"].(string), gvk["version"].(string), gvk["kind"].(string)
		s := resolve(doc.Definitions, d, []string{name}).(map[string]any)
		properties := s["properties"].(map[string]any)
		properties["kind"] = map[string]any{"type": "string", "enum": []string{kind}}
		properties["apiVersion"] = map[string]any{"type": "string", "enum": []string{strings.TrimPrefix(group+"/"+version, "/")}}
		data, err := json.Marshal(s)
		if err != nil {
			return err
		}
		file := strings.ToLower(kind)
		if short, _, _ := strings.Cut(group, "."); short != "" {
			file += "-" + short
		}
		if err := os.WriteFile(filepath.Join(made, file+"-"+version+".json"), data, 0o644); err != nil {
			return err
		}
	}
	return os.Rename(made, args[0])
}

// openAPI reads the document from the zip of a Kubernetes module.
func openAPI(kubernetes string) ([]byte, error) {
	out, err := exec.Command("go", "mod", "download", "-json", kubernetes).Output()
	if err != nil {
		return nil, fmt.Errorf("go mod download %s: %w", kubernetes, err)
	}
	var module struct{ Zip string }
	if err := json.Unmarshal(out, &module); err != nil {
		return nil, err
	}
	archive, err := zip.OpenReader(module.Zip)
	if err != nil {
		return nil, err
	}
	defer archive.Close()
	f, err := archive.Open(kubernetes + "/api/openapi-spec/swagger.json")
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var doc json.RawMessage
	return doc, json.NewDecoder(f).Decode(&doc)
}

// resolve returns a schema with its references replaced by what they name; within names what is being resolved, and a reference to
// one of them (only the schema of schemas has such) allows anything.
func resolve(all map[string]map[string]any, schema any, within []string) any {
	in, ok := schema.(map[string]any)
	if !ok {
		return schema
	}
	if ref, ok := in["$ref"].(string); ok {
		name := ref[strings.LastIndexByte(ref, '/')+1:]
		if slices.Contains(within, name) {
			return map[string]any{}
		}
		return resolve(all, all[name], append(slices.Clone(within), name))
	}
	if in["format"] == "int-or-string" {
		return map[string]any{"oneOf": []any{map[string]any{"type": "string"}, map[string]any{"type": "integer"}}}
	}
	out := maps.Clone(in)
	delete(out, "description")
	for _, part := range []string{"items", "additionalProperties"} {
		if x, ok := out[part]; ok {
			out[part] = resolve(all, x, within)
		}
	}
	properties, ok := in["properties"].(map[string]any)
	if !ok {
		return out
	}
	required, _ := in["required"].([]any)
	resolved := map[string]any{}
	for name, p := range properties {
		r := resolve(all, p, within)
		if m, ok := r.(map[string]any); ok && !slices.Contains(required, any(name)) {
			if kind, ok := m["type"].(string); ok {
				m["type"] = []string{kind, "null"}
			}
		}
		resolved[name] = r
	}
	out["properties"] = resolved
	if _, ok := out["additionalProperties"]; !ok {
		out["additionalProperties"] = false
	}
	return out
}
