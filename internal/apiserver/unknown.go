package apiserver

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/fairway-k8s/fairway/internal/source"
)

// unknown reports a field of mapping n that struct pl does not have, and what was probably meant: another spelling, or another
// place.
func (d *decoder) unknown(n, key source.Node, name string, pl *plan) {
	parent := d.place()
	d.path = append(d.path, step{plan: pl, key: name})
	defer func() { d.path = d.path[:len(d.path)-1] }()
	place := d.place()

	holder := pl.typ.Name()
	if parent != "" {
		holder = parent
	}
	p := Problem{Rule: UnknownField, Field: place, Node: key,
		Message: fmt.Sprintf("%s is not a field of %s (unknown field %q)", name, holder, place)}
	best, distance := nearest(name, pl.names)
	elsewhere := d.elsewhere(name)
	switch {
	case best != "" && (distance <= 1 || elsewhere == ""):
		p.Suggestion = "did you mean " + best + "?"
		if n.Get(best).IsZero() {
			p.Fix = []source.Change{{Op: source.Rename, Path: sourcePath(d.path), Value: source.String(best)}}
		}
		p.meant = strings.TrimPrefix(parent+"."+best, ".")
	case elsewhere != "":
		p.Suggestion = fmt.Sprintf("%s belongs to %s", name, elsewhere)
	}
	d.problems = append(d.problems, p)
}

// belowLimit is how many levels below a struct a misplaced field is looked for: a Deployment's spec is two above the pod's.
const belowLimit = 3

// elsewhere returns the place near the unknown field at d.path that has a field of its name: one of the structs around it,
// nearest first, or one below them. Items of lists are not looked into, as nobody could say which is meant.
func (d *decoder) elsewhere(name string) string {
	if slices.Contains(ubiquitous, name) {
		return ""
	}
	for i := len(d.path) - 1; i >= 0; i-- {
		s := d.path[i]
		if s.plan.op != opStruct {
			continue
		}
		at := render(d.path[:i])
		if i < len(d.path)-1 {
			if _, ok := s.plan.fields[name]; ok {
				if at == "" {
					return "the top level of the object"
				}
				return at
			}
		}
		if below := below(s.plan, name, belowLimit); below != "" {
			if at == "" {
				return below
			}
			return at + "." + below
		}
	}
	return ""
}

// ubiquitous are names that so many types have that meeting them elsewhere means nothing.
var ubiquitous = []string{"name", "namespace", "kind", "apiVersion", "type", "value", "key", "path", "port", "labels", "annotations", "status", "message", "reason", "uid"}

// below returns the path to the struct under pl that has the field, breadth first.
func below(pl *plan, name string, levels int) string {
	type place struct {
		plan *plan
		path string
	}
	level := []place{{pl, ""}}
	for ; levels > 0; levels-- {
		var next []place
		for _, at := range level {
			for _, field := range at.plan.names {
				sub := at.plan.fields[field].plan
				if sub.op == opPointer {
					sub = sub.elem
				}
				if sub.op != opStruct || field == "status" || field == "metadata" && at.path != "" {
					continue
				}
				path := strings.TrimPrefix(at.path+"."+field, ".")
				if _, ok := sub.fields[name]; ok {
					return path
				}
				next = append(next, place{sub, path})
			}
		}
		level = next
	}
	return ""
}

// recast suggests how a scalar of the wrong type is to be written, with the change that does it when no value is invented.
func (d *decoder) recast(n source.Node, pl *plan) (string, []source.Change) {
	for pl.op == opPointer {
		pl = pl.elem
	}
	if n.Kind() != source.Scalar {
		if pl.op == opSlice && n.Kind() == source.Mapping {
			return "write it as a list: put a dash (- ) before the first field", nil
		}
		return "", nil
	}
	text := n.Text()
	set := func(v source.Value) []source.Change {
		return []source.Change{{Op: source.Set, Path: sourcePath(d.path), Value: v}}
	}
	switch pl.op {
	case opString:
		return fmt.Sprintf("quote it: %q", n.Raw()), set(source.String(n.Raw()))
	case opInt:
		if v, err := strconv.ParseInt(text, 10, 64); err == nil && n.Type() == source.StringValue {
			return "write it without quotes: " + text, set(source.Int(v))
		}
	case opBool:
		if v, err := strconv.ParseBool(strings.ToLower(text)); err == nil && len(text) > 1 && n.Type() == source.StringValue {
			return "write it without quotes: " + strconv.FormatBool(v), set(source.Bool(v))
		}
	case opSlice:
		if pl.elem.op == opString && n.Type() == source.StringValue && text != "" {
			return fmt.Sprintf("write it as a list: [%q]", text), set(source.List(source.String(text)))
		}
	}
	return "", nil
}

// quantitySuggestion says what a malformed quantity was probably meant to be. Which of two units was meant nobody can know, so
// there is no change to go with it.
func quantitySuggestion(text string) string {
	number := strings.TrimRight(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ ")
	unit := strings.TrimSpace(text[len(number):])
	if _, err := strconv.ParseFloat(number, 64); err != nil {
		return ""
	}
	switch strings.ToLower(unit) {
	case "b", "byte", "bytes":
		return "write bytes without a unit: " + number
	case "k", "kb", "kib":
		return fmt.Sprintf("write %[1]sKi (1024 bytes each) or %[1]sk (1000 bytes each)", number)
	case "m", "mb", "mib", "g", "gb", "gib", "t", "tb", "tib":
		u := strings.ToUpper(unit[:1])
		return fmt.Sprintf("write %[1]s%[2]si (powers of 1024) or %[1]s%[2]s (powers of 1000)", number, u)
	case "core", "cores", "cpu", "cpus", "vcpu":
		return "write the number of cores without a unit: " + number
	}
	return ""
}
