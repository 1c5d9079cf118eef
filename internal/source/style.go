package source

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// style is how things are written at one place of a file.
type style struct {
	shown bool // to people, not to be read back: what cannot be written plain is written all the same
	eol   string
	step  int    // columns by which a mapping is indented below its key
	dash  int    // columns by which a list's dashes are indented below its key
	gap   int    // columns from a dash to its item
	quote byte   // for strings that need quotes
	force byte   // for all strings of the collection that is written into; 0: where needed
	hash  string // white space before a trailing comment

	noLiteral bool // multi-line strings must be quoted here: what follows would become part of a block scalar
	noClip    bool // a block scalar here cannot end with a line break, for the file does not

	// Inside brackets:
	json       bool
	colon, sep string // between key and value, between entries on one line
	unit       string // by which entries on lines of their own are indented
	padMap     string // behind { and before }
	padList    string
	forceKey   byte // quotes of all keys
	forceFlow  byte // quotes of all strings
	trailing   bool // a comma behind the last entry when there is one entry a line
}

// unwritable is panicked with by the writer, whose methods are mutually recursive, and recovered in editing.write.
type unwritable string

// block writes v as the value of something in column col: a key, or, when item is set, a dash. What stands on the line of the key
// is returned apart from the lines below.
func (s *style) block(v Value, col int, item bool) (inline string, lines []string) {
	inner := col + s.step
	if item {
		inner = col + s.gap
	}
	switch {
	case v.kind == Scalar:
		if v.quoted && s.force == 0 && s.literal(v.text) {
			return s.literalLines(v.text, inner)
		}
		return s.scalar(v, false, s.force), nil
	case v.isEmpty() && v.kind == Mapping:
		return "{}", nil
	case v.isEmpty():
		return "[]", nil
	case v.kind == Mapping:
		checkFields(v)
		below := *s
		below.force, below.forceKey = 0, 0
		for _, f := range v.fields {
			lines = append(lines, below.entry(f, inner)...)
		}
		return "", lines
	case v.kind == Sequence:
		if !item {
			inner = col + s.dash
		}
		below := *s
		below.force, below.forceKey = 0, 0
		for _, x := range v.items {
			lines = append(lines, below.item(x, "", inner)...)
		}
		return "", lines
	}
	panic(unwritable("a value that says nothing (the zero Value) cannot be written"))
}

func checkFields(v Value) {
	has := make(map[string]bool, len(v.fields))
	for _, f := range v.fields {
		if has[f.Key] {
			panic(unwritable("the new value has the key " + f.Key + " twice"))
		}
		has[f.Key] = true
	}
}

// entry writes a mapping's entry with its key in column col.
func (s *style) entry(f Field, col int) []string {
	above, behind := s.comment(f.Comment, col)
	inline, lines := s.block(f.Value, col, false)
	line := pad(col) + s.key(f.Key, false) + ":"
	if inline != "" {
		line += " " + inline
	}
	return append(append(above, line+behind), lines...)
}

// item writes a list's item with its dash in column col.
func (s *style) item(v Value, comment string, col int) []string {
	above, behind := s.comment(comment, col)
	inline, lines := s.block(v, col, true)
	switch {
	case inline != "":
		return append(append(above, pad(col)+"-"+pad(s.gap-1)+inline+behind), lines...)
	case behind != "":
		above = append(above, pad(col)+strings.TrimLeft(behind, " "))
	}
	for strings.HasPrefix(lines[0][col+s.gap:], "#") {
		above = append(above, pad(col)+lines[0][col+s.gap:])
		lines = lines[1:]
	}
	lines[0] = pad(col) + "-" + pad(s.gap-1) + lines[0][col+s.gap:]
	return append(above, lines...)
}

// comment writes a comment, several lines of it above the thing, one line behind.
func (s *style) comment(text string, col int) (above []string, behind string) {
	if text == "" {
		return nil, ""
	}
	if !printable(text) {
		panic(unwritable("the comment has characters that cannot stand in a file"))
	}
	if !strings.Contains(text, "\n") {
		return nil, s.hash + "# " + text
	}
	for _, l := range strings.Split(strings.TrimRight(text, "\n"), "\n") {
		above = append(above, strings.TrimRight(pad(col)+"# "+l, " "))
	}
	return above, ""
}

func pad(n int) string { return strings.Repeat(" ", max(n, 0)) }

// literal reports whether a string is best written as a block scalar: it has several lines, and a block scalar holds it exactly.
func (s *style) literal(text string) bool {
	body := strings.TrimSuffix(text, "\n")
	if s.noLiteral || s.noClip && body != text || !strings.Contains(text, "\n") || body == "" ||
		strings.HasSuffix(body, "\n") || !printable(text) {
		return false
	}
	for i, l := range strings.Split(body, "\n") {
		blank := strings.Trim(l, " \t") == ""
		switch {
		case blank && l != "", i == 0 && (l == "" || l[0] == ' '), l != "" && l[0] == '\t':
			return false
		}
	}
	return true
}

// literalLines writes a block scalar with its text in column col.
func (s *style) literalLines(text string, col int) (header string, lines []string) {
	header = "|-"
	if strings.HasSuffix(text, "\n") {
		header, text = "|", text[:len(text)-1]
	}
	for _, l := range strings.Split(text, "\n") {
		if l != "" {
			l = pad(col) + l
		}
		lines = append(lines, l)
	}
	return header, lines
}

// printable reports whether a text consists of characters that YAML lets stand as they are, tabs and line feeds among them.
func printable(text string) bool {
	for _, r := range text {
		if r != '\n' && !plainRune(r) {
			return false
		}
	}
	return utf8.ValidString(text)
}

func plainRune(r rune) bool {
	switch {
	case r == '\t':
		return true
	case r < 0x20, r >= 0x7f && r < 0xa0, r == 0x2028, r == 0x2029, r == 0xfeff, r == 0xfffe, r == 0xffff:
		return false
	}
	return true
}

// scalar writes a scalar on one line.
func (s *style) scalar(v Value, flow bool, force byte) string {
	if !v.quoted {
		return s.plainValue(v, flow)
	}
	if force == 0 && !needsQuotes(v.text, flow) {
		return v.text
	}
	return s.quoted(v.text, force)
}

var jsonLiteral = regexp.MustCompile(`^(?:true|false|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?)$`)

func (s *style) plainValue(v Value, flow bool) string {
	switch {
	case v.isNull():
		return "null"
	case s.shown:
	case s.json && !jsonLiteral.MatchString(v.text):
		panic(unwritable(v.text + " cannot be written in JSON"))
	case misread(v.text, flow):
		panic(unwritable(v.text + " cannot be written without quotes"))
	}
	return v.text
}

// key writes a key.
func (s *style) key(text string, flow bool) string {
	// YAML readers look for the colon of a key in 1024 characters.
	if !s.shown && len(text) > 1000 {
		panic(unwritable("a key this long cannot be written"))
	}
	if s.json || s.forceKey != 0 {
		return s.quoted(text, s.forceKey)
	}
	if needsQuotes(text, flow) {
		return s.quoted(text, 0)
	}
	return text
}

// quoted writes a string in quotes, those of the neighbours when force says nothing.
func (s *style) quoted(text string, force byte) string {
	if !utf8.ValidString(text) {
		panic(unwritable("the text is not valid UTF-8"))
	}
	q := s.quote
	if force != 0 {
		q = force
	}
	if q == '\'' && !s.json && printable(text) && !strings.ContainsAny(text, "\n\t") {
		return "'" + strings.ReplaceAll(text, "'", "''") + "'"
	}
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\r':
			b.WriteString(`\r`)
		case plainRune(r):
			b.WriteRune(r)
		default:
			const hex = "0123456789abcdef"
			b.WriteString(`\u`)
			for shift := 12; shift >= 0; shift -= 4 {
				b.WriteByte(hex[r>>shift&15])
			}
		}
	}
	b.WriteByte('"')
	return b.String()
}

// needsQuotes reports whether a string must be quoted to be read as that string by YAML 1.1 and 1.2.
func needsQuotes(text string, flow bool) bool { return ambiguous(text) || misread(text, flow) }

// misread reports whether plain text would be taken for syntax, or changed. Inside brackets it errs on the side of quotes, as
// readers disagree there.
func misread(text string, flow bool) bool {
	if text == "" || !printable(text) || strings.ContainsAny(text, "\n\t") || text != strings.Trim(text, " ") ||
		strings.Contains(text, ": ") || strings.HasSuffix(text, ":") || strings.Contains(text, " #") ||
		strings.HasPrefix(text, "---") || strings.HasPrefix(text, "...") {
		return true
	}
	if flow && strings.ContainsAny(text, ",[]{}:?#") {
		return true
	}
	switch text[0] {
	case '-':
		return len(text) == 1 || text[1] == ' ' || flow && text[1] == '-'
	case '?', ':', ',', '[', ']', '{', '}', '#', '&', '*', '!', '|', '>', '\'', '"', '%', '@', '`':
		return true
	}
	return false
}

// number matches what YAML 1.1 or 1.2 reads as an integer or a decimal fraction, underscores removed, base 60 among it.
var number = regexp.MustCompile(`^[-+]?(?:0[xX][0-9a-fA-F]*|0[oO]?[0-7]+|0[bB][-+]?[01]*|(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[0-9]+(?::[0-5]?[0-9])+(?:\.[0-9]*)?)$`)

// date matches the dates of YAML 1.1, alone or with a time.
var date = regexp.MustCompile(`^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt ].*)?$`)

// ambiguous reports whether plain text is something else than a string in YAML 1.1 or 1.2, as go.yaml.in/yaml versions 2 to 4
// and the type repository of yaml.org have it.
func ambiguous(text string) bool {
	switch text {
	case "", "~", "null", "Null", "NULL", "<<", "=",
		"y", "Y", "yes", "Yes", "YES", "n", "N", "no", "No", "NO", "on", "On", "ON", "off", "Off", "OFF",
		"true", "True", "TRUE", "false", "False", "FALSE",
		".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF", "-.inf", "-.Inf", "-.INF", ".nan", ".NaN", ".NAN":
		return true
	}
	switch c := text[0]; {
	case c >= '0' && c <= '9', c == '-', c == '+', c == '.':
		return number.MatchString(strings.ReplaceAll(text, "_", "")) || date.MatchString(text)
	}
	return false
}

// flow writes v inside brackets. With many set, it has one entry a line, indented one step more than the line it begins on,
// which is indented by indent.
func (s *style) flow(v Value, indent string, many bool) string {
	var entries []string
	open, shut, padding := "{", "}", s.padMap
	inner := indent + s.unit
	switch v.kind {
	case Scalar:
		return s.scalar(v, true, s.forceFlow)
	case Mapping:
		checkFields(v)
		for _, f := range v.fields {
			entries = append(entries, s.flowEntry(f, inner, many))
		}
	case Sequence:
		open, shut, padding = "[", "]", s.padList
		for _, x := range v.items {
			entries = append(entries, s.flow(x, inner, many))
		}
	default:
		panic(unwritable("a value that says nothing (the zero Value) cannot be written"))
	}
	if len(entries) == 0 {
		return open + shut
	}
	if !many {
		return open + padding + strings.Join(entries, s.sep) + padding + shut
	}
	end := ""
	if s.trailing {
		end = ","
	}
	return open + s.eol + inner + strings.Join(entries, ","+s.eol+inner) + end + s.eol + indent + shut
}

func (s *style) flowEntry(f Field, indent string, many bool) string {
	key := s.key(f.Key, true)
	colon := s.colon
	if key[0] != '"' && key[0] != '\'' {
		colon = ": "
	}
	return key + colon + s.flow(f.Value, indent, many)
}
