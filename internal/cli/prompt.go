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
	ctx context.Context
	in  *bufio.Scanner
	out io.Writer
}

func newPrompt(ctx context.Context, e Env) prompt {
	return prompt{ctx, bufio.NewScanner(e.Stdin), e.Stderr}
}

// ask shows a text and returns the line that is typed behind it. A read cannot be interrupted, and whoever is asked may want to stop instead: it is left behind
// then, and nothing is asked any more.
func (p prompt) ask(text string) (string, error) {
	fmt.Fprint(p.out, text)
	typed := make(chan bool, 1)
	go func() { typed <- p.in.Scan() }()
	select {
	case ok := <-typed:
		if ok {
			return strings.TrimSpace(p.in.Text()), nil
		}
	case <-p.ctx.Done():
	}
	fmt.Fprintln(p.out)
	return "", &problem.Problem{What: "stopped before anything was written", Next: "run the command again, or say everything with flags", Exit: problem.ExitIncomplete}
}
