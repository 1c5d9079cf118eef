package report

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/width"
)

// Width returns how many columns of a terminal s takes: two for East Asian wide characters and emoji, none for marks that
// combine with the character before them. Characters whose width is ambiguous (UAX #11) count as one.
func Width(s string) int {
	n := 0
	for i, r := range s {
		if r >= utf8.RuneSelf {
			for _, r := range s[i:] {
				n += runeWidth(r)
			}
			break
		}
		n++
	}
	return n
}

func runeWidth(r rune) int {
	if r < 0x300 {
		return 1
	}
	if unicode.In(r, unicode.Mn, unicode.Me) {
		return 0
	}
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	}
	return 1
}

// cut shortens s to at most w columns, with ... at the end when something is left out.
func cut(s string, w int) string {
	if len(s) <= w || Width(s) <= w {
		return s
	}
	n, end := 0, 0
	for i, r := range s {
		n += runeWidth(r)
		if n > w-3 {
			break
		}
		end = i + utf8.RuneLen(r)
	}
	return strings.TrimRight(s[:end], " ") + "..."
}

// cutLeft shortens s to at most w columns, with … at the beginning when something is left out.
func cutLeft(s string, w int) string {
	if Width(s) <= w {
		return s
	}
	used, start := 1, len(s)
	for start > 0 {
		r, size := utf8.DecodeLastRuneInString(s[:start])
		if used += runeWidth(r); used > w {
			break
		}
		start -= size
	}
	return "…" + s[start:]
}

// Wrap breaks text into lines of at most w columns, at white space, but not between a number and its unit. A longer word has a line to itself.
func Wrap(text string, w int) []string {
	var lines []string
	var line strings.Builder
	used := 0
	words := strings.Fields(text)
	for i := 0; i < len(words); i++ {
		word := words[i]
		if i+1 < len(words) && endsInDigit(word) && isUnit(words[i+1]) {
			i++
			word += " " + words[i]
		}
		n := Width(word)
		if used > 0 && used+1+n > w {
			lines = append(lines, line.String())
			line.Reset()
			used = 0
		}
		if used > 0 {
			line.WriteByte(' ')
			used++
		}
		line.WriteString(word)
		used += n
	}
	if used > 0 {
		lines = append(lines, line.String())
	}
	return lines
}

func endsInDigit(word string) bool { return word[len(word)-1] >= '0' && word[len(word)-1] <= '9' }

// isUnit reports whether a word is what a number before it counts, with the punctuation behind it.
func isUnit(word string) bool {
	switch strings.TrimRight(word, ",.;:)") {
	case "%", "s", "ms", "min":
		return true
	}
	return false
}
