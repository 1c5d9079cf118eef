package report

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Clean returns s with everything that a terminal might obey or not show written as an escape: control characters, invisible and
// direction-changing ones, spaces other than the plain one, bytes that are not UTF-8. Printable text of any script stays.
func Clean(s string) string {
	clean := true
	for i := 0; i < len(s) && clean; i++ {
		clean = s[i] >= ' ' && s[i] < 0x7f
	}
	if clean {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		b.WriteString(visible(r, s[i:i+size]))
		i += size
	}
	return b.String()
}

// CleanLines is Clean that leaves line breaks.
func CleanLines(s string) string {
	lines := strings.Split(s, "\n")
	for i := range lines {
		lines[i] = Clean(lines[i])
	}
	return strings.Join(lines, "\n")
}

// visible returns how one character is shown. raw are its bytes.
func visible(r rune, raw string) string {
	if r == utf8.RuneError && len(raw) == 1 {
		return fmt.Sprintf(`\x%02x`, raw[0])
	}
	if strconv.IsPrint(r) {
		return raw
	}
	q := strconv.QuoteRuneToASCII(r)
	return q[1 : len(q)-1]
}
