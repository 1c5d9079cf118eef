package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/fairway-k8s/fairway/internal/lint"
	"github.com/fairway-k8s/fairway/internal/load"
	"github.com/fairway-k8s/fairway/internal/problem"
	"github.com/fairway-k8s/fairway/internal/report"
	"github.com/fairway-k8s/fairway/internal/store"
)

// mend applies fixes, or shows them.
func (f *lintFlags) mend(ctx context.Context, e Env, paths []string, in *load.Input, o lint.Options, start time.Time) error {
	if e.ErrTerminal {
		o.Progress = func(mended, trying int) {
			e.line("mended %d, trying %d more", mended, trying)
		}
	}
	if !slices.Contains(paths, "-") { // standard input cannot be read twice
		o.Reload = func(changed map[string][]byte) (*load.Input, error) {
			return load.Load(ctx, paths, load.Options{Helm: helm(), Instead: changed})
		}
	}
	m, err := lint.Fix(ctx, in, o)
	if e.ErrTerminal {
		e.noLine()
	}
	if ctx.Err() != nil {
		return &problem.Problem{What: "stopped before anything was written", Exit: problem.ExitIncomplete,
			Next: "run the command again, for a part of the files if it takes too long", Err: err}
	}
	if err != nil {
		return &problem.Problem{What: err.Error(), Next: "fairway lint rules lists the rules"}
	}
	color := e.colour(f.color.value)
	if f.diff {
		for _, x := range m.Files {
			if err := report.Diff(e.Stdout, x.Name, x.Before, x.After, report.DiffOptions{Color: color, Terminal: e.Terminal}); err != nil {
				return err
			}
		}
	} else {
		for i, x := range m.Files {
			if ctx.Err() != nil {
				return &problem.Problem{What: fmt.Sprintf("stopped after %d of %d files", i, len(m.Files)), Exit: problem.ExitIncomplete,
					Next: "run the command again for the others", Err: ctx.Err()}
			}
			err := staysWithin(paths, filepath.FromSlash(x.Name))
			if err == nil {
				err = replace(filepath.FromSlash(x.Name), x.Before, x.After)
			}
			if err != nil {
				next := "make the file writable and run the command again"
				switch {
				case errors.Is(err, errChanged):
					next = "run the command again"
				case errors.Is(err, errOutside):
					next = "name the file that the link leads to, or leave the link out"
				}
				return &problem.Problem{What: "cannot write a mended file", Where: x.Name, Why: err.Error(), Exit: problem.ExitIncomplete,
					Next: fmt.Sprintf("%d of %d files are mended; %s", i, len(m.Files), next), Err: err}
			}
		}
		if err := f.show(e, m.Input, m.After, e.Now().Sub(start)); err != nil {
			return err
		}
	}
	mended(e.Stderr, m, f.diff)
	return f.exit(m.After)
}

var errChanged = errors.New("it was changed while its fixes were worked out, and is left as it is now")

var errOutside = errors.New("it is a link that leads out of what was to be mended")

// staysWithin refuses to write through a symbolic link to a place outside of the paths that the user named.
func staysWithin(paths []string, name string) error {
	real, err := filepath.EvalSymlinks(name)
	if err != nil {
		return err
	}
	if real, err = filepath.Abs(real); err != nil {
		return err
	}
	// A file that no link leads to may lie outside: the base of a kustomization that was named.
	at := name
	if !filepath.IsAbs(at) {
		wd, err := os.Getwd()
		if err != nil {
			return err
		}
		if wd, err = filepath.EvalSymlinks(wd); err != nil {
			return err
		}
		at = filepath.Join(wd, name)
	}
	if filepath.Clean(at) == real {
		return nil
	}
	for _, p := range paths {
		root, err := filepath.EvalSymlinks(p)
		if err != nil {
			continue
		}
		if root, err = filepath.Abs(root); err != nil {
			continue
		}
		if rel, err := filepath.Rel(root, real); err == nil && filepath.IsLocal(rel) {
			return nil
		}
	}
	return fmt.Errorf("%w: %s", errOutside, real)
}

// replace writes a file that still holds what it held when it was read, so that what somebody saved since is not lost.
func replace(name string, before, after []byte) error {
	now, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	if !bytes.Equal(now, before) {
		return errChanged
	}
	return store.WriteFile(name, after)
}

// mended says on standard error what was done.
func mended(w io.Writer, m *lint.Mended, dry bool) {
	verb := "mended"
	if dry {
		verb = "would mend"
	}
	fmt.Fprintf(w, "fairway: %s %s in %s\n", verb, report.Count(len(m.Fixed), "finding", "findings"), report.Count(len(m.Files), "file", "files"))
	for _, r := range m.Refused {
		fmt.Fprintf(w, "fairway: not mended: %s %s: %s\n", report.Clean(r.Finding.Place.String()), r.Finding.Rule, report.Clean(r.Reason))
	}
}
