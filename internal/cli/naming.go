package cli

import (
	"iter"
	"os"
	"path/filepath"

	"github.com/fairway-k8s/fairway/internal/load"
)

// namesFrom returns how files of the input, which are named from the working directory, are called from the folder of a file. Policies and
// baselines name files so: what they say does not depend on where the command is run.
func namesFrom(file string) func(name string) string {
	wd, err := os.Getwd()
	if err == nil {
		wd, err = filepath.EvalSymlinks(wd)
	}
	if err != nil {
		return nil
	}
	from := func(name string) string {
		if name = filepath.FromSlash(name); filepath.IsAbs(name) {
			return name
		}
		return filepath.Join(wd, name)
	}
	dir := filepath.Dir(from(file))
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real
	}
	return func(name string) string {
		rel, err := filepath.Rel(dir, from(name))
		if err != nil || name == load.StdinName {
			return name
		}
		return filepath.ToSlash(rel)
	}
}

// upward yields a folder and those above it, the nearest first.
func upward(dir string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for yield(dir) && dir != filepath.Dir(dir) {
			dir = filepath.Dir(dir)
		}
	}
}
