package load

import (
	"bytes"
	"context"
	"os/exec"
	"strings"

	"github.com/fairway-k8s/fairway/internal/problem"
)

// ChangedSince returns the files below dir, named relative to it, that differ from a Git revision: changed, added and untracked
// ones. It asks the user's git.
func ChangedSince(ctx context.Context, dir, rev string) (map[string]bool, error) {
	changed := map[string]bool{}
	for _, args := range [][]string{
		{"diff", "--name-only", "--relative", "-z", "--diff-filter=d", "--end-of-options", rev, "--", "."},
		{"ls-files", "--others", "--exclude-standard", "-z", "--", "."},
	} {
		cmd := exec.CommandContext(ctx, "git", args...)
		cmd.Dir = dir
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if err != nil {
			// Outside of a repository, git diff would compare two folders, and explains all its flags.
			why, _, _ := strings.Cut(strings.TrimSpace(stderr.String()), "\n")
			why, _, _ = strings.Cut(why, ". Use --no-index")
			why = strings.TrimPrefix(strings.TrimPrefix(why, "fatal: "), "warning: ")
			if why == "" {
				why = err.Error()
			}
			return nil, &problem.Problem{What: "cannot ask git what changed since " + rev, Where: "git " + args[0], Why: why,
				Next: "run it inside a Git repository, with a revision that git log knows", Err: err}
		}
		for _, name := range strings.Split(strings.TrimRight(string(out), "\x00"), "\x00") {
			if name != "" {
				changed[name] = true
			}
		}
	}
	return changed, nil
}
