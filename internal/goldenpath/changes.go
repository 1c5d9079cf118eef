package goldenpath

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/fairway-k8s/fairway/internal/source"
)

// About is what catalogue.yaml says of a catalogue.
type About struct {
	SchemaVersion int    `yaml:"schemaVersion"`
	Name          string `yaml:"name"`
	Title         string `yaml:"title"`
	Owner         string `yaml:"owner"`
}

// schemaVersion is the newest form of catalogues that this program reads.
const schemaVersion = 1

// Release is what changelog/VERSION.yaml says of a version of the catalogue.
type Release struct {
	Version    string       `yaml:"version"`
	Date       string       `yaml:"date"` // YYYY-MM-DD
	Summary    string       `yaml:"summary"`
	Deprecated *Deprecation `yaml:"deprecated"`
	Migration  string       `yaml:"migration"` // Markdown: what to look at or do by hand when coming to this version
	Changes    []*Change    `yaml:"changes"`
}

// Deprecation says until when a version is good enough.
type Deprecation struct {
	Since  string `yaml:"since"`  // YYYY-MM-DD
	Sunset string `yaml:"sunset"` // the last day
	Why    string `yaml:"why"`
}

// Change is one changed default: what an upgrade is made of.
type Change struct {
	ID       string   `yaml:"id"`
	Title    string   `yaml:"title"`
	Default  string   `yaml:"default"`
	Shapes   []string `yaml:"shapes"` // none: every shape that has the version
	From     string   `yaml:"from"`
	To       string   `yaml:"to"`
	Fields   []string `yaml:"fields"` // KIND, or KIND and a field path with [] for any item
	Reason   string   `yaml:"reason"`
	Incident string   `yaml:"incident"`
	Severity string   `yaml:"severity"` // must, should or could
	Sunset   string   `yaml:"sunset"`   // the last day on which the old value is accepted, or ""

	Version string `yaml:"-"` // that brings it
}

// TooNew says that a catalogue is of a form that this program does not know yet.
type TooNew struct {
	Name          string
	SchemaVersion int
}

func (e *TooNew) Error() string {
	return fmt.Sprintf("the catalogue %s has schemaVersion %d, and this program reads up to %d", e.Name, e.SchemaVersion, schemaVersion)
}

// About reads catalogue.yaml. The error is a *TooNew when the catalogue needs a newer program.
func (c *Catalogue) About() (*About, error) {
	data, err := fs.ReadFile(c.fsys, "catalogue.yaml")
	if err != nil {
		return nil, err
	}
	var version struct {
		SchemaVersion int    `yaml:"schemaVersion"`
		Name          string `yaml:"name"`
	}
	if err := yaml.Unmarshal(data, &version); err == nil && version.SchemaVersion > schemaVersion {
		return nil, &TooNew{version.Name, version.SchemaVersion}
	}
	a := &About{}
	if err := source.Strict(data, a); err != nil {
		return nil, fmt.Errorf("catalogue.yaml: %w", err)
	}
	if a.SchemaVersion < 1 || a.Name == "" {
		return nil, errors.New("catalogue.yaml: schemaVersion and name are needed")
	}
	return a, nil
}

// Releases reads the changelog, the newest version first. The error lists every fault.
func (c *Catalogue) Releases() ([]*Release, error) { return c.releases() }

func (c *Catalogue) readReleases() ([]*Release, error) {
	names, err := fs.Glob(c.fsys, "changelog/*.yaml")
	if err != nil {
		return nil, err
	}
	var out []*Release
	var errs []error
	seen := map[string]string{}
	for _, name := range names {
		data, err := fs.ReadFile(c.fsys, name)
		if err != nil {
			return nil, err
		}
		r := &Release{}
		if err := source.Strict(data, r); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", name, err))
			continue
		}
		for _, err := range r.check(strings.TrimSuffix(path.Base(name), ".yaml")) {
			errs = append(errs, fmt.Errorf("%s: %w", name, err))
		}
		for _, x := range r.Changes {
			x.Version = r.Version
			if other, twice := seen[x.ID]; twice {
				errs = append(errs, fmt.Errorf("%s: the change %s is in %s already", name, x.ID, other))
			}
			seen[x.ID] = name
		}
		out = append(out, r)
	}
	slices.SortFunc(out, func(a, b *Release) int { return CompareVersions(b.Version, a.Version) })
	return out, errors.Join(errs...)
}

// Compiled when they are needed: most runs read no changelog.
var (
	threeNumbers = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^(0|[1-9][0-9]{0,5})\.(0|[1-9][0-9]{0,5})\.(0|[1-9][0-9]{0,5})$`)
	})
	kebab = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`) })
)

// IsVersion reports whether a text is a version: three numbers, such as 1.0.0.
func IsVersion(text string) bool { return threeNumbers().MatchString(text) }

// check returns what is wrong with a release; file is the name of its file.
func (r *Release) check(file string) (errs []error) {
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	date := func(what, text string) time.Time {
		t, err := time.Parse(time.DateOnly, text)
		if err != nil {
			bad("%s is %q, and must be a date such as 2026-09-01", what, text)
		}
		return t
	}
	if r.Version != file || !IsVersion(r.Version) {
		bad("version is %q, and must be that of the file's name, three numbers", r.Version)
	}
	if r.Summary == "" {
		bad("a summary is needed")
	}
	released := date("date", r.Date)
	if d := r.Deprecated; d != nil {
		since, sunset := date("deprecated.since", d.Since), date("deprecated.sunset", d.Sunset)
		if since.Before(released) || sunset.Before(since) {
			bad("a version is deprecated after it came out, and ends after that")
		}
		if d.Why == "" {
			bad("deprecated.why is needed")
		}
	}
	for _, x := range r.Changes {
		if !kebab().MatchString(x.ID) {
			bad("the id %q of a change must be words with - between them", x.ID)
		}
		for _, need := range []struct{ what, text string }{{"title", x.Title}, {"default", x.Default}, {"from", x.From}, {"to", x.To}, {"reason", x.Reason}, {"incident", x.Incident}} {
			if need.text == "" {
				bad("the change %s needs %s", x.ID, need.what)
			}
		}
		if len(x.Fields) == 0 {
			bad("the change %s needs fields: what it touches", x.ID)
		}
		if !slices.Contains([]string{"must", "should", "could"}, x.Severity) {
			bad("the severity of %s is %q, and must be must, should or could", x.ID, x.Severity)
		}
		if x.Sunset != "" && date("sunset of "+x.ID, x.Sunset).Before(released) {
			bad("the sunset of %s is before the version came out", x.ID)
		}
	}
	return errs
}

// Changes returns the changes of a shape between two versions, those of the first left out, the oldest first.
func (c *Catalogue) Changes(shape, from, to string) ([]*Change, error) {
	releases, err := c.Releases()
	if err != nil {
		return nil, err
	}
	var out []*Change
	for _, r := range slices.Backward(releases) {
		if CompareVersions(r.Version, from) <= 0 || CompareVersions(r.Version, to) > 0 || !slices.Contains(c.versions[shape], r.Version) {
			continue
		}
		for _, x := range r.Changes {
			if len(x.Shapes) == 0 || slices.Contains(x.Shapes, shape) {
				out = append(out, x)
			}
		}
	}
	return out, nil
}

// Release returns what is said of a version; nil when nothing is.
func (c *Catalogue) Release(version string) (*Release, error) {
	releases, err := c.Releases()
	if err != nil {
		return nil, err
	}
	for _, r := range releases {
		if r.Version == version {
			return r, nil
		}
	}
	return nil, nil
}

// covers says how well a change covers a field of an object: the length of the field path that does, the longer the better, or -1 when none does.
// A path covers all below it.
func (x *Change) covers(kind, field string) int {
	best := -1
	field = source.AnyItem(field)
	for _, f := range x.Fields {
		k, p, _ := strings.Cut(f, " ")
		if k != kind {
			continue
		}
		if p = source.AnyItem(p); p == "" || field == p || strings.HasPrefix(field, p+".") || strings.HasPrefix(field, p+"[") {
			best = max(best, len(p))
		}
	}
	return best
}

// below reports whether the change touches something below a field.
func (x *Change) below(kind, field string) bool {
	field = source.AnyItem(field)
	return slices.ContainsFunc(x.Fields, func(f string) bool {
		k, p, _ := strings.Cut(f, " ")
		p = source.AnyItem(p)
		return k == kind && p != "" && (field == "" || strings.HasPrefix(p, field+".") || strings.HasPrefix(p, field+"["))
	})
}

// changeFor returns the change that covers a field best, nil when none does.
func changeFor(changes []*Change, kind, field string) *Change {
	var found *Change
	best := -1
	for _, x := range changes {
		if n := x.covers(kind, field); n > best {
			found, best = x, n
		}
	}
	return found
}
