package finding

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestBrief(t *testing.T) {
	long := strings.Repeat("ä", 1_000_000)
	for _, c := range []struct{ title, in, want string }{
		{"short", "the image nginx has no tag", "the image nginx has no tag"},
		{"the longest name", strings.Repeat("n", 253) + " is there", strings.Repeat("n", 253) + " is there"},
		{"a long value", "the image " + long + " has no tag", "the image " + long[:2*253] + "... has no tag"},
		{"a long value at the end", "no tag: " + long, "no tag: " + long[:2*253] + "..."},
		{"two of them", long + " and " + long + "!", long[:2*253] + "... and " + long[:2*253] + "..."},
		{"many words", strings.Repeat("word ", 100_000), strings.Repeat("word ", 400) + "..."},
		{"just enough words", strings.Repeat("word ", 399) + "words", strings.Repeat("word ", 399) + "words"},
	} {
		got := Brief(c.in)
		if got != c.want {
			t.Errorf("%s: got %.700q (%d bytes), want %.700q", c.title, got, len(got), c.want)
		}
		if !utf8.ValidString(got) {
			t.Errorf("%s: not UTF-8", c.title)
		}
	}
}
