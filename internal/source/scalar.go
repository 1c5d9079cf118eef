package source

import (
	"encoding/base64"
	"math"
	"strconv"
	"strings"
)

// ScalarType is what a scalar is to Kubernetes.
type ScalarType uint8

// The types of scalars. Nodes that are no scalars have type StringValue.
const (
	StringValue ScalarType = iota
	NullValue
	BoolValue
	IntValue
	FloatValue
)

// resolved is the typed value of a scalar.
type resolved struct {
	typ      ScalarType
	b        bool
	i        int64
	u        uint64 // for whole numbers above math.MaxInt64, with i = 0
	f        float64
	s        string
	mismatch bool // the text is not of the type that its tag demands
}

// Type returns the type of a scalar as Kubernetes reads it, that is as sigs.k8s.io/yaml does with YAML 1.1 rules: yes, no, on
// and off are booleans, 0777 is octal, 1_000 a number, quoted text is a string, an explicit tag decides.
func (n Node) Type() ScalarType {
	n = n.Resolve()
	if n.Kind() == Scalar && n.f.nodes[n.i].flags&flagProps == 0 && n.f.nodes[n.i].style != Plain {
		return StringValue // whatever it says: a block can be long
	}
	return n.resolve().typ
}

// Bool returns the value of a boolean.
func (n Node) Bool() (v, ok bool) {
	r := n.resolve()
	return r.b, r.typ == BoolValue
}

// Int returns the value of a whole number that fits.
func (n Node) Int() (int64, bool) {
	r := n.resolve()
	return r.i, r.typ == IntValue && r.u == 0
}

// Float returns the value of a number, whole ones included.
func (n Node) Float() (float64, bool) {
	switch r := n.resolve(); {
	case r.typ == FloatValue:
		return r.f, true
	case r.typ == IntValue && r.u > 0:
		return float64(r.u), true
	case r.typ == IntValue:
		return float64(r.i), true
	}
	return 0, false
}

// resolve follows an alias and types the scalar. The rules are those of go.yaml.in/yaml/v2 (resolve.go), which Kubernetes uses.
func (n Node) resolve() resolved {
	n = n.Resolve()
	if n.Kind() != Scalar {
		return resolved{}
	}
	x := &n.f.nodes[n.i]
	tag := ""
	if x.flags&flagProps != 0 {
		tag = longTag(n.Tag())
	}
	text := n.Text()
	switch tag {
	case "":
		if x.style == Plain {
			return resolvePlain(text)
		}
	case "null", "bool", "int", "float":
		r := resolvePlain(text)
		want := map[string]ScalarType{"null": NullValue, "bool": BoolValue, "int": IntValue, "float": FloatValue}[tag]
		if want == FloatValue && r.typ == IntValue && r.u == 0 {
			return resolved{typ: FloatValue, f: float64(r.i), s: text}
		}
		r.mismatch = r.typ != want
		return r
	case "binary":
		data, err := base64.StdEncoding.DecodeString(text)
		return resolved{s: string(data), mismatch: err != nil}
	}
	return resolved{s: text}
}

// longTag returns the name of a tag of the YAML schema, with or without shorthand, and other tags as they are.
func longTag(tag string) string {
	if in, ok := strings.CutPrefix(tag, "!<"); ok {
		tag = strings.TrimSuffix(in, ">")
	}
	if name, ok := strings.CutPrefix(tag, "tag:yaml.org,2002:"); ok {
		return name
	}
	if name, ok := strings.CutPrefix(tag, "!!"); ok {
		return name
	}
	return tag
}

// resolvePlain types an untagged plain scalar.
func resolvePlain(s string) resolved {
	text := resolved{s: s}
	if s == "" {
		return resolved{typ: NullValue}
	}
	switch c := s[0]; {
	case c == '.' || c == '+' || c == '-' || c >= '0' && c <= '9':
	case strings.IndexByte("yYnNtTfFoO~", c) >= 0:
		return resolveWord(s)
	default:
		return text
	}
	switch s {
	case ".nan", ".NaN", ".NAN":
		return resolved{typ: FloatValue, f: math.NaN(), s: s}
	case ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF":
		return resolved{typ: FloatValue, f: math.Inf(1), s: s}
	case "-.inf", "-.Inf", "-.INF":
		return resolved{typ: FloatValue, f: math.Inf(-1), s: s}
	}
	if s[0] == '.' {
		if f, err := strconv.ParseFloat(s, 64); err == nil {
			return resolved{typ: FloatValue, f: f, s: s}
		}
		return text
	}
	return resolveNumber(s)
}

func resolveWord(s string) resolved {
	switch s {
	case "y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON":
		return resolved{typ: BoolValue, b: true, s: s}
	case "n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF":
		return resolved{typ: BoolValue, s: s}
	case "~", "null", "Null", "NULL":
		return resolved{typ: NullValue, s: s}
	}
	return resolved{s: s}
}

func resolveNumber(s string) resolved {
	digits := s
	if strings.IndexByte(s, '_') >= 0 {
		digits = strings.ReplaceAll(s, "_", "")
	}
	if i, err := strconv.ParseInt(digits, 0, 64); err == nil {
		return resolved{typ: IntValue, i: i, s: s}
	}
	if u, err := strconv.ParseUint(digits, 0, 64); err == nil {
		return resolved{typ: IntValue, u: u, s: s}
	}
	if isDecimal(digits) {
		if f, err := strconv.ParseFloat(digits, 64); err == nil {
			return resolved{typ: FloatValue, f: f, s: s}
		}
	}
	if rest, ok := strings.CutPrefix(digits, "-0b"); ok {
		// A sign behind the prefix is what the model accepts too.
		if i, err := strconv.ParseInt("-"+rest, 2, 64); err == nil {
			return resolved{typ: IntValue, i: i, s: s}
		}
	} else if rest, ok := strings.CutPrefix(digits, "0b"); ok {
		if i, err := strconv.ParseInt(rest, 2, 64); err == nil {
			return resolved{typ: IntValue, i: i, s: s}
		}
	}
	return resolved{s: s}
}

// isDecimal reports whether s is a decimal number: an optional sign, digits with at most one point, an optional exponent.
func isDecimal(s string) bool {
	digits := func() int {
		n := 0
		for n < len(s) && s[n] >= '0' && s[n] <= '9' {
			n++
		}
		s = s[n:]
		return n
	}
	sign := func() {
		if s != "" && (s[0] == '+' || s[0] == '-') {
			s = s[1:]
		}
	}
	sign()
	whole, fraction := digits(), 0
	if strings.HasPrefix(s, ".") {
		s = s[1:]
		fraction = digits()
	}
	if whole+fraction == 0 {
		return false
	}
	if s != "" && s[0]|0x20 == 'e' {
		s = s[1:]
		sign()
		if digits() == 0 {
			return false
		}
	}
	return s == ""
}
