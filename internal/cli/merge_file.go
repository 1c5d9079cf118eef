package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/fairway-k8s/fairway/internal/load"
	"github.com/fairway-k8s/fairway/internal/merge"
	"github.com/fairway-k8s/fairway/internal/problem"
	"github.com/fairway-k8s/fairway/internal/report"
	"github.com/fairway-k8s/fairway/internal/source"
	"github.com/fairway-k8s/fairway/internal/store"
)

// exitUnproved is the exit code of a merge whose result could not be proved. Git takes any code but 0 and 1 for a driver that failed.
const exitUnproved = 10

type mergeFileFlags struct {
	print  bool
	out    string
	path   string
	output choice
	marker choice
}

func newMergeFile(e Env) *cobra.Command {
	f := &mergeFileFlags{output: choice{value: "text", choices: []string{"text", "json"}}, marker: choice{value: "none", choices: []string{"none", "diff3"}}}
	cmd := &cobra.Command{
		Use:   "merge-file BASE OURS THEIRS",
		Short: "merge two changed copies of a Kubernetes YAML file",
		Long: "Merge-file puts what THEIRS changed of BASE into OURS, as git merge-file does, but field by field: neighbouring lines, another order,\n" +
			"another indentation are no conflicts. Where both changed the same field, the value of OURS stays, the file stays valid, the conflict is\n" +
			"reported and the exit code is 1. Comments of OURS are never lost. A result that a second reader cannot confirm is not written: exit code 10.\n\n" +
			"The result goes to OURS, as Git expects of a merge driver; with -p to standard output, with -o to a file. --output json prints the\n" +
			"report instead, and writes only with -o.\n\n" +
			"With --marker-style diff3 the lines that conflict stand between <<<<<<< ours, ||||||| base, ======= and >>>>>>> theirs, as each side would have\n" +
			"them at this place; all other lines are merged as ever. The file is no valid YAML until you have decided.\n\n" +
			"As Git's merge driver for YAML:\n" +
			"  git config merge.fairway.name 'Kubernetes YAML, field by field'\n" +
			"  git config merge.fairway.driver 'fairway merge-file --path %P %O %A %B'\n" +
			"  echo '*.yaml merge=fairway' >> .gitattributes",
		Example: "  fairway merge-file base.yaml ours.yaml theirs.yaml\n  fairway merge-file -p base.yaml ours.yaml theirs.yaml\n  fairway merge-file --output json base.yaml ours.yaml theirs.yaml\n  fairway merge-file -p --marker-style diff3 base.yaml ours.yaml theirs.yaml",
		Args:    exactArgs(3, "three files: BASE OURS THEIRS"),
	}
	flags := cmd.Flags()
	flags.BoolVarP(&f.print, "stdout", "p", false, "print the result instead of writing it to OURS")
	flags.StringVarP(&f.out, "out", "o", "", "write the result to this file instead of OURS")
	flags.StringVar(&f.path, "path", "", "what messages call the file (default: OURS)")
	choiceFlag(cmd, &f.output, "output", "", "how to show the report")
	choiceFlag(cmd, &f.marker, "marker-style", "", "how to mark conflicts in the result")
	cmd.MarkFlagsMutuallyExclusive("stdout", "out")
	cmd.RunE = func(cmd *cobra.Command, args []string) error { return runMergeFile(cmd.Context(), e, f, args) }
	return cmd
}

func runMergeFile(_ context.Context, e Env, f *mergeFileFlags, args []string) error {
	name := filepath.ToSlash(cmp.Or(f.path, args[1]))
	var sides [3]merge.Input
	for i, arg := range args {
		data, err := load.ReadFile(arg)
		if err != nil {
			return &problem.Problem{What: "cannot read the file", Where: arg, Why: problem.Plain(err), Next: "name three files: the common ancestor, yours, and the other one", Err: err}
		}
		sides[i] = merge.Input{source.Parse(name, data)}
	}
	result, err := merge.Merge(sides[0], sides[1], sides[2], merge.Options{})
	if err != nil {
		return unproved(err)
	}
	merged := result.Files[0].After
	marked := f.marker.value == "diff3"
	if marked {
		if merged, err = merge.Mark(result.Files[0], result.Conflicts, sides[0][0], sides[2][0]); err != nil {
			return unproved(err)
		}
	}
	switch {
	case f.print:
		if _, err := e.Stdout.Write(merged); err != nil {
			return err
		}
	case f.out != "" || f.output.value == "text":
		to := cmp.Or(f.out, args[1])
		if err := store.WriteFile(to, merged); err != nil {
			return &problem.Problem{What: "cannot write the result", Where: to, Why: problem.Plain(err), Next: "make it writable, or choose another file with -o", Exit: problem.ExitIncomplete, Err: err}
		}
	}
	if f.output.value == "json" && !f.print {
		if err := writeJSON(e.Stdout, mergeReportOf(result)); err != nil {
			return err
		}
	} else if err := writeMergeReport(e.Stderr, result, marked); err != nil {
		return err
	}
	if len(result.Conflicts) > 0 {
		return exit(problem.ExitFindings)
	}
	return nil
}

// unproved is the error of a merge whose result is not to be trusted.
func unproved(err error) error {
	p, ok := errors.AsType[*merge.ProofError](err)
	if !ok {
		return err
	}
	return &problem.Problem{What: "the result of the merge could not be proved, so nothing was written", Where: p.File, Why: p.Error(),
		Next: "merge this file by hand, and report it: it is a fault of fairway", Exit: exitUnproved, Err: err}
}

// mergeReport is the JSON form of a merge.
type mergeReport struct {
	SchemaVersion int              `json:"schemaVersion"`
	Conflicts     []mergeConflict  `json:"conflicts"`
	Changes       []mergeChange    `json:"changes"`
	Duplicates    []mergeDuplicate `json:"duplicates,omitempty"`
}

type mergeConflict struct {
	Object string  `json:"object"`
	File   string  `json:"file"`
	Line   int     `json:"line,omitempty"`
	Field  string  `json:"field"`
	Base   *string `json:"base"`
	Ours   *string `json:"ours"`
	Theirs *string `json:"theirs"`
	Reason string  `json:"reason"`
}

type mergeChange struct {
	Object string `json:"object"`
	File   string `json:"file"`
	Line   int    `json:"line,omitempty"`
	Field  string `json:"field"`
	Op     string `json:"op"`
	From   string `json:"from,omitempty"`
	To     string `json:"to,omitempty"`
}

type mergeDuplicate struct {
	File string `json:"file"`
	Line int    `json:"line"`
	Key  string `json:"key"`
}

func mergeReportOf(r *merge.Result) *mergeReport {
	out := &mergeReport{SchemaVersion: 1, Conflicts: []mergeConflict{}, Changes: []mergeChange{}}
	for _, c := range r.Conflicts {
		out.Conflicts = append(out.Conflicts, mergeConflict{c.Object.String(), c.File, c.Line, c.Field, c.Base, c.Ours, c.Theirs, string(c.Reason)})
	}
	for _, c := range r.Changes {
		out.Changes = append(out.Changes, mergeChange{c.Object.String(), c.File, c.Line, c.Field, string(c.Op), c.From, c.To})
	}
	for _, d := range r.Duplicates {
		out.Duplicates = append(out.Duplicates, mergeDuplicate(d))
	}
	return out
}

// writeMergeReport tells of conflicts and of keys that stand twice. marked says that the file has markers where it can have them.
func writeMergeReport(w io.Writer, r *merge.Result, marked bool) error {
	var b strings.Builder
	for _, c := range r.Conflicts {
		outcome := "; yours stays"
		if marked && c.Reason != merge.Shared {
			outcome = ""
		}
		place := c.File
		if c.Line > 0 {
			place = fmt.Sprintf("%s:%d", c.File, c.Line)
		}
		fmt.Fprintf(&b, "conflict  %s  %s\n", place, c.Object)
		if c.Field != "" {
			fmt.Fprintf(&b, "          %s\n", report.Clean(c.Field))
		}
		fmt.Fprintf(&b, "          %s%s\n", c.Reason.Sentence(), outcome)
		if c.Reason == merge.Unreadable {
			continue // it is about lines, and has no values
		}
		for _, side := range []struct {
			label string
			text  *string
		}{{"was", c.Base}, {"yours", c.Ours}, {"theirs", c.Theirs}} {
			text := "(not there)"
			if side.text != nil {
				text = report.Clean(*side.text)
			}
			fmt.Fprintf(&b, "          %-7s %s\n", side.label, text)
		}
	}
	for _, d := range r.Duplicates {
		fmt.Fprintf(&b, "note      %s:%d  the key %s stands twice; Kubernetes takes the last, and both stay as they are\n", d.File, d.Line, report.Clean(d.Key))
	}
	return say(w, b.String())
}
