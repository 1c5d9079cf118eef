package apiserver

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"
	"unsafe"

	"k8s.io/apimachinery/pkg/api/resource"

	corev1 "k8s.io/api/core/v1"

	"github.com/fairway-k8s/fairway/internal/source"
)

// nodeBudget is how many nodes of one object are read before it is given up: a million is more than etcd would store (1.5 MiB)
// and stops documents whose aliases multiply.
const nodeBudget = 1_000_000

// maxDepth is how deep values may nest. The deepest built-in type needs about 30; aliases could go on for ever.
const maxDepth = 200

// decoder reads one object. It follows encoding/json as Kubernetes uses it (sigs.k8s.io/json: names are case-sensitive, unknown
// ones are errors) on what sigs.k8s.io/yaml makes of the document, without making it. A value that does not fit is reported and
// stays zero, and reading goes on.
type decoder struct {
	problems []Problem
	more     int // problems beyond MaxProblems
	// path leads to the value that is being read, outermost first.
	path   []step
	budget int
	// lenient is above zero where upstream ignores unknown fields.
	lenient int
	json    []byte // scratch
}

// step is one step down: into field key of a struct, key of a map, or item index of a slice.
type step struct {
	plan  *plan // of what the step starts from
	key   string
	index int
}

// decode fills what p points to, of plan pl's type, from n.
func (d *decoder) decode(n source.Node, pl *plan, p unsafe.Pointer) {
	d.budget = nodeBudget
	d.value(n, pl, p)
}

func (d *decoder) value(n source.Node, pl *plan, p unsafe.Pointer) {
	if n.Kind() == source.Alias {
		n = n.Resolve()
	}
	if d.budget--; d.budget <= 0 || len(d.path) > maxDepth {
		if d.budget >= 0 {
			d.wrong(n, pl, "this is nested too deep or repeated too often by aliases", "")
		}
		return
	}
	switch pl.op {
	case opJSON:
		d.custom(n, pl, p)
		return
	case opUnion:
		d.union(n, pl, p)
		return
	}
	if n.Kind() == source.Scalar {
		d.scalar(n, pl, p)
		return
	}
	switch pl.op {
	case opPointer:
		q := reflect.New(pl.elem.typ).UnsafePointer()
		*(*unsafe.Pointer)(p) = q
		d.value(n, pl.elem, q)
	case opStruct:
		if n.Kind() != source.Mapping {
			d.mismatch(n, pl)
			return
		}
		d.structure(n, pl, p)
	case opMap:
		if n.Kind() != source.Mapping {
			d.mismatch(n, pl)
			return
		}
		d.mapping(n, pl, p)
	case opSlice, opBytes:
		if n.Kind() != source.Sequence {
			d.mismatch(n, pl)
			return
		}
		d.slice(n, pl, p)
	case opAny:
		d.any(n, pl, p)
	default:
		d.mismatch(n, pl)
	}
}

func (d *decoder) scalar(n source.Node, pl *plan, p unsafe.Pointer) {
	t := n.Type()
	if t == source.NullValue {
		return // null leaves a value as it is
	}
	switch pl.op {
	case opString:
		if t == source.StringValue {
			*(*string)(p) = n.Text()
			return
		}
	case opBool:
		if v, ok := n.Bool(); ok && t == source.BoolValue {
			*(*bool)(p) = v
			return
		}
	case opInt:
		if t == source.IntValue || t == source.FloatValue {
			if d.integer(n, t, pl, p) {
				return
			}
			d.wrong(n, pl, fmt.Sprintf("%s does not fit: a whole number of %d bits is wanted", abbreviate(n.Raw()), pl.typ.Bits()),
				"cannot unmarshal number "+abbreviate(n.Raw())+" into a field of type "+pl.typ.String())
			return
		}
	case opUint:
		if t == source.IntValue || t == source.FloatValue {
			if v, err := strconv.ParseUint(d.number(n), 10, pl.typ.Bits()); err == nil {
				reflect.NewAt(pl.typ, p).Elem().SetUint(v)
				return
			}
		}
	case opFloat:
		if t == source.IntValue || t == source.FloatValue {
			if v, err := strconv.ParseFloat(d.number(n), pl.typ.Bits()); err == nil {
				reflect.NewAt(pl.typ, p).Elem().SetFloat(v)
				return
			}
		}
	case opPointer:
		q := reflect.New(pl.elem.typ).UnsafePointer()
		*(*unsafe.Pointer)(p) = q
		if pl.elem.op == opJSON || pl.elem.op == opUnion {
			d.value(n, pl.elem, q)
		} else {
			d.scalar(n, pl.elem, q)
		}
		return
	case opBytes:
		if t == source.StringValue {
			b, err := base64.StdEncoding.DecodeString(n.Text())
			if err != nil {
				d.wrong(n, pl, "this is not base64", err.Error())
				return
			}
			*(*[]byte)(p) = b
			return
		}
	case opAny:
		d.any(n, pl, p)
		return
	}
	d.mismatch(n, pl)
}

// integer reads a number as encoding/json reads the JSON that YAML makes of it: 3.0 and 1e3 are whole.
func (d *decoder) integer(n source.Node, t source.ScalarType, pl *plan, p unsafe.Pointer) bool {
	v, ok := n.Int()
	if !ok || t != source.IntValue {
		var err error
		if v, err = strconv.ParseInt(d.number(n), 10, 64); err != nil {
			return false
		}
	}
	switch pl.typ.Kind() {
	case reflect.Int32:
		if int64(int32(v)) != v {
			return false
		}
		*(*int32)(p) = int32(v)
	case reflect.Int64:
		*(*int64)(p) = v
	default:
		e := reflect.NewAt(pl.typ, p).Elem()
		if e.OverflowInt(v) {
			return false
		}
		e.SetInt(v)
	}
	return true
}

// number returns the JSON of a number.
func (d *decoder) number(n source.Node) string {
	b, err := n.AppendJSON(d.json[:0])
	if err != nil {
		return ""
	}
	d.json = b
	return string(b)
}

func (d *decoder) structure(n source.Node, pl *plan, p unsafe.Pointer) {
	if !plain(n) {
		for _, e := range effective(n, &d.budget) {
			d.member(n, e, pl, p)
		}
		return
	}
	for e := range n.Entries() {
		d.member(n, e, pl, p)
	}
}

// member reads one entry of mapping n.
func (d *decoder) member(n source.Node, e source.Entry, pl *plan, p unsafe.Pointer) {
	name := e.Key.Text()
	f, ok := pl.fields[name]
	if !ok {
		if name, ok = keyText(e.Key); ok {
			f, ok = pl.fields[name]
		}
	}
	if !ok {
		if d.lenient == 0 {
			d.unknown(n, e, name, pl)
		}
		return
	}
	d.path = append(d.path, step{plan: pl, key: name})
	d.value(e.Value, f.plan, unsafe.Add(p, f.offset))
	d.path = d.path[:len(d.path)-1]
}

func (d *decoder) slice(n source.Node, pl *plan, p unsafe.Pointer) {
	count := n.Len()
	s := reflect.MakeSlice(pl.typ, count, count)
	reflect.NewAt(pl.typ, p).Elem().Set(s)
	at, size := s.UnsafePointer(), pl.elem.typ.Size()
	d.path = append(d.path, step{plan: pl})
	for i, item := range n.Items() {
		d.path[len(d.path)-1].index = i
		d.value(item, pl.elem, unsafe.Add(at, uintptr(i)*size))
	}
	d.path = d.path[:len(d.path)-1]
}

var (
	stringMapType    = reflect.TypeFor[map[string]string]()
	resourceListType = reflect.TypeFor[corev1.ResourceList]()
)

func (d *decoder) mapping(n source.Node, pl *plan, p unsafe.Pointer) {
	d.path = append(d.path, step{plan: pl})
	var set func(key string, value source.Node)
	switch pl.typ {
	case stringMapType:
		m := make(map[string]string, n.Len())
		*(*map[string]string)(p) = m
		set = func(key string, value source.Node) {
			var s string
			d.value(value, pl.elem, unsafe.Pointer(&s))
			m[key] = s
		}
	case resourceListType:
		m := make(corev1.ResourceList, n.Len())
		*(*corev1.ResourceList)(p) = m
		set = func(key string, value source.Node) {
			var q resource.Quantity
			d.value(value, pl.elem, unsafe.Pointer(&q))
			m[corev1.ResourceName(key)] = q
		}
	default:
		m := reflect.MakeMapWithSize(pl.typ, n.Len())
		reflect.NewAt(pl.typ, p).Elem().Set(m)
		v := reflect.New(pl.elem.typ) // the map has copies
		set = func(key string, value source.Node) {
			d.value(value, pl.elem, v.UnsafePointer())
			m.SetMapIndex(reflect.ValueOf(key).Convert(pl.typ.Key()), v.Elem())
			v.Elem().SetZero()
		}
	}
	entries := n.Entries()
	if !plain(n) {
		entries = func(yield func(source.Entry) bool) {
			for _, e := range effective(n, &d.budget) {
				if !yield(e) {
					return
				}
			}
		}
	}
	for e := range entries {
		key, ok := keyText(e.Key)
		d.path[len(d.path)-1].key = key
		if !ok {
			d.wrong(e.Key, pl, "this cannot be a key", "unsupported map key")
			continue
		}
		if pl.typ == resourceListType && unreadableSize(key) {
			d.wrong(e.Key, pl, "the page size of this resource is not a quantity such as 2Mi", resource.ErrNumeric.Error())
			continue
		}
		set(key, e.Value)
	}
	d.path = d.path[:len(d.path)-1]
}

// union reads a value that is one thing as a mapping and another otherwise. Upstream does not look for unknown fields in there.
func (d *decoder) union(n source.Node, pl *plan, p unsafe.Pointer) {
	switch {
	case n.Kind() == source.Mapping:
		if pl.flag != nil {
			*(*bool)(unsafe.Add(p, pl.flag.offset)) = true
		}
		d.lenient++
		d.value(n, pl.mapping.plan, unsafe.Add(p, pl.mapping.offset))
		d.lenient--
	case n.Kind() == source.Sequence && pl.flag == nil:
		d.lenient++
		d.value(n, pl.other.plan, unsafe.Add(p, pl.other.offset))
		d.lenient--
	case pl.flag != nil && n.Type() != source.NullValue:
		if v, ok := n.Bool(); ok && n.Kind() == source.Scalar && n.Type() == source.BoolValue {
			*(*bool)(unsafe.Add(p, pl.flag.offset)) = v
		} else {
			d.wrong(n, pl, "this is neither true, false nor a schema", "boolean or JSON schema expected")
		}
	}
}

// custom hands the value's JSON to a type that reads it itself.
func (d *decoder) custom(n source.Node, pl *plan, p unsafe.Pointer) {
	b, err := n.AppendJSON(d.json[:0])
	switch {
	case err != nil:
	case pl.typ == quantityType && unreadable(strings.Trim(string(b), `"`)):
		err = resource.ErrNumeric
	default:
		d.json = b
		err = reflect.NewAt(pl.typ, p).Interface().(json.Unmarshaler).UnmarshalJSON(b)
	}
	if err == nil {
		return
	}
	reflect.NewAt(pl.typ, p).Elem().SetZero()
	if d.full() {
		return
	}
	what := n.Raw()
	if len(what) > 60 || n.Kind() != source.Scalar {
		what = "this value"
	}
	switch {
	case errors.Is(err, resource.ErrFormatWrong), errors.Is(err, resource.ErrSuffix), errors.Is(err, resource.ErrNumeric):
		d.wrong(n, pl, what+" is not a quantity such as 500m, 1Gi or 0.5", err.Error())
		d.problems[len(d.problems)-1].Suggestion = quantitySuggestion(n.Text())
	default:
		d.wrong(n, pl, what+" is not "+describe(pl), err.Error())
	}
}

func (d *decoder) any(n source.Node, pl *plan, p unsafe.Pointer) {
	var v any
	b, err := n.AppendJSON(d.json[:0])
	if err == nil {
		d.json = b
		err = json.Unmarshal(b, &v)
	}
	if err != nil {
		d.wrong(n, pl, "this cannot be read", err.Error())
		return
	}
	if v != nil {
		reflect.NewAt(pl.typ, p).Elem().Set(reflect.ValueOf(v))
	}
}

// plain reports whether mapping n has neither merge keys nor keys given twice, so that its entries can be read as they stand.
func plain(n source.Node) bool {
	for e := range n.Entries() {
		if e.Key.IsMergeKey() || e.Key.IsDuplicate() {
			return false
		}
	}
	return true
}

// effective returns the entries of mapping n with merge keys followed, each key once: the one that counts.
func effective(n source.Node, budget *int) []source.Entry {
	var out []source.Entry
	at := map[string]int{}
	var add func(n source.Node, depth int)
	add = func(n source.Node, depth int) {
		n = n.Resolve()
		if depth > maxDepth {
			return
		}
		for e := range n.Entries() {
			if *budget--; *budget < 0 {
				return
			}
			if e.Key.IsMergeKey() {
				merged := e.Value.Resolve()
				if merged.Kind() != source.Sequence {
					add(merged, depth+1)
					continue
				}
				// Earlier items take precedence, and later entries replace earlier ones here: backwards.
				for i := merged.Len() - 1; i >= 0; i-- {
					add(merged.Item(i), depth+1)
				}
				continue
			}
			key, ok := keyText(e.Key)
			if i, seen := at[key]; seen && ok {
				out[i] = e
				continue
			}
			if ok {
				at[key] = len(out)
			}
			out = append(out, e)
		}
	}
	add(n, 0)
	return out
}

// keyText returns a key as JSON would spell it: a plain 1, y or 0x10 is "1", "true" and "16". It reports false for keys that
// JSON cannot have.
func keyText(key source.Node) (string, bool) {
	key = key.Resolve()
	if key.Kind() != source.Scalar {
		return "", false
	}
	text := key.Text()
	switch key.Type() {
	case source.StringValue:
		return text, true
	case source.BoolValue:
		v, _ := key.Bool()
		return strconv.FormatBool(v), true
	case source.IntValue:
		if v, ok := key.Int(); ok {
			return strconv.FormatInt(v, 10), true
		}
		return text, true
	case source.FloatValue:
		// The conversion of sigs.k8s.io/yaml.
		v, _ := key.Float()
		switch s := strconv.FormatFloat(v, 'g', -1, 32); s {
		case "+Inf":
			return ".inf", true
		case "-Inf":
			return "-.inf", true
		case "NaN":
			return ".nan", true
		default:
			return s, true
		}
	}
	return "", false
}

// place returns the path to the value that is being read, in Kubernetes' notation.
func (d *decoder) place() string { return render(d.path) }

func render(path []step) string { return sourcePath(path).String() }

// sourcePath returns the path from the root of the object.
func sourcePath(path []step) source.Path {
	p := make(source.Path, len(path))
	for i, s := range path {
		p[i] = source.Step{Key: s.key, Index: s.index}
	}
	return p
}

// full reports whether enough was said of the object; what is not said is counted.
func (d *decoder) full() bool {
	if len(d.problems) < MaxProblems {
		return false
	}
	d.more++
	return true
}

func (d *decoder) wrong(n source.Node, pl *plan, message, server string) {
	if d.full() {
		return
	}
	place := d.place()
	if server != "" {
		message += " (" + server + ")"
	}
	p := Problem{Rule: WrongType, Field: place, Node: n, Message: message}
	if i := len(d.path) - 2; i >= 0 && d.path[i+1].plan.op == opMap {
		p.scope = render(d.path[:i]) // a resource that cannot be read: limits and requests are compared with each other
	}
	d.problems = append(d.problems, p)
}

// mismatch reports a value of the wrong type.
func (d *decoder) mismatch(n source.Node, pl *plan) {
	if d.full() {
		return
	}
	got, word := "a mapping", "object"
	switch n.Kind() {
	case source.Invalid:
		got, word = "nothing", "null"
	case source.Sequence:
		got, word = "a list", "array"
	case source.Scalar:
		switch n.Type() {
		case source.BoolValue:
			got, word = "the boolean "+n.Raw(), "bool"
		case source.IntValue, source.FloatValue:
			got, word = "the number "+abbreviate(n.Raw()), "number"
		case source.StringValue:
			got, word = "the string "+abbreviate(strconv.Quote(n.Text())), "string"
		}
	}
	name := "this"
	if len(d.path) > 0 {
		if s := d.path[len(d.path)-1]; s.key != "" {
			name = s.key
		} else if len(d.path) > 1 && s.plan.op == opSlice {
			name = "an item of " + d.path[len(d.path)-2].key
		}
	}
	d.wrong(n, pl, fmt.Sprintf("%s must be %s, not %s", name, describe(pl), got),
		fmt.Sprintf("cannot unmarshal %s into a field of type %s", word, pl.typ))
	last := &d.problems[len(d.problems)-1]
	last.Suggestion, last.Fix = d.recast(n, pl)
}

// abbreviate shortens a value for a message.
func abbreviate(s string) string {
	if len(s) <= 60 {
		return s
	}
	end := 57
	for !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + "..."
}

// describe says what a document must hold for pl, with an article.
func describe(pl *plan) string {
	switch pl.op {
	case opString:
		return "a string"
	case opBool:
		return "true or false"
	case opInt, opUint:
		return "a whole number"
	case opFloat:
		return "a number"
	case opStruct, opMap:
		return "a mapping"
	case opSlice:
		return "a list"
	case opBytes:
		return "a string of base64"
	case opPointer:
		return describe(pl.elem)
	}
	switch pl.typ.Name() {
	case "IntOrString":
		return "a whole number or a string"
	case "Time", "MicroTime":
		return "a time such as 2026-01-31T12:00:00Z"
	case "Duration":
		return "a duration such as 1h30m"
	}
	return "a valid " + pl.typ.Name()
}
