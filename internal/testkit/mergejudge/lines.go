package mergejudge

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// lines judges (d): the bytes of what nobody meant to change.
func lines(b, o, t, m []byte, res result, r remarks) (faults []Fault) {
	fault := func(weak bool, format string, args ...any) {
		faults = append(faults, Fault{Guarantee: "d", Weak: weak, What: fmt.Sprintf(format, args...)})
	}
	if len(res.theirs) == 0 && r.same && !bytes.Equal(o, m) && sameOrder(b, t) {
		fault(slices.Equal(split(o), split(m)), "theirs says what base says, and merged is not ours byte for byte")
	}
	if bytes.Equal(b, o) && !bytes.Equal(t, m) && moved(split(b), split(t)) == 0 {
		fault(true, "ours is base byte for byte, and merged is not theirs")
	}
	if crlf := bytes.Count(o, []byte("\r\n")); crlf > 0 && crlf == bytes.Count(o, []byte("\n")) && bytes.Count(m, []byte("\r\n")) != bytes.Count(m, []byte("\n")) {
		fault(false, "lines of ours end in CRLF, and not all of merged do")
	}
	// Each leaf that theirs changed explains the lines that it stood on, each comment its own. Blank lines go with either. What theirs moved
	// may move, with all that ours wrote in it.
	if bytes.Equal(b, o) {
		return faults
	}
	x, y := split(o), split(m)
	most := res.taken + r.gone + r.come + emptied(x, y)
	if lost := len(x) - shared(x, y); lost > most {
		fault(false, "%d lines of ours are not in merged, and what theirs changed explains no more than %d", lost, most)
	} else if lost := removed(x, y); lost > most && moved(split(b), split(t)) == 0 && !rearranged(b, t) {
		fault(false, "%d lines of ours are not where they were, and what theirs changed explains no more than %d", lost, most)
	}
	return faults
}

// split are the lines of a file that are not empty, without line breaks. Comments stand at the margin: one whose block is gone goes to the
// column of what is left.
func split(data []byte) (out []string) {
	for l := range bytes.Lines(data) {
		s := string(bytes.TrimRight(l, "\r\n"))
		if t := strings.TrimLeft(s, " "); strings.HasPrefix(t, "#") {
			s = t
		}
		if strings.TrimSpace(s) != "" {
			out = append(out, s)
		}
	}
	return out
}

// sameOrder says whether two files with equal leaves have them on lines of the same order, but for their style.
func sameOrder(a, b []byte) bool { return bytes.Equal(squeeze(a), squeeze(b)) }

func squeeze(data []byte) []byte {
	return bytes.Map(func(r rune) rune {
		if strings.ContainsRune(" \t\r\n\"'", r) {
			return -1
		}
		return r
	}, data)
}

// moved is how many lines that two files share stand elsewhere, whatever their column, their quotes and the comment behind them.
func moved(a, b []string) int {
	a, b = bare(a), bare(b)
	return removed(a, b) - (len(a) - shared(a, b))
}

func bare(lines []string) (out []string) {
	for _, l := range lines {
		if text, _, ok := strings.Cut(l, " #"); ok && strings.TrimSpace(text) != "" {
			l = text
		}
		out = append(out, string(squeeze([]byte(l))))
	}
	return out
}

// rearranged says whether two files have the fields of one mapping in another order, however they are written.
func rearranged(a, b []byte) bool {
	x, errA := read(a)
	y, errB := read(b)
	return errA == nil && errB == nil && turned(x.objects, y.objects)
}

func turned(a, b *node) bool {
	if a == nil || b == nil {
		return false
	}
	for i := range min(len(a.items), len(b.items)) {
		if turned(a.items[i], b.items[i]) {
			return true
		}
	}
	last := -1
	for _, name := range a.names {
		at := slices.Index(b.names, name)
		if at < 0 {
			continue
		}
		if at < last || turned(a.fields[name], b.fields[name]) {
			return true
		}
		last = at
	}
	return false
}

// emptied is how many collections of a are empty in b: the line that leads to one says so now.
func emptied(a, b []string) (n int) {
	left := bag(bare(a))
	for _, l := range bare(b) {
		for _, nothing := range []string{"{}", "[]", "null"} {
			if lead, ok := strings.CutSuffix(l, ":"+nothing); ok && left[lead+":"] > 0 {
				left[lead+":"]--
				n++
			}
		}
	}
	return n
}

// shared is how many lines two files have in common, wherever they stand.
func shared(a, b []string) (n int) {
	left := bag(b)
	for _, l := range a {
		if left[l] > 0 {
			left[l]--
			n++
		}
	}
	return n
}

// removed is how many lines of a the shortest line difference to b takes away (Myers, "An O(ND) difference algorithm", 1986).
func removed(a, b []string) int {
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	n, m := len(a), len(b)
	furthest := make([]int, 2*(n+m)+3)
	zero := n + m + 1
	for d := 0; d <= n+m; d++ {
		for k := -d; k <= d; k += 2 {
			x := furthest[zero+k-1] + 1
			if k == -d || k != d && furthest[zero+k-1] < furthest[zero+k+1] {
				x = furthest[zero+k+1]
			}
			for x < n && x-k < m && a[x] == b[x-k] {
				x++
			}
			if furthest[zero+k] = x; x >= n && x-k >= m {
				return (d + n - m) / 2
			}
		}
	}
	return n
}
