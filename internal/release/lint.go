package release

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/fairway-k8s/fairway/internal/goldenpath"
	"github.com/fairway-k8s/fairway/internal/knowledge"
)

// Fault is something that is wrong with a catalogue.
type Fault struct {
	File    string `json:"file"` // in the catalogue
	Message string `json:"message"`
}

// Lint returns what is wrong with a catalogue as it is written. web holds its records.
func Lint(c *goldenpath.Catalogue, web *knowledge.Web) []Fault {
	l := &linter{Catalogue: c, web: web}
	if _, err := c.About(); err != nil {
		l.errs("catalogue.yaml", err)
	}
	var err error
	if l.releases, err = c.Releases(); err != nil {
		l.errs("changelog", err)
	}
	if len(c.Shapes()) == 0 {
		l.bad("paths", "there is no path: paths/SHAPE/VERSION/path.yaml")
	}
	for _, shape := range c.Shapes() {
		l.shape(shape)
	}
	for _, r := range l.releases {
		l.release(r)
	}
	return l.faults
}

type linter struct {
	*goldenpath.Catalogue
	web      *knowledge.Web
	releases []*goldenpath.Release
	faults   []Fault
}

func (l *linter) bad(file, format string, args ...any) {
	l.faults = append(l.faults, Fault{file, fmt.Sprintf(format, args...)})
}

// errs notes each of the errors that were joined. Those that begin with the name of a file say themselves where they are.
func (l *linter) errs(file string, err error) {
	l.faults = append(l.faults, FaultsOf(file, err)...)
}

// FaultsOf makes a fault of each error that was joined. file is where they are unless they begin with the name of a file.
func FaultsOf(file string, err error) (out []Fault) {
	if err == nil {
		return nil
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, err := range joined.Unwrap() {
			out = append(out, FaultsOf(file, err)...)
		}
		return out
	}
	message := err.Error()
	if name, rest, ok := strings.Cut(message, ": "); ok && (strings.Contains(name, "/") || path.Ext(name) == ".yaml") && !strings.Contains(name, " ") {
		file, message = name, rest
	}
	return []Fault{{file, message}}
}

// shape checks all versions of a shape.
func (l *linter) shape(shape string) {
	var before *goldenpath.Path
	for _, version := range l.Versions(shape) {
		file := path.Join("paths", shape, version, "path.yaml")
		if !goldenpath.IsVersion(version) {
			l.bad(file, "the folder %s is no version: three numbers, such as 1.0.0", version)
			continue
		}
		p, err := l.Path(shape + "@" + version)
		if err != nil {
			l.errs(file, err)
			before = nil
			continue
		}
		if p.Shape != shape || p.Version != version {
			l.bad(file, "it says %s, and lies in the folder of %s@%s", p.Name(), shape, version)
		}
		if !slices.ContainsFunc(l.releases, func(r *goldenpath.Release) bool { return r.Version == version }) {
			l.bad(file, "the changelog has no file for it: changelog/%s.yaml", version)
		}
		named := map[string]bool{}
		for _, s := range p.Settings() {
			if l.web.Defaults[s.Default] == nil && !named[s.Default] {
				l.bad(path.Join("paths", shape, version, s.File), "a comment names the default %s, which is no record", s.Default)
			}
			named[s.Default] = true
		}
		if before != nil && major(before.Version) == major(version) {
			for _, why := range p.Breaks(before) {
				l.bad(file, "%s; service files that were right with %s are wrong now, which takes a new major version", why, before.Version)
			}
		}
		before = p
	}
}

func major(version string) string {
	m, _, _ := strings.Cut(version, ".")
	return m
}

// kindAndField is what a change may name: a kind, and a field path below it.
var kindAndField = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Z][A-Za-z0-9]*( [^ ]+)?$`) })

// release checks a version of the changelog against the paths and the records.
func (l *linter) release(r *goldenpath.Release) {
	file := "changelog/" + r.Version + ".yaml"
	has := slices.DeleteFunc(l.Shapes(), func(s string) bool { return !slices.Contains(l.Versions(s), r.Version) })
	if len(has) == 0 {
		l.bad(file, "no path has the version %s", r.Version)
	}
	for _, shape := range has {
		if r.Deprecated != nil && l.Newest(shape) == r.Version {
			l.bad(file, "it is deprecated, and %s has no newer version to go to", shape)
		}
	}
	if len(r.Changes) > 0 && !strings.HasSuffix(r.Version, ".0") {
		l.bad(file, "it changes defaults, which takes a new minor or major version")
	}
	for _, x := range r.Changes {
		if x.Default != "" && l.web.Defaults[x.Default] == nil {
			l.bad(file, "the change %s is of the default %s, which is no record", x.ID, x.Default)
		}
		if x.Incident != "" && l.web.Incidents[x.Incident] == nil {
			l.bad(file, "the change %s is because of %s, which is no incident", x.ID, x.Incident)
		}
		for _, shape := range x.Shapes {
			if !slices.Contains(has, shape) {
				l.bad(file, "the change %s is about %s, which has no version %s", x.ID, shape, r.Version)
			}
		}
		for _, f := range x.Fields {
			if !kindAndField().MatchString(f) {
				l.bad(file, "the change %s touches %q, and must name a kind, or a kind and a field path such as Deployment spec.replicas", x.ID, f)
			}
		}
	}
}
