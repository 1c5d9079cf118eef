package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/fairway-k8s/fairway/content"
	"github.com/fairway-k8s/fairway/internal/goldenpath"
	"github.com/fairway-k8s/fairway/internal/knowledge"
	"github.com/fairway-k8s/fairway/internal/load"
	"github.com/fairway-k8s/fairway/internal/oci"
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
	cmd.Flags().StringVar(ref, "catalogue", "", "the catalogue, a folder or oci://... (default: what "+ServiceFile+" or "+OrganisationFile+" names, else Fairway's own)")
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
func (c *catalogues) of(ctx context.Context, flag string, file, org *source.File) (*openedCatalogue, error) {
	ref, where := catalogueRef(flag, file, org)
	id := ref
	if org != nil && oci.IsReference(ref) { // which says whose signature is asked for
		id += " " + org.Name
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open == nil {
		c.open = map[string]func() (*openedCatalogue, error){}
	}
	if c.open[id] == nil {
		c.open[id] = sync.OnceValues(func() (*openedCatalogue, error) { return openRef(ctx, ref, where, org) })
	}
	return c.open[id]()
}

// openCatalogue opens the catalogue that a flag names, else the service file, else the organisation's file, else Fairway's own. A folder in a
// file is relative to that file. Either file may be nil.
func openCatalogue(ctx context.Context, flag string, file, org *source.File) (*openedCatalogue, error) {
	ref, where := catalogueRef(flag, file, org)
	return openRef(ctx, ref, where, org)
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
			ref = mapFolder(ref, func(folder string) string {
				if folder = filepath.FromSlash(folder); filepath.IsAbs(folder) {
					return folder
				}
				return filepath.Join(filepath.Dir(filepath.FromSlash(f.Name)), folder)
			})
		}
	}
	return ref, where
}

// mapFolder replaces the folder in a reference to a catalogue; one in a registry has none.
func mapFolder(ref string, to func(string) string) string {
	if oci.IsReference(ref) {
		return oci.MapLayout(ref, to)
	}
	return to(ref)
}

// openRef opens a catalogue. One of a registry or a layout has to be signed when the organisation's file names a key.
func openRef(ctx context.Context, ref, where string, org *source.File) (*openedCatalogue, error) {
	if ref == "" {
		return ownCatalogue()
	}
	if oci.IsReference(ref) {
		var o oci.Options
		var err error
		if org != nil {
			if o.PublicKeys, err = organisationKeys(org); err != nil {
				return nil, err
			}
		}
		fsys, _, err := oci.Open(ctx, ref, o)
		if err != nil {
			return nil, err
		}
		return openFS(fsys, ref, where)
	}
	if info, err := os.Stat(ref); err != nil || !info.IsDir() {
		why := "it is no folder"
		if err != nil {
			why = problem.Plain(err)
		}
		return nil, &problem.Problem{What: "cannot open the catalogue " + ref, Where: where, Why: why, Next: "name the folder of a catalogue, one that holds catalogue.yaml", Err: err}
	}
	fsys, err := load.OpenFolder(ref)
	if err != nil {
		return nil, err
	}
	return openFS(fsys, ref, where)
}

func openFS(fsys fs.FS, ref, where string) (*openedCatalogue, error) {
	c, err := goldenpath.Open(fsys)
	if err == nil {
		_, err = c.About()
	}
	if tooNew, ok := errors.AsType[*goldenpath.TooNew](err); ok {
		return nil, &problem.Problem{What: tooNew.Error(), Where: ref, Next: "install a newer fairway", Err: err}
	}
	if err != nil {
		return nil, &problem.Problem{What: "cannot read the catalogue " + ref, Where: where, Why: problem.Plain(err), Next: "name a catalogue, which has a catalogue.yaml", Err: err}
	}
	return &openedCatalogue{c, ref, []fs.FS{content.FS, fsys}}, nil
}

// relativeTo returns how a file in dir names a catalogue.
func relativeTo(dir, ref string) string {
	return mapFolder(ref, func(folder string) string {
		if filepath.IsAbs(folder) {
			return folder
		}
		from, err := filepath.Abs(dir)
		if err != nil {
			return folder
		}
		to, err := filepath.Abs(folder)
		if err != nil {
			return folder
		}
		if rel, err := filepath.Rel(from, to); err == nil {
			return filepath.ToSlash(rel)
		}
		return filepath.ToSlash(to)
	})
}

// catalogueHere opens the catalogue that a flag names, else that of the service or the organisation whose folder this is.
func catalogueHere(ctx context.Context, ref string) (*openedCatalogue, error) {
	org, err := organisationFile(".", "")
	if err != nil {
		return nil, err
	}
	data, err := load.ReadFile(ServiceFile)
	if err != nil { // most folders are not a service's
		return openCatalogue(ctx, ref, nil, org)
	}
	return openCatalogue(ctx, ref, source.Parse(ServiceFile, data), org)
}

// web joins the records of the catalogue with the rules.
func (c *openedCatalogue) web() (*knowledge.Web, error) {
	w, err := knowledge.Load(catalogue.New(), c.layers...)
	if err != nil && c.ref != "" {
		next := "fairway catalogue lint " + c.ref
		if oci.IsReference(c.ref) {
			next = "fairway catalogue pull " + c.ref + " --out DIR, then fairway catalogue lint DIR"
		}
		return nil, &problem.Problem{What: "the records of the catalogue have faults", Where: c.ref, Why: problem.Plain(err), Next: next, Err: err}
	}
	return w, err
}

// paths reads and compiles the newest version of every shape.
func (c *openedCatalogue) paths() ([]*goldenpath.Path, error) {
	var out []*goldenpath.Path
	for _, shape := range c.Shapes() {
		p, err := c.Path(shape)
		if err != nil {
			return nil, unknownPath(err, c.ref)
		}
		out = append(out, p)
	}
	return out, nil
}

// hereInTime is catalogueHere for completion: nobody waits longer than this for a list of words.
func hereInTime(cmd *cobra.Command, ref string) (*openedCatalogue, error) {
	ctx, cancel := context.WithTimeout(cmd.Context(), 2*time.Second)
	defer cancel()
	return catalogueHere(ctx, ref)
}
