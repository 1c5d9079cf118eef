package cli

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/fairway-k8s/fairway/internal/goldenpath"
	"github.com/fairway-k8s/fairway/internal/load"
	"github.com/fairway-k8s/fairway/internal/problem"
	"github.com/fairway-k8s/fairway/internal/report"
	"github.com/fairway-k8s/fairway/internal/source"
	"github.com/fairway-k8s/fairway/internal/store"
)

// ServiceFile and OrganisationFile are the names of the files that say what a service needs.
const (
	ServiceFile      = "fairway.yaml"
	OrganisationFile = "fairway.org.yaml"
)

// newFlags are the flags of fairway new.
type newFlags struct {
	name, owner, image, port, boot string
	clouds, set                    []string
	dir, from, org, catalogue      string
	force                          bool
}

func newNew(e Env) *cobra.Command {
	f := &newFlags{}
	cmd := &cobra.Command{
		Use:   "new [SHAPE[@VERSION]]",
		Short: "write a service file and the manifests of a golden path",
		Long: "New writes the manifests of a service on a golden path: plain YAML, with the reason beside every number, and the service\n" +
			"file fairway.yaml that they are made from. Without a shape, or without what a path needs to know, it asks on a terminal.\n\n" +
			"A fairway.yaml that is there already is taken as it is; other files are never overwritten without --force. What was written\n" +
			"is kept in " + goldenpath.AncestorFile + " too, so that later upgrades can tell your changes from the path's.",
		Example: "  fairway new stateless-service --name checkout --owner payments --image registry.example.com/checkout:1.4.2\n" +
			"  fairway new stateless-service --name checkout --owner payments --image ... --boot 45s --cloud eks,aks --dir checkout\n" +
			"  fairway new cron-job --name report --owner payments --image ... --set 'schedule=17 4 * * *' --set longestRun=20m\n" +
			"  fairway new --from fairway.yaml --dir .",
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: completeShapes(&f.catalogue),
	}
	flags := cmd.Flags()
	flags.StringVar(&f.name, "name", "", "what the service is called")
	flags.StringVar(&f.owner, "owner", "", "the team that is called when it breaks")
	flags.StringVar(&f.image, "image", "", "the image to run, with a version or a digest")
	flags.StringVar(&f.port, "port", "", "the port that it answers requests on (default: the path's)")
	flags.StringVar(&f.boot, "boot", "", "how long a start takes on a bad day, such as 45s (default: the path's)")
	flags.StringSliceVar(&f.clouds, "cloud", nil, "clouds to write overlays for: eks, aks")
	flags.StringArrayVar(&f.set, "set", nil, "any other parameter, as PARAMETER=VALUE in YAML, such as 'scaling={min: 3, max: 12}'")
	flags.StringVar(&f.dir, "dir", "", "where to write (default: a folder called as the service)")
	flags.StringVar(&f.from, "from", "", "service file to read instead of the flags above")
	organisationFlag(cmd, &f.org)
	catalogueFlag(cmd, &f.catalogue)
	flags.BoolVar(&f.force, "force", false, "overwrite files that differ")
	_ = cmd.RegisterFlagCompletionFunc("cloud", cobra.FixedCompletions([]string{"eks", "aks"}, cobra.ShellCompDirectiveNoFileComp))
	cmd.RunE = func(cmd *cobra.Command, args []string) error { return runNew(cmd.Context(), e, f, args) }
	return cmd
}

// completeShapes offers the shapes of the catalogue.
func completeShapes(ref *string) cobra.CompletionFunc {
	return func(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		c, err := hereInTime(cmd, *ref)
		if err != nil {
			return nil, cobra.ShellCompDirectiveError
		}
		return c.Shapes(), cobra.ShellCompDirectiveNoFileComp
	}
}

func runNew(ctx context.Context, e Env, f *newFlags, args []string) error {
	dir := cmp.Or(f.dir, f.name, ".")
	org, err := organisationFile(dir, f.org)
	if err != nil {
		return err
	}
	file, err := f.existing(args, dir)
	if err != nil {
		return err
	}
	catalogue, err := openCatalogue(ctx, f.catalogue, file, org)
	if err != nil {
		return err
	}
	if file == nil {
		if err := f.ask(ctx, e, catalogue.Catalogue, &args); err != nil {
			return err
		}
		dir = cmp.Or(f.dir, f.name, ".")
		if file, err = f.serviceFile(args, dir); err != nil {
			return err
		}
	}
	if err := noYAML("the service file", file); err != nil {
		return err
	}
	name := file.Docs[0].Root.Resolve().Get("path").Text()
	path, err := catalogue.Path(name)
	if err != nil && f.from == "" && len(args) > 0 {
		return unknownPath(err, "")
	}
	if err != nil {
		return unknownPath(err, file.Name)
	}
	if name != path.Name() && f.from == "" {
		file = source.Parse(file.Name, bytes.Replace(file.Data, []byte("path: "+name+"\n"), []byte("path: "+path.Name()+"\n"), 1))
	}
	if known := func(p *goldenpath.Parameter) bool { return p.Name == "clouds" }; len(f.clouds) > 0 && f.from == "" && !slices.ContainsFunc(path.Parameters, known) {
		return &problem.Problem{What: path.Name() + " writes no overlays for clouds", Where: "--cloud", Next: "leave --cloud out, or choose another path with --catalogue"}
	}
	service, faults := goldenpath.ReadService(path, file, org)
	if len(faults) > 0 {
		return faultsProblem(faults)
	}
	for _, w := range service.Ended(e.Now()) {
		note(e, "fairway: the waiver of %s in %s ended on %s\n  next: do without it, or agree on another end with %s\n", w.Default, file.Name, w.Until.Format(time.DateOnly), w.Owner)
	}
	files, err := service.Render()
	if err != nil {
		return err
	}
	ancestor, err := (&goldenpath.Ancestor{Path: path.Name(), Files: files}).Encode()
	if err != nil {
		return err
	}
	files = slices.Concat([]goldenpath.Rendered{{Name: ServiceFile, Data: file.Data}}, files, []goldenpath.Rendered{{Name: goldenpath.AncestorFile, Data: ancestor}})
	seeds, err := service.Seed()
	if err != nil {
		return err
	}
	for _, s := range seeds { // they belong to the team as soon as they are there
		if _, err := os.Stat(filepath.Join(dir, filepath.FromSlash(s.Name))); errors.Is(err, fs.ErrNotExist) {
			files = append(files, s)
		}
	}
	return f.write(ctx, e, dir, files)
}

const nameShape = "name a shape, such as fairway new stateless-service, or an existing file with --from"

// existing returns the service file that is named, or without a shape the one that is in the folder; nil when one is to be made.
func (f *newFlags) existing(args []string, dir string) (*source.File, error) {
	name := cmp.Or(f.from, filepath.Join(dir, ServiceFile))
	if f.from == "" && len(args) > 0 {
		return nil, nil
	}
	data, err := load.ReadFile(name)
	switch {
	case err == nil:
		return source.Parse(filepath.ToSlash(name), data), nil
	case f.from == "" && errors.Is(err, fs.ErrNotExist):
		return nil, nil
	}
	return nil, &problem.Problem{What: "cannot read the service file", Where: name, Why: problem.Plain(err), Next: nameShape, Err: err}
}

// serviceFile makes a service file of the flags.
func (f *newFlags) serviceFile(args []string, dir string) (*source.File, error) {
	if len(args) == 0 {
		return nil, &problem.Problem{What: "there is no service file", Where: filepath.Join(dir, ServiceFile), Next: nameShape}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "path: %s\n", args[0])
	if f.catalogue != "" {
		fmt.Fprintf(&b, "catalogue: %s\n", source.String(relativeTo(dir, f.catalogue)).Inline(0, false))
	}
	for _, x := range []struct{ key, value string }{{"name", f.name}, {"owner", f.owner}, {"image", f.image}, {"boot", f.boot}} {
		if x.value != "" {
			fmt.Fprintf(&b, "%s: %s\n", x.key, source.String(x.value).Inline(0, false))
		}
	}
	if f.port != "" {
		fmt.Fprintf(&b, "ports: {http: %s}\n", f.port)
	}
	if len(f.clouds) > 0 {
		fmt.Fprintf(&b, "clouds: [%s]\n", strings.Join(f.clouds, ", "))
	}
	for _, x := range f.set {
		key, value, ok := strings.Cut(x, "=")
		if !ok || strings.ContainsAny(x, "\n\r") {
			return nil, &problem.Problem{What: "--set takes PARAMETER=VALUE", Where: x, Next: "write it on one line, such as --set longestRun=20m"}
		}
		fmt.Fprintf(&b, "%s: %s\n", key, value)
	}
	return source.Parse(ServiceFile, []byte(b.String())), nil
}

// write writes the files, all or none, and says what to do next.
func (f *newFlags) write(ctx context.Context, e Env, dir string, files []goldenpath.Rendered) error {
	var changed []string
	for _, x := range files {
		if x.Name == goldenpath.AncestorFile {
			continue // it follows from the others
		}
		at := filepath.Join(dir, filepath.FromSlash(x.Name))
		old, err := load.ReadFile(at)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return &problem.Problem{What: "cannot look at what is there", Where: at, Why: problem.Plain(err), Next: "choose another folder with --dir", Err: err}
		case !bytes.Equal(old, x.Data):
			changed = append(changed, x.Name)
			if !f.force {
				if err := report.Diff(e.Stderr, filepath.ToSlash(at), old, x.Data, report.DiffOptions{Terminal: e.ErrTerminal}); err != nil {
					return err
				}
			}
		}
	}
	if len(changed) > 0 && !f.force {
		return &problem.Problem{What: fmt.Sprintf("%s would be overwritten", report.Count(len(changed), "file", "files")), Where: dir, Why: "the differences are above; nothing was written",
			Next: "choose another folder with --dir, or overwrite them with --force", Exit: problem.ExitFindings}
	}
	if err := ctx.Err(); err != nil {
		return &problem.Problem{What: "stopped before anything was written", Next: "run the command again", Exit: problem.ExitIncomplete, Err: err}
	}
	var all []store.File
	for _, x := range files {
		all = append(all, store.File{Name: x.Name, Data: x.Data})
	}
	if err := writeIn(dir, all); err != nil {
		return &problem.Problem{What: "cannot write the files", Where: dir, Why: problem.Plain(err), Next: "make the folder writable, or choose another with --dir", Exit: problem.ExitIncomplete, Err: err}
	}
	for _, x := range files {
		if err := say(e.Stdout, filepath.ToSlash(filepath.Join(dir, x.Name))+"\n"); err != nil {
			return err
		}
	}
	note(e, "fairway: wrote %s\n  next: read %s and the comments, then: fairway lint %s\n", report.Count(len(files), "file", "files"), filepath.ToSlash(filepath.Join(dir, ServiceFile)), dir)
	return nil
}

// ask asks on a terminal for what a service file must say and the flags do not.
func (f *newFlags) ask(ctx context.Context, e Env, c *goldenpath.Catalogue, args *[]string) error {
	if !e.StdinTerminal || !e.ErrTerminal {
		return nil
	}
	p := newPrompt(ctx, e)
	question := func(text string) (string, error) { return p.ask(text + ": ") }
	if len(*args) == 0 {
		shape, err := question("shape (" + strings.Join(c.Shapes(), ", ") + ")")
		if err != nil {
			return err
		}
		*args = []string{shape}
	}
	path, err := c.Path((*args)[0])
	if err != nil {
		return unknownPath(err, "")
	}
	for _, x := range []struct {
		parameter string
		value     *string
	}{{"name", &f.name}, {"owner", &f.owner}, {"image", &f.image}, {"boot", &f.boot}} {
		i := slices.IndexFunc(path.Parameters, func(p *goldenpath.Parameter) bool { return p.Name == x.parameter })
		if i < 0 || *x.value != "" {
			continue
		}
		p := path.Parameters[i]
		text := fmt.Sprintf("%s, %s (for example %s)", p.Name, p.Doc, p.Example)
		if p.Default != "" {
			text = fmt.Sprintf("%s, %s (%s when you say nothing)", p.Name, p.Doc, p.Default)
		}
		if *x.value, err = question(text); err != nil {
			return err
		}
	}
	return nil
}

// faultsProblem puts the faults of a service file into one error.
func faultsProblem(faults []goldenpath.Fault) error {
	var why, next []string
	for _, f := range faults {
		place := ""
		if f.Line > 0 {
			place = fmt.Sprintf("%s:%d:%d: ", f.File, f.Line, f.Column)
		}
		why = append(why, place+f.Message)
		if !slices.Contains(next, f.Next) {
			next = append(next, f.Next)
		}
	}
	return &problem.Problem{What: fmt.Sprintf("the service file has %s", report.Count(len(faults), "fault", "faults")), Why: strings.Join(why, "\n"), Next: strings.Join(next, "\n")}
}

func unknownPath(err error, file string) error {
	u, ok := errors.AsType[*goldenpath.UnknownPath](err)
	if !ok {
		return &problem.Problem{What: "the path cannot be used", Where: file, Why: err.Error(), Next: "tell those who keep the catalogue: fairway catalogue lint says all that is wrong with it", Err: err}
	}
	p := &problem.Problem{What: u.Error(), Where: file, Next: "choose one of " + strings.Join(u.Known, ", "), Err: err}
	switch {
	case u.Shape == "":
		p.What = "no path is named"
	case u.Near != "":
		p.Next = "did you mean " + u.Near + "?"
	}
	return p
}
