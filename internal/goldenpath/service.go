package goldenpath

import (
	"cmp"
	"fmt"
	"iter"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/fairway-k8s/fairway/internal/source"
	"github.com/fairway-k8s/fairway/internal/spell"
)

// Service is a service file that was read against its path.
type Service struct {
	Path *Path
	// Waivers are the defaults that the service may differ from.
	Waivers []Waiver
	// Decisions are what the team decided about changes of the path.
	Decisions []Decision
	// Adopted says how its manifests are laid out when they were there before it came onto the path; nil otherwise.
	Adopted *Adopted

	vars map[string]any // parameters and computed variables
}

// Owner is the team that is called when it breaks, as the service or its organisation's file says.
func (s *Service) Owner() string {
	owner, _ := s.vars["owner"].(string)
	return owner
}

// Waiver is a default that a service may differ from, with the reason and an end.
type Waiver struct {
	Default, Reason, Owner string
	Until                  time.Time // the last day, at midnight UTC
}

// Decision is what a team decided about a named change of its path.
type Decision struct {
	ID     string
	Answer Answer
	// Of a waiver:
	Reason, Owner string
	Until         time.Time // the last day, at midnight UTC
}

// Answer is what was decided.
type Answer string

// The answers.
const (
	Keep  Answer = "keep"  // where both changed something, the team's value stays
	Take  Answer = "take"  // where both changed something, the path's value is taken
	Defer Answer = "defer" // the change is left for later
	Waive Answer = "waive" // the change is left until a day, for a reason
)

// Holds reports whether a decision still holds at a time.
func (d Decision) Holds(now time.Time) bool {
	return d.Answer != Waive || !Over(d.Until, now)
}

// Over reports whether a last day, which is midnight UTC as it begins, has passed at a time.
func Over(last, now time.Time) bool { return !now.Before(last.AddDate(0, 0, 1)) }

// Fault is something wrong with a service file.
type Fault struct {
	// Position is in File; a zero one means that something is missing from the whole file.
	File string
	source.Position
	Parameter string // such as resources.memory
	Message   string // begins with the parameter's name
	Next      string
}

// reserved are the keys of a service file that are no parameters.
var reserved = []string{"path", "waivers", "changes", "catalogue", "adopted"}

// organisationKey is what an organisation's file may say besides: the public keys by which its catalogue is signed. A service cannot name others.
const organisationKey = "catalogueKey"

// ReadService reads a service file, and an organisation's file behind it (nil without one), against a path. What the organisation's file
// says of other shapes is passed over. With faults the Service is nil.
func ReadService(p *Path, file, org *source.File) (*Service, []Fault) {
	r := reader{path: p, org: org, s: &Service{Path: p, vars: map[string]any{}}}
	r.read(file, org)
	if len(r.faults) > 0 {
		slices.SortStableFunc(r.faults, func(a, b Fault) int {
			return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
		})
		return nil, r.faults
	}
	return r.s, nil
}

func (r *reader) read(file, org *source.File) {
	root := r.top(file)
	base := r.top(org)
	if root.IsZero() || org != nil && base.IsZero() {
		return // it cannot be read
	}
	r.keys(root, r.path.Parameters, "")
	r.keys(base, r.path.Parameters, "")
	r.waivers(root)
	r.decisions(root)
	r.s.Adopted = ReadAdopted(root.Get("adopted"))
	var waived []any
	for _, w := range r.s.Waivers {
		waived = append(waived, w.Default)
	}
	r.s.vars["waived"] = waived
	for _, x := range r.path.Parameters {
		r.s.vars[variable(x.Name)] = r.value(x, root.Get(x.Name), base.Get(x.Name), root)
	}
	if len(r.faults) > 0 {
		return
	}
	for i, c := range r.path.Computed {
		v, err := r.path.computed[i].eval(r.s.vars)
		if err != nil {
			r.fault(root, "", err.Error(), "this is a fault of the path")
			return
		}
		r.s.vars[c.Name] = v
	}
	r.checks(root)
}

type reader struct {
	path   *Path
	org    *source.File // nil without one
	s      *Service
	faults []Fault
}

func (r *reader) fault(at source.Node, parameter, message, next string) {
	f := Fault{Parameter: parameter, Message: message, Next: next}
	if !at.IsZero() {
		f.File, f.Position = at.File().Name, at.Position()
	}
	r.faults = append(r.faults, f)
}

// top returns the mapping of a file.
func (r *reader) top(f *source.File) source.Node {
	if f == nil {
		return source.Node{}
	}
	for _, d := range f.Docs {
		if d.Err != nil {
			r.faults = append(r.faults, Fault{File: f.Name, Position: source.Position{Line: d.Err.Line, Column: d.Err.Column}, Message: d.Err.Message, Next: "correct the YAML there"})
			return source.Node{}
		}
		for _, k := range d.Duplicates {
			r.fault(k, k.Text(), k.Text()+" is there twice", "remove one of the two")
		}
	}
	root := f.Docs[0].Root.Resolve()
	if len(f.Docs) > 1 || root.Kind() != source.Mapping {
		r.faults = append(r.faults, Fault{File: f.Name, Position: source.Position{Line: 1, Column: 1}, Message: "the file is not one mapping of parameters", Next: "write name: value, one a line"})
		return source.Node{}
	}
	return root
}

// keys complains of keys that are no parameters.
func (r *reader) keys(n source.Node, known []*Parameter, above string) {
	top := above == ""
	for e := range n.Entries() {
		key := e.Key.Text()
		if slices.ContainsFunc(known, func(x *Parameter) bool { return x.Name == key }) || top && slices.Contains(reserved, key) {
			continue
		}
		what := key
		if above != "" {
			what = above + "." + key
		}
		if n.File() == r.org && (what == organisationKey || r.path.elsewhere(what)) {
			continue
		}
		var names []string
		for _, x := range known {
			names = append(names, x.Name)
		}
		if top {
			names = append(names, reserved...)
		}
		next := "the parameters are " + strings.Join(names, ", ")
		if near := spell.Nearest(key, names, max(2, len(key)/3)); near != "" {
			next = "did you mean " + near + "?"
		}
		r.fault(e.Key, what, "there is no parameter "+what, next)
	}
}

// elsewhere reports whether another shape of the catalogue has a parameter of this path. An organisation has one file for all shapes.
func (p *Path) elsewhere(parameter string) bool {
	return p.others != nil && slices.ContainsFunc(p.others(), func(o *Path) bool { return o.Parameter(parameter) != nil })
}

// value returns the value of a parameter: from the service file, else the organisation's, else the default.
func (r *reader) value(x *Parameter, n, base, parent source.Node) any {
	n, base = n.Resolve(), base.Resolve()
	switch x.Type {
	case Object:
		for _, m := range []source.Node{n, base} {
			if !m.IsZero() && m.Kind() != source.Mapping {
				r.fault(m, x.path, x.path+" is no mapping", r.example(x))
				return nil
			}
			r.keys(m, x.Fields, x.path)
		}
		if x.Optional() && n.IsZero() && base.IsZero() {
			return x.empty()
		}
		out := map[string]any{}
		if x.path == x.Name {
			r.s.vars[variable(x.Name)] = out // defaults of later fields are computed from earlier ones
		}
		for _, f := range x.Fields {
			at := n
			if at.IsZero() {
				at = parent
			}
			out[f.Name] = r.value(f, n.Get(f.Name), base.Get(f.Name), at)
		}
		return out
	case List:
		list := n
		if list.IsZero() {
			list = base
		}
		out := []any{}
		if list.IsZero() && !x.Required {
			return out
		}
		if list.IsZero() || x.Required && list.Len() == 0 {
			r.fault(parent, x.path, x.path+" is missing: "+x.Doc, r.example(x))
			return out
		}
		if list.Kind() != source.Sequence {
			r.fault(list, x.path, x.path+" is no list", r.example(x))
			return out
		}
		for _, item := range list.Items() {
			out = append(out, r.value(x.Items, item, source.Node{}, item))
		}
		return out
	}
	if n.IsZero() {
		n = base
	}
	if n.IsZero() || n.IsEmpty() {
		return r.fallback(x, parent)
	}
	v, err := x.Type.parse(n)
	if err == nil {
		err = x.inRange(v)
	}
	if err != nil {
		r.fault(n, x.path, x.path+" "+err.Error(), r.example(x))
		return nil
	}
	return v
}

// fallback is the value of a parameter that nobody has set.
func (r *reader) fallback(x *Parameter, parent source.Node) any {
	if x.Required {
		r.fault(parent, x.path, x.path+" is missing: "+x.Doc, r.example(x))
		return nil
	}
	if x.fallback != nil {
		if len(r.faults) > 0 {
			return nil // what it is computed from may be what is wrong
		}
		v, err := x.fallback.eval(r.s.vars)
		if err != nil {
			r.fault(parent, x.path, x.path+" cannot be computed: "+err.Error(), r.example(x))
		}
		return v
	}
	if x.Default != "" {
		v, err := x.Type.parseText(x.Default)
		if err != nil {
			r.fault(parent, x.path, x.path+": its default "+err.Error(), "this is a fault of the path")
		}
		return v
	}
	return x.empty()
}

// empty is the value of a parameter of which there is nothing to say.
func (x *Parameter) empty() any {
	switch x.Type {
	case Bool:
		return false
	case Int, Port, Duration, CPU, Memory:
		return int64(0)
	case Object:
		out := map[string]any{}
		for _, f := range x.Fields {
			out[f.Name] = f.empty()
		}
		return out
	case List:
		return []any{}
	}
	return ""
}

// inRange checks a value against the limits of its parameter.
func (x *Parameter) inRange(v any) error {
	if s, ok := v.(string); ok {
		most, err := strconv.Atoi(x.Max)
		switch {
		case len(x.OneOf) > 0 && !slices.Contains(x.OneOf, s):
			return fmt.Errorf("is %q, and must be one of %s", s, strings.Join(x.OneOf, ", "))
		case err == nil && len(s) > most:
			return fmt.Errorf("has %d letters, and must have at most %d", len(s), most)
		}
	}
	n, ok := v.(int64)
	if !ok {
		return nil
	}
	lo, hi := x.Min, x.Max
	if x.Type == Port && lo == "" && hi == "" {
		lo, hi = "1", "65535"
	}
	if lo != "" {
		if least, err := x.Type.parseText(lo); err == nil && n < least.(int64) {
			return fmt.Errorf("is %s, and must be at least %s", x.Type.write(v), lo)
		}
	}
	if hi != "" {
		if most, err := x.Type.parseText(hi); err == nil && n > most.(int64) {
			return fmt.Errorf("is %s, and must be at most %s", x.Type.write(v), hi)
		}
	}
	return nil
}

func (r *reader) example(x *Parameter) string {
	if x.Example == "" {
		return x.Doc
	}
	name := x.path[strings.LastIndexByte(x.path, '.')+1:]
	return "for example " + name + ": " + x.Example
}

// waivers reads the list of waivers.
func (r *reader) waivers(root source.Node) {
	const example = "for example {default: state-declared, reason: \"moves to S3 in May\", owner: payments, until: 2027-06-01}"
	for _, n := range r.list(root, "waivers", example) {
		n = n.Resolve()
		w := Waiver{Default: n.Get("default").Text(), Reason: n.Get("reason").Text(), Owner: n.Get("owner").Text()}
		until := n.Get("until")
		switch date, err := time.Parse(time.DateOnly, until.Text()); {
		case w.Default == "" || w.Reason == "" || w.Owner == "" || until.IsZero():
			r.fault(n, "waivers", "a waiver needs default, reason, owner and until", example)
		case err != nil:
			r.fault(until, "waivers[].until", fmt.Sprintf("waivers[].until is %q, and must be a date, such as 2027-06-01", until.Text()), example)
		case len(r.path.Waivable()) == 0:
			r.fault(n, "waivers", "no default of "+r.path.Shape+" can be waived", "take the waiver out")
		case !slices.Contains(r.path.Waivable(), w.Default):
			r.fault(n.Get("default"), "waivers[].default", fmt.Sprintf("%s of %s cannot be waived", w.Default, r.path.Shape), "those that can are "+strings.Join(r.path.Waivable(), ", "))
		default:
			w.Until = date
		}
		r.s.Waivers = append(r.s.Waivers, w)
	}
}

// decisions reads the list of decided changes.
// list returns the items of a list that is not a parameter, and does not take anything else for an empty one.
func (r *reader) list(root source.Node, name, example string) iter.Seq2[int, source.Node] {
	n := root.Get(name).Resolve()
	if !n.IsZero() && n.Kind() != source.Sequence && n.Type() != source.NullValue {
		r.fault(n, name, name+" must be a list", example)
	}
	return n.Items()
}

func (r *reader) decisions(root source.Node) {
	const example = "for example {id: cpu-limit-removed, answer: waive, reason: \"measured again in May\", owner: payments, until: 2027-06-01}"
	seen := map[string]bool{}
	for _, n := range r.list(root, "changes", example) {
		n = n.Resolve()
		d := Decision{ID: n.Get("id").Text(), Answer: Answer(n.Get("answer").Text()), Reason: n.Get("reason").Text(), Owner: n.Get("owner").Text()}
		until := n.Get("until")
		date, err := time.Parse(time.DateOnly, until.Text())
		switch {
		case d.ID == "":
			r.fault(n, "changes", "a decision about a change needs its id", example)
		case seen[d.ID]:
			r.fault(n, "changes", d.ID+" is decided twice", "remove one of the two")
		case !slices.Contains([]Answer{Keep, Take, Defer, Waive}, d.Answer):
			r.fault(n, "changes[].answer", fmt.Sprintf("changes[].answer is %q, and must be keep, take, defer or waive", d.Answer), example)
		case d.Answer == Waive && (d.Reason == "" || d.Owner == ""):
			r.fault(n, "changes", "a waived change needs reason, owner and until", example)
		case d.Answer == Waive && err != nil:
			r.fault(n, "changes[].until", fmt.Sprintf("changes[].until is %q, and must be a date, such as 2027-06-01", until.Text()), example)
		}
		d.Until = date
		seen[d.ID] = true
		r.s.Decisions = append(r.s.Decisions, d)
	}
}

// Ended returns the waivers that have ended at a time. A waiver holds on the day that it names.
func (s *Service) Ended(now time.Time) []Waiver {
	var out []Waiver
	for _, w := range s.Waivers {
		if Over(w.Until, now) {
			out = append(out, w)
		}
	}
	return out
}

// inWaived matches where an expression asks for a waiver.
var inWaived = regexp.MustCompile(`'([a-z0-9-]+)' in waived`)

// Waivable returns the defaults that a service of the path may waive, sorted.
func (p *Path) Waivable() []string {
	var out []string
	note := func(text string) {
		for _, m := range inWaived.FindAllStringSubmatch(text, -1) {
			out = append(out, m[1])
		}
	}
	for _, c := range p.Checks {
		note(c.That)
	}
	for _, c := range p.Computed {
		note(c.Is)
	}
	for _, f := range p.Files {
		note(f.If)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// checks looks at the conditions between parameters.
func (r *reader) checks(root source.Node) {
	for _, c := range r.path.checks {
		holds, err := c.holds.evalBool(r.s.vars)
		if err == nil && holds {
			continue
		}
		message, serr := sentence(c.say, r.s.vars)
		next, nerr := sentence(c.next, r.s.vars)
		if err := cmp.Or(err, serr, nerr); err != nil {
			message, next = err.Error(), "this is a fault of the path"
		}
		at := root
		for _, step := range strings.Split(c.At, ".") {
			if next := at.Get(step); !next.IsZero() {
				at = next
			}
		}
		r.fault(at, c.At, message, next)
	}
}
