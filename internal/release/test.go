package release

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"golang.org/x/tools/txtar"

	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/goldenpath"
	"github.com/fairway-k8s/fairway/internal/merge"
	"github.com/fairway-k8s/fairway/internal/source"
)

// Where a catalogue keeps its tests.
const (
	testsFolder  = "tests"
	goldenFolder = "tests/golden"
	acceptedFile = "tests/accepted.yaml"
	// organisationFile is the organisation's file that the services of tests are rendered with, when there is one.
	organisationFile = "tests/fairway.org.yaml"
	// least is the name of the service that says nothing but what it must, for shapes without a service file of their own.
	least = "least"
)

// Report is what a test of a catalogue saw.
type Report struct {
	Services    int     `json:"services"`    // service files
	Renderings  int     `json:"renderings"`  // of them in all versions
	Differences int     `json:"differences"` // between consecutive versions, in fields
	Accepted    int     `json:"accepted"`    // findings that are accepted
	Faults      []Fault `json:"faults"`

	// Golden are the golden files as they would have to be, and Stale those that no rendering has.
	Golden []goldenpath.Rendered `json:"-"`
	Stale  []string              `json:"-"`
}

// Linter returns what is wrong with a service's files.
type Linter func(files []goldenpath.Rendered) ([]*finding.Finding, error)

// Test renders the services of a catalogue's tests with every version of their shape. The error is one of reading; what is wrong is in the report.
func Test(fsys fs.FS, c *goldenpath.Catalogue, lint Linter) (*Report, error) {
	t := &tester{Catalogue: c, fsys: fsys, lint: lint}
	if err := t.read(); err != nil {
		return nil, err
	}
	for _, shape := range c.Shapes() {
		if err := t.shape(shape); err != nil {
			return nil, err
		}
	}
	for _, x := range t.accepted {
		if !x.used {
			t.bad(acceptedFile, "no rendering has the finding %s that it accepts: take the entry out", x.Rule)
		}
	}
	return &t.Report, t.stale()
}

type tester struct {
	Report
	*goldenpath.Catalogue
	fsys     fs.FS
	org      *source.File
	lint     Linter
	accepted []*accepted
}

// accepted is a finding that a catalogue lives with.
type accepted struct {
	Rule     string   `yaml:"rule"`
	Shapes   []string `yaml:"shapes"`   // none: all
	Versions []string `yaml:"versions"` // none: all
	Reason   string   `yaml:"reason"`

	used bool
}

func (t *tester) bad(file, format string, args ...any) {
	t.Faults = append(t.Faults, Fault{file, fmt.Sprintf(format, args...)})
}

// read reads what all tests share.
func (t *tester) read() error {
	data, err := fs.ReadFile(t.fsys, organisationFile)
	switch {
	case err == nil:
		t.org = source.Parse(organisationFile, data)
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	data, err = fs.ReadFile(t.fsys, acceptedFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := source.Strict(data, &t.accepted); err != nil && !errors.Is(err, source.ErrEmpty) {
		t.bad(acceptedFile, "%v", err)
	}
	for _, x := range t.accepted {
		if x.Rule == "" || x.Reason == "" {
			t.bad(acceptedFile, "an accepted finding needs its rule and a reason (%s)", cmp.Or(x.Rule, "no rule"))
		}
	}
	return nil
}

// rendered is a service in one version.
type rendered struct {
	path  *goldenpath.Path
	files []goldenpath.Rendered
}

// shape tests all versions of a shape with all of its services.
func (t *tester) shape(shape string) error {
	services, err := t.services(shape)
	if err != nil {
		return err
	}
	own := len(services) > 0
	var before map[string]*rendered
	previous := ""
	for _, version := range t.Versions(shape) {
		p, err := t.Path(shape + "@" + version)
		if err != nil {
			return err
		}
		if !own {
			services[least] = p.Least()
		}
		now := map[string]*rendered{}
		for _, name := range slices.Sorted(maps.Keys(services)) {
			r, err := t.render(p, name, services[name])
			if err != nil {
				return err
			}
			if r != nil {
				now[name] = r
			}
		}
		if before != nil {
			if err := t.compare(shape, previous, version, before, now); err != nil {
				return err
			}
		}
		before, previous = now, version
	}
	t.Services += len(services)
	return nil
}

// services returns the service files of a shape's tests by their names.
func (t *tester) services(shape string) (map[string][]byte, error) {
	names, err := fs.Glob(t.fsys, path.Join(testsFolder, shape, "*.yaml"))
	if err != nil {
		return nil, err
	}
	out := map[string][]byte{}
	for _, name := range names {
		if out[strings.TrimSuffix(path.Base(name), ".yaml")], err = fs.ReadFile(t.fsys, name); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// render renders a service, compares it with its golden file and lints it. It is nil when the service begins with a later version, or has faults.
func (t *tester) render(p *goldenpath.Path, name string, data []byte) (*rendered, error) {
	file := path.Join(testsFolder, p.Shape, name+".yaml")
	f := source.Parse(file, data)
	if d := f.Docs[0]; d.Err != nil {
		t.bad(file, "%d:%d: %s", d.Err.Line, d.Err.Column, d.Err.Message)
		return nil, nil
	}
	root := f.Docs[0].Root
	shape, from, _ := strings.Cut(root.Resolve().Get("path").Text(), "@")
	if shape != p.Shape {
		t.bad(file, "its path is %q, and must be %s, or %[2]s@VERSION for the version that it begins with", shape, p.Shape)
		return nil, nil
	}
	if from != "" && goldenpath.CompareVersions(p.Version, from) < 0 {
		return nil, nil
	}
	f, _, err := f.Apply(root, source.Change{Op: source.Set, Path: source.MustPath("path"), Value: source.String(p.Name())})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	service, faults := goldenpath.ReadService(p, f, t.org)
	for _, x := range faults {
		t.bad(file, "with %s: %d:%d: %s", p.Name(), x.Line, x.Column, x.Message)
	}
	if len(faults) > 0 {
		return nil, nil
	}
	files, err := service.Render()
	if err != nil {
		t.bad(file, "with %s: %v", p.Name(), err)
		return nil, nil
	}
	t.Renderings++
	if err := t.golden(p, name, files); err != nil {
		return nil, err
	}
	findings, err := t.lint(files)
	if err != nil {
		return nil, err
	}
	for _, x := range findings {
		if !t.accepts(p, x.Rule) {
			t.bad(file, "with %s: %s:%d: %s (%s)", p.Name(), x.Place.File, x.Place.Line, x.Message, x.Rule)
		}
	}
	return &rendered{p, files}, nil
}

// golden compares a rendering with its golden file.
func (t *tester) golden(p *goldenpath.Path, name string, files []goldenpath.Rendered) error {
	a := &txtar.Archive{Comment: []byte("Written by fairway catalogue test --update: " + name + " with " + p.Name() + ".\n")}
	for _, f := range files {
		a.Files = append(a.Files, txtar.File{Name: f.Name, Data: f.Data})
	}
	want := goldenpath.Rendered{Name: path.Join(goldenFolder, p.Shape, p.Version, name+".txtar"), Data: txtar.Format(a)}
	t.Golden = append(t.Golden, want)
	have, err := fs.ReadFile(t.fsys, want.Name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		t.bad(want.Name, "there is no such golden file; look at the rendering and accept it with --update")
	case err != nil:
		return err
	case !bytes.Equal(have, want.Data):
		t.bad(want.Name, "%s renders something else now, from line %d on; a version that is out stays as it is: make a new one, with a change in its changelog, or accept it with --update", p.Name(), differs(have, want.Data))
	}
	return nil
}

// differs returns the first line in which two texts differ.
func differs(a, b []byte) int {
	x, y := bytes.Split(a, []byte("\n")), bytes.Split(b, []byte("\n"))
	for i := range min(len(x), len(y)) {
		if !bytes.Equal(x[i], y[i]) {
			return i + 1
		}
	}
	return min(len(x), len(y)) + 1
}

// stale notes the golden files that no rendering has.
func (t *tester) stale() error {
	names, err := fs.Glob(t.fsys, path.Join(goldenFolder, "*", "*", "*"))
	if err != nil {
		return err
	}
	for _, name := range names {
		if !slices.ContainsFunc(t.Golden, func(g goldenpath.Rendered) bool { return g.Name == name }) {
			t.Stale = append(t.Stale, name)
			t.bad(name, "no service renders to it; --update removes it")
		}
	}
	return nil
}

// accepts reports whether a finding is accepted.
func (t *tester) accepts(p *goldenpath.Path, rule string) bool {
	for _, x := range t.accepted {
		if x.Rule == rule && (len(x.Shapes) == 0 || slices.Contains(x.Shapes, p.Shape)) && (len(x.Versions) == 0 || slices.Contains(x.Versions, p.Version)) {
			x.used = true
			t.Accepted++
			return true
		}
	}
	return false
}

// compare holds the differences of two consecutive versions against the changes of the newer one.
func (t *tester) compare(shape, from, to string, before, now map[string]*rendered) error {
	changes, err := t.Changes(shape, from, to)
	if err != nil {
		return nil // Lint says it
	}
	file := "changelog/" + to + ".yaml"
	seen, unnamed, moved := map[string]bool{}, map[string]bool{}, map[string]bool{}
	compared := 0
	for _, name := range slices.Sorted(maps.Keys(now)) {
		was := before[name]
		if was == nil {
			continue
		}
		compared++
		plan, err := Between(was.path, was.files, now[name].path, now[name].files, changes)
		if err != nil {
			return err
		}
		brought := map[string]bool{}
		for _, f := range plan.Result.Files {
			brought[f.Name] = f.After != nil
		}
		for _, f := range now[name].files {
			if !brought[f.Name] && !moved[f.Name] {
				moved[f.Name] = true
				t.bad(path.Join("paths", shape, to, "path.yaml"), "an upgrade from %s leaves what is in %s where it was, in a file of another name, and a kustomization would miss it: let the file keep its name", from, f.Name)
			}
		}
		for _, item := range plan.Items {
			for _, x := range item.Changes {
				if x.Op == merge.Comment {
					continue
				}
				t.Differences++
				seen[item.ID()] = true
				what := strings.TrimSpace(x.Object.Kind + " " + x.Field)
				if item.Change == nil && !unnamed[what] {
					unnamed[what] = true
					t.bad(file, "%s differs in %s between %s and %s (%s: %s), and no change says so", shape, what, from, to, name, oneLine(x))
				}
			}
		}
	}
	for _, x := range changes {
		if compared > 0 && !seen[x.ID] {
			t.bad(file, "the change %s is in no rendering of %s: correct its fields, or add a service that shows it to %s", x.ID, shape, path.Join(testsFolder, shape))
		}
	}
	return nil
}

// Between plans the upgrade of untouched files from one version to another.
func Between(from *goldenpath.Path, old []goldenpath.Rendered, to *goldenpath.Path, renewed []goldenpath.Rendered, changes []*goldenpath.Change) (*goldenpath.Upgrade, error) {
	none := func(string) bool { return false }
	return goldenpath.PlanUpgrade(&goldenpath.Ancestor{Path: from.Name(), Files: old}, old, &goldenpath.Ancestor{Path: to.Name(), Files: renewed}, changes,
		goldenpath.Selection{Skips: none, Prefers: none, Keeps: none})
}

func oneLine(c merge.Change) string {
	text := []rune(strings.Join(strings.Fields(cmp.Or(c.From, "(not there)")+" -> "+cmp.Or(c.To, "(gone)")), " "))
	if len(text) > 80 {
		return string(text[:76]) + " ..."
	}
	return string(text)
}
