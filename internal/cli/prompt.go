package cli

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/fairway-k8s/fairway/internal/problem"
)

// prompt asks on a terminal.
type prompt struct {
	in  *bufio.Scanner
	out io.Writer
}

func newPrompt(e Env) prompt { return prompt{bufio.NewScanner(e.Stdin), e.Stderr} }

// ask shows a text and returns the line that is typed behind it.
func (p prompt) ask(text string) (string, error) {
	fmt.Fprint(p.out, text)
	if !p.in.Scan() {
		return "", &problem.Problem{What: "stopped before anything was written", Next: "run the command again, or say everything with flags", Exit: problem.ExitIncomplete}
	}
	return strings.TrimSpace(p.in.Text()), nil
}
