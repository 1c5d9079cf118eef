// Package cli is the command line: one file per verb, named after it. It reads flags, calls adapters and engines, and hands the
// result to package report; it decides nothing itself.
//
// Standard output is the answer, everything else is standard error. Exit codes: 0 good, 1 findings or conflicts, 2 the command
// line or a configuration file is wrong, 3 part of the input could not be read or judged, 10 a cluster could not be asked (lint, dump).
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/fairway-k8s/fairway/internal/problem"
	"github.com/fairway-k8s/fairway/internal/report"
)

// Env is the world as a verb sees it.
type Env struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Getenv         func(string) string
	Now            func() time.Time
	// Terminal is true when Stdout is one, ErrTerminal when Stderr is, StdinTerminal when Stdin is; Width is the terminal's in columns,
	// 0 when unknown.
	Terminal, ErrTerminal, StdinTerminal bool
	Width                                int
}

// System returns the process's own environment.
func System() Env {
	e := Env{Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Getenv: os.Getenv, Now: time.Now,
		Terminal: term.IsTerminal(int(os.Stdout.Fd())), ErrTerminal: term.IsTerminal(int(os.Stderr.Fd())), StdinTerminal: term.IsTerminal(int(os.Stdin.Fd()))}
	if e.Terminal {
		e.Width, _, _ = term.GetSize(int(os.Stdout.Fd()))
	}
	return e
}

// version is stamped by the build: -ldflags "-X github.com/fairway-k8s/fairway/internal/cli.version=1.2.3".
var version = ""

// Version returns the version of the program: the stamped one, that of the module for "go install ...@v1.2.3", or "devel".
func Version() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return strings.TrimPrefix(info.Main.Version, "v")
	}
	return "devel"
}

// exit is an exit code that is not an error to be printed: the answer has said it all.
type exit int

func (e exit) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

// Run runs the program with its arguments, the first of which is its name, and returns the exit code.
func Run(ctx context.Context, args []string, e Env) int {
	// A check allocates much and ends soon: fewer collections cost memory, and touching memory for the first time costs about as much as
	// collecting. Real files and 12,000 objects take least CPU between 100 and 200.
	debug.SetGCPercent(125)

	name := "fairway"
	if len(args) > 0 && strings.HasPrefix(filepath.Base(args[0]), "kubectl-") {
		name = "kubectl fairway"
	}
	root := newRoot(name, e)
	root.SetArgs(args[min(1, len(args)):])
	err := root.ExecuteContext(ctx)
	if code, ok := errors.AsType[exit](err); ok {
		return int(code)
	}
	if err != nil {
		printError(e.Stderr, name, err)
	}
	return problem.ExitCode(err)
}

// say writes text, the names and values in which may come from anywhere.
func say(w io.Writer, text string) error {
	_, err := io.WriteString(w, report.CleanLines(text))
	return err
}

// note says something beside the answer, on standard error.
func note(e Env, format string, args ...any) { _ = say(e.Stderr, fmt.Sprintf(format, args...)) }

// printError is the one place where an error becomes text. What it quotes may come from anywhere.
func printError(w io.Writer, name string, err error) {
	p, ok := errors.AsType[*problem.Problem](err)
	if !ok {
		fmt.Fprintf(w, "%s: %s\n", name, report.CleanLines(err.Error()))
		fmt.Fprintf(w, "  next: %s --help\n", name)
		return
	}
	fmt.Fprintf(w, "%s: %s\n", name, report.CleanLines(p.What))
	for _, line := range []struct{ label, text string }{{"where", p.Where}, {"why", p.Why}, {"next", p.Next}} {
		if line.text != "" {
			fmt.Fprintf(w, "  %-6s %s\n", line.label+":", strings.ReplaceAll(report.CleanLines(line.text), "\n", "\n         "))
		}
	}
}

func newRoot(name string, e Env) *cobra.Command {
	root := &cobra.Command{
		Use:   "fairway",
		Short: "the golden path onto Kubernetes: check, explain, mend",
		Long: "Fairway gets services onto Kubernetes and keeps them there.\n\n" +
			"It checks Kubernetes YAML, Helm charts and kustomize folders, explains what is wrong and why it hurts, and mends what\n" +
			"can be mended without changing anything else. It writes manifests for services that have none, brings those that are there onto\n" +
			"a golden path, and keeps both up to date without losing what their teams changed.",
		Example: "  fairway lint deploy/\n  fairway lint --fix deploy/\n  fairway explain probes-identical\n" +
			"  fairway new stateless-service --name checkout --owner payments --image registry.example.com/checkout:1.4.2\n" +
			"  fairway adopt deploy/base\n  fairway upgrade",
		Version:           Version(),
		SilenceErrors:     true,
		SilenceUsage:      true,
		DisableAutoGenTag: true,
		Annotations:       map[string]string{cobra.CommandDisplayNameAnnotation: name},
		Args:              knownVerb,
		RunE:              func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.SetVersionTemplate("fairway {{.Version}}\n")
	root.SetIn(e.Stdin)
	root.SetOut(e.Stdout)
	root.SetErr(e.Stderr)
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return &problem.Problem{What: err.Error(), Next: c.CommandPath() + " --help"}
	})
	root.AddCommand(newNew(e), newLint(e), newExplain(e), newChangelog(e), newMergeFile(e), newUpgrade(e), newDiff(e), newStatus(e), newAdopt(e), newCatalogue(e), newDump(e), newGate(e), newProbe(e))
	return root
}

// knownVerb refuses what is no verb, with the verb that was probably meant.
func knownVerb(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	p := &problem.Problem{What: fmt.Sprintf("there is no verb %q", args[0]), Next: c.CommandPath() + " --help"}
	c.SuggestionsMinimumDistance = 2
	if args[0] == "version" {
		p.Next = "did you mean: " + c.CommandPath() + " --version"
	} else if near := c.SuggestionsFor(args[0]); len(near) > 0 {
		p.Next = "did you mean: " + c.CommandPath() + " " + near[0]
	}
	return p
}

// choice is a flag whose value is one of a few words.
type choice struct {
	value   string
	choices []string
}

func (c *choice) String() string { return c.value }
func (c *choice) Type() string   { return strings.Join(c.choices, "|") }
func (c *choice) Set(s string) error {
	for _, x := range c.choices {
		if s == x {
			c.value = s
			return nil
		}
	}
	return fmt.Errorf("it is none of %s", strings.Join(c.choices, ", "))
}

// choiceFlag adds a flag with a choice of words, and their completion.
func choiceFlag(cmd *cobra.Command, c *choice, name, shorthand, usage string) {
	cmd.Flags().VarP(c, name, shorthand, usage)
	_ = cmd.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(c.choices, cobra.ShellCompDirectiveNoFileComp))
}

// colour decides whether output is coloured: never for a pipe or with NO_COLOR (https://no-color.org), unless asked for.
func (e Env) colour(flag string) bool {
	switch flag {
	case "always":
		return true
	case "never":
		return false
	}
	return e.Terminal && e.Getenv("NO_COLOR") == "" && e.Getenv("TERM") != "dumb"
}
