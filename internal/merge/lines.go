package merge

import (
	"strings"

	"github.com/aymanbagabas/go-udiff"
)

// mergeLines merges a text by lines. It reports false when both sides changed the same ones differently.
func mergeLines(base, ours, theirs string) (string, bool) {
	switch {
	case ours == base || ours == theirs:
		return theirs, true
	case theirs == base:
		return ours, true
	}
	a, b := udiff.Lines(base, ours), udiff.Lines(base, theirs)
	var out strings.Builder
	at := 0
	last := "\n"
	write := func(text string) {
		if text == "" {
			return
		}
		if !strings.HasSuffix(last, "\n") {
			out.WriteString("\n") // what was a last line has others below it now
		}
		out.WriteString(text)
		last = text
	}
	take := func(e udiff.Edit) {
		write(base[at:e.Start])
		write(e.New)
		at = e.End
	}
	for len(a) > 0 || len(b) > 0 {
		switch {
		case len(b) == 0 || len(a) > 0 && before(a[0], b[0]):
			take(a[0])
			a = a[1:]
		case len(a) == 0 || before(b[0], a[0]):
			take(b[0])
			b = b[1:]
		case a[0] == b[0]:
			take(a[0])
			a, b = a[1:], b[1:]
		default:
			return "", false
		}
	}
	write(base[at:])
	return out.String(), true
}

// before reports whether edit a lies before b, so that both can be made. Two insertions at one place have no order.
func before(a, b udiff.Edit) bool {
	return a.End < b.Start || a.End == b.Start && (a.Start < a.End || b.Start < b.End) && !(a.Start == b.Start)
}
