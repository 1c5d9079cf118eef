package source

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
	"unsafe"
)

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
