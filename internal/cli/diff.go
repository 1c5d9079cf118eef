package cli

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/fairway-k8s/fairway/internal/goldenpath"
	"github.com/fairway-k8s/fairway/internal/merge"
	"github.com/fairway-k8s/fairway/internal/problem"
	"github.com/fairway-k8s/fairway/internal/report"
)

func newDiff(e Env) *cobra.Command {
	f := &upgradeFlags{output: choice{value: "text", choices: []string{"text", "json"}}}
	cmd := &cobra.Command{
		Use:   "diff [DIR]",
		Short: "show where a service differs from its golden path",
		Long: "Diff shows what the team holds different from what the path wrote, and what fairway.yaml says that its files do not: parameters that were\n" +
			"changed and not rendered yet. Nothing is written; fairway upgrade --to the same version brings the files up to fairway.yaml.\n\n" +
			"The exit code is 1 when the files are not what fairway.yaml says. What the team changed is its right.",
		Example: "  fairway diff\n  fairway diff checkout --output json",
		Args:    cobra.MaximumNArgs(1),
	}
	catalogueFlag(cmd, &f.catalogue)
	organisationFlag(cmd, &f.org)
	choiceFlag(cmd, &f.output, "output", "o", "how to show it")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return runDiff(cmd.Context(), e, f, cmp.Or(strings.Join(args, ""), "."))
	}
	return cmd
}

// deviationReport is the JSON form of a service's differences from its path.
type deviationReport struct {
	SchemaVersion int           `json:"schemaVersion"`
	Service       string        `json:"service"`
	Path          string        `json:"path"`
	Deviations    []mergeChange `json:"deviations"` // from is the path's value, to the team's
	Pending       []upgradeItem `json:"pending"`    // what the files do not hold yet
}

func runDiff(ctx context.Context, e Env, f *upgradeFlags, dir string) error {
	s, err := openService(ctx, &catalogues{}, dir, f.catalogue, f.org)
	if err != nil {
		return err
	}
	p, err := s.path("")
	if err != nil {
		return err
	}
	f.to = p.Version
	u, err := prepareUpgrade(e, f, s)
	if err != nil {
		return err
	}
	if err := u.merge(); err != nil {
		return err
	}
	own, err := goldenpath.Deviations(u.s.ancestor, u.s.ours, u.service.Adopted)
	if err != nil {
		return unproved(err)
	}
	pending := 0
	for _, x := range u.plan.Items {
		if u.word(x) == "take" || u.word(x) == "you" {
			pending++
		}
	}
	if f.output.value == "json" {
		deviations := mergeReportOf(&merge.Result{Changes: own}).Changes
		err = writeJSON(e.Stdout, deviationReport{1, u.name, u.s.ancestor.Path, deviations, u.report().Changes})
	} else {
		var b strings.Builder
		fmt.Fprintf(&b, "%s: %s  %s of yours\n", u.name, u.s.ancestor.Path, report.Count(len(own), "difference", "differences"))
		for i, c := range own {
			if i == 0 || own[i-1].Object != c.Object {
				fmt.Fprintf(&b, "\n  %s  %s\n", c.Object, c.File)
			}
			what := cmp.Or(report.Clean(c.Field), "(the whole object)")
			switch c.Op {
			case merge.Add:
				fmt.Fprintf(&b, "    yours    %s: %s\n", what, short(c.To))
			case merge.Remove:
				fmt.Fprintf(&b, "    removed  %s: %s\n", what, short(c.From))
			default:
				fmt.Fprintf(&b, "    differs  %s: %s, the path %s\n", what, short(c.To), short(c.From))
			}
		}
		if len(u.plan.Items) > 0 {
			b.WriteString("\nnot in the files yet:\n" + u.text(e.textWidth()))
		}
		err = say(e.Stdout, b.String())
		if pending > 0 {
			note(e, "fairway: the files are not what %s says\n  next: fairway upgrade --to %s %s\n", ServiceFile, u.to, dir)
		}
	}
	if err == nil && pending > 0 {
		err = exit(problem.ExitFindings)
	}
	return err
}
