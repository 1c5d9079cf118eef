package knowledge

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/fairway-k8s/fairway/internal/rule"
	"github.com/fairway-k8s/fairway/internal/source"
)

// Incident is a short postmortem.
type Incident struct {
	ID       string `yaml:"id"`
	Title    string `yaml:"title"`
	Summary  string `yaml:"summary"`  // one sentence, at most 110 characters, without a final stop
	Severity string `yaml:"severity"` // outage, degraded, blocked or risk
	Origin   string `yaml:"origin"`   // story: told in the migration story; field: a failure class of the field
	Lesson   string `yaml:"lesson"`
	Body     string `yaml:"-"` // Markdown
}

// Default is one decision of a golden path.
type Default struct {
	ID        string   `yaml:"id"`
	Title     string   `yaml:"title"`
	Fields    []string `yaml:"fields"` // field paths; [] stands for any item
	Value     string   `yaml:"value"`
	Reason    string   `yaml:"reason"`
	Incident  string   `yaml:"incident"`
	Since     string   `yaml:"since"`
	GuardedBy []string `yaml:"guardedBy"` // rule IDs
}

// Web is all records with their connections.
type Web struct {
	Incidents map[string]*Incident
	Defaults  map[string]*Default
	Rules     *rule.Catalogue
}

// Load reads all records below incidents/ and defaults/ and joins them with the rules. A record of a later layer takes the place of one with its ID
// in those before: an organisation's own beside Fairway's. The error lists every fault.
func Load(rules *rule.Catalogue, layers ...fs.FS) (*Web, error) {
	w := &Web{Incidents: map[string]*Incident{}, Defaults: map[string]*Default{}, Rules: rules}
	var errs []error
	each := func(pattern string, read func(name string, data []byte) error) {
		for _, fsys := range layers {
			names, err := fs.Glob(fsys, pattern)
			if err != nil {
				errs = append(errs, err)
			}
			for _, name := range names {
				data, err := fs.ReadFile(fsys, name)
				if err == nil {
					err = read(name, data)
				}
				if err != nil {
					errs = append(errs, fmt.Errorf("%s: %w", name, err))
				}
			}
		}
	}
	each("incidents/*.md", func(name string, data []byte) error {
		in, err := parseIncident(data)
		if err != nil {
			return err
		}
		w.Incidents[in.ID] = in
		return named(name, in.ID)
	})
	each("defaults/*.yaml", func(name string, data []byte) error {
		d := &Default{}
		if err := source.Strict(data, d); err != nil {
			return err
		}
		w.Defaults[d.ID] = d
		return named(name, d.ID)
	})
	errs = append(errs, w.check()...)
	return w, errors.Join(errs...)
}

// ReadIncident reads a single incident, without the rest of the web.
func ReadIncident(fsys fs.FS, id string) (*Incident, error) {
	data, err := fs.ReadFile(fsys, "incidents/"+id+".md")
	if err != nil {
		return nil, err
	}
	return parseIncident(data)
}

func parseIncident(data []byte) (*Incident, error) {
	header, body, ok := bytes.Cut(bytes.TrimPrefix(data, []byte("---\n")), []byte("\n---\n"))
	if !ok {
		return nil, errors.New("the header between two --- lines is missing")
	}
	in := &Incident{}
	if err := source.Strict(header, in); err != nil {
		return nil, err
	}
	in.Body = strings.TrimSpace(string(body)) + "\n"
	return in, nil
}

func named(file, id string) error {
	base := path.Base(file)
	if strings.TrimSuffix(base, path.Ext(base)) != id {
		return fmt.Errorf("the file is not named after its ID %s", id)
	}
	return nil
}

func (w *Web) check() []error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	for _, id := range slices.Sorted(maps.Keys(w.Incidents)) {
		in := w.Incidents[id]
		if in.Title == "" || in.Summary == "" || in.Lesson == "" || in.Body == "" {
			bad("incident %s: title, summary, lesson and text are all needed", id)
		}
		if len([]rune(in.Summary)) > 110 {
			bad("incident %s: the summary has more than 110 characters", id)
		}
		if !slices.Contains([]string{"outage", "degraded", "blocked", "risk"}, in.Severity) {
			bad("incident %s: unknown severity %q", id, in.Severity)
		}
		if in.Origin != "story" && in.Origin != "field" {
			bad("incident %s: unknown origin %q", id, in.Origin)
		}
		if w.Defaults[id] != nil || w.Rules.Rule(id) != nil {
			bad("%s names two records", id)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(w.Defaults)) {
		d := w.Defaults[id]
		if d.Title == "" || d.Reason == "" || d.Value == "" || d.Since == "" {
			bad("default %s: title, value, reason and since are all needed", id)
		}
		if w.Incidents[d.Incident] == nil {
			bad("default %s: there is no incident %q", id, d.Incident)
		}
		for _, r := range d.GuardedBy {
			if w.Rules.Rule(r) == nil {
				bad("default %s: there is no rule %q", id, r)
			}
		}
		if w.Rules.Rule(id) != nil {
			bad("%s names two records", id)
		}
	}
	for _, r := range w.Rules.Rules {
		if r.Incident != "" && w.Incidents[r.Incident] == nil {
			bad("rule %s: there is no incident %q", r.ID, r.Incident)
		}
	}
	return errs
}

// Neighbour is a record at the other end of a connection.
type Neighbour struct {
	Kind  string // incident, default or rule
	ID    string
	Title string
	How   string // because, guards, guarded by, motivated
}

// Neighbours returns what a record is connected with, incidents first, then defaults, then rules, each by ID.
func (w *Web) Neighbours(id string) []Neighbour {
	var out []Neighbour
	incident := func(i, how string) {
		if in := w.Incidents[i]; in != nil {
			out = append(out, Neighbour{"incident", i, in.Title, how})
		}
	}
	if r := w.Rules.Rule(id); r != nil {
		incident(r.Incident, "because")
	}
	if d := w.Defaults[id]; d != nil {
		incident(d.Incident, "because")
	}
	for _, k := range slices.Sorted(maps.Keys(w.Defaults)) {
		d := w.Defaults[k]
		if d.Incident == id {
			out = append(out, Neighbour{"default", k, d.Title, "motivated"})
		}
		if slices.Contains(d.GuardedBy, id) {
			out = append(out, Neighbour{"default", k, d.Title, "guards"})
		}
	}
	for _, r := range w.Rules.Rules {
		if r.Incident == id && id != "" {
			out = append(out, Neighbour{"rule", r.ID, r.Title, "motivated"})
		}
		if d := w.Defaults[id]; d != nil && slices.Contains(d.GuardedBy, r.ID) {
			out = append(out, Neighbour{"rule", r.ID, r.Title, "guarded by"})
		}
	}
	return out
}

// IDs returns the IDs of all records, sorted.
func (w *Web) IDs() []string {
	ids := slices.Concat(slices.Collect(maps.Keys(w.Incidents)), slices.Collect(maps.Keys(w.Defaults)))
	for _, r := range w.Rules.Rules {
		ids = append(ids, r.ID)
	}
	slices.Sort(ids)
	return ids
}

// DefaultsFor returns the defaults that are about a field path or something above or below it on one line, by ID.
func (w *Web) DefaultsFor(field string) []*Default {
	field = source.AnyItem(field)
	var out []*Default
	for _, id := range slices.Sorted(maps.Keys(w.Defaults)) {
		d := w.Defaults[id]
		if slices.ContainsFunc(d.Fields, func(f string) bool {
			return f == field || strings.HasPrefix(field, f+".") || strings.HasPrefix(field, f+"[")
		}) {
			out = append(out, d)
		}
	}
	return out
}
