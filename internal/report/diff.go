package report

import (
	"bufio"
	"io"
	"strconv"
	"strings"

	"github.com/aymanbagabas/go-udiff"
)

// DiffOptions say for whom a diff is written.
type DiffOptions struct {
	Color bool // mark what is taken away and what is added with ANSI colours
	// Terminal shows control characters by their escapes. Without it the diff is exact, for patch and git apply.
	Terminal bool
}

// Diff writes the change of a file as a unified diff with three lines of context, which patch -p1 and git apply take. It writes
// nothing when nothing changed.
func Diff(w io.Writer, name string, before, after []byte, o DiffOptions) error {
	text := udiff.Unified(diffName("a/"+name), diffName("b/"+name), string(before), string(after))
	if !o.Color && !o.Terminal {
		_, err := io.WriteString(w, text)
		return err
	}
	out := bufio.NewWriter(w)
	header := 2 // the lines --- and +++ come first
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if o.Terminal {
			line = cleanDiffLine(line)
		}
		color := ""
		if header > 0 {
			header--
		} else if strings.HasPrefix(line, "-") {
			color = "31"
		} else if strings.HasPrefix(line, "+") {
			color = "32"
		}
		if o.Color && color != "" {
			line = "\x1b[" + color + "m" + line + "\x1b[m"
		}
		out.WriteString(line + "\n")
	}
	return out.Flush()
}

// cleanDiffLine is Clean but for tabs, which do no harm, and the CR of a line that ends in CR LF, which all lines of such a file have.
func cleanDiffLine(line string) string {
	parts := strings.Split(strings.TrimSuffix(line, "\r"), "\t")
	for i := range parts {
		parts[i] = Clean(parts[i])
	}
	return strings.Join(parts, "\t")
}

// diffName writes a file name as git does in a diff: quoted when it holds what would end it or what does not print.
func diffName(name string) string {
	if q := strconv.Quote(name); q[1:len(q)-1] != name {
		return q
	}
	return name
}
