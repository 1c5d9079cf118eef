package boottime

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A LineError says what is wrong with a line of a list, counted from 1.
type LineError struct {
	Line    int
	Message string
}

func (e *LineError) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Message) }

// longest is the longest boot that is taken for one; a day of it is a slip of units.
const longest = 24 * time.Hour

// List reads boots from text: a duration a line, such as 41s, 41.3 (seconds) or 1m20s; >40s for a boot that was killed after 40 s, 30s..40s for one
// that ended in between. Empty lines and what follows # do not count. A duration is as exact as it is written: 41s may be 40 to 42.
//
// A text whose first line has commas, or is the word boot, is CSV with a header: boot (a duration as above) and, where known, killed (true,
// false, 1, 0, yes, no), period (how often somebody looked), stratum. Other columns are passed over. The error is a [*LineError], the first one.
func List(text string) ([]Boot, error) {
	text = strings.TrimPrefix(text, "\ufeff")
	if first := firstLine(text); slices.Contains(columns(first), "boot") || strings.Contains(first, ",") {
		return table(text)
	}
	var boots []Boot
	for i, line := range strings.Split(text, "\n") {
		line, _, _ = strings.Cut(line, "#")
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		b, err := parse(line)
		if err != nil {
			return nil, &LineError{i + 1, err.Error()}
		}
		boots = append(boots, b)
	}
	return boots, nil
}

// firstLine is the first line that is neither empty nor a comment.
func firstLine(text string) string {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			return line
		}
	}
	return ""
}

func columns(line string) []string {
	names := strings.Split(strings.ToLower(strings.TrimSpace(line)), ",")
	for i := range names {
		names[i] = strings.Trim(strings.TrimSpace(names[i]), `"`)
	}
	return names
}

func table(text string) ([]Boot, error) {
	r := csv.NewReader(strings.NewReader(text))
	r.TrimLeadingSpace, r.Comment, r.ReuseRecord = true, '#', true
	head, err := r.Read()
	if err != nil {
		return nil, lineError(err)
	}
	at := map[string]int{}
	for i, name := range columns(strings.Join(head, ",")) {
		at[name] = i
	}
	if _, ok := at["boot"]; !ok {
		line, _ := r.FieldPos(0)
		return nil, &LineError{line, "no column is called boot; there are " + quoted(strings.Join(head, ", "))}
	}
	var boots []Boot
	for {
		row, err := r.Read()
		if err == io.EOF {
			return boots, nil
		} else if err != nil {
			return nil, lineError(err)
		}
		line, _ := r.FieldPos(0)
		cell := func(name string) string {
			if i, ok := at[name]; ok {
				return strings.TrimSpace(row[i])
			}
			return ""
		}
		b, err := parse(cell("boot"))
		if err != nil {
			return nil, &LineError{line, err.Error()}
		}
		switch k := strings.ToLower(cell("killed")); k {
		case "true", "1", "yes":
			b.Killed, b.Resolution = true, 0
		case "false", "0", "no", "":
		default:
			return nil, &LineError{line, fmt.Sprintf("killed is %q, which is neither true nor false", quoted(k))}
		}
		if p := cell("period"); p != "" {
			if b.Period, _, err = duration(p); err != nil {
				return nil, &LineError{line, "period: " + err.Error()}
			}
		}
		b.Stratum = cell("stratum")
		boots = append(boots, b)
	}
}

func lineError(err error) error {
	if e, ok := errors.AsType[*csv.ParseError](err); ok {
		return &LineError{e.Line, e.Err.Error()}
	}
	return &LineError{1, err.Error()}
}

func parse(s string) (b Boot, err error) {
	if rest, ok := strings.CutPrefix(s, ">"); ok {
		b.Killed = true
		b.At, _, err = duration(strings.TrimSpace(rest))
		return b, err
	}
	if from, to, ok := strings.Cut(s, ".."); ok {
		lo, _, err := duration(strings.TrimSpace(from))
		if err != nil {
			return b, err
		}
		hi, _, err := duration(strings.TrimSpace(to))
		if err == nil && hi < lo {
			err = fmt.Errorf("%q ends before it begins", quoted(s))
		}
		return Boot{At: hi, Period: hi - lo}, err
	}
	b.At, b.Resolution, err = duration(s)
	return b, err
}

// quoted is what is told of a line: a file that is none of boots may be one line.
func quoted(s string) string {
	const most = 40
	if len(s) > most {
		return s[:most] + "..."
	}
	return s
}

// duration reads a Go duration or a number of seconds, and how exactly it is written.
func duration(s string) (d, resolution time.Duration, err error) {
	d, err = time.ParseDuration(s)
	if x, number := strconv.ParseFloat(s, 64); number == nil && !math.IsNaN(x) && math.Abs(x) < longest.Seconds()*10 {
		d, err = time.Duration(math.Round(x*float64(time.Second))), nil
	}
	s = quoted(s)
	switch {
	case err != nil:
		return 0, 0, fmt.Errorf("%q is no duration, such as 41s or 41.3", s)
	case d < 0:
		return 0, 0, fmt.Errorf("%q is less than nothing", s)
	case d > longest:
		return 0, 0, fmt.Errorf("%q is more than a day: a number without a unit counts seconds", s)
	}
	for resolution = time.Second; resolution > time.Millisecond && d%resolution != 0; {
		resolution /= 10
	}
	return d, resolution, nil
}
