package config

import "strings"

// slip reports whether one name is almost certainly the other, mistyped: they differ in case or separators, in one letter that is
// missing, added, swapped with its neighbour or another one, or by a shortened last word (app-conf, app-config). Names that differ in
// a digit mean different things (db-1, db-2), and so do short ones.
func slip(a, b string) bool {
	if a == b {
		return false
	}
	if folded(a) == folded(b) {
		return true
	}
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(a) < 5 {
		return false
	}
	if rest, ok := strings.CutPrefix(b, a); ok && len(rest) <= 3 && letters(rest) {
		return true
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	switch {
	case len(b) == len(a)+1:
		return a[i:] == b[i+1:] && letters(b[i:i+1])
	case len(b) != len(a):
		return false
	case i+1 < len(a) && a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:]:
		return letters(a[i : i+2])
	}
	return a[i+1:] == b[i+1:] && letters(a[i:i+1]) && letters(b[i:i+1])
}

// letters reports whether s has neither digits nor separators.
func letters(s string) bool {
	for i := range len(s) {
		if c := s[i] | 0x20; c < 'a' || c > 'z' {
			return false
		}
	}
	return true
}

// folded is a name without the case and the separators that people get wrong.
func folded(s string) string {
	return strings.ToLower(strings.Map(func(r rune) rune {
		if r == '-' || r == '_' || r == '.' {
			return -1
		}
		return r
	}, s))
}
