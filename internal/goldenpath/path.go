package goldenpath

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/fairway-k8s/fairway/internal/source"
)

// Path is one shape of the catalogue in one version.
type Path struct {
	Shape   string `yaml:"shape"`
	Version string `yaml:"version"`
	Title   string `yaml:"title"`
	Summary string `yaml:"summary"`
	// Parameters in the order in which defaults are computed and a service file is written.
	Parameters []*Parameter `yaml:"parameters"`
	// Computed are further variables for templates, in order.
	Computed []Computed `yaml:"computed"`
	// Checks must hold between parameters.
	Checks []Check `yaml:"checks"`
	// Placeholders are words of the templates and the expressions they stand for.
	Placeholders map[string]string `yaml:"placeholders"`
	Files        []File            `yaml:"files"`
	// Seeds are written when they are not there, and belong to the team from then on.
	Seeds []Seed `yaml:"seeds"`

	templates []*template
	computed  []*expression
	checks    []check
	others    func() []*Path // paths of other shapes, whose parameters an organisation's file may have as well; nil without a catalogue
}

// Parameter is something a service file may say.
type Parameter struct {
	Name     string `yaml:"name"`
	Type     Type   `yaml:"type"`
	Doc      string `yaml:"doc"` // one sentence, for people
	Example  string `yaml:"example"`
	Required bool   `yaml:"required"`
	// An object that is not Required and has a field that is may be left out, and then is empty, its defaults too.
	//
	// Default is a value as a service file would have it, or "= " and an expression over the parameters before it. A parameter
	// without one that is not required is empty: "", 0, false, {} or [].
	Default string       `yaml:"default"`
	Min     string       `yaml:"min"`
	Max     string       `yaml:"max"` // of a text, its length
	OneOf   []string     `yaml:"oneOf"`
	Fields  []*Parameter `yaml:"fields"` // of an object
	Items   *Parameter   `yaml:"items"`  // of a list

	path     string // from the top, such as resources.memory
	fallback *expression
}

// Optional reports whether the parameter is an object that may be left out although something in it is required.
func (x *Parameter) Optional() bool {
	return x.Type == Object && !x.Required && slices.ContainsFunc(x.Fields, func(f *Parameter) bool { return f.Required })
}

// Computed is a variable that templates use and service files cannot set.
type Computed struct {
	Name string `yaml:"name"`
	Is   string `yaml:"is"`
}

// Check is a condition between parameters, and what to say when it does not hold.
type Check struct {
	That string `yaml:"that"`
	Say  string `yaml:"say"`  // with {expressions}
	Next string `yaml:"next"` // what to do about it, likewise
	At   string `yaml:"at"`   // the parameter to point at
}

type check struct {
	Check
	holds     *expression
	say, next []piece
}

// File is a template and when it is rendered.
type File struct {
	Name string `yaml:"name"`
	If   string `yaml:"if"`

	when *expression
}

// Seed is a file to begin with, one for each element of a list.
type Seed struct {
	Each string `yaml:"each"` // an expression; each element is called item
	Name string `yaml:"name"` // with {expressions}
	Text string `yaml:"text"` // likewise

	each       *expression
	name, text []piece
}

// LoadPath reads a path from its folder: path.yaml and the templates that it names.
func LoadPath(fsys fs.FS, dir string) (*Path, error) {
	p, err := readPath(fsys, dir)
	if err != nil {
		return nil, err
	}
	if err := p.compile(fsys, dir); err != nil {
		return nil, fmt.Errorf("%s: %w", path.Join(dir, "path.yaml"), err)
	}
	return p, nil
}

// readPath reads path.yaml.
func readPath(fsys fs.FS, dir string) (*Path, error) {
	data, err := fs.ReadFile(fsys, path.Join(dir, "path.yaml"))
	if err != nil {
		return nil, err
	}
	p := &Path{}
	if err := source.Strict(data, p); err != nil {
		return nil, fmt.Errorf("%s: %w", path.Join(dir, "path.yaml"), err)
	}
	for _, x := range p.Parameters {
		x.place(x.Name)
	}
	return p, nil
}

// place says where a parameter stands, such as resources.memory or dependencies[].
func (x *Parameter) place(at string) {
	x.path = at
	for _, f := range x.Fields {
		f.place(at + "." + f.Name)
	}
	if x.Items != nil {
		x.Items.place(at + "[]")
	}
}

func (p *Path) compile(fsys fs.FS, dir string) error {
	names := []string{"waived"}
	for _, x := range p.Parameters {
		names = append(names, variable(x.Name))
	}
	s, err := newScope(names...)
	if err != nil {
		return err
	}
	var errs []error
	note := func(err error) {
		if err != nil {
			errs = append(errs, err)
		}
	}
	for _, x := range p.Parameters {
		note(x.compile(s))
	}
	for _, x := range p.Computed {
		e, err := s.compile(x.Is)
		note(err)
		p.computed = append(p.computed, e)
		if s, err = s.with(x.Name); err != nil {
			return err
		}
	}
	for _, x := range p.Checks {
		c := check{Check: x}
		c.holds, err = s.compile(x.That)
		note(err)
		c.say, err = interpolate(x.Say, 0, s)
		note(err)
		c.next, err = interpolate(x.Next, 0, s)
		note(err)
		p.checks = append(p.checks, c)
	}
	seeds, err := s.with("item")
	if err != nil {
		return err
	}
	for i := range p.Seeds {
		x := &p.Seeds[i]
		x.each, err = s.compile(x.Each)
		note(err)
		x.name, err = interpolate(x.Name, 0, seeds)
		note(err)
		x.text, err = interpolate(x.Text, 0, seeds)
		note(err)
	}
	for i := range p.Files {
		f := &p.Files[i]
		if f.If != "" {
			f.when, err = s.compile(f.If)
			note(err)
		}
		if err := f.owned(); err != nil {
			note(err)
			continue
		}
		data, err := fs.ReadFile(fsys, path.Join(dir, f.Name))
		if err != nil {
			note(err)
			continue
		}
		t, err := compile(f.Name, data, s, p.Placeholders)
		note(err)
		p.templates = append(p.templates, t)
	}
	return errors.Join(errs...)
}

// owned says why a path may not write a file of that name: it would lie outside of the service's folder, or it belongs to Git or to Fairway.
func (f *File) owned() error {
	top, _, _ := strings.Cut(f.Name, "/")
	switch {
	case !contained(f.Name) || f.Name == "":
		return fmt.Errorf("the file %q is not in the service's folder", f.Name)
	case strings.EqualFold(top, ".git") || strings.EqualFold(top, path.Dir(AncestorFile)) || f.Name == "fairway.yaml" || strings.HasSuffix(f.Name, ".fairway.yaml"):
		return fmt.Errorf("the file %q is not a path's to write", f.Name)
	}
	return nil
}

// compile checks a parameter.
func (x *Parameter) compile(s scope) (err error) {
	var errs []error
	if code, ok := strings.CutPrefix(x.Default, "= "); ok {
		if x.fallback, err = s.compile(code); err != nil {
			errs = append(errs, fmt.Errorf("parameter %s: %w", x.path, err))
		}
	}
	for _, limit := range []string{x.Min, x.Max} {
		if limit != "" {
			if _, err := x.Type.limit().parseText(limit); err != nil {
				errs = append(errs, fmt.Errorf("parameter %s: its limit %w", x.path, err))
			}
		}
	}
	if !slices.Contains([]Type{String, Name, Host, Registry, FileName, Folder, Image, Int, Port, Bool, Duration, CPU, Memory, Object, List}, x.Type) {
		errs = append(errs, fmt.Errorf("parameter %s: there is no type %q", x.path, x.Type))
	}
	if (x.Type == List) != (x.Items != nil) {
		errs = append(errs, fmt.Errorf("parameter %s: a list has items, and nothing else has", x.path))
	}
	for _, f := range x.Fields {
		errs = append(errs, f.compile(s))
	}
	if x.Items != nil {
		errs = append(errs, x.Items.compile(s))
	}
	return errors.Join(errs...)
}

// Rendered is one file of a rendering.
type Rendered struct {
	Name string // with forward slashes, relative to the service's folder
	Data []byte
}

// Render renders a service. The files come in the order of the path's description.
func (s *Service) Render() ([]Rendered, error) {
	var out []Rendered
	for i, f := range s.Path.Files {
		if f.when != nil {
			if holds, err := f.when.evalBool(s.vars); err != nil {
				return nil, fmt.Errorf("%s: %w", f.Name, err)
			} else if !holds {
				continue
			}
		}
		data, err := s.Path.templates[i].render(s.vars)
		if err != nil {
			return nil, err
		}
		out = append(out, Rendered{f.Name, data})
	}
	return out, nil
}

// Seed returns the files that the service begins with and then keeps as its own.
func (s *Service) Seed() ([]Rendered, error) {
	var out []Rendered
	for _, x := range s.Path.Seeds {
		v, err := x.each.eval(s.vars)
		if err != nil {
			return nil, err
		}
		list, _ := v.([]any)
		vars := maps.Clone(s.vars)
		for _, item := range list {
			vars["item"] = item
			name, err := sentence(x.name, vars)
			if err != nil {
				return nil, err
			}
			text, err := sentence(x.text, vars)
			if err != nil {
				return nil, err
			}
			if err := (&File{Name: name}).owned(); err != nil {
				return nil, err
			}
			out = append(out, Rendered{name, []byte(text)})
		}
	}
	return out, nil
}
