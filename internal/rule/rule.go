package rule

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/source"
)

// Profile is the smallest set of rules that a rule belongs to.
type Profile uint8

// Profiles. Each contains the ones before it; a Contested rule is in none and must be switched on by name.
const (
	Basic     Profile = iota + 1 // a first visit: what the API server refuses and what hurts in every organisation
	Golden                       // everything that the golden path does right
	Strict                       // and what a careful platform team adds
	Contested                    // good practice for some, harmful for others: off unless a policy says otherwise
)

var profileNames = map[Profile]string{Basic: "basic", Golden: "golden", Strict: "strict", Contested: "contested"}

func (p Profile) String() string { return profileNames[p] }

// ParseProfile reads the name of a profile: basic, golden or strict.
func ParseProfile(s string) (Profile, error) {
	for _, p := range []Profile{Basic, Golden, Strict} {
		if p.String() == s {
			return p, nil
		}
	}
	return 0, fmt.Errorf("profile %q is none of basic, golden, strict", s)
}

// Rule is one check.
type Rule struct {
	ID       string // kebab-case, permanent
	Title    string // what is wrong when it fires, lower case, no final stop
	Why      string // why it hurts, one to three sentences
	How      string // how to mend it, one to three sentences
	Example  string // YAML that is right, a few lines; may be empty
	Severity finding.Severity
	Profile  Profile
	// Contest says, for a Contested rule, who is for it and who against.
	Contest  string
	Since    string   // version of Fairway that brought it
	Incident string   // ID of the incident that shows the harm; "" where there is none
	Defaults []string // IDs of the golden-path defaults it guards; filled from content
	Links    []string // sources: Kubernetes documentation, KEPs, specifications
	Params   []Param
	// NeedsContext is true for rules about several objects: a lone file can leave them unknown.
	NeedsContext bool
	// Gathers is true for rules that find what is wrong only between objects and are silent, not unknown, where one is not in the input.
	Gathers bool
	// Fixes is true when the rule can offer a fix.
	Fixes bool

	// Exactly one of the following is set. Findings that another package makes and only files under this ID (what the API
	// server refuses, what suppressions do) set External instead.
	Object    func(*Pass, *cluster.Object)
	Workload  func(*Pass, *cluster.Workload)
	Container func(*Pass, *cluster.Workload, *cluster.Container)
	Snapshot  func(*Pass)
	External  bool

	// Gate is the rule in CEL, for the API server; nil where one object is not enough to judge by.
	Gate *Gate
}

// Param is a number or word in a rule that a policy may change.
type Param struct {
	Name    string // camelCase
	Unit    string // "s", "replicas", "ratio"; may be empty
	Doc     string
	Default any // int, float64, string or []string; a policy's value must be of the same type
}

// Pass is what a rule function is given: the snapshot, the rule's parameters, and the means to report.
type Pass struct {
	*cluster.Snapshot
	Rule *Rule

	params   map[string]any
	severity finding.Severity
	out      *results
}

// Int returns a parameter of type int.
func (p *Pass) Int(name string) int { return p.param(name).(int) }

// Float returns a parameter of type float64.
func (p *Pass) Float(name string) float64 { return p.param(name).(float64) }

// Strings returns a parameter of type []string.
func (p *Pass) Strings(name string) []string { return p.param(name).([]string) }

func (p *Pass) param(name string) any {
	if v, ok := p.params[name]; ok {
		return v
	}
	for _, x := range p.Rule.Params {
		if x.Name == name {
			return x.Default
		}
	}
	panic("rule " + p.Rule.ID + " asks for parameter " + name + " that it does not declare")
}

// Report says that o breaks the rule at a field. The field may be one that the manifest lacks. message is a format string for a
// sentence in lower case without a final stop. The returned finding may be given a Fix and nothing else.
func (p *Pass) Report(o *cluster.Object, field, message string, args ...any) *finding.Finding {
	if len(args) > 0 {
		message = fmt.Sprintf(message, args...)
	}
	f := &finding.Finding{Rule: p.Rule.ID, Severity: p.severity, Object: o.Ref, Root: o.Root, Field: field, Message: p.place(message)}
	if !o.Context {
		p.out.add(o, f)
	}
	return f
}

// place says of a message where one looked: rules call it the input, and it may be a cluster.
func (p *Pass) place(message string) string {
	if p.Coverage() == nil {
		return message
	}
	return strings.ReplaceAll(message, "the input", "the cluster")
}

// Unknown says that the rule could not be judged for o, and what was missing.
func (p *Pass) Unknown(o *cluster.Object, field, missing string, args ...any) {
	if len(args) > 0 {
		missing = fmt.Sprintf(missing, args...)
	}
	if o.Context {
		return
	}
	p.out.unknown(o, field, finding.Unknown{Rule: p.Rule.ID, Object: o.Ref, Missing: p.place(missing)})
}

// Set makes a change that gives a field a value; see source.Set.
func Set(path string, v source.Value, after ...string) source.Change {
	return source.Change{Op: source.Set, Path: source.MustPath(path), Value: v, After: after}
}

// Remove makes a change that takes a field away; see source.Remove.
func Remove(path string) source.Change {
	return source.Change{Op: source.Remove, Path: source.MustPath(path)}
}

// Mend makes a Fix.
func Mend(title string, changes ...source.Change) *finding.Fix {
	return &finding.Fix{Title: title, Changes: changes}
}

var (
	idPattern    = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)
	sincePattern = regexp.MustCompile(`^\d+\.\d+\.\d+$`)
)

// Catalogue is a checked set of rules, in the order of their IDs.
type Catalogue struct {
	Rules []*Rule
	byID  map[string]*Rule
}

// NewCatalogue checks rules and puts them in order. The error lists everything that is wrong with them.
func NewCatalogue(rules ...*Rule) (*Catalogue, error) {
	c := &Catalogue{Rules: slices.Clone(rules), byID: map[string]*Rule{}}
	slices.SortFunc(c.Rules, func(a, b *Rule) int { return strings.Compare(a.ID, b.ID) })
	var errs []error
	for _, r := range c.Rules {
		if c.byID[r.ID] != nil {
			errs = append(errs, fmt.Errorf("rule %s is there twice", r.ID))
		}
		c.byID[r.ID] = r
		if err := r.check(); err != nil {
			errs = append(errs, fmt.Errorf("rule %s: %w", r.ID, err))
		}
	}
	return c, errors.Join(errs...)
}

// Rule returns the rule with that ID, nil when there is none.
func (c *Catalogue) Rule(id string) *Rule { return c.byID[id] }

func (r *Rule) check() error {
	var errs []error
	bad := func(cond bool, what string) {
		if cond {
			errs = append(errs, errors.New(what))
		}
	}
	bad(!idPattern.MatchString(r.ID), "the ID is not kebab-case")
	bad(r.Title == "" || strings.HasSuffix(r.Title, "."), "the title is missing or ends with a stop")
	bad(r.Why == "", "it has no why")
	bad(r.How == "", "it has no how")
	bad(r.Severity == finding.Off, "it has no severity")
	bad(profileNames[r.Profile] == "", "it has no profile")
	bad((r.Profile == Contested) != (r.Contest != ""), "contested rules, and only they, say what the contest is about")
	bad(!sincePattern.MatchString(r.Since), "since is not a version")
	kinds := 0
	for _, set := range []bool{r.Object != nil, r.Workload != nil, r.Container != nil, r.Snapshot != nil, r.External} {
		if set {
			kinds++
		}
	}
	bad(kinds != 1, "it needs exactly one of Object, Workload, Container, Snapshot and External")
	if r.Gate != nil {
		errs = append(errs, r.Gate.check(r))
	}
	for _, p := range r.Params {
		switch p.Default.(type) {
		case int, float64, string, []string:
		default:
			bad(true, "parameter "+p.Name+" has a default of an unknown type")
		}
	}
	return errors.Join(errs...)
}

// DocURL returns where the rule's reference page is published.
func (r *Rule) DocURL() string {
	return "https://github.com/fairway-k8s/fairway/blob/main/docs/reference/rules.md#" + r.ID
}
