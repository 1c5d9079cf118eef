package goldenpath

import (
	"iter"
	"maps"
	"regexp"
	"slices"
	"strings"

	celast "github.com/google/cel-go/common/ast"
)

// Setting is a place of a template where a default is applied: a line whose comment names it.
type Setting struct {
	Default string // its ID
	File    string
	Field   string // such as spec.template.spec.containers[].resources.requests.cpu
	Value   string // as the template has it, which a rendering may not; "" for a mapping or list
	// By are the parameters of the service file that change it, or whether it is there.
	By []string
}

// Settings returns the places of a path's defaults, in the order of its files and lines.
func (p *Path) Settings() []Setting {
	var out []Setting
	for _, t := range p.templates {
		for _, x := range t.settings {
			s := x.Setting
			by := map[string]bool{}
			for _, e := range x.by {
				p.parametersIn(e, by)
			}
			s.By = slices.Sorted(maps.Keys(by))
			out = append(out, s)
		}
	}
	return out
}

// setting is a Setting with the expressions that it depends on.
type setting struct {
	Setting
	by []*expression
}

// Parameter returns a parameter by its path, such as resources.memory or dependencies[].port; nil when there is none.
func (p *Path) Parameter(path string) *Parameter {
	for x := range p.Everything() {
		if x.path == path {
			return x
		}
	}
	return nil
}

// Path returns where a service file has the parameter, such as resources.memory or dependencies[].port.
func (x *Parameter) Path() string { return x.path }

// Everything yields all parameters, each before those in it.
func (p *Path) Everything() iter.Seq[*Parameter] {
	var walk func(list []*Parameter, yield func(*Parameter) bool) bool
	walk = func(list []*Parameter, yield func(*Parameter) bool) bool {
		for _, x := range list {
			if !yield(x) || !walk(x.Fields, yield) {
				return false
			}
			if x.Items != nil && !walk(x.Items.Fields, yield) {
				return false
			}
		}
		return true
	}
	return func(yield func(*Parameter) bool) { walk(p.Parameters, yield) }
}

// Least is a service file that says nothing but what it must, with the examples of the parameters.
func (p *Path) Least() []byte {
	var b strings.Builder
	b.WriteString("path: " + p.Shape + "\n")
	writeLeast(&b, p.Parameters, "")
	return []byte(b.String())
}

func writeLeast(b *strings.Builder, list []*Parameter, indent string) {
	for _, x := range list {
		switch {
		case !x.Required:
		case x.Type == Object:
			b.WriteString(indent + x.Name + ":\n")
			writeLeast(b, x.Fields, indent+"  ")
		default:
			b.WriteString(indent + x.Name + ": " + x.Example + "\n")
		}
	}
}

// parametersIn adds the parameters that an expression depends on, through computed variables and through defaults.
func (p *Path) parametersIn(e *expression, add map[string]bool) {
	for _, name := range e.names {
		first, rest, _ := strings.Cut(name, ".")
		if i := slices.IndexFunc(p.Computed, func(c Computed) bool { return c.Name == first }); i >= 0 {
			p.parametersIn(p.computed[i], add)
			continue
		}
		top := slices.IndexFunc(p.Parameters, func(x *Parameter) bool { return variable(x.Name) == first })
		if top < 0 {
			continue // the variable of a loop, whose list is looked at too
		}
		path := p.Parameters[top].Name
		if rest != "" {
			path += "." + rest
		}
		x := p.Parameter(path)
		if x == nil {
			x = p.Parameters[top]
		}
		if add[x.path] {
			continue
		}
		add[x.path] = true
		if x.fallback != nil {
			p.parametersIn(x.fallback, add)
		}
	}
}

// namesIn returns what an expression refers to: variables, with the fields selected from them.
func namesIn(e celast.Expr) []string {
	var out []string
	var visit func(e celast.Expr)
	visit = func(e celast.Expr) {
		switch e.Kind() {
		case celast.IdentKind:
			out = append(out, e.AsIdent())
		case celast.SelectKind:
			if name := chain(e); name != "" {
				out = append(out, name)
			} else {
				visit(e.AsSelect().Operand())
			}
		case celast.CallKind:
			if e.AsCall().IsMemberFunction() {
				visit(e.AsCall().Target())
			}
			for _, a := range e.AsCall().Args() {
				visit(a)
			}
		case celast.ListKind:
			for _, x := range e.AsList().Elements() {
				visit(x)
			}
		case celast.MapKind:
			for _, x := range e.AsMap().Entries() {
				visit(x.AsMapEntry().Key())
				visit(x.AsMapEntry().Value())
			}
		case celast.ComprehensionKind:
			c := e.AsComprehension()
			for _, x := range []celast.Expr{c.IterRange(), c.AccuInit(), c.LoopCondition(), c.LoopStep(), c.Result()} {
				visit(x)
			}
		}
	}
	visit(e)
	slices.Sort(out)
	return slices.Compact(out)
}

// chain returns a.b.c for such an expression, "" for others.
func chain(e celast.Expr) string {
	switch e.Kind() {
	case celast.IdentKind:
		return e.AsIdent()
	case celast.SelectKind:
		if operand := chain(e.AsSelect().Operand()); operand != "" {
			return operand + "." + e.AsSelect().FieldName()
		}
	}
	return ""
}

// defaultInComment finds the ID of a default at the end of a comment.
var defaultInComment = regexp.MustCompile(`\(([a-z][a-z0-9-]+)\)\s*$`)
