package source

import (
	"encoding/base64"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
	"unsafe"
)

// # Text

// Text returns the text of a scalar as YAML means it: without quotes, escapes resolved, lines folded and chomped. Other nodes
// have none. The text of a plain or quoted scalar that needs none of this is cut from the file without a copy.
func (n Node) Text() string {
	if n.Kind() != Scalar {
		return ""
	}
	x := &n.f.nodes[n.i]
	raw := n.f.Data[x.start:x.end]
	switch x.style {
	case SingleQuoted, DoubleQuoted:
		raw = raw[1 : len(raw)-1]
	case Literal, Folded:
		return n.f.blockText(x)
	}
	if x.flags&flagEscaped == 0 {
		return unsafe.String(unsafe.SliceData(raw), len(raw))
	}
	return foldedText(raw, x.style)
}

// foldedText resolves the line breaks of a plain or quoted scalar, and the escapes of a quoted one. White space around a line
// break is dropped; the first break of a run becomes a space, unless it is followed by others, which stay.
func foldedText(raw []byte, style Style) string {
	out := make([]byte, 0, len(raw))
	for i := 0; i < len(raw); {
		c := raw[i]
		switch {
		case isBlank(c) || isBreak(c):
			j, breaks := blankRun(raw, i)
			switch breaks {
			case 0:
				out = append(out, raw[i:j]...)
			case 1:
				out = append(out, ' ')
			}
			for range breaks - 1 {
				out = append(out, '\n')
			}
			i = j
		case c == '\'' && style == SingleQuoted:
			out = append(out, '\'')
			i += 2
		case c == '\\' && style == DoubleQuoted && isBreak(raw[i+1]):
			j, breaks := blankRun(raw, i+1)
			for range breaks - 1 {
				out = append(out, '\n')
			}
			i = j
		case c == '\\' && style == DoubleQuoted:
			var n int
			out, n = appendEscape(out, raw[i:])
			i += n
		default:
			out = append(out, c)
			i++
		}
	}
	return unsafe.String(unsafe.SliceData(out), len(out))
}

// blankRun returns the end of the white space and line breaks at i and the number of breaks.
func blankRun(b []byte, i int) (end, breaks int) {
	for i < len(b) && (isBlank(b[i]) || isBreak(b[i])) {
		if isBreak(b[i]) {
			breaks++
			if b[i] == '\r' && i+1 < len(b) && b[i+1] == '\n' {
				i++
			}
		}
		i++
	}
	return i, breaks
}

// simpleEscape returns what a backslash and c stand for in double quotes, except for the numbered escapes x, u and U.
func simpleEscape(c byte) (rune, bool) {
	i := strings.IndexByte("0abt\tnvfre \"/\\N_LP", c)
	if i < 0 {
		return 0, false
	}
	return [...]rune{0, '\a', '\b', '\t', '\t', '\n', '\v', '\f', '\r', 0x1B, ' ', '"', '/', '\\', 0x85, 0xA0, 0x2028, 0x2029}[i], true
}

// hexValue reads n hexadecimal digits at i.
func hexValue(b []byte, i, n int) (rune, bool) {
	if i+n > len(b) {
		return 0, false
	}
	v, err := strconv.ParseUint(string(b[i:i+n]), 16, 32)
	if v > math.MaxInt32 {
		v = math.MaxInt32
	}
	return rune(v), err == nil
}

// appendEscape appends the meaning of the escape sequence that b begins with and returns its length. The parser has checked it.
func appendEscape(out, b []byte) ([]byte, int) {
	if r, ok := simpleEscape(b[1]); ok {
		return utf8.AppendRune(out, r), 2
	}
	n := map[byte]int{'x': 2, 'u': 4, 'U': 8}[b[1]]
	r, _ := hexValue(b, 2, n)
	return utf8.AppendRune(out, r), 2 + n
}

// blockText returns the text of a literal or folded scalar.
func (f *File) blockText(x *node) string {
	d := f.Data
	i := int(x.start) + 1
	chomp := byte(0)
	for ; i < len(d) && (d[i] == '+' || d[i] == '-' || d[i] >= '1' && d[i] <= '9'); i++ {
		if d[i] == '+' || d[i] == '-' {
			chomp = d[i]
		}
	}
	i, _ = lineAfter(d, i)
	end := int(x.end)
	indent := int(x.indent)
	if indent == 0 {
		indent = textColumn(d, i, end)
	}
	var out []byte
	breaks := 0        // line breaks that are not written yet
	wasText := false   // there is a line above, and
	wasDeeper := false // it began with white space
	literal := x.style == Literal
	for i < end {
		line := i
		for i < end && d[i] == ' ' && i-line < indent {
			i++
		}
		next, stop := lineAfter(d, i)
		if i == stop && stop < end { // a blank line
			breaks++
			i = next
			continue
		}
		deeper := isBlank(d[i])
		switch {
		case !wasText, literal, wasDeeper, deeper:
		case breaks == 1:
			out, breaks = append(out, ' '), 0
		default:
			breaks--
		}
		for range breaks {
			out = append(out, '\n')
		}
		out = append(out, d[i:stop]...)
		wasText, wasDeeper, breaks = true, deeper, 1
		if stop == len(d) && len(strings.Trim(string(d[i:stop]), " \t")) > 0 {
			breaks = 0 // the file ends without a line break
		}
		i = next
	}
	if chomp == '-' {
		breaks = 0
	}
	if chomp == '+' {
		breaks += trailingBreaks(d, i)
	}
	for range breaks {
		out = append(out, '\n')
	}
	return unsafe.String(unsafe.SliceData(out), len(out))
}

// lineAfter returns where the line behind the one at i begins, and where the one at i ends.
func lineAfter(d []byte, i int) (next, end int) {
	for i < len(d) && !isBreak(d[i]) {
		i++
	}
	end = i
	if i < len(d) {
		if d[i] == '\r' && i+1 < len(d) && d[i+1] == '\n' {
			i++
		}
		i++
	}
	return i, end
}

// textColumn returns the column of the first line between i and end that is not blank.
func textColumn(d []byte, i, end int) int {
	col := 0
	for ; i < end; i++ {
		switch {
		case isBreak(d[i]):
			col = 0
		case d[i] == ' ':
			col++
		default:
			return col
		}
	}
	return 0
}

// trailingBreaks counts the blank lines at i, behind the text of a block scalar. A last line of spaces only counts.
func trailingBreaks(d []byte, i int) int {
	n := 0
	for i < len(d) {
		line := i
		for i < len(d) && d[i] == ' ' {
			i++
		}
		switch {
		case i >= len(d):
			if i > line {
				n++
			}
			return n
		case !isBreak(d[i]):
			return n
		}
		n++
		i, _ = lineAfter(d, i)
	}
	return n
}

// # Aliases, keys

// Resolve returns the node that an alias stands for; every other node is itself.
func (n Node) Resolve() Node {
	if n.Kind() != Alias {
		return n
	}
	return Node{n.f, n.f.aliases[n.i]}
}

// Get returns the value of a key of mapping n, or of the mapping that n is an alias of. When the key is repeated the last one
// counts. Merge keys (<<) are looked through, in the order in which Kubernetes reads them: what stands later in the mapping wins.
// It returns the zero Node when there is no such key.
func (n Node) Get(key string) Node {
	e, _ := n.lookup(key, 0)
	return e.Value
}

// maxMerges is how deep merge keys may lead into mappings with merge keys.
const maxMerges = 20

// lookup is Get with the key.
func (n Node) lookup(key string, depth int) (Entry, bool) {
	var found Entry
	ok := false
	for e := range n.Resolve().Entries() {
		switch {
		case !e.Key.IsMergeKey():
			if e.Key.is(key) {
				found, ok = e, true
			}
		case depth < maxMerges:
			if m, has := e.Value.mergeLookup(key, depth+1); has {
				found, ok = m, true
			}
		}
	}
	return found, ok
}

// mergeLookup looks a key up in the value of a merge key: a mapping, or a sequence of mappings of which the first wins.
func (n Node) mergeLookup(key string, depth int) (Entry, bool) {
	if n.Kind() != Sequence {
		return n.lookup(key, depth)
	}
	for _, item := range n.Items() {
		if e, ok := item.lookup(key, depth); ok {
			return e, true
		}
	}
	return Entry{}, false
}

// # Types

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
func (n Node) Type() ScalarType { return n.resolve().typ }

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

// # JSON

// maxExpanded is how many nodes aliases and merge keys may add to a document's JSON. It is what the reader of Kubernetes allows
// for documents of ordinary size.
const maxExpanded = 400_000

// AppendJSON appends the subtree as JSON, as Kubernetes sees it: the result is equal to that of sigs.k8s.io/yaml.YAMLToJSON, save
// that keys keep their order. Aliases and merge keys are expanded, of repeated keys the last one is kept. It fails on what JSON
// cannot hold (null keys, infinities), on text that is not of the type its tag demands, and when aliases multiply beyond reason.
func (n Node) AppendJSON(b []byte) ([]byte, error) {
	if n.IsZero() {
		return append(b, "null"...), nil
	}
	w := jsonWriter{}
	return w.append(b, n)
}

type jsonWriter struct {
	aliased  int // how many aliases lead to the present node
	expanded int // nodes reached through them
}

func (w *jsonWriter) append(b []byte, n Node) ([]byte, error) {
	if w.aliased > 0 {
		if w.expanded++; w.expanded > maxExpanded {
			return b, n.errorf("aliases expand to more than %d values", maxExpanded)
		}
	}
	var err error
	switch n.Kind() {
	case Alias:
		w.aliased++
		b, err = w.append(b, n.Resolve())
		w.aliased--
		return b, err
	case Mapping:
		return w.mapping(b, n)
	case Sequence:
		b = append(b, '[')
		for i, item := range n.Items() {
			if i > 0 {
				b = append(b, ',')
			}
			if b, err = w.append(b, item); err != nil {
				return b, err
			}
		}
		return append(b, ']'), nil
	}
	return appendScalar(b, n)
}

func (n Node) errorf(format string, args ...any) error {
	e := &SyntaxError{Offset: n.Span().Start, Position: n.Position(), Message: fmt.Sprintf(format, args...)}
	return e
}

// member is one member of a JSON object to be.
type member struct {
	key    string
	value  Node
	merged bool // reached through a merge key
}

func (w *jsonWriter) mapping(b []byte, n Node) ([]byte, error) {
	members, err := w.members(nil, n, 0)
	if err != nil {
		return b, err
	}
	last := map[string]int{}
	if len(members) > 8 {
		for i, m := range members {
			last[m.key] = i
		}
	}
	b = append(b, '{')
	first := true
	for i, m := range members {
		if repeated(members, last, i) {
			continue
		}
		if !first {
			b = append(b, ',')
		}
		first = false
		b = append(appendString(b, m.key), ':')
		if m.merged {
			w.aliased++
		}
		b, err = w.append(b, m.value)
		if m.merged {
			w.aliased--
		}
		if err != nil {
			return b, err
		}
	}
	return append(b, '}'), nil
}

// repeated reports whether member i is followed by another with its key. last is filled for long lists only.
func repeated(members []member, last map[string]int, i int) bool {
	if len(last) > 0 {
		return last[members[i].key] != i
	}
	return slices.ContainsFunc(members[i+1:], func(m member) bool { return m.key == members[i].key })
}

// members lists the members of mapping n in the order in which they override each other.
func (w *jsonWriter) members(to []member, n Node, depth int) ([]member, error) {
	for e := range n.Entries() {
		if depth > 0 {
			if w.expanded++; w.expanded > maxExpanded {
				return to, n.errorf("merge keys expand to more than %d values", maxExpanded)
			}
		}
		if !e.Key.IsMergeKey() {
			key, err := e.Key.jsonKey()
			if err != nil {
				return to, err
			}
			to = append(to, member{key, e.Value, depth > 0})
			continue
		}
		from := []Node{e.Value}
		if e.Value.Kind() == Sequence {
			from = from[:0]
			for _, item := range e.Value.Items() {
				from = append(from, item)
			}
			slices.Reverse(from) // the first of the sequence wins
		}
		for _, m := range from {
			m = m.Resolve()
			if m.Kind() != Mapping {
				return to, e.Key.errorf("a merge key (<<) needs a mapping or a list of mappings")
			}
			if depth >= maxMerges {
				return to, e.Key.errorf("merge keys lead through more than %d mappings", maxMerges)
			}
			var err error
			if to, err = w.members(to, m, depth+1); err != nil {
				return to, err
			}
		}
	}
	return to, nil
}

// jsonKey returns the key as a JSON object has it.
func (n Node) jsonKey() (string, error) {
	r := n.resolve()
	switch {
	case r.mismatch:
		return "", n.errorf("the key %q is not of the type its tag demands", n.Text())
	case r.typ == NullValue:
		return "", n.errorf("null cannot be a key")
	case r.typ == BoolValue:
		return strconv.FormatBool(r.b), nil
	case r.typ == IntValue && r.u > 0:
		return "", n.errorf("the number %s is too large for a key", n.Text())
	case r.typ == IntValue:
		return strconv.FormatInt(r.i, 10), nil
	case r.typ == FloatValue:
		switch s := strconv.FormatFloat(r.f, 'g', -1, 32); s {
		case "+Inf":
			return ".inf", nil
		case "-Inf":
			return "-.inf", nil
		case "NaN":
			return ".nan", nil
		default:
			return s, nil
		}
	}
	return r.s, nil
}

func appendScalar(b []byte, n Node) ([]byte, error) {
	r := n.resolve()
	switch {
	case r.mismatch:
		return b, n.errorf("%q is not of the type its tag %s demands", n.Text(), n.Tag())
	case r.typ == NullValue:
		return append(b, "null"...), nil
	case r.typ == BoolValue:
		return strconv.AppendBool(b, r.b), nil
	case r.typ == IntValue && r.u > 0:
		return strconv.AppendUint(b, r.u, 10), nil
	case r.typ == IntValue:
		return strconv.AppendInt(b, r.i, 10), nil
	case r.typ == FloatValue:
		if math.IsInf(r.f, 0) || math.IsNaN(r.f) {
			return b, n.errorf("JSON has no %s", n.Text())
		}
		return strconv.AppendFloat(b, r.f, 'g', -1, 64), nil
	}
	return appendString(b, r.s), nil
}

// appendString appends s as a JSON string.
func appendString(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	plain := 0 // s[plain:i] needs no escape and is not written yet
	for i := 0; i < len(s); {
		c := s[i]
		if c >= 0x20 && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			if r != utf8.RuneError || size > 1 {
				i += size
				continue
			}
		}
		b = append(b, s[plain:i]...)
		switch {
		case c >= utf8.RuneSelf:
			b = append(b, "\uFFFD"...)
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c == '\n':
			b = append(b, '\\', 'n')
		case c == '\t':
			b = append(b, '\\', 't')
		case c == '\r':
			b = append(b, '\\', 'r')
		default:
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
		i++
		plain = i
	}
	return append(append(b, s[plain:]...), '"')
}

// # Places

// At returns the nodes around a byte offset, from the root of its document to the innermost one. Where the offset lies in a key or
// between a key and its value, the key is the last of them; where it lies between two entries or items, their collection is. It
// returns nothing outside of all roots.
func (f *File) At(offset int) []Node {
	var chain []Node
	for _, d := range f.Docs {
		if d.Root.IsZero() || !d.Root.covers(offset) {
			continue
		}
		for n := d.Root; !n.IsZero(); n = n.childAt(offset) {
			chain = append(chain, n)
		}
	}
	return chain
}

// covers reports whether an offset lies in n or its introduction.
func (n Node) covers(offset int) bool {
	x := &n.f.nodes[n.i]
	return int(x.lead) <= offset && (offset < int(x.end) || offset == int(x.end) && x.kind != Mapping && x.kind != Sequence)
}

// childAt returns the child of a collection that covers an offset: for a mapping the value, or the key when the offset lies
// before the value's first byte.
func (n Node) childAt(offset int) Node {
	for _, item := range n.Items() {
		if item.covers(offset) {
			return item
		}
	}
	for e := range n.Entries() {
		switch {
		case e.Value.covers(offset) && offset >= int(e.Value.f.nodes[e.Value.i].start):
			return e.Value
		case e.Key.covers(offset) || e.Value.covers(offset):
			return e.Key
		}
	}
	return Node{}
}
