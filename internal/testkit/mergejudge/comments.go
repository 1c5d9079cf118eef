package mergejudge

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// lineKind is what a line holds.
type lineKind int

const (
	plain    lineKind = iota // an entry, an item, a part of a flow collection
	empty                    // nothing but blanks
	remark                   // a comment alone
	inText                   // a line of a block scalar, or the rest of a scalar of several lines
	inFlow                   // the rest of a flow collection
	boundary                 // a document separator or a directive
)

// line is a line of a file as the scanner sees it.
type line struct {
	kind    lineKind
	indent  int
	comment string // from # on, "" without one
	at      int    // where the comment begins
}

// scanner knows, from line to line, whether it is in a text or a flow collection.
type scanner struct {
	quote   byte // the quote that is open
	flow    int  // how many flow collections are open
	block   bool // in a block scalar
	parent  int  // of the block scalar or plain scalar: the column of its parent
	content int  // of the block scalar: its column, -1 while unknown
	plain   bool // a plain scalar has begun that deeper lines go on with
}

// scan finds the comments of a file, by a scanner that knows quotes, block scalars and flow collections.
func scan(data []byte) []line {
	var s scanner
	var out []line
	for raw := range bytes.Lines(bytes.TrimPrefix(data, []byte("\ufeff"))) {
		out = append(out, s.line(strings.TrimRight(string(raw), "\r\n")))
	}
	return out
}

func (s *scanner) line(t string) line {
	trimmed := strings.TrimLeft(t, " ")
	l := line{indent: len(t) - len(trimmed)}
	blank := strings.TrimSpace(t) == ""
	separator := strings.HasPrefix(t, "---") || strings.HasPrefix(t, "...")
	if separator && len(t) > 3 && t[3] != ' ' && t[3] != '\t' {
		separator = false
	}
	if s.block && !separator {
		if blank {
			l.kind = inText
			return l
		}
		if s.content < 0 && l.indent > s.parent {
			s.content = l.indent
		}
		if s.content >= 0 && l.indent >= s.content {
			l.kind = inText
			return l
		}
	}
	s.block = false
	if blank {
		l.kind = empty
		return l
	}
	at, start := l.indent, s.quote == 0
	switch {
	case separator && s.quote == 0:
		*s = scanner{}
		l.kind = boundary
		at = 3
		s.rest(t, at, -1, &l)
		return l
	case s.quote != 0:
		l.kind = inText
	case strings.HasPrefix(strings.TrimLeft(t, " \t"), "#"):
		l.kind, s.plain = remark, false
		l.at = strings.IndexByte(t, '#')
		l.comment = strings.TrimRight(t[l.at:], " \t")
		return l
	case s.plain && l.indent > s.parent:
		l.kind, start = inText, false
	case s.flow > 0:
		l.kind = inFlow
	case strings.HasPrefix(t, "%"):
		l.kind = boundary
		return l
	}
	if !start && s.quote == 0 { // a plain scalar goes on
		s.afterPlain(t, at, &l)
		return l
	}
	s.plain = false
	s.rest(t, at, l.indent, &l)
	return l
}

// afterPlain reads the rest of a line of a plain scalar in block context.
func (s *scanner) afterPlain(t string, at int, l *line) {
	for i := at; i < len(t); i++ {
		if t[i] == '#' && i > 0 && (t[i-1] == ' ' || t[i-1] == '\t') {
			l.at, l.comment, s.plain = i, strings.TrimRight(t[i:], " \t"), false
			return
		}
	}
}

// rest reads tokens from a place on. column is where the entry begins whose value may follow.
func (s *scanner) rest(t string, at, column int, l *line) {
	token := true // at the start of a token, where indicators mean something
	scalar := false
	for i := at; i < len(t); i++ {
		c := t[i]
		before := i == 0 || t[i-1] == ' ' || t[i-1] == '\t'
		after := i+1 == len(t) || t[i+1] == ' ' || t[i+1] == '\t'
		if s.quote != 0 {
			switch {
			case c == '\\' && s.quote == '"':
				i++
			case c == '\'' && s.quote == '\'' && i+1 < len(t) && t[i+1] == '\'':
				i++
			case c == s.quote:
				s.quote, token = 0, false
			}
			continue
		}
		switch {
		case c == ' ' || c == '\t':
		case c == '#' && before:
			l.at, l.comment = i, strings.TrimRight(t[i:], " \t")
			s.plain = false
			return
		case s.flow > 0 && strings.IndexByte(",[]{}", c) >= 0 || token && (c == '[' || c == '{'):
			switch c {
			case '[', '{':
				s.flow++
			case ']', '}':
				s.flow--
			}
			token, scalar = s.flow > 0 && c != ']' && c != '}', false
		case c == ':' && (after || s.flow > 0 && !scalar):
			token, scalar = true, false
		case !token:
		case c == '"' || c == '\'':
			s.quote, token = c, false
			if s.flow == 0 {
				column = columnOf(column, i, t)
			}
		case (c == '-' || c == '?') && after && s.flow == 0:
			column = i
		case (c == '|' || c == '>') && s.flow == 0:
			s.block, s.parent, s.content = true, column, -1
			if digit := strings.IndexAny(t[i+1:min(i+3, len(t))], "123456789"); digit >= 0 {
				s.content = max(column, 0) + int(t[i+1+digit]-'0')
			}
			if h := strings.Index(t[i:], " #"); h >= 0 {
				l.at = i + h + 1
				l.comment = strings.TrimRight(t[l.at:], " \t")
			}
			return
		case (c == '&' || c == '!') && s.flow == 0 || c == '*':
			for i+1 < len(t) && t[i+1] != ' ' && (s.flow == 0 || strings.IndexByte(",[]{}", t[i+1]) < 0) {
				i++
			}
			if c == '*' {
				token = false
			}
		default:
			token, scalar = false, true
			if s.flow == 0 {
				column = columnOf(column, i, t)
			}
		}
	}
	s.plain, s.parent = scalar && s.flow == 0, column
}

// columnOf is the column of the entry that a scalar at i belongs to: its own when it is a key, else that of the entry around it.
func columnOf(column, i int, t string) int {
	rest := t[i:]
	if k := strings.Index(rest, ": "); k >= 0 || strings.HasSuffix(strings.TrimRight(rest, " \t"), ":") {
		if strings.TrimLeft(t[:i], " -?") == "" {
			return i
		}
	}
	return column
}

// remarks is what the comments of a merge say of it.
type remarks struct {
	faults []Fault
	same   bool // theirs has the comments of base, in the same order
	gone   int  // comments of ours that merged has not
	come   int  // comments of merged that ours has not
}

// comments judges (e), and (f) for comments that ours removed.
func comments(baseData, oursData, theirsData, mergedData []byte, conflicts bool) (r remarks) {
	lists := [versions][]string{texts(baseData), texts(oursData), texts(theirsData), texts(mergedData)}
	var bags [versions]map[string]int
	for v, l := range lists {
		bags[v] = bag(l)
	}
	r.same = strings.Join(lists[base], "\n") == strings.Join(lists[theirs], "\n")
	due := due(baseData, oursData, theirsData, mergedData)
	done := map[string]bool{}
	for _, l := range lists {
		for _, c := range l {
			if done[c] {
				continue
			}
			done[c] = true
			b, o, t, m := bags[base][c], bags[ours][c], bags[theirs][c], bags[merged][c]
			r.gone += max(0, o-m)
			r.come += max(0, m-o)
			switch {
			case m < o-max(0, b-t):
				r.faults = append(r.faults, Fault{Guarantee: "e", Path: c, What: count(o, "ours") + ", " + count(m, "merged")})
			case t > b && m < o+t-b && m < t && !conflicts && due[c]:
				r.faults = append(r.faults, Fault{Guarantee: "e", Weak: true, Path: c, What: "a new comment of theirs did not arrive"})
			case o < b && m > o && t <= b:
				r.faults = append(r.faults, Fault{Guarantee: "f", Weak: true, Path: c, What: "a comment that ours removed is there"})
			case t < b && o >= b && m > o-(b-t) && !conflicts:
				r.faults = append(r.faults, Fault{Guarantee: "b", Weak: true, Path: c, What: "a comment that theirs removed is there"})
			}
		}
	}
	r.faults = append(r.faults, misplaced(oursData, theirsData, mergedData)...)
	return r
}

// place is a comment with the line that it speaks of: its own, or the next.
type place struct {
	body, comment string
	alone         bool
}

// places are the comments of a file with their lines, and how often each line is there. Lines are compared without dashes, quotes and blanks.
func places(data []byte) (where map[place]int, bodies map[string]int) {
	where, bodies = map[place]int{}, map[string]int{}
	var waiting []string
	i := 0
	seen := scan(data)
	for raw := range bytes.Lines(bytes.TrimPrefix(data, []byte("\ufeff"))) {
		l := seen[i]
		i++
		switch l.kind {
		case remark:
			waiting = append(waiting, l.comment)
			continue
		case empty:
			waiting = nil
			continue
		}
		body := string(raw)
		if l.comment != "" {
			body = body[:l.at]
		}
		body = string(squeeze([]byte(strings.TrimLeft(body, " -"))))
		bodies[body]++
		if l.comment != "" {
			where[place{body: body, comment: l.comment}]++
		}
		for _, c := range waiting {
			where[place{body, c, true}]++
		}
		waiting = nil
	}
	return where, bodies
}

// due are the comments of theirs whose line merged has too, unless ours changed what is said there.
func due(b, o, t, m []byte) map[string]bool {
	was, _ := places(b)
	said := map[string]bool{} // lines of which ours says something of its own
	own, _ := places(o)
	for p := range own {
		if was[p] == 0 {
			said[p.body] = true
		}
	}
	_, there := places(m)
	due := map[string]bool{}
	theirs, _ := places(t)
	for p := range theirs {
		if there[p.body] > 0 && !said[p.body] {
			due[p.comment] = true
		}
	}
	return due
}

// misplaced reports comments of ours that are there, but beside another line than theirs and ours have them, though their own is there too.
func misplaced(o, t, m []byte) (faults []Fault) {
	had, once := places(o)
	theirs, _ := places(t)
	has, there := places(m)
	for p := range had {
		if has[p] > 0 || once[p.body] != 1 || there[p.body] == 0 || theirs[p] == 0 && elsewhere(theirs, p) {
			continue
		}
		if elsewhere(has, p) {
			faults = append(faults, Fault{Guarantee: "e", Weak: p.alone, Path: p.comment, What: "stands no more beside " + p.body})
		}
	}
	slices.SortFunc(faults, func(x, y Fault) int { return strings.Compare(x.String(), y.String()) })
	return faults
}

// elsewhere says whether a comment stands beside another line.
func elsewhere(all map[place]int, p place) bool {
	for q := range all {
		if q.comment == p.comment && q.body != p.body {
			return true
		}
	}
	return false
}

func count(n int, where string) string {
	return fmt.Sprintf("%d times in %s", n, where)
}

// texts are the comments of a file, in order.
func texts(data []byte) (out []string) {
	for _, l := range scan(data) {
		if l.comment != "" {
			out = append(out, l.comment)
		}
	}
	return out
}
