package report

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/source"
)

const (
	gutter  = 10 // columns before the text of a line: "     41 | "
	tabStop = 4
	// farthest is how many lines above the place the entry that contains it is looked for.
	farthest = 60
)

// frame is the lines of a file that show a place:
//
//	 38 |         - name: app              the list item that holds the place
//	... |
//	 41 |           livenessProbe:         the place
//	    |           ^^^^^^^^^^^^^ message
//	 42 |             httpGet: {path: /}   what it leads to
type frame struct {
	before []frameLine
	at     frameLine
	after  []frameLine
	// from and to are the columns of at.text, from 0, that are to be underlined.
	from, to int
}

// frameLine is one line; number 0 stands for lines left out.
type frameLine struct {
	number int
	text   string
}

// newFrame makes the frame of a place in lines of at most width columns, the gutter among them. The place must have a line.
func newFrame(f *source.File, p finding.Place, width int) frame {
	room := max(width-gutter, 20)
	line := lineOf(f, p.Line)
	endColumn := p.EndColumn
	if p.EndLine > p.Line {
		endColumn = utf8.RuneCountInString(line) + 1
	}
	var fr frame
	fr.at.number = p.Line
	fr.at.text, fr.from, fr.to = showLine(line, p.Column, endColumn, room)
	add := func(list *[]frameLine, n int) {
		text, _, _ := showLine(lineOf(f, n), 1, 1, room)
		*list = append(*list, frameLine{n, text})
	}
	if top := containerOf(f, p.Line); top > 0 {
		add(&fr.before, top)
		switch p.Line - top {
		case 1:
		case 2:
			add(&fr.before, p.Line-1)
		default:
			fr.before = append(fr.before, frameLine{})
		}
	}
	if leadsOn(f, p) {
		add(&fr.after, p.Line+1)
	}
	return fr
}

// lineOf returns a line without the byte order mark, which is no column either (source.File.Position).
func lineOf(f *source.File, n int) string {
	line := f.Line(n)
	if n == 1 {
		line = strings.TrimPrefix(line, "\ufeff")
	}
	return line
}

// containerOf returns the line, above line n, of the list item that contains it, else of the entry that does, judged by indentation;
// 0 when there is none nearby.
func containerOf(f *source.File, n int) int {
	depth := indent(f.Line(n))
	parent := 0
	for i := n - 1; i >= max(1, n-farthest) && depth > 0; i-- {
		line := f.Line(i)
		text := strings.TrimLeft(line, " \t")
		if strings.HasPrefix(line, "---") {
			break
		}
		if text == "" || text[0] == '#' || indent(line) >= depth {
			continue
		}
		depth = indent(line)
		if parent == 0 {
			parent = i
		}
		if strings.HasPrefix(text, "- ") {
			return i
		}
	}
	return parent
}

// leadsOn reports whether the line below a place belongs to it and says more: what a key leads to, the rest of an item.
func leadsOn(f *source.File, p finding.Place) bool {
	next := f.Line(p.Line + 1)
	text := strings.TrimLeft(next, " \t")
	if text == "" || text[0] == '#' {
		return false
	}
	return indent(next) > indent(f.Line(p.Line))
}

func indent(line string) int { return len(line) - len(strings.TrimLeft(line, " \t")) }

// cell is one character as it is shown.
type cell struct {
	text  string
	width int
}

// showLine makes a line fit for a terminal: tabs become spaces, what must not reach a terminal becomes an escape, and a line wider
// than room is cut around the characters from column col to endCol (in code points, from 1; the end is exclusive). from and to are
// the columns, from 0, where those characters now stand; they are at least one apart.
func showLine(line string, col, endCol, room int) (text string, from, to int) {
	cells := make([]cell, 0, min(len(line), 4*room))
	first, last := -1, -1
	at := 0 // columns used so far
	skipped, more := false, false
	for i, c := 0, 1; i < len(line); {
		r, size := utf8.DecodeRuneInString(line[i:])
		// A continuation byte on its own is no column of its own: positions count leading bytes (source.File.Position).
		stray := size == 1 && line[i]&0xC0 == 0x80
		if c < col-2*room {
			skipped = true
		} else {
			if c > max(col, 1)+4*room {
				more = true
				break
			}
			if c >= col && first < 0 {
				first = len(cells)
			}
			if c >= endCol && last < 0 {
				last = len(cells)
			}
			x := cell{text: visible(r, line[i:i+size])}
			if r == '\t' {
				x.text = strings.Repeat(" ", tabStop-at%tabStop)
			}
			x.width = Width(x.text)
			at += x.width
			cells = append(cells, x)
		}
		i += size
		if !stray {
			c++
		}
	}
	if first < 0 {
		first = len(cells)
	}
	if last < 0 {
		last = len(cells)
	}
	last = max(last, first)
	return fit(cells, first, last, room, skipped, more)
}

// fit cuts cells to room columns around cells[first:last] and returns their text and the columns where first and last stand.
// skipped and more say that something before or behind the cells was left out already.
func fit(cells []cell, first, last, room int, skipped, more bool) (text string, from, to int) {
	span := func(a, b int) (w int) {
		for _, c := range cells[a:b] {
			w += c.width
		}
		return w
	}
	const mark = "..."
	left, right := 0, len(cells)
	if skipped || span(0, last) > room-len(mark) && span(0, right) > room {
		before := 0
		left = first
		for left > 0 && before+cells[left-1].width <= room/3 {
			left--
			before += cells[left].width
		}
	}
	var b strings.Builder
	room2 := room
	if left > 0 || skipped {
		b.WriteString(mark)
		room2 -= len(mark)
	}
	from = Width(b.String()) + span(left, first)
	if more || span(left, right) > room2 {
		room2 -= len(mark)
		for w := span(left, right); right > left && w > room2; {
			right--
			w -= cells[right].width
		}
		more = true
	}
	to = from + span(first, max(first, min(last, right)))
	for _, c := range cells[left:right] {
		b.WriteString(c.text)
	}
	if more {
		b.WriteString(mark)
	}
	return strings.TrimRight(b.String(), " "), from, max(to, from+1)
}

// write writes the frame, the underline followed by the message in lines of at most width columns. mark colours the underline.
func (fr *frame) write(w writer, message string, width int, mark func(string) string) {
	line := func(l frameLine) {
		if l.number == 0 {
			w.WriteString("    ... |\n")
			return
		}
		w.WriteString(strings.TrimRight(fmt.Sprintf("%7d | %s", l.number, l.text), " ") + "\n")
	}
	for _, l := range fr.before {
		line(l)
	}
	line(fr.at)
	const empty = "        | "
	under := strings.Repeat("^", fr.to-fr.from)
	room := max(width-gutter, 20)
	start := fr.to + 1
	if rest := room - start; Width(message) <= rest || rest >= 40 {
		lines := Wrap(message, rest)
		w.WriteString(empty + strings.Repeat(" ", fr.from) + mark(under))
		for i, l := range lines {
			if i > 0 {
				w.WriteString(empty + strings.Repeat(" ", fr.to))
			}
			w.WriteString(" " + l + "\n")
		}
		if len(lines) == 0 {
			w.WriteString("\n")
		}
	} else { // too far to the right for the message to stand beside the underline
		w.WriteString(empty + strings.Repeat(" ", fr.from) + mark(under) + "\n")
		start = max(0, min(fr.from, room-60))
		for _, l := range Wrap(message, room-start) {
			w.WriteString(empty + strings.Repeat(" ", start) + l + "\n")
		}
	}
	for _, l := range fr.after {
		line(l)
	}
}
