package cli

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/goldenpath"
	"github.com/fairway-k8s/fairway/internal/knowledge"
	"github.com/fairway-k8s/fairway/internal/lint"
	"github.com/fairway-k8s/fairway/internal/load"
	"github.com/fairway-k8s/fairway/internal/merge"
	"github.com/fairway-k8s/fairway/internal/problem"
	"github.com/fairway-k8s/fairway/internal/release"
	"github.com/fairway-k8s/fairway/internal/report"
	"github.com/fairway-k8s/fairway/internal/rule"
	"github.com/fairway-k8s/fairway/internal/rule/catalogue"
	"github.com/fairway-k8s/fairway/internal/source"
	"github.com/fairway-k8s/fairway/internal/store"
)

func newCatalogue(e Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "catalogue",
		Short: "make, check and share an organisation's own golden paths",
		Long: "A catalogue is a folder of golden paths in versions, with a changelog of named changes and the records behind them. Catalogue begins one, checks\n" +
			"it before it is released, and brings it to a registry from which every team's upgrade reads it.",
		Example: "  fairway catalogue init catalogue-shop\n  fairway catalogue test catalogue-shop\n  fairway new stateless-service --catalogue catalogue-shop ...",
		Args:    knownVerb,
		RunE:    func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	cmd.AddCommand(newCatalogueInit(e), newCatalogueLint(e), newCatalogueTest(e), newCatalogueDiff(e))
	cmd.AddCommand(newCatalogueKeygen(e), newCataloguePack(e), newCataloguePush(e), newCataloguePull(e), newCatalogueVerify(e))
	return cmd
}

// catalogueAt opens the folder of a catalogue whose faults are about to be told: what openCatalogue refuses may be one of them.
func catalogueAt(dir string) (*openedCatalogue, error) {
	if _, err := os.Stat(filepath.Join(dir, "catalogue.yaml")); err != nil {
		return nil, &problem.Problem{What: "there is no catalogue", Where: dir, Why: problem.Plain(err), Next: "name the folder of a catalogue, or begin one: fairway catalogue init " + dir, Err: err}
	}
	fsys, err := load.OpenFolder(dir)
	if err != nil {
		return nil, err
	}
	c, err := goldenpath.Open(fsys)
	if err != nil {
		return nil, err
	}
	own, err := ownCatalogue()
	if err != nil {
		return nil, err
	}
	return &openedCatalogue{c, dir, append(own.layers, fsys)}, nil
}

// catalogueFaults is the JSON form of what is wrong with a catalogue.
type catalogueFaults struct {
	SchemaVersion int             `json:"schemaVersion"`
	Faults        []release.Fault `json:"faults"`
}

func newCatalogueLint(e Env) *cobra.Command {
	output := choice{value: "text", choices: []string{"text", "json"}}
	cmd := &cobra.Command{
		Use:   "lint [DIR]",
		Short: "check that a catalogue is whole",
		Long: "Lint reads every path, record and version of a catalogue strictly: what they name has to be there, each version of a path has its changelog and the\n" +
			"other way round, and within a major version no service file that was right becomes wrong. Nothing is rendered: see fairway catalogue test.",
		Example: "  fairway catalogue lint\n  fairway catalogue lint catalogue-shop --output json",
		Args:    cobra.MaximumNArgs(1),
	}
	choiceFlag(cmd, &output, "output", "o", "how to show it")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		dir := cmp.Or(strings.Join(args, ""), ".")
		c, err := catalogueAt(dir)
		if err != nil {
			return err
		}
		faults := lintCatalogue(c)
		if output.value == "json" {
			err = writeJSON(e.Stdout, catalogueFaults{1, faults})
		} else {
			err = writeFaults(e.Stdout, faults)
			if len(faults) == 0 && err == nil {
				err = say(e.Stdout, fmt.Sprintf("%s: %s in %s, no faults\n", dir, report.Count(len(c.Shapes()), "shape", "shapes"), report.Count(versionsOf(c), "version", "versions")))
			}
		}
		if err == nil && len(faults) > 0 {
			err = exit(problem.ExitFindings)
		}
		return err
	}
	return cmd
}

// lintCatalogue returns all faults of a catalogue and its records, never nil: JSON has a list.
func lintCatalogue(c *openedCatalogue) []release.Fault {
	web, err := knowledge.Load(catalogue.New(), c.layers...)
	faults := append([]release.Fault{}, release.FaultsOf("defaults and incidents", err)...)
	return append(faults, release.Lint(c.Catalogue, web)...)
}

// versionsOf counts the versions of all paths.
func versionsOf(c *openedCatalogue) (n int) {
	var all []string
	for _, shape := range c.Shapes() {
		all = append(all, c.Versions(shape)...)
	}
	slices.Sort(all)
	return len(slices.Compact(all))
}

func writeFaults(w io.Writer, faults []release.Fault) error {
	var b strings.Builder
	for i, x := range faults {
		if i == 0 || faults[i-1].File != x.File {
			b.WriteString(report.Clean(x.File) + "\n")
		}
		for _, line := range report.Wrap(report.CleanLines(x.Message), 110) {
			b.WriteString("  " + line + "\n")
		}
	}
	if len(faults) > 0 {
		fmt.Fprintf(&b, "\n%s\n", report.Count(len(faults), "fault", "faults"))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func newCatalogueTest(e Env) *cobra.Command {
	output := choice{value: "text", choices: []string{"text", "json"}}
	renew := false
	cmd := &cobra.Command{
		Use:   "test [DIR]",
		Short: "render a catalogue's test services and judge what comes out",
		Long: "Test renders the service files below tests/SHAPE with every version of their shape (or from the version on that they name). Each rendering has to be the\n" +
			"golden file below tests/golden, has to be clean for lint in its strict profile but for what tests/accepted.yaml accepts with a reason, and has to\n" +
			"differ from the version before only in what a change of the changelog covers. A shape without service files is tested with the least one.\n" +
			"What fairway catalogue lint says is part of it.",
		Example: "  fairway catalogue test\n  fairway catalogue test catalogue-shop --update",
		Args:    cobra.MaximumNArgs(1),
	}
	cmd.Flags().BoolVar(&renew, "update", false, "accept the renderings: write the golden files")
	choiceFlag(cmd, &output, "output", "o", "how to show it")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return runCatalogueTest(cmd.Context(), e, cmp.Or(strings.Join(args, ""), "."), renew, output.value)
	}
	return cmd
}

// catalogueReport is the JSON form of a catalogue's test.
type catalogueReport struct {
	SchemaVersion int `json:"schemaVersion"`
	*release.Report
}

func runCatalogueTest(ctx context.Context, e Env, dir string, renew bool, output string) error {
	c, err := catalogueAt(dir)
	if err != nil {
		return err
	}
	faults := lintCatalogue(c)
	r := &release.Report{}
	if len(faults) == 0 {
		read := func() error {
			r, err = release.Test(c.layers[len(c.layers)-1], c.Catalogue, func(files []goldenpath.Rendered) ([]*finding.Finding, error) { return lintRendering(ctx, e, files) })
			return err
		}
		if err := read(); err != nil {
			return &problem.Problem{What: "cannot test the catalogue", Where: dir, Why: problem.Plain(err), Next: "make its files readable", Exit: problem.ExitIncomplete, Err: err}
		}
		if renew && len(r.Golden)+len(r.Stale) > 0 {
			if err := writeGolden(dir, r); err != nil {
				return err
			}
			if err := read(); err != nil {
				return err
			}
		}
	}
	r.Faults = append(faults, r.Faults...)
	if output == "json" {
		err = writeJSON(e.Stdout, catalogueReport{1, r})
	} else {
		err = writeFaults(e.Stdout, r.Faults)
		if err == nil && r.Renderings > 0 {
			_, err = fmt.Fprintf(e.Stdout, "%s in %s; %s between versions, %s\n", report.Count(r.Services, "service", "services"), report.Count(r.Renderings, "rendering", "renderings"),
				report.Count(r.Differences, "difference", "differences"), report.Count(r.Accepted, "finding accepted", "findings accepted"))
		}
	}
	if err == nil && len(r.Faults) > 0 {
		err = exit(problem.ExitFindings)
	}
	return err
}

// writeGolden accepts the renderings.
func writeGolden(dir string, r *release.Report) error {
	var files []store.File
	for _, g := range r.Golden {
		files = append(files, store.File{Name: g.Name, Data: g.Data})
	}
	for _, name := range r.Stale {
		files = append(files, store.File{Name: name, Remove: true})
	}
	if err := writeIn(dir, files); err != nil {
		return &problem.Problem{What: "cannot write the golden files", Where: dir, Why: problem.Plain(err), Next: "make the folder writable", Exit: problem.ExitIncomplete, Err: err}
	}
	return nil
}

// lintRendering lints what a service rendered to as it would lie in a repository: in a folder, with kustomizations built.
func lintRendering(ctx context.Context, e Env, files []goldenpath.Rendered) ([]*finding.Finding, error) {
	dir, err := os.MkdirTemp("", "fairway-test-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	var all []store.File
	for _, f := range files {
		all = append(all, store.File{Name: filepath.Join(dir, filepath.FromSlash(f.Name)), Data: f.Data})
	}
	if err := store.WriteFiles(all); err != nil {
		return nil, err
	}
	in, err := load.Load(ctx, []string{"."}, load.Options{Dir: dir})
	if err != nil {
		return nil, err
	}
	r, err := lint.Check(in, lint.Options{Catalogue: catalogue.New(), Profile: rule.Strict, Now: e.Now()})
	if err != nil {
		return nil, err
	}
	return r.Findings, nil
}

func newCatalogueDiff(e Env) *cobra.Command {
	var ref, from string
	cmd := &cobra.Command{
		Use:   "diff SHAPE@VERSION SHAPE@VERSION",
		Short: "show what a service meets between two versions of a path",
		Long: "Diff renders a service with two versions of a path and shows the difference: the named changes first, with the fields that each touches, then the lines.\n" +
			"The service is the least one that the path takes, or the one of --from.",
		Example:           "  fairway catalogue diff stateless-service@1.0.0 stateless-service@2.0.0 --catalogue catalogue-shop\n  fairway catalogue diff cron-job@1.0.0 cron-job@1.1.0 --from report/fairway.yaml",
		Args:              exactArgs(2, "two versions of a path, such as cron-job@1.0.0 cron-job@1.1.0"),
		ValidArgsFunction: completeVersions(&ref),
	}
	catalogueFlag(cmd, &ref)
	cmd.Flags().StringVar(&from, "from", "", "the service file to render")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return runCatalogueDiff(cmd.Context(), e, ref, from, args)
	}
	return cmd
}

// completeVersions offers the paths of a catalogue in all versions.
func completeVersions(ref *string) cobra.CompletionFunc {
	return func(cmd *cobra.Command, _ []string, _ string) (names []string, _ cobra.ShellCompDirective) {
		c, err := hereInTime(cmd, *ref)
		if err != nil {
			return nil, cobra.ShellCompDirectiveError
		}
		for _, shape := range c.Shapes() {
			for _, v := range c.Versions(shape) {
				names = append(names, shape+"@"+v)
			}
		}
		return names, cobra.ShellCompDirectiveNoFileComp
	}
}

func runCatalogueDiff(ctx context.Context, e Env, ref, from string, args []string) error {
	c, err := catalogueHere(ctx, ref)
	if err != nil {
		return err
	}
	var file *source.File
	if from != "" {
		data, err := load.ReadFile(from)
		if err != nil {
			return &problem.Problem{What: "cannot read the service file", Where: from, Why: problem.Plain(err), Next: "name an existing file with --from", Err: err}
		}
		file = source.Parse(filepath.ToSlash(from), data)
	}
	var paths []*goldenpath.Path
	var renderings [][]goldenpath.Rendered
	for _, arg := range args {
		p, err := c.Path(arg)
		if err != nil {
			return unknownPath(err, "")
		}
		f := file
		if f == nil {
			f = source.Parse(ServiceFile, p.Least())
		}
		service, faults := goldenpath.ReadService(p, f, nil)
		if len(faults) > 0 {
			return faultsProblem(faults)
		}
		files, err := service.Render()
		if err != nil {
			return err
		}
		paths, renderings = append(paths, p), append(renderings, files)
	}
	a, b := paths[0], paths[1]
	if a.Shape != b.Shape || goldenpath.CompareVersions(a.Version, b.Version) > 0 {
		return &problem.Problem{What: fmt.Sprintf("%s is no later version of %s", b.Name(), a.Name()), Next: "name two versions of one shape, the older one first"}
	}
	changes, err := c.Changes(a.Shape, a.Version, b.Version)
	if err != nil {
		return &problem.Problem{What: "the changelog of the catalogue has faults", Where: c.ref, Why: err.Error(), Next: "fairway catalogue lint tells them", Err: err}
	}
	plan, err := release.Between(a, renderings[0], b, renderings[1], changes)
	if err != nil {
		return unproved(err)
	}
	if err := say(e.Stdout, versionsText(a, b, plan)); err != nil {
		return err
	}
	return writeDiffs(e.Stdout, e, "", plan.Result.Files)
}

// versionsText tells the named changes between two versions and what each touches.
func versionsText(a, b *goldenpath.Path, plan *goldenpath.Upgrade) string {
	var out strings.Builder
	fmt.Fprintf(&out, "%s %s -> %s  %s\n", a.Shape, a.Version, b.Version, report.Count(len(plan.Items), "change", "changes"))
	for _, x := range plan.Items {
		if c := x.Change; c != nil {
			fmt.Fprintf(&out, "\n  %s (%s): %s -> %s\n", c.ID, c.Severity, report.Clean(c.From), report.Clean(c.To))
		} else {
			out.WriteString("\n  no change of the changelog says so:\n")
		}
		for _, c := range x.Changes {
			if c.Op != merge.Comment {
				fmt.Fprintf(&out, "    %s %s: %s\n", c.Object, report.Clean(c.Field), arrow(c))
			}
		}
	}
	out.WriteString("\n")
	return out.String()
}
