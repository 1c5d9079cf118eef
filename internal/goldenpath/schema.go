package goldenpath

import (
	"regexp"
	"strconv"
	"strings"
)

// Schema returns the JSON Schema (2020-12) of the service files of a path, for editors. It knows what ReadService knows of one value at
// a time; conditions between parameters are not in it.
func (p *Path) Schema() map[string]any {
	s := objectSchema(p.Parameters)
	properties := s["properties"].(map[string]any)
	properties["path"] = map[string]any{"type": "string", "pattern": "^" + regexp.QuoteMeta(p.Shape) + "(@" + regexp.QuoteMeta(p.Version) + ")?$",
		"description": "the golden path and its version", "examples": []any{p.Name()}}
	text := map[string]any{"type": "string", "minLength": 1}
	day := map[string]any{"type": "string", "pattern": `^\d{4}-\d{2}-\d{2}$`}
	properties["waivers"] = map[string]any{"type": "array", "description": "defaults that the service differs from", "items": map[string]any{
		"type": "object", "additionalProperties": false, "required": []any{"default", "reason", "owner", "until"},
		"properties": map[string]any{"default": text, "reason": text, "owner": text, "until": day}}}
	properties["changes"] = map[string]any{"type": "array", "description": "what was decided about changes of the path", "items": map[string]any{
		"type": "object", "additionalProperties": false, "required": []any{"id", "answer"},
		"properties": map[string]any{"id": text, "answer": map[string]any{"enum": []any{string(Keep), string(Take), string(Defer), string(Waive)}}, "reason": text, "owner": text, "until": day}}}
	properties["catalogue"] = map[string]any{"type": "string", "description": "the catalogue that the path is from: a folder, relative to this file, or oci://HOST/REPOSITORY with :TAG or @DIGEST", "minLength": 1}
	properties["adopted"] = map[string]any{"type": "object", "description": "how manifests that were there before the path differ from it in form; written by fairway adopt"}
	s["required"] = append([]any{"path"}, s["required"].([]any)...)
	s["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	s["title"] = "fairway.yaml of " + p.Name()
	s["description"] = p.Summary
	return s
}

func objectSchema(parameters []*Parameter) map[string]any {
	properties, required := map[string]any{}, []any{}
	for _, x := range parameters {
		properties[x.Name] = x.schema()
		if x.Required {
			required = append(required, x.Name)
		}
	}
	return map[string]any{"type": "object", "additionalProperties": false, "properties": properties, "required": required}
}

func (x *Parameter) schema() map[string]any {
	s := map[string]any{}
	switch x.Type {
	case Object:
		s = objectSchema(x.Fields)
		if x.Optional() {
			s["required"] = []any{} // an organisation's file may say the rest
		}
	case List:
		s["type"], s["items"] = "array", x.Items.schema()
		if x.Required {
			s["minItems"] = 1
		}
	case Int, Port:
		s["type"] = "integer"
		if x.Type == Port {
			s["minimum"], s["maximum"] = 1, 65535
		}
		for key, limit := range map[string]string{"minimum": x.Min, "maximum": x.Max} {
			if n, err := strconv.Atoi(limit); err == nil {
				s[key] = n
			}
		}
	case Bool:
		s["type"] = "boolean"
	case Duration:
		s["type"], s["pattern"] = "string", `^(\d+h)?(\d+m)?(\d+s)?$`
	case CPU:
		s["type"], s["pattern"] = []any{"string", "number"}, `^\d+(\.\d{1,3})?m?$`
	case Memory:
		s["type"], s["pattern"] = []any{"string", "integer"}, `^\d+(\.\d{1,3})?(Ki|Mi|Gi|Ti|k|M|G|T)?$`
	default:
		s["type"] = "string"
		if f, ok := forms[x.Type]; ok {
			s["pattern"] = f.pattern
		}
	}
	if n, err := strconv.Atoi(x.Max); err == nil && s["type"] == "string" {
		s["maxLength"] = n
	}
	if len(x.OneOf) > 0 {
		values := make([]any, len(x.OneOf))
		for i, v := range x.OneOf {
			values[i] = v
		}
		s["enum"] = values
	}
	text := x.Doc
	if x.Min != "" || x.Max != "" {
		text += " (" + strings.TrimSpace(x.Min+" to "+x.Max) + ")"
	}
	if x.Default != "" && x.fallback == nil {
		text += "; " + x.Default + " when nothing is said"
	}
	if text != "" {
		s["description"] = text
	}
	if x.Example != "" && x.Type != List {
		s["examples"] = []any{x.Example}
	}
	return s
}
