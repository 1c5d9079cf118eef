package cli

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/fairway-k8s/fairway/internal/goldenpath"
	"github.com/fairway-k8s/fairway/internal/knowledge"
	"github.com/fairway-k8s/fairway/internal/load"
	"github.com/fairway-k8s/fairway/internal/problem"
	"github.com/fairway-k8s/fairway/internal/source"
)

// place is where a path writes a field.
type place struct {
	Shape   string   `json:"shape"`
	Default string   `json:"default"`
	File    string   `json:"file"`
	Field   string   `json:"field"`
	Value   string   `json:"value,omitempty"` // of the example in the template
	By      []string `json:"by,omitempty"`    // the parameters that change it
}

func parameterNames(paths []*goldenpath.Path) []string {
	var out []string
	for _, p := range paths {
		for x := range p.Everything() {
			out = append(out, x.Path())
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func placesOf(paths []*goldenpath.Path, of func(goldenpath.Setting) bool) []place {
	var out []place
	for _, p := range paths {
		for _, s := range p.Settings() {
			if of(s) {
				out = append(out, place{p.Shape, s.Default, s.File, s.Field, s.Value, s.By})
			}
		}
	}
	return out
}

// explainParameter explains a parameter of service files, nil when no path has it.
func explainParameter(web *knowledge.Web, paths []*goldenpath.Path, name string) *explained {
	var shapes []string
	var x *explained
	for _, p := range paths {
		param := p.Parameter(name)
		if param == nil {
			continue
		}
		shapes = append(shapes, p.Shape)
		if x != nil {
			continue
		}
		x = &explained{SchemaVersion: 1, Kind: "parameter", ID: name, Title: param.Doc, Why: rangeOf(param), Neighbours: []neighbour{}}
		if param.Example != "" {
			x.Example = written(name, param.Example)
		}
	}
	if x == nil {
		return nil
	}
	x.Origin = "of " + ServiceFile + " for " + strings.Join(shapes, ", ")
	x.Places = placesOf(paths, func(s goldenpath.Setting) bool {
		return slices.ContainsFunc(s.By, func(by string) bool {
			return by == name || strings.HasPrefix(by, name+".") || strings.HasPrefix(name, by+"[")
		})
	})
	x.addDefaults(web, "changes")
	return x
}

// written writes a parameter as a service file has it.
func written(path, value string) string {
	var b strings.Builder
	indent := ""
	names := strings.Split(path, ".")
	for i, name := range names {
		b.WriteString(indent + strings.TrimSuffix(name, "[]") + ":")
		if i == len(names)-1 {
			b.WriteString(" " + value)
		}
		b.WriteString("\n")
		if indent = strings.Repeat(" ", len(indent)) + "  "; strings.HasSuffix(name, "[]") {
			indent += "- "
		}
	}
	return b.String()
}

// rangeOf says what a parameter may be.
func rangeOf(x *goldenpath.Parameter) string {
	var parts, fields []string
	list := x.Fields
	if x.Items != nil {
		list = x.Items.Fields
	}
	for _, f := range list {
		fields = append(fields, f.Name)
	}
	if len(fields) > 0 {
		parts = append(parts, "It holds "+strings.Join(fields, ", ")+".")
	}
	switch {
	case x.Required:
		parts = append(parts, "It has to be said.")
	case strings.HasPrefix(x.Default, "= "):
		parts = append(parts, "When nothing is said it is computed: "+strings.TrimPrefix(x.Default, "= ")+".")
	case x.Default != "":
		parts = append(parts, "When nothing is said it is "+x.Default+".")
	}
	switch {
	case len(x.OneOf) > 0:
		parts = append(parts, "One of "+strings.Join(x.OneOf, ", ")+".")
	case x.Min != "" && x.Max != "":
		parts = append(parts, "From "+x.Min+" to "+x.Max+".")
	case x.Min != "":
		parts = append(parts, "From "+x.Min+".")
	case x.Max != "":
		parts = append(parts, "To "+x.Max+".")
	}
	return strings.Join(parts, " ")
}

// explainField explains a field of manifests, or the end of its path, nil when no path and no default is about it.
func explainField(web *knowledge.Web, paths []*goldenpath.Path, name string) *explained {
	field := strings.TrimPrefix(source.AnyItem(name), ".")
	if field == "" {
		return nil
	}
	matches := func(have string) bool {
		have = strings.ReplaceAll(have, "[]", "")
		want := strings.ReplaceAll(field, "[]", "")
		return have == want || strings.HasSuffix(have, "."+want)
	}
	x := &explained{SchemaVersion: 1, Kind: "field", ID: name, Origin: "of manifests", Neighbours: []neighbour{}}
	x.Places = placesOf(paths, func(s goldenpath.Setting) bool { return matches(s.Field) })
	x.addDefaults(web, "sets it")
	for _, id := range web.IDs() {
		if d := web.Defaults[id]; d != nil && slices.ContainsFunc(d.Fields, matches) {
			x.addDefault(d, "sets it")
		}
	}
	if len(x.Neighbours) == 0 {
		return nil
	}
	for _, n := range slices.Clone(x.Neighbours) {
		for _, r := range web.Defaults[n.ID].GuardedBy {
			if rule := web.Rules.Rule(r); rule != nil {
				x.add(neighbour{"rule", r, rule.Title, "guards it"})
			}
		}
	}
	return x
}

// addDefaults adds the defaults that the places are of.
func (x *explained) addDefaults(web *knowledge.Web, how string) {
	for _, p := range x.Places {
		if d := web.Defaults[p.Default]; d != nil {
			x.addDefault(d, how)
		}
	}
}

func (x *explained) addDefault(d *knowledge.Default, how string) {
	x.add(neighbour{"default", d.ID, d.Title, how})
}

func (x *explained) add(n neighbour) {
	if !slices.Contains(x.Neighbours, n) {
		x.Neighbours = append(x.Neighbours, n)
	}
}

// writePlaces tells where paths write something, and what changes it. Shapes that do the same are told together.
func writePlaces(b *strings.Builder, places []place) {
	if len(places) == 0 {
		return
	}
	type line struct{ what, shapes string }
	var lines []line
	for _, p := range places {
		what := p.Field
		if p.Value != "" && len(p.Value) <= 40 {
			what += ": " + p.Value
		}
		if len(p.By) > 0 {
			what += ", changed by " + strings.Join(p.By, ", ")
		}
		if i := slices.IndexFunc(lines, func(l line) bool { return l.what == what }); i < 0 {
			lines = append(lines, line{what, p.Shape})
		} else if !slices.Contains(strings.Split(lines[i].shapes, ", "), p.Shape) {
			lines[i].shapes += ", " + p.Shape
		}
	}
	b.WriteString("\n  In the paths, with the values of an ordinary service:\n")
	last := ""
	for _, l := range lines {
		if l.shapes != last {
			fmt.Fprintf(b, "  %s\n", l.shapes)
			last = l.shapes
		}
		fmt.Fprintf(b, "    %s\n", l.what)
	}
}

// explainServiceLine explains a line of a service file or of an organisation's file, with the path and the catalogue that it names.
func explainServiceLine(ctx context.Context, ref, file string, line int) (*explained, error) {
	data, err := load.ReadFile(file)
	if err != nil {
		return nil, &problem.Problem{What: "cannot read the service file", Where: file, Why: problem.Plain(err), Next: "name an existing file", Err: err}
	}
	f := source.Parse(filepath.ToSlash(file), data)
	if len(f.Docs) != 1 || f.Docs[0].Err != nil {
		return nil, &problem.Problem{What: "the service file cannot be read", Where: file, Next: "fairway new --from " + file + " says what is wrong"}
	}
	org, err := organisationFile(filepath.Dir(file), "")
	if err != nil {
		return nil, err
	}
	c, err := openCatalogue(ctx, ref, f, org)
	if err != nil {
		return nil, err
	}
	web, err := c.web()
	if err != nil {
		return nil, err
	}
	name := f.Docs[0].Root.Resolve().Get("path").Text()
	var paths []*goldenpath.Path
	if name == "" { // an organisation's file is about all of them
		paths, err = c.paths()
	} else if p, unknown := c.Path(name); unknown != nil {
		err = unknownPath(unknown, file)
	} else {
		paths = append(paths, p)
	}
	if err != nil {
		return nil, err
	}
	field := fieldOn(f.Docs[0].Root, "", line)
	if x := explainParameter(web, paths, field); x != nil {
		return x, nil
	}
	return nil, &problem.Problem{What: cmp.Or(field, "this line") + " is no parameter of " + cmp.Or(name, "a path"), Where: fmt.Sprintf("%s:%d", file, line), Next: "name a line that holds a parameter"}
}

// fieldOn returns the path of the first field that begins on a line, with [] for items of lists, and goes on in what holds one field only; ""
// when none does.
func fieldOn(n source.Node, path string, line int) string {
	found := ""
	n = n.Resolve()
	for e := range n.Entries() {
		below := strings.TrimPrefix(path+"."+e.Key.Text(), ".")
		if e.Key.Position().Line == line {
			if e.Value.Resolve().Len() == 1 {
				return cmp.Or(fieldOn(e.Value, below, line), below)
			}
			return below
		}
		found = cmp.Or(fieldOn(e.Value, below, line), found)
	}
	for _, item := range n.Items() {
		if item.Position().Line == line && item.Resolve().Kind() == source.Scalar {
			return path
		}
		found = cmp.Or(fieldOn(item, path+"[]", line), found)
	}
	return found
}
