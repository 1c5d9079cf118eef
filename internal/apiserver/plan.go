package apiserver

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"sync"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
)

// op says how a plan's memory is filled.
type op uint8

const (
	opString op = iota
	opBool
	opInt
	opUint
	opFloat
	opStruct
	opPointer
	opSlice
	opMap
	opBytes
	opJSON // the type reads its own JSON
	opUnion
	opAny // interface{}
)

// plan says how values of one Go type are read from a document. Plans are built once per type and never change; types that
// contain themselves make plans that contain themselves.
type plan struct {
	op     op
	typ    reflect.Type
	elem   *plan // of pointers, slices and maps
	fields map[string]slot
	// names are the struct's field names as documents spell them, in the order of the type.
	names []string
	// Of a union: where a mapping goes, where a list or a boolean goes, and the flag that a mapping sets, if any.
	mapping, other slot
	flag           *slot
}

// slot is one field of a struct, fields of embedded structs among them.
type slot struct {
	offset uintptr
	plan   *plan
}

var plans struct {
	sync.RWMutex
	of map[reflect.Type]*plan
}

// planOf returns the plan for t.
func planOf(t reflect.Type) *plan {
	plans.RLock()
	p := plans.of[t]
	plans.RUnlock()
	if p != nil {
		return p
	}
	plans.Lock()
	defer plans.Unlock()
	if plans.of == nil {
		plans.of = map[reflect.Type]*plan{}
	}
	return build(t)
}

var unmarshaler = reflect.TypeFor[json.Unmarshaler]()

// build makes the plan for t and all types below it; plans is locked. A plan is entered into the table before its parts are
// built, so that a type may contain itself. Nobody reads the table in between.
func build(t reflect.Type) *plan {
	if p := plans.of[t]; p != nil {
		return p
	}
	p := &plan{typ: t}
	plans.of[t] = p
	if members, ok := unions[t]; ok {
		p.union(members)
		return p
	}
	if t.Kind() != reflect.Pointer && reflect.PointerTo(t).Implements(unmarshaler) {
		p.op = opJSON
		return p
	}
	switch t.Kind() {
	case reflect.String:
		p.op = opString
	case reflect.Bool:
		p.op = opBool
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		p.op = opInt
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		p.op = opUint
	case reflect.Float32, reflect.Float64:
		p.op = opFloat
	case reflect.Pointer:
		p.op, p.elem = opPointer, build(t.Elem())
	case reflect.Map:
		if t.Key().Kind() != reflect.String {
			panic(fmt.Sprintf("apiserver: %s: a map key that is not a string", t))
		}
		p.op, p.elem = opMap, build(t.Elem())
	case reflect.Slice:
		p.op, p.elem = opSlice, build(t.Elem())
		if p.elem.op == opUint && t.Elem().Kind() == reflect.Uint8 {
			p.op = opBytes
		}
	case reflect.Interface:
		p.op = opAny
	case reflect.Struct:
		p.op, p.fields = opStruct, map[string]slot{}
		p.addFields(t, 0)
	default:
		panic(fmt.Sprintf("apiserver: no way to read a %s from a document", t))
	}
	return p
}

// unions are the types that are one thing when a mapping is written and another otherwise: the names of the Go fields for the
// mapping and for the other. They read their own JSON upstream, which for the large schemas of custom resources costs more than all
// the rest; what they do is in marshal.go of k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1, release 0.36.
var unions = map[reflect.Type][2]string{
	reflect.TypeFor[apiextensionsv1.JSONSchemaPropsOrArray]():       {"Schema", "JSONSchemas"},
	reflect.TypeFor[apiextensionsv1.JSONSchemaPropsOrBool]():        {"Schema", "Allows"},
	reflect.TypeFor[apiextensionsv1.JSONSchemaPropsOrStringArray](): {"Schema", "Property"},
}

func (p *plan) union(members [2]string) {
	p.op = opUnion
	slotOf := func(name string) slot {
		f, ok := p.typ.FieldByName(name)
		if !ok {
			panic(fmt.Sprintf("apiserver: %s has no field %s", p.typ, name))
		}
		return slot{f.Offset, build(f.Type)}
	}
	p.mapping, p.other = slotOf(members[0]), slotOf(members[1])
	if p.other.plan.op == opBool {
		p.flag = &p.other
	}
}

// addFields enters the fields of struct t, which begins at offset, as encoding/json names them. Kubernetes' types have no two
// fields of one name, which is checked here instead of ranked as encoding/json would.
func (p *plan) addFields(t reflect.Type, offset uintptr) {
	for i := range t.NumField() {
		f := t.Field(i)
		tag, tagged := f.Tag.Lookup("json")
		name, _, _ := strings.Cut(tag, ",")
		if tag == "-" || !f.IsExported() && !f.Anonymous {
			continue
		}
		if f.Anonymous && name == "" && f.Type.Kind() == reflect.Struct {
			p.addFields(f.Type, offset+f.Offset)
			continue
		}
		if name == "" {
			if !tagged && f.Anonymous {
				panic(fmt.Sprintf("apiserver: %s: embedded %s", t, f.Type))
			}
			name = f.Name
		}
		if _, ok := p.fields[name]; ok {
			panic(fmt.Sprintf("apiserver: %s has two fields %s", t, name))
		}
		p.fields[name] = slot{offset + f.Offset, build(f.Type)}
		p.names = append(p.names, name)
	}
}
