package cli

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/fairway-k8s/fairway/internal/problem"
)

// prompt asks on a terminal.
type prompt struct {
	ctx   context.Context
	lines <-chan string
	out   io.Writer
}

// newPrompt reads ahead in the background: a read cannot be interrupted, and whoever is asked may want to stop instead.
func newPrompt(ctx context.Context, e Env) prompt {
	lines := make(chan string)
	go func() {
		defer close(lines)
		for in := bufio.NewScanner(e.Stdin); in.Scan(); {
			select {
			case lines <- strings.TrimSpace(in.Text()):
			case <-ctx.Done():
				return
			}
		}
	}()
	return prompt{ctx, lines, e.Stderr}
}

// ask shows a text and returns the line that is typed behind it.
func (p prompt) ask(text string) (string, error) {
	fmt.Fprint(p.out, text)
	select {
	case line, ok := <-p.lines:
		if ok {
			return line, nil
		}
	case <-p.ctx.Done():
	}
	fmt.Fprintln(p.out)
	return "", &problem.Problem{What: "stopped before anything was written", Next: "run the command again, or say everything with flags", Exit: problem.ExitIncomplete}
}
