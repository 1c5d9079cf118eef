package goldenpath

import (
	"cmp"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/fairway-k8s/fairway/internal/spell"
)

// Catalogue is the paths below paths/SHAPE/VERSION of a file system.
//
// It may be used by several goroutines. What was read is kept: a fleet of services has few paths.
type Catalogue struct {
	fsys     fs.FS
	versions map[string][]string // by shape, the newest last
	releases func() ([]*Release, error)

	mu    sync.Mutex
	paths map[string]func() (*Path, error) // by name
}

// Open lists the paths of a catalogue. None is read yet.
func Open(fsys fs.FS) (*Catalogue, error) {
	files, err := fs.Glob(fsys, "paths/*/*/path.yaml")
	if err != nil {
		return nil, err
	}
	c := &Catalogue{fsys: fsys, versions: map[string][]string{}, paths: map[string]func() (*Path, error){}}
	c.releases = sync.OnceValues(c.readReleases)
	for _, f := range files {
		dir := path.Dir(f)
		shape := path.Base(path.Dir(dir))
		c.versions[shape] = append(c.versions[shape], path.Base(dir))
	}
	for _, v := range c.versions {
		slices.SortFunc(v, CompareVersions)
	}
	return c, nil
}

// Shapes returns the shapes, in alphabetical order.
func (c *Catalogue) Shapes() []string { return slices.Sorted(maps.Keys(c.versions)) }

// Versions returns the versions of a shape, the newest last.
func (c *Catalogue) Versions(shape string) []string { return slices.Clone(c.versions[shape]) }

// Newest returns the newest version of a shape, "" when there is none.
func (c *Catalogue) Newest(shape string) string {
	versions := c.versions[shape]
	if len(versions) == 0 {
		return ""
	}
	return versions[len(versions)-1]
}

// UnknownPath says that a catalogue has no such path.
type UnknownPath struct {
	Shape, Version string
	Near           string   // the shape that was probably meant, "" when none is near
	Known          []string // the shapes, or the versions of the shape that there is
}

func (e *UnknownPath) Error() string {
	if e.Version != "" {
		return fmt.Sprintf("there is no version %s of %s", e.Version, e.Shape)
	}
	return "there is no path " + e.Shape
}

// Find says which path is meant: SHAPE@VERSION, or SHAPE for its newest version. The error is an *UnknownPath when there is none.
func (c *Catalogue) Find(name string) (shape, version string, err error) {
	shape, version, _ = strings.Cut(name, "@")
	versions := c.versions[shape]
	if len(versions) == 0 {
		e := &UnknownPath{Shape: shape, Known: c.Shapes()}
		// Both whole names and their words are tried, and the last one wins: service is stateless-service.
		var words []string
		shapeOf := map[string]string{}
		for _, s := range e.Known {
			for _, word := range append(strings.Split(s, "-"), s) {
				words, shapeOf[word] = append(words, word), s
			}
		}
		slices.Reverse(words)
		e.Near = shapeOf[spell.Nearest(shape, words, max(2, len(shape)/3))]
		return "", "", e
	}
	version = cmp.Or(version, c.Newest(shape))
	if !slices.Contains(versions, version) {
		return "", "", &UnknownPath{Shape: shape, Version: version, Known: versions}
	}
	return shape, version, nil
}

// Path reads a path, which is named as for Find.
func (c *Catalogue) Path(name string) (*Path, error) {
	shape, version, err := c.Find(name)
	if err != nil {
		return nil, err
	}
	dir := path.Join("paths", shape, version)
	c.mu.Lock()
	read := c.paths[dir]
	if read == nil {
		read = sync.OnceValues(func() (*Path, error) {
			p, err := LoadPath(c.fsys, dir)
			if err == nil {
				p.others = sync.OnceValue(func() []*Path {
					return slices.DeleteFunc(c.Outlines(), func(o *Path) bool { return o.Shape == shape })
				})
			}
			return p, err
		})
		c.paths[dir] = read
	}
	c.mu.Unlock()
	return read()
}

// Outlines returns the newest path of each shape, for their parameters only: they are not compiled. Those that cannot be read are left out.
func (c *Catalogue) Outlines() (out []*Path) {
	for _, shape := range c.Shapes() {
		if p, err := readPath(c.fsys, path.Join("paths", shape, c.Newest(shape))); err == nil {
			out = append(out, p)
		}
	}
	return out
}

// Name is the path as service files name it.
func (p *Path) Name() string { return p.Shape + "@" + p.Version }

// CompareVersions orders versions of three numbers: negative when a is older than b.
func CompareVersions(a, b string) int {
	x, y := strings.Split(a, "."), strings.Split(b, ".")
	for i := range min(len(x), len(y)) {
		m, _ := strconv.Atoi(x[i])
		n, _ := strconv.Atoi(y[i])
		if m != n {
			return cmp.Compare(m, n)
		}
	}
	return cmp.Compare(len(x), len(y))
}
