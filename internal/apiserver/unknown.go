package apiserver

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/fairway-k8s/fairway/internal/source"
)

// unknown reports an entry of mapping n whose key is no field of struct pl, and what was probably meant: another spelling, or
// another place.
func (d *decoder) unknown(n source.Node, e source.Entry, name string, pl *plan) {
	if d.full() {
		return
	}
	parent := d.place()
	d.path = append(d.path, step{plan: pl, key: name})
	defer func() { d.path = d.path[:len(d.path)-1] }()
	place := d.place()

	holder := pl.typ.Name()
	if parent != "" {
		holder = parent
	}
	p := Problem{Rule: UnknownField, Field: place, Node: e.Key,
		Message: fmt.Sprintf("%s is not a field of %s (unknown field %q)", name, holder, place)}
	best, distance := nearest(name, pl.names)
	elsewhere := d.elsewhere(name)
	former := formerly[pl.typ.String()+"."+name]
	switch {
	case former != "":
		p.Suggestion = former
		p.Fix = fromFormer(pl.typ, n, sourcePath(d.path))
	case best != "" && (distance <= 1 || elsewhere == ""):
		p.Suggestion = "did you mean " + best + "?"
		if n.Get(best).IsZero() && fits(e.Value.Resolve(), pl.fields[best].plan) {
			p.Fix = []source.Change{{Op: source.Rename, Path: sourcePath(d.path), Value: source.String(best)}}
		}
		p.meant = strings.TrimPrefix(parent+"."+best, ".")
	case elsewhere != "":
		p.Suggestion = fmt.Sprintf("%s belongs to %s", name, elsewhere)
	}
	d.problems = append(d.problems, p)
}

// fits reports whether n has the shape that pl is read from.
func fits(n source.Node, pl *plan) bool {
	for pl.op == opPointer {
		pl = pl.elem
	}
	switch pl.op {
	case opStruct, opMap:
		return n.Kind() == source.Mapping
	case opSlice:
		return n.Kind() == source.Sequence
	case opJSON, opUnion, opAny:
		return true
	}
	return n.Kind() == source.Scalar
}

// belowLimit is how many levels below a struct a misplaced field is looked for: a Deployment's spec is two above the pod's.
const belowLimit = 3

// elsewhere returns the place near the unknown field at d.path that has a field of its name: below the struct that the field
// was found in, or one of the structs around it, nearest first.
func (d *decoder) elsewhere(name string) string {
	if slices.Contains(ubiquitous, name) {
		return ""
	}
	last := len(d.path) - 1
	at, pl := render(d.path[:last]), d.path[last].plan
	if place := below(pl, name, belowLimit); place != "" {
		if item, ok := strings.CutPrefix(place, "an item of "); ok {
			return "an item of " + strings.TrimPrefix(at+"."+item, ".")
		}
		return strings.TrimPrefix(at+"."+place, ".")
	}
	for i := last - 1; i >= 0; i-- {
		if s := d.path[i]; s.plan.op == opStruct {
			if _, ok := s.plan.fields[name]; ok {
				if i == 0 {
					return "the top level of the object"
				}
				return render(d.path[:i])
			}
		}
	}
	switch pl.typ {
	case reflect.TypeFor[corev1.PodSecurityContext]():
		if _, ok := planOf(reflect.TypeFor[corev1.SecurityContext]()).fields[name]; ok {
			return "the securityContext of each container"
		}
	case reflect.TypeFor[corev1.SecurityContext]():
		if _, ok := planOf(reflect.TypeFor[corev1.PodSecurityContext]()).fields[name]; ok {
			return "the securityContext of the pod"
		}
	case reflect.TypeFor[metav1.LabelSelector]():
		return at + ".matchLabels"
	}
	return ""
}

// formerly says what became of fields that other versions and kinds have, by the type and name of the field.
var formerly = map[string]string{
	"v1.IngressBackend.serviceName":                                 "networking.k8s.io/v1 has service: {name: ...} in its place",
	"v1.IngressBackend.servicePort":                                 "networking.k8s.io/v1 has service: {port: {number: ...}} in its place",
	"v2.HorizontalPodAutoscalerSpec.targetCPUUtilizationPercentage": "write it as an item of metrics, or use autoscaling/v1",
	"v1.HorizontalPodAutoscalerSpec.metrics":                        "metrics belongs to autoscaling/v2",
	"v1.HorizontalPodAutoscalerSpec.behavior":                       "behavior belongs to autoscaling/v2",
	"v1.DaemonSetSpec.replicas":                                     "a DaemonSet runs one pod on each node and has no replicas",
	"v1.ConfigMap.stringData":                                       "a ConfigMap's data is plain text; stringData is a Secret's",
}

// fromFormer rewrites a field that another version has for this one, or takes away what no version would heed.
func fromFormer(holder reflect.Type, n source.Node, path source.Path) []source.Change {
	switch holder {
	case reflect.TypeFor[networkingv1.IngressBackend]():
		changes, _ := migrateBackend(n, path[:len(path)-1])
		return changes
	case reflect.TypeFor[appsv1.DaemonSetSpec]():
		return []source.Change{{Op: source.Remove, Path: path}}
	}
	return nil
}

// ubiquitous are names that so many types have that meeting them elsewhere means nothing.
var ubiquitous = []string{"name", "namespace", "kind", "apiVersion", "type", "value", "key", "path", "port", "labels", "annotations", "status", "message", "reason", "uid"}

// below returns the path to the struct under pl that has the field, breadth first. Of lists only those in pl itself are looked
// into, as nobody could say which item is meant further down; when several have the field, containers are meant or none.
func below(pl *plan, name string, levels int) string {
	type place struct {
		plan *plan
		path string
	}
	level := []place{{pl, ""}}
	for ; levels > 0; levels-- {
		var next []place
		var lists []string
		for _, at := range level {
			for _, field := range at.plan.names {
				sub, list := at.plan.fields[field].plan, false
				if sub.op == opSlice && at.path == "" {
					sub, list = sub.elem, true
				}
				if sub.op == opPointer {
					sub = sub.elem
				}
				if sub.op != opStruct || field == "status" || field == "metadata" && at.path != "" {
					continue
				}
				path := strings.TrimPrefix(at.path+"."+field, ".")
				_, ok := sub.fields[name]
				switch {
				case ok && list:
					lists = append(lists, path)
				case ok:
					return path
				case !list:
					next = append(next, place{sub, path})
				}
			}
		}
		if len(lists) == 1 {
			return "an item of " + lists[0]
		}
		if slices.Contains(lists, "containers") {
			return "an item of containers"
		}
		level = next
	}
	return ""
}

// maxRecast is up to how many bytes a value is written anew in a suggestion.
const maxRecast = 1000

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
	if span := n.Span(); span.End-span.Start > maxRecast {
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
