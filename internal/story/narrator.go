package story

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// Narrator tells a play on a terminal or in the log of a test: one idea a line, what is done before what is seen.
type Narrator struct {
	Out   io.Writer
	Color bool
	began time.Time // of the step
	steps int
}

// step begins a step.
func (n *Narrator) step(title string) {
	n.steps++
	n.began = time.Now()
	text := fmt.Sprintf("%d. %s", n.steps, title)
	if n.Color {
		text = "\x1b[1m" + text + "\x1b[0m"
	}
	fmt.Fprintf(n.Out, "\n%s\n", text)
}

// why gives the reason or the background of what follows.
func (n *Narrator) why(format string, args ...any) {
	for line := range strings.Lines(fmt.Sprintf(format, args...)) {
		fmt.Fprintf(n.Out, "   %s\n", strings.TrimRight(line, "\n"))
	}
}

// command shows what is run.
func (n *Narrator) command(line string) { fmt.Fprintf(n.Out, "\n   $ %s\n", line) }

// quote shows what a command printed.
func (n *Narrator) quote(text string) {
	for line := range strings.Lines(text) {
		if line != "\n" {
			line = "   " + line
		}
		fmt.Fprint(n.Out, line)
	}
}

// seen says what is seen, and how long after the step began.
func (n *Narrator) seen(format string, args ...any) {
	fmt.Fprintf(n.Out, "   %4.0f s  %s\n", time.Since(n.began).Seconds(), fmt.Sprintf(format, args...))
}

// result is the figure to remember of a step.
func (n *Narrator) result(bad bool, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if n.Color {
		color := "32"
		if bad {
			color = "31"
		}
		text = "\x1b[" + color + "m" + text + "\x1b[0m"
	}
	fmt.Fprintf(n.Out, "   => %s\n", text)
}
