package source

import (
	"math"
	"sort"
	"strings"
	"unicode/utf8"
)

// ApplyEdits returns data with the edits made. They must be sorted and not overlap, as Apply returns them.
func ApplyEdits(data []byte, edits []Edit) []byte {
	size := len(data)
	for _, e := range edits {
		size += len(e.New) - (e.End - e.Start)
	}
	out := make([]byte, 0, size)
	at := 0
	for _, e := range edits {
		out = append(out, data[at:e.Start]...)
		out = append(out, e.New...)
		at = e.End
	}
	return append(out, data[at:]...)
}

// piece is a stretch of a text under change: bytes of the original, or new text.
type piece struct {
	Span
	text string
	new  bool
}

func (p piece) len() int {
	if p.new {
		return len(p.text)
	}
	return p.End - p.Start
}

// cut returns the part of p from i to j, counted from its beginning.
func (p piece) cut(i, j int) piece {
	if p.new {
		p.text = p.text[i:j]
	} else {
		p.Span = Span{p.Start + i, p.Start + j}
	}
	return p
}

// pieces is a text that keeps account of where it comes from, so that the edits of several steps become edits of the original:
//
//	original   a: 1␤b: 2␤            [0,10)
//	one edit   a: 1␤c: 3␤b: 2␤       [0,5) "c: 3␤" [5,10)
//	another    a: 1␤c: 34␤b: 2␤      [0,5) "c: 3" "4" "␤" [5,10)
type pieces []piece

// apply makes edits of the text as it is now. They must be sorted and not overlap.
func (ps pieces) apply(edits []Edit) pieces {
	var out pieces
	at, k, i := 0, 0, 0 // the offset reached: byte i of ps[k]
	forward := func(to int, keep bool) {
		for at < to && k < len(ps) {
			n := min(to-at, ps[k].len()-i)
			if keep && n > 0 {
				out = append(out, ps[k].cut(i, i+n))
			}
			at, i = at+n, i+n
			if i == ps[k].len() {
				k, i = k+1, 0
			}
		}
	}
	for _, e := range edits {
		forward(e.Start, true)
		if e.New != "" {
			out = append(out, piece{text: e.New, new: true})
		}
		forward(e.End, false)
	}
	forward(math.MaxInt, true)
	return out
}

// origin returns the offset in the original that offset comes from, or the nearest before it.
func (ps pieces) origin(offset int) int {
	at, last := 0, 0
	for _, p := range ps {
		if !p.new {
			if offset < at+p.len() {
				return p.Start + max(offset-at, 0)
			}
			last = p.End
		} else if offset < at+p.len() {
			return last
		}
		at += p.len()
	}
	return last
}

// edits returns the difference to the original, whose length is size, shifted by base.
func (ps pieces) edits(original []byte, base int) []Edit {
	var out []Edit
	at := 0
	var text strings.Builder
	flush := func(next int) {
		if e := trim(original, Edit{Span{at, next}, text.String()}); e.Start < e.End || e.New != "" {
			e.Start, e.End = e.Start+base, e.End+base
			out = append(out, e)
		}
		text.Reset()
	}
	for _, p := range ps {
		if p.new {
			text.WriteString(p.text)
			continue
		}
		if p.Start != at || text.Len() > 0 {
			flush(p.Start)
		}
		at = p.End
	}
	flush(len(original))
	return out
}

// trim takes from an edit what it replaces by itself, at both ends, never within a character or between CR and LF.
func trim(data []byte, e Edit) Edit {
	n := 0
	for e.Start+n < e.End && n < len(e.New) && data[e.Start+n] == e.New[n] {
		n++
	}
	for n > 0 && inside(e.New, n) {
		n--
	}
	e.Start, e.New = e.Start+n, e.New[n:]
	n = 0
	for e.Start < e.End-n && n < len(e.New) && data[e.End-1-n] == e.New[len(e.New)-1-n] {
		n++
	}
	for n > 0 && inside(e.New, len(e.New)-n) {
		n--
	}
	e.End, e.New = e.End-n, e.New[:len(e.New)-n]
	return e
}

// inside reports whether i is within a character of s, or between a carriage return and its line feed.
func inside(s string, i int) bool {
	return i < len(s) && (!utf8.RuneStart(s[i]) || i > 0 && s[i] == '\n' && s[i-1] == '\r')
}

// sortEdits puts edits in order and joins those that touch the same place; of two at one place, the one made first comes first.
func sortEdits(edits []Edit) []Edit {
	sort.SliceStable(edits, func(i, j int) bool {
		if edits[i].Start != edits[j].Start {
			return edits[i].Start < edits[j].Start
		}
		return edits[i].End < edits[j].End
	})
	out := edits[:0]
	for _, e := range edits {
		if n := len(out); n > 0 && out[n-1].End == e.Start && out[n-1].Start == e.Start {
			e = Edit{e.Span, out[n-1].New + e.New}
			out = out[:n-1]
		}
		out = append(out, e)
	}
	return out
}
