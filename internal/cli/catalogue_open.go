package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"github.com/fairway-k8s/fairway/content"
	"github.com/fairway-k8s/fairway/internal/goldenpath"
	"github.com/fairway-k8s/fairway/internal/knowledge"
	"github.com/fairway-k8s/fairway/internal/problem"
	"github.com/fairway-k8s/fairway/internal/rule/catalogue"
	"github.com/fairway-k8s/fairway/internal/source"
)

// openedCatalogue is a catalogue with where it came from and its records.
type openedCatalogue struct {
	*goldenpath.Catalogue
	ref    string  // "" for Fairway's own
	layers []fs.FS // that hold records: Fairway's own, then the organisation's
}

// catalogueFlag adds the flag that names a catalogue.
func catalogueFlag(cmd *cobra.Command, ref *string) {
	cmd.Flags().StringVar(ref, "catalogue", "", "the catalogue, a folder (default: what "+ServiceFile+" or "+OrganisationFile+" names, else Fairway's own)")
	_ = cmd.MarkFlagDirname("catalogue")
}

// ownCatalogue is the one that is built in.
func ownCatalogue() (*openedCatalogue, error) {
	c, err := goldenpath.Open(content.FS)
	return &openedCatalogue{Catalogue: c, layers: []fs.FS{content.FS}}, err
}

// catalogues opens each catalogue once: a fleet of services has few.
type catalogues struct {
	mu   sync.Mutex
	open map[string]func() (*openedCatalogue, error)
}

// of opens the catalogue that a flag names, else the files of a service, as openCatalogue does.
func (c *catalogues) of(flag string, files ...*source.File) (*openedCatalogue, error) {
	ref, where := catalogueRef(flag, files...)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open == nil {
		c.open = map[string]func() (*openedCatalogue, error){}
	}
	if c.open[ref] == nil {
		c.open[ref] = sync.OnceValues(func() (*openedCatalogue, error) { return openRef(ref, where) })
	}
	return c.open[ref]()
}

// openCatalogue opens the catalogue that a flag names, else the service file, else the organisation's file, else Fairway's own. A folder in a
// file is relative to that file.
func openCatalogue(flag string, files ...*source.File) (*openedCatalogue, error) {
	return openRef(catalogueRef(flag, files...))
}

// catalogueRef says which catalogue is meant, "" for Fairway's own, and where that is said.
func catalogueRef(ref string, files ...*source.File) (_, where string) {
	where = "--catalogue"
	for _, f := range files {
		if ref != "" || f == nil {
			continue
		}
		if n := f.Docs[0].Root.Resolve().Get("catalogue"); !n.IsZero() {
			ref, where = n.Text(), fmt.Sprintf("%s:%d", f.Name, n.Position().Line)
			if !filepath.IsAbs(ref) && !strings.Contains(ref, ":") {
				ref = filepath.Join(filepath.Dir(filepath.FromSlash(f.Name)), filepath.FromSlash(ref))
			}
		}
	}
	return ref, where
}

func openRef(ref, where string) (*openedCatalogue, error) {
	if ref == "" {
		return ownCatalogue()
	}
	if info, err := os.Stat(ref); err != nil || !info.IsDir() {
		why := "it is no folder"
		if err != nil {
			why = problem.Plain(err)
		}
		return nil, &problem.Problem{What: "cannot open the catalogue " + ref, Where: where, Why: why, Next: "name the folder of a catalogue, one that holds catalogue.yaml", Err: err}
	}
	fsys := os.DirFS(ref)
	c, err := goldenpath.Open(fsys)
	if err == nil {
		_, err = c.About()
	}
	if tooNew, ok := errors.AsType[*goldenpath.TooNew](err); ok {
		return nil, &problem.Problem{What: tooNew.Error(), Where: ref, Next: "install a newer fairway", Err: err}
	}
	if err != nil {
		return nil, &problem.Problem{What: "cannot read the catalogue " + ref, Where: where, Why: problem.Plain(err), Next: "name the folder of a catalogue, one that holds catalogue.yaml", Err: err}
	}
	return &openedCatalogue{c, ref, []fs.FS{content.FS, fsys}}, nil
}

// relativeTo returns how a file in dir names a catalogue.
func relativeTo(dir, ref string) string {
	if strings.Contains(ref, ":") || filepath.IsAbs(ref) {
		return ref
	}
	from, err := filepath.Abs(dir)
	if err != nil {
		return ref
	}
	to, err := filepath.Abs(ref)
	if err != nil {
		return ref
	}
	if rel, err := filepath.Rel(from, to); err == nil {
		return filepath.ToSlash(rel)
	}
	return filepath.ToSlash(to)
}

// catalogueHere opens the catalogue that a flag names, else that of the service or the organisation whose folder this is.
func catalogueHere(ref string) (*openedCatalogue, error) {
	if ref != "" {
		return openCatalogue(ref)
	}
	org, err := organisationFile(".", "")
	if err != nil {
		return nil, err
	}
	data, err := os.ReadFile(ServiceFile)
	if err != nil { // most folders are not a service's
		return openCatalogue("", org)
	}
	return openCatalogue("", source.Parse(ServiceFile, data), org)
}

// web joins the records of the catalogue with the rules.
func (c *openedCatalogue) web() (*knowledge.Web, error) {
	w, err := knowledge.Load(catalogue.New(), c.layers...)
	if err != nil && c.ref != "" {
		return nil, &problem.Problem{What: "the records of the catalogue have faults", Where: c.ref, Why: problem.Plain(err), Next: "fairway catalogue lint " + c.ref, Err: err}
	}
	return w, err
}

// paths reads and compiles the newest version of every shape.
func (c *openedCatalogue) paths() ([]*goldenpath.Path, error) {
	var out []*goldenpath.Path
	for _, shape := range c.Shapes() {
		p, err := c.Path(shape)
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}
