package cli

import (
	"bytes"
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

	"github.com/spf13/cobra"

	"github.com/fairway-k8s/fairway/internal/goldenpath"
	"github.com/fairway-k8s/fairway/internal/load"
	"github.com/fairway-k8s/fairway/internal/merge"
	"github.com/fairway-k8s/fairway/internal/problem"
	"github.com/fairway-k8s/fairway/internal/report"
	"github.com/fairway-k8s/fairway/internal/source"
	"github.com/fairway-k8s/fairway/internal/store"
)

// serviceFolder is a folder with a service file, its ancestor and its manifests.
type serviceFolder struct {
	dir       string
	file      *source.File // fairway.yaml
	org       *source.File // nil without one
	catalogue *openedCatalogue
	ancestor  *goldenpath.Ancestor
	ours      []goldenpath.Rendered
	read      map[string][]byte // what its files held when they were read; nil for one that was not there
}

// openService reads the folder of a service. catalogue and org are what flags name, "" without.
func openService(ctx context.Context, all *catalogues, dir, catalogue, org string) (*serviceFolder, error) {
	name, err := serviceFileIn(dir)
	if err != nil {
		return nil, err
	}
	s := &serviceFolder{dir: filepath.Dir(name), read: map[string][]byte{}}
	data, err := load.ReadFile(name)
	if err != nil {
		return nil, &problem.Problem{What: "cannot read the service file", Where: name, Why: problem.Plain(err), Next: "name the folder of a service, begin one with fairway new, or bring one onto a path with fairway adopt", Err: err}
	}
	s.file = source.Parse(filepath.ToSlash(name), data)
	s.read[s.serviceName()] = data
	if err := noYAML("the service file", s.file); err != nil {
		return nil, err
	}
	if s.org, err = organisationFile(s.dir, org); err != nil {
		return nil, err
	}
	if s.catalogue, err = all.of(ctx, catalogue, s.file, s.org); err != nil {
		return nil, err
	}
	return s, nil
}

// noYAML is the error of a file that begins with something else than YAML, nil when it does not.
func noYAML(what string, f *source.File) error {
	if err := f.Docs[0].Err; err != nil {
		return &problem.Problem{What: what + " is no YAML", Where: fmt.Sprintf("%s:%d:%d", f.Name, err.Line, err.Column), Why: err.Message, Next: "correct the YAML there", Err: err}
	}
	return nil
}

// isManifest reports whether a file of that name may hold manifests.
func isManifest(name string) bool {
	return slices.Contains([]string{".yaml", ".yml", ".json"}, path.Ext(name))
}

// isServiceFile reports whether a file of that name is a service file: fairway.yaml, or NAME.fairway.yaml where several services share a folder.
func isServiceFile(name string) bool {
	return name == ServiceFile || strings.HasSuffix(name, "."+ServiceFile) && !strings.HasPrefix(name, ".")
}

// serviceFileIn returns the service file that is named, or the one in the folder that is.
func serviceFileIn(at string) (string, error) {
	if info, err := os.Stat(at); err != nil || !info.IsDir() {
		return at, nil
	}
	files, err := filepath.Glob(filepath.Join(at, "*."+ServiceFile))
	if _, own := os.Stat(filepath.Join(at, ServiceFile)); own == nil || err != nil || len(files) == 0 {
		return filepath.Join(at, ServiceFile), nil
	}
	if len(files) > 1 {
		return "", &problem.Problem{What: "the folder has several services", Where: at, Next: "name one of " + strings.Join(files, ", ")}
	}
	return files[0], nil
}

// serviceName is the name of the service file in its folder, ancestorName that of its ancestor.
func (s *serviceFolder) serviceName() string  { return path.Base(s.file.Name) }
func (s *serviceFolder) ancestorName() string { return goldenpath.AncestorOf(s.file.Name) }

// pathName is the path that the service file names, SHAPE@VERSION.
func (s *serviceFolder) pathName() string { return s.file.Docs[0].Root.Resolve().Get("path").Text() }

// path reads the path of the service, in the version of its service file or in another one.
func (s *serviceFolder) path(version string) (*goldenpath.Path, error) {
	shape, own, _ := strings.Cut(s.pathName(), "@")
	if version == "" {
		version = own
	}
	p, err := s.catalogue.Path(strings.TrimSuffix(shape+"@"+version, "@"))
	if err != nil {
		return nil, unknownPath(err, s.file.Name)
	}
	return p, nil
}

// readAncestor reads what the service's files descend from.
func (s *serviceFolder) readAncestor() error {
	name := filepath.Join(s.dir, filepath.FromSlash(s.ancestorName()))
	data, err := load.ReadFile(name)
	if err == nil {
		s.read[s.ancestorName()] = data
		s.ancestor, err = goldenpath.ReadAncestor(data)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return &problem.Problem{What: "the service has no ancestor", Where: name, Why: "without what the path wrote, your changes and the path's cannot be told apart",
			Next: "take the file back from Git, or make a new one from what is there: fairway adopt " + s.dir, Exit: problem.ExitIncomplete, Err: err}
	case err != nil:
		return &problem.Problem{What: "the ancestor cannot be used", Where: name, Why: problem.Plain(err), Next: "take the file back from Git, or make a new one from what is there: fairway adopt " + s.dir, Exit: problem.ExitIncomplete, Err: err}
	}
	return nil
}

// manyFiles is how many files a service's folders may hold: more are not a service's.
const manyFiles = 5000

// readOurs reads the team's files: those that the path wrote or would write, and all YAML in the same folders, as objects may have been moved.
func (s *serviceFolder) readOurs(files ...[]goldenpath.Rendered) error {
	names := map[string]bool{}
	tops := map[string]bool{}
	for _, f := range slices.Concat(files...) {
		names[f.Name] = true
		if top, _, below := strings.Cut(f.Name, "/"); below {
			tops[top] = true
		}
	}
	root, err := load.OpenFolder(s.dir)
	if err != nil {
		return &problem.Problem{What: "cannot look through the service's folder", Where: s.dir, Why: problem.Plain(err), Next: "make it readable", Exit: problem.ExitIncomplete, Err: err}
	}
	defer root.Close()
	for top := range tops {
		err := fs.WalkDir(root, top, func(name string, d fs.DirEntry, err error) error {
			switch {
			case err != nil && name == top && errors.Is(err, fs.ErrNotExist):
				return nil
			case err != nil:
				return err
			case d.IsDir() && strings.HasPrefix(d.Name(), "."):
				return fs.SkipDir
			case d.Type().IsRegular() && isManifest(name):
				names[name] = true
			}
			if len(names) > manyFiles {
				return fmt.Errorf("more than %d files", manyFiles)
			}
			return nil
		})
		if err != nil {
			return &problem.Problem{What: "cannot look through the service's folder", Where: filepath.Join(s.dir, top), Why: problem.Plain(err), Next: "name the folder that holds fairway.yaml", Exit: problem.ExitIncomplete, Err: err}
		}
	}
	s.ours = nil
	for name := range names {
		data, err := fs.ReadFile(root, name)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			s.read[name] = nil
			continue
		case err != nil:
			return &problem.Problem{What: "cannot read a file of the service", Where: filepath.Join(s.dir, name), Why: problem.Plain(err), Next: "make it a file that can be read, in the service's folder or its repository", Exit: problem.ExitIncomplete, Err: err}
		}
		s.read[name] = data
		s.ours = append(s.ours, goldenpath.Rendered{Name: name, Data: data})
	}
	slices.SortFunc(s.ours, func(a, b goldenpath.Rendered) int { return cmp.Compare(a.Name, b.Name) })
	return nil
}

// render renders the service on a path.
func (s *serviceFolder) render(p *goldenpath.Path) (*goldenpath.Service, *goldenpath.Ancestor, error) {
	service, faults := goldenpath.ReadService(p, s.file, s.org)
	if len(faults) > 0 {
		return nil, nil, faultsProblem(faults)
	}
	files, err := service.Render()
	if err == nil && service.Adopted != nil {
		files, err = service.Adopted.Adapt(files, s.file.Docs[0].Root.Resolve().Get("name").Text())
	}
	if err != nil {
		return nil, nil, err
	}
	return service, &goldenpath.Ancestor{Path: p.Name(), Files: files}, nil
}

// organisationFlag adds the flag that names the organisation's file.
func organisationFlag(cmd *cobra.Command, name *string) {
	cmd.Flags().StringVar(name, "org", "", "the organisation's file (default: "+OrganisationFile+" in the folder or above it)")
}

// organisationFile reads the organisation's file: the one that is named, or the nearest above the folder; nil when there is none.
func organisationFile(dir, name string) (*source.File, error) {
	if name == "" {
		at, err := filepath.Abs(dir)
		if err != nil {
			return nil, err
		}
		for folder := range upward(at) {
			if info, err := os.Stat(filepath.Join(folder, OrganisationFile)); err == nil && info.Mode().IsRegular() {
				name = filepath.Join(folder, OrganisationFile)
				break
			}
		}
		if name == "" {
			return nil, nil
		}
	}
	data, err := load.ReadFile(name)
	if err != nil {
		return nil, &problem.Problem{What: "cannot read the organisation's file", Where: name, Why: problem.Plain(err), Next: "name an existing file with --org", Err: err}
	}
	return source.Parse(filepath.ToSlash(name), data), nil
}

// uncommitted refuses to write over files with changes that are not committed, so that what is done (an upgrade, an adoption) can be looked at by
// itself. Outside of a Git repository there is nothing to tell it.
func uncommitted(ctx context.Context, dir string, names []string, what string) error {
	if at, err := filepath.Abs(dir); err == nil && load.Repository(at) == "" {
		return nil
	}
	changed, err := load.ChangedSince(ctx, dir, "HEAD")
	if err != nil {
		return nil
	}
	dirty := slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !changed[name] })
	if len(dirty) == 0 {
		return nil
	}
	return &problem.Problem{What: fmt.Sprintf("%s with changes that are not committed", report.Count(len(dirty), "file", "files")), Where: dir, Why: strings.Join(dirty, ", "),
		Next: "commit or stash them first, so that the " + what + " can be looked at by itself, or write anyway with --force", Exit: problem.ExitFindings}
}

func namesOf(files []store.File) (names []string) {
	for _, f := range files {
		names = append(names, f.Name)
	}
	return names
}

// writeDiffs writes the unified diff of all files that changed. Their names are relative to a folder.
func writeDiffs(w io.Writer, e Env, dir string, files []merge.File) error {
	for _, x := range files {
		if !x.Changed() {
			continue
		}
		if err := report.Diff(w, path.Join(dir, x.Name), x.Before, x.After, report.DiffOptions{Terminal: e.Terminal, Color: e.colour("")}); err != nil {
			return err
		}
	}
	return nil
}

// staysIn refuses to write through a link that leads out of a folder and of the Git repository that it is in.
func staysIn(dir string, names []string) error {
	folder, err := load.OpenFolder(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // no links in what is not there yet
	}
	if err != nil {
		return err
	}
	defer folder.Close()
	for _, name := range names {
		if err := folder.Holds(name); err != nil {
			return fmt.Errorf("%s: %s", name, problem.Plain(err))
		}
	}
	return nil
}

// stale refuses to write over files that are no longer what was read: somebody saved one meanwhile, or another fairway is at work. It tells them.
func (s *serviceFolder) stale(files []store.File) error {
	var changed []string
	for _, f := range files {
		was, known := s.read[f.Name]
		if !known {
			continue
		}
		now, err := load.ReadFile(filepath.Join(s.dir, filepath.FromSlash(f.Name)))
		if there := err == nil; there != (was != nil) || !bytes.Equal(now, was) {
			changed = append(changed, f.Name)
		}
	}
	if len(changed) == 0 {
		return nil
	}
	return &problem.Problem{What: fmt.Sprintf("%s changed while this was worked out, so nothing was written", report.Count(len(changed), "file", "files")), Where: s.dir,
		Why: strings.Join(changed, ", "), Next: "run the command again", Exit: problem.ExitIncomplete}
}

// writeResult writes what changed in a service's folder, all or none, in the order of the files. The ancestor comes last: when the machine stops
// halfway, the next run merges anew from the old one, and finds done what is done.
func (s *serviceFolder) writeResult(files []store.File) error {
	if err := s.stale(files); err != nil {
		return err
	}
	if err := writeIn(s.dir, files); err != nil {
		return &problem.Problem{What: "cannot write the files", Where: s.dir, Why: problem.Plain(err), Next: "make the folder and its files writable", Exit: problem.ExitIncomplete, Err: err}
	}
	return nil
}

// writeIn writes files, all or none, whose names are relative to a folder, and never through a link that leads out of it.
func writeIn(dir string, files []store.File) error {
	if err := staysIn(dir, namesOf(files)); err != nil {
		return err
	}
	files = slices.Clone(files)
	for i := range files {
		files[i].Name = filepath.Join(dir, filepath.FromSlash(files[i].Name))
	}
	return store.WriteFiles(files)
}
