package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/fairway-k8s/fairway/internal/goldenpath"
	"github.com/fairway-k8s/fairway/internal/load"
	"github.com/fairway-k8s/fairway/internal/merge"
	"github.com/fairway-k8s/fairway/internal/problem"
	"github.com/fairway-k8s/fairway/internal/report"
	"github.com/fairway-k8s/fairway/internal/source"
	"github.com/fairway-k8s/fairway/internal/store"
)

type adoptFlags struct {
	stages               []string
	owner, catalogue     string
	boot                 time.Duration
	org, version         string
	write, force, health bool
	diff                 bool
	output               choice
}

func newAdopt(e Env) *cobra.Command {
	f := &adoptFlags{output: choice{value: "text", choices: []string{"text", "json"}}}
	cmd := &cobra.Command{
		Use:   "adopt PATH...",
		Short: "bring manifests that are there onto a golden path",
		Long: "Adopt recognises the shape of each workload in files and folders, infers its parameters, and adds what the path has and the manifests lack, in\n" +
			"stages that are small enough to look at: labels-and-requests, probes, security, availability, network. What is there stays as it is, and\n" +
			"differs from the path on record. Selectors are never touched. What manifests cannot say is not invented: it is listed instead. Only with\n" +
			"--assume-health-endpoints something is replaced: probes with one question for readiness and liveness.\n\n" +
			"Without --write it shows what it would do. With it, each workload gets a service file beside the folder of its manifests and an ancestor, so\n" +
			"that fairway upgrade works from then on. A later run with another --stage adds to it. Overlays of kustomize are left alone: name the base.",
		Example: "  fairway adopt deploy/base\n  fairway adopt deploy/base --stage labels-and-requests --diff\n  fairway adopt deploy/base --stage labels-and-requests --owner payments --write\n" +
			"  fairway adopt app.yaml --stage probes --assume-health-endpoints --write",
		Args: cobra.MinimumNArgs(1),
	}
	flags := cmd.Flags()
	flags.StringSliceVar(&f.stages, "stage", nil, "stages to bring in (default: all but network)")
	flags.StringVar(&f.owner, "owner", "", "the team that is called when it breaks, where no label says it")
	flags.DurationVar(&f.boot, "boot", 0, "how long a start takes on a bad day, such as 45s, where the manifests do not say (default: the path's)")
	flags.BoolVar(&f.write, "write", false, "write the files")
	flags.BoolVar(&f.diff, "diff", false, "show the difference of all files")
	flags.BoolVar(&f.health, "assume-health-endpoints", false, "the program answers /health/started, /health/ready and /health/live on its port named health, or where none is, on that of requests")
	flags.BoolVar(&f.force, "force", false, "also write files with changes that are not committed")
	flags.StringVar(&f.version, "to", "", "the version of the path (default: the newest)")
	catalogueFlag(cmd, &f.catalogue)
	organisationFlag(cmd, &f.org)
	choiceFlag(cmd, &f.output, "output", "o", "how to show it")
	_ = cmd.RegisterFlagCompletionFunc("stage", cobra.FixedCompletions(goldenpath.Stages, cobra.ShellCompDirectiveNoFileComp))
	cmd.RunE = func(cmd *cobra.Command, args []string) error { return runAdopt(cmd.Context(), e, f, args) }
	return cmd
}

// adoption is one workload on its way onto a path.
type adoption struct {
	goldenpath.Candidate
	path     *goldenpath.Path
	root     string       // the folder of the service file
	name     string       // of the service file
	known    *source.File // the service file that is there already, nil without one
	service  []byte
	ancestor *goldenpath.Ancestor
	result   *merge.Result
	problem  string // why it cannot be adopted
}

func runAdopt(ctx context.Context, e Env, f *adoptFlags, args []string) error {
	for _, s := range f.stages {
		if s != "all" && !slices.Contains(goldenpath.Stages, s) {
			return &problem.Problem{What: fmt.Sprintf("there is no stage %q", s), Where: "--stage", Next: "the stages are " + strings.Join(goldenpath.Stages, ", ") + ", or all"}
		}
	}
	if f.boot < 0 {
		return &problem.Problem{What: fmt.Sprintf("a boot of %s is none", f.boot), Where: "--boot", Next: "give how long a start takes on a bad day, such as 45s"}
	}
	var all []*adoption
	var diffs strings.Builder
	opened, unread := &catalogues{}, 0
	for _, arg := range args {
		here, n, err := adoptAt(ctx, e, f, opened, arg, &diffs)
		if err != nil {
			return err
		}
		all, unread = append(all, here...), unread+n
	}
	if len(all) == 0 {
		return &problem.Problem{What: "no workload was found", Where: strings.Join(args, ", "), Why: "a Deployment, StatefulSet or CronJob with an image is needed", Next: "name the manifests, or the base of a kustomization", Exit: problem.ExitIncomplete}
	}
	var err error
	if f.output.value == "json" {
		err = writeJSON(e.Stdout, adoptReportOf(all, f.write && brought(all) > 0))
	} else {
		if err = say(e.Stdout, adoptText(all, e.textWidth())); err == nil {
			_, err = io.WriteString(e.Stdout, diffs.String())
		}
		switch {
		case err != nil:
		case f.write && brought(all) == 0:
			note(e, "fairway: nothing was written\n")
		case f.write:
			note(e, "fairway: brought %s onto a path\n  next: look at git diff and at what is left for you, then: fairway lint %s\n", report.Count(brought(all), "workload", "workloads"), strings.Join(args, " "))
		default:
			fmt.Fprint(e.Stderr, "fairway: nothing was written\n  next: --diff shows the lines; --stage NAME --write brings in one stage\n")
		}
	}
	if err == nil && (unread > 0 || brought(all) < len(all)) {
		err = exit(problem.ExitIncomplete)
	}
	return err
}

// adoptAt brings the workloads of a file or folder onto their paths, and counts the files that are no YAML.
func adoptAt(ctx context.Context, e Env, f *adoptFlags, opened *catalogues, arg string, diffs io.Writer) (here []*adoption, unread int, err error) {
	root, files, err := adoptable(arg)
	if err != nil {
		return nil, 0, err
	}
	org, err := organisationFile(root, f.org)
	if err != nil {
		return nil, 0, err
	}
	catalogue, err := opened.of(ctx, f.catalogue, nil, org)
	if err != nil {
		return nil, 0, err
	}
	unread = noteUnread(e, root, files)
	found := goldenpath.Infer(files, f.owner)
	before := slices.Clone(files)
	for _, c := range found {
		x := &adoption{Candidate: c, root: root}
		if err := x.prepare(f, catalogue.Catalogue, org, files, len(found), arg); err != nil {
			return nil, 0, err
		}
		if x.result != nil {
			files = goldenpath.FilesOf(x.result)
		}
		here = append(here, x)
	}
	changed, lists, err := listed(root, changedFiles(before, files))
	if err != nil {
		return nil, 0, err
	}
	for _, c := range lists {
		// It belongs to the first workload that brings something into that file.
		i := slices.IndexFunc(here, func(x *adoption) bool {
			return x.result != nil && slices.ContainsFunc(x.result.Changes, func(y merge.Change) bool { return y.File == c.To })
		})
		if i >= 0 {
			here[i].result.Changes = append(here[i].result.Changes, c)
		}
	}
	if f.diff {
		if err := writeDiffs(diffs, e, filepath.ToSlash(root), changed); err != nil {
			return nil, 0, err
		}
	}
	if f.write {
		if err := writeAdopted(ctx, f, root, changed, here); err != nil {
			return nil, 0, err
		}
	}
	return here, unread, nil
}

// brought counts the workloads that a path was found for.
func brought(all []*adoption) (n int) {
	for _, x := range all {
		if x.problem == "" {
			n++
		}
	}
	return n
}

// noteUnread tells which files are no YAML, and counts them: what the path brings may be in one of them already.
func noteUnread(e Env, root string, files []goldenpath.Rendered) (n int) {
	for _, f := range files {
		for _, d := range source.Parse(f.Name, f.Data).Docs {
			if d.Err != nil {
				n++
				note(e, "fairway: cannot read %s:%d:%d: %s\n  next: correct the YAML there, or name the other files; what is in it is not seen\n", filepath.ToSlash(filepath.Join(root, f.Name)), d.Err.Line, d.Err.Column, d.Err.Message)
				break
			}
		}
	}
	return n
}

// adoptable reads the manifests of a file or folder. Their names are relative to root, the folder that service files go to: the one
// above the manifests.
func adoptable(arg string) (root string, files []goldenpath.Rendered, err error) {
	bad := func(err error) (string, []goldenpath.Rendered, error) {
		return "", nil, &problem.Problem{What: "cannot read the manifests", Where: arg, Why: problem.Plain(err), Next: "name a file or folder of manifests that can be read", Exit: problem.ExitIncomplete, Err: err}
	}
	at, err := filepath.Abs(arg)
	if err != nil {
		return bad(err)
	}
	info, err := os.Stat(at)
	if err != nil {
		return bad(err)
	}
	var names []string
	root = filepath.Dir(at)
	if !info.IsDir() {
		names = []string{at}
		// A service file among the manifests would be read as one by kubectl apply -f FOLDER. It goes above the folder, but not out of a repository.
		if top := load.Repository(root); top != "" && top != root {
			root = filepath.Dir(root)
		}
	} else {
		if load.Repository(at) == at {
			root = at // above a repository is nobody's
		}
		names, err = manifestsBelow(at)
		if err != nil {
			return bad(err)
		}
	}
	for _, name := range names {
		data, err := load.ReadFile(name)
		if err != nil {
			return bad(err)
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return bad(err)
		}
		files = append(files, goldenpath.Rendered{Name: filepath.ToSlash(rel), Data: data})
	}
	if wd, err := os.Getwd(); err == nil {
		if rel, err := filepath.Rel(wd, root); err == nil {
			root = rel
		}
	}
	return root, files, nil
}

// manifestsBelow returns the YAML files of a folder and those below it, folders with a kustomization of their own left out when the top has one:
// they are overlays or components.
func manifestsBelow(at string) (names []string, err error) {
	top := kustomizationIn(at) != ""
	err = filepath.WalkDir(at, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != at && (strings.HasPrefix(d.Name(), ".") || top && kustomizationIn(name) != "" || d.Name() == "node_modules"):
			return fs.SkipDir
		case d.IsDir() && name != at:
			if _, err := os.Stat(filepath.Join(name, "Chart.yaml")); err == nil {
				return fs.SkipDir
			}
		case d.Type().IsRegular() && isManifest(d.Name()) && !isServiceFile(d.Name()):
			names = append(names, name)
		}
		if len(names) > manyFiles {
			return fmt.Errorf("more than %d files", manyFiles)
		}
		return nil
	})
	return names, err
}

// prepare makes the service file of a workload and merges what its stages bring.
func (x *adoption) prepare(f *adoptFlags, c *goldenpath.Catalogue, org *source.File, files []goldenpath.Rendered, workloads int, arg string) error {
	if err := x.find(workloads); err != nil {
		return err
	}
	named := strings.TrimSuffix(x.Shape+"@"+f.version, "@")
	if x.known != nil {
		named = x.known.Docs[0].Root.Resolve().Get("path").Text()
	}
	var err error
	if x.path, err = c.Path(named); err != nil {
		return unknownPath(err, arg)
	}
	if x.known != nil && f.version != "" && f.version != x.path.Version {
		x.problem = fmt.Sprintf("%s is at %s already; fairway upgrade --to %s brings it to another version", x.known.Name, x.path.Name(), f.version)
		return nil
	}
	if x.Refused != "" {
		x.problem = x.Refused
		return nil
	}
	x.stages(f.stages)
	x.boots(f.boot, org, arg)
	if f.health {
		x.Adopted.Health = cmp.Or(x.Health, x.port())
		x.Left = slices.DeleteFunc(x.Left, func(l string) bool {
			return strings.HasPrefix(l, goldenpath.NoEndpoint) || strings.HasPrefix(l, goldenpath.OneEndpoint)
		})
	}
	if isManifest(filepath.ToSlash(arg)) || len(files) == 1 {
		x.Adopted.File = path.Base(x.File)
	}
	if !strings.Contains(x.File, "/") {
		x.Left = append(x.Left, x.name+" lies among the manifests, where kubectl apply -f FOLDER reads it too; in a Git repository, or given a folder, it goes above them")
	}
	file, err := x.serviceFile()
	if err != nil {
		return err
	}
	x.service = file.Data
	service, faults := goldenpath.ReadService(x.path, file, org)
	if len(faults) == 1 && file.Docs[0].Root.Resolve().Get("owner").IsZero() {
		x.problem = "no label says whose it is; name the team with --owner"
		return nil
	}
	if len(faults) > 0 {
		var why []string
		for _, fault := range faults {
			why = append(why, fault.Message+" ("+fault.Next+")")
		}
		x.problem = strings.Join(why, "; ")
		return nil
	}
	rendered, err := service.Render()
	if err != nil {
		return err
	}
	if rendered, err = x.Adopted.Adapt(rendered, x.Name); err != nil {
		x.problem = err.Error()
		return nil
	}
	x.ancestor = &goldenpath.Ancestor{Path: x.path.Name(), Files: rendered}
	result, err := x.Adopted.Merge(files, rendered)
	if p, ok := errors.AsType[*merge.ProofError](err); ok {
		x.problem = "the result could not be proved: " + p.Error()
		x.ancestor = nil
		return nil
	} else if err != nil {
		return err
	}
	x.result = result
	return nil
}

// stages notes what is brought in: the stages that flags name, and those that were brought in before.
func (x *adoption) stages(named []string) {
	switch {
	case slices.Contains(named, "all"):
		named = goldenpath.Stages
	case len(named) == 0:
		named = goldenpath.Stages[:4]
	}
	if was := x.before(); was != nil {
		// What earlier stages brought in is in the manifests by now, and no longer to be told from them.
		named = slices.Concat(was.Stages, named)
		x.Adopted.Probe, x.Adopted.Health = cmp.Or(x.Adopted.Probe, was.Probe), was.Health
	}
	for _, s := range goldenpath.Stages {
		if slices.Contains(named, s) {
			x.Adopted.Stages = append(x.Adopted.Stages, s)
		}
	}
}

// boots takes the boot that was given where no manifest says it. Without one it lists what is assumed: the startup probe is made of it.
func (x *adoption) boots(given time.Duration, org *source.File, arg string) {
	p := x.path.Parameter("boot")
	if p == nil || x.known != nil || x.Measured {
		return
	}
	at := slices.IndexFunc(x.Settings, func(s source.Field) bool { return s.Key == "boot" })
	if given > 0 {
		boot := source.F("boot", source.String(given.String()))
		if at < 0 {
			x.Settings = append(x.Settings, boot)
		} else {
			x.Settings[at] = boot
		}
		return
	}
	boot, whose := p.Default, "the path's default"
	if org != nil {
		if said := org.Docs[0].Root.Resolve().Get("boot").Text(); said != "" {
			boot, whose = said, "the organisation's"
		}
	}
	if at >= 0 {
		boot, _ = x.Settings[at].Value.Scalar()
		whose = "the delay of its liveness probe"
	}
	x.Left = append(x.Left, fmt.Sprintf("boot: %s is assumed, %s; say what was measured with --boot or as boot in the service file, or work it out from some boots: fairway probe recommend %s/%s -f %s --boots FILE --fix",
		boot, whose, strings.ToLower(x.Kind), x.Name, arg))
}

// port is the port of requests that was inferred, 8080 without one.
func (x *adoption) port() string {
	port := "8080"
	for _, s := range x.Settings {
		if s.Key != "ports" {
			continue
		}
		for _, key := range s.Value.Keys() {
			if text, _ := s.Value.Field(key).Scalar(); key != "health" {
				port = text
			}
		}
	}
	return port
}

// find says how the service file of a workload is called, and reads it when there is one already.
func (x *adoption) find(workloads int) error {
	own := x.Name + "." + ServiceFile
	x.name = ServiceFile
	if workloads > 1 {
		x.name = own
	}
	for _, name := range []string{ServiceFile, own} {
		at := filepath.ToSlash(filepath.Join(x.root, name))
		data, err := load.ReadFile(at)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		file := source.Parse(at, data)
		d := file.Docs[0]
		switch {
		case err == nil && d.Err == nil && d.Root.Resolve().Get("name").Text() == x.Name:
			x.name, x.known = name, file
			return nil
		case name == ServiceFile: // another service's
			x.name = own
		case err != nil:
			return &problem.Problem{What: "cannot read the service file", Where: at, Why: problem.Plain(err), Next: "make it readable, or move it away", Err: err}
		case d.Err != nil:
			return &problem.Problem{What: "the service file is no YAML", Where: fmt.Sprintf("%s:%d:%d", at, d.Err.Line, d.Err.Column), Why: d.Err.Message, Next: "correct the YAML there, or move the file away", Err: d.Err}
		default:
			return &problem.Problem{What: "the service file is of another service", Where: at, Why: "its name is not " + x.Name, Next: "correct the name there, or move the file away"}
		}
	}
	return nil
}

// before is the adoption that the service file tells of, nil without one.
func (x *adoption) before() *goldenpath.Adopted {
	if x.known == nil {
		return nil
	}
	return goldenpath.ReadAdopted(x.known.Docs[0].Root.Resolve().Get("adopted"))
}

// serviceFile is the service file with what was inferred. What the team wrote there since an earlier stage stays; only the adoption is another.
func (x *adoption) serviceFile() (*source.File, error) {
	if x.known != nil {
		next, _, err := x.known.Apply(x.known.Docs[0].Root, source.Change{Op: source.Set, Path: source.MustPath("adopted"), Value: x.Adopted.Value()})
		if err != nil {
			return nil, &problem.Problem{What: "cannot note the stages in the service file", Where: x.known.Name, Why: problem.Plain(err), Next: "correct the file, or move it away", Err: err}
		}
		return next, nil
	}
	var b strings.Builder
	fmt.Fprintf(&b, "path: %s\n", x.path.Name())
	for _, s := range x.Settings {
		fmt.Fprintf(&b, "%s: %s\n", s.Key, s.Value.Inline(0, false))
	}
	if len(x.Left) > 0 {
		b.WriteString("# What manifests do not say is left to you; take a line out when it is done.\n")
	}
	for _, text := range x.Left {
		b.WriteString("# - " + strings.Join(strings.Fields(report.Clean(text)), " ") + "\n")
	}
	b.WriteString("adopted:  # how its manifests, which were there before the path, speak of things\n")
	v := x.Adopted.Value()
	for _, key := range v.Keys() {
		fmt.Fprintf(&b, "  %s: %s\n", key, v.Field(key).Inline(0, false))
	}
	return source.Parse(filepath.ToSlash(filepath.Join(x.root, x.name)), []byte(b.String())), nil
}

// changedFiles compares two states of the same files.
func changedFiles(before, after []goldenpath.Rendered) (out []merge.File) {
	was := map[string][]byte{}
	for _, f := range before {
		was[f.Name] = f.Data
	}
	for _, f := range after {
		if x := (merge.File{Name: f.Name, Before: was[f.Name], After: f.Data}); x.Changed() {
			out = append(out, x)
		}
	}
	return out
}

// writeAdopted writes manifests, service files and ancestors, all or none.
func writeAdopted(ctx context.Context, f *adoptFlags, root string, changed []merge.File, all []*adoption) error {
	s := &serviceFolder{dir: root, read: map[string][]byte{}}
	var files []store.File
	for _, x := range changed {
		s.read[x.Name] = x.Before
		files = append(files, store.File{Name: x.Name, Data: x.After})
	}
	if !f.force {
		if err := uncommitted(ctx, root, namesOf(files), "adoption"); err != nil {
			return err
		}
	}
	for _, x := range all {
		if x.result == nil {
			continue
		}
		ancestor, err := x.ancestor.Encode()
		if err != nil {
			return err
		}
		files = append(files, store.File{Name: x.name, Data: x.service}, store.File{Name: goldenpath.AncestorOf(x.name), Data: ancestor})
	}
	return s.writeResult(files)
}

// adoptReport is the JSON form of an adoption.
type adoptReport struct {
	SchemaVersion int            `json:"schemaVersion"`
	Workloads     []adoptedEntry `json:"workloads"`
	Written       bool           `json:"written"`
}

type adoptedEntry struct {
	Kind       string          `json:"kind"`
	Name       string          `json:"name"`
	File       string          `json:"file"`
	Path       string          `json:"path"`
	Service    string          `json:"serviceFile"`
	Stages     []string        `json:"stages"`
	Added      []mergeChange   `json:"added"`
	Deviations []mergeConflict `json:"deviations"` // what differs from the path and stays
	Notes      []string        `json:"notes"`
	Left       []string        `json:"left"` // what cannot be known from manifests
	Problem    string          `json:"problem,omitempty"`
}

func adoptReportOf(all []*adoption, written bool) adoptReport {
	out := adoptReport{SchemaVersion: 1, Workloads: []adoptedEntry{}, Written: written}
	for _, x := range all {
		r := &mergeReport{Conflicts: []mergeConflict{}, Changes: []mergeChange{}}
		if x.result != nil {
			r = mergeReportOf(x.result)
		}
		out.Workloads = append(out.Workloads, adoptedEntry{x.Kind, x.Name, x.File, x.path.Name(), filepath.ToSlash(filepath.Join(x.root, x.name)), append([]string{}, x.Adopted.Stages...),
			r.Changes, r.Conflicts, append([]string{}, x.Notes...), append([]string{}, x.Left...), x.problem})
	}
	return out
}

// said tells of something that was added: which field of which object, unless it is the workload's own.
func (x *adoption) said(c merge.Change) string {
	switch {
	case c.Field == "":
		return fmt.Sprintf("(new) %s in %s", c.Object, c.File)
	case c.Object.Kind == "Kustomization":
		return fmt.Sprintf("%s: %s: %s", c.File, c.Field, c.To)
	case c.Object.Kind != x.Kind || c.Object.Name != x.Candidate.Name:
		return fmt.Sprintf("%s: %s", c.Object, c.Field)
	}
	return c.Field
}

// adoptText tells of each workload.
func adoptText(all []*adoption, width int) string {
	var b strings.Builder
	indented := func(word string, texts []string) {
		for _, text := range texts {
			label := word
			for i, line := range report.Wrap(report.Clean(text), width-11) {
				if i > 0 {
					label = ""
				}
				fmt.Fprintf(&b, "  %-8s %s\n", label, line)
			}
		}
	}
	for i, x := range all {
		if i > 0 {
			b.WriteString("\n")
		}
		fmt.Fprintf(&b, "%s %s  %s:%d  -> %s\n", x.Kind, x.Name, x.File, x.Line, x.path.Name())
		if x.problem != "" {
			indented("unknown", []string{"it cannot be brought onto the path: " + x.problem})
			continue
		}
		indented("note", x.Notes)
		var added []string
		for _, c := range x.result.Changes {
			if c.Op != merge.Comment {
				added = append(added, x.said(c))
			}
		}
		if len(added) == 0 {
			added = []string{"nothing: it has all that these stages bring"}
		}
		for _, text := range added {
			indented("add", []string{text})
		}
		for _, c := range x.result.Conflicts {
			indented("yours", []string{fmt.Sprintf("%s: %s, the path %s", x.said(merge.Change{Object: c.Object, File: c.File, Field: c.Field}), said(c.Ours), said(c.Theirs))})
		}
		indented("left", x.Left)
	}
	return b.String()
}
