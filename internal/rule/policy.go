package rule

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/spell"
	"go.yaml.in/yaml/v4"
)

// Policy is what a user decides about rules. The file form is YAML:
//
//	profile: golden
//	rules:
//	  image-digest-missing: {severity: off}
//	  replicas-single: {severity: must, params: {minimum: 3}}
//	exemptions:
//	  - rules: [host-network]
//	    kind: DaemonSet
//	    name: node-exporter
//	    reason: it measures the host's network
//	    owner: observability
//	    expires: 2027-03-01
type Policy struct {
	Profile    string                `yaml:"profile,omitempty"`
	Rules      map[string]RulePolicy `yaml:"rules,omitempty"`
	Exemptions []Exemption           `yaml:"exemptions,omitempty"`
	Gate       *GatePolicy           `yaml:"gate,omitempty"`

	// File is where the policy came from, for messages.
	File string `yaml:"-"`
	// Name, when not nil, says how a file of the input is called from the policy's folder, which the paths of exemptions start from.
	Name func(file string) string `yaml:"-"`
}

// RulePolicy is what a policy says of one rule.
type RulePolicy struct {
	// Severity replaces the rule's own; "" keeps it and, for a rule outside the profile, switches it on.
	Severity string         `yaml:"severity,omitempty"`
	Params   map[string]any `yaml:"params,omitempty"`
}

// Exemption takes objects out of rules' reach. Empty matchers match everything; names and paths are globs (path.Match), and paths start
// from the policy's folder. Rules and Reason are required.
type Exemption struct {
	Rules     []string `yaml:"rules"`
	Path      string   `yaml:"path,omitempty"`
	Kind      string   `yaml:"kind,omitempty"`
	Namespace string   `yaml:"namespace,omitempty"`
	Name      string   `yaml:"name,omitempty"`
	Container string   `yaml:"container,omitempty"`
	Reason    string   `yaml:"reason"`
	Owner     string   `yaml:"owner,omitempty"`
	Expires   string   `yaml:"expires,omitempty"` // YYYY-MM-DD, the first day on which it no longer holds

	line int
}

// ParsePolicy reads a policy file strictly and checks it against the rules that exist. All faults are reported together, with
// their lines.
func ParsePolicy(file string, data []byte, c *Catalogue) (*Policy, error) {
	p := &Policy{File: file}
	if len(bytes.TrimSpace(data)) == 0 {
		return p, nil
	}
	var faults policyFaults
	dec := yaml.NewDecoder(bytes.NewReader(data))
	dec.KnownFields(true)
	err := dec.Decode(p)
	var doc yaml.Node
	switch {
	case errors.Is(err, io.EOF):
		return p, nil // comments only
	case yaml.Unmarshal(data, &doc) != nil:
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if types, ok := errors.AsType[*yaml.LoadErrors](err); ok {
		for _, e := range types.Errors {
			text, _, _ := strings.Cut(e.Unwrap().Error(), " in type ") // of Go, which says nothing to a reader
			faults.add(e.Mark.Line, "%s", inPolicyWords(text))
		}
	} else if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if second := (yaml.Node{}); dec.Decode(&second) == nil {
		faults.add(second.Line, "a policy is one document, and here a second one begins")
	}
	p.check(c, doc.Content[0], &faults)
	return p, faults.err(file)
}

// policyForms says what a policy has where the decoder names a type of Go.
var policyForms = map[string]string{
	"rule.Policy":                "a mapping such as {profile: golden}",
	"rule.RulePolicy":            "a mapping such as {severity: must}",
	"map[string]rule.RulePolicy": "a mapping such as {replicas-single: {severity: must}}",
	"rule.Exemption":             "a mapping such as {rules: [host-network], reason: it measures the network}",
	"[]rule.Exemption":           "a list of exemptions",
	"map[string]interface {}":    "a mapping such as {minimum: 3}",
	"rule.GatePolicy":            "a mapping such as {action: warn}",
	"map[string]string":          "a mapping such as {privileged-container: deny}",
	"rule.GateExemption":         "a mapping such as {rules: [host-network], label: node-metrics, ...}",
	"[]rule.GateExemption":       "a list of exemptions",
	"rule.OwnRule":               "a mapping such as {id: team-label, ...}",
	"[]rule.OwnRule":             "a list of rules",
	"[]string":                   "a list such as [host-network]",
	"string":                     "a word",
}

// inPolicyWords says what the decoder says of a value that has the wrong form, "cannot construct !!str `must` into rule.RulePolicy",
// without types of Go; other text it leaves as it is.
func inPolicyWords(text string) string {
	value, goType, _ := strings.Cut(text, " into ")
	form := policyForms[goType]
	if form == "" {
		return text
	}
	tag, value, _ := strings.Cut(strings.TrimPrefix(value, "cannot construct "), " ")
	value = strings.Trim(value, "`")
	var s finding.Severity
	switch {
	case goType == "rule.RulePolicy" && s.UnmarshalText([]byte(value)) == nil:
		return "a severity stands in a mapping: write {severity: " + value + "}"
	case tag == "!!seq":
		value = "a list"
	case tag == "!!map":
		value = "a mapping"
	}
	return value + " is not " + form
}

// policyFaults collects what is wrong with a policy.
type policyFaults []policyFault

type policyFault struct {
	line int
	text string
}

func (f *policyFaults) add(line int, format string, args ...any) {
	*f = append(*f, policyFault{line, fmt.Sprintf(format, args...)})
}

func (f policyFaults) err(file string) error {
	slices.SortStableFunc(f, func(a, b policyFault) int { return cmp.Or(cmp.Compare(a.line, b.line), cmp.Compare(a.text, b.text)) })
	var errs []error
	for _, x := range f {
		errs = append(errs, fmt.Errorf("%s:%d: %s", file, x.line, x.text))
	}
	return errors.Join(errs...)
}

// member returns the key and the value of a mapping's member, the mapping itself twice when there is none.
func member(n *yaml.Node, key string) (k, v *yaml.Node) {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Kind == yaml.MappingNode && n.Content[i].Value == key {
			return n.Content[i], n.Content[i+1]
		}
	}
	return n, n
}

func (p *Policy) check(c *Catalogue, doc *yaml.Node, faults *policyFaults) {
	if p.Profile != "" {
		if _, err := ParseProfile(p.Profile); err != nil {
			k, _ := member(doc, "profile")
			faults.add(k.Line, "%s", err)
		}
	}
	_, rules := member(doc, "rules")
	for id, rp := range p.Rules {
		key, body := member(rules, id)
		r := c.Rule(id)
		if r == nil {
			faults.add(key.Line, "rules: there is no rule %s%s", id, c.didYouMean(id))
			continue
		}
		if rp.Severity != "" {
			var s finding.Severity
			if err := s.UnmarshalText([]byte(rp.Severity)); err != nil {
				at, _ := member(body, "severity")
				faults.add(at.Line, "rules.%s: %s", id, err)
			}
		}
		_, params := member(body, "params")
		for name, v := range rp.Params {
			if err := r.checkParam(name, v); err != nil {
				at, _ := member(params, name)
				faults.add(at.Line, "rules.%s.params: %s", id, err)
			}
		}
	}
	_, list := member(doc, "exemptions")
	for i := range p.Exemptions {
		e := &p.Exemptions[i]
		if list.Kind == yaml.SequenceNode && i < len(list.Content) {
			e.line = list.Content[i].Line
		}
		e.check(c, faults)
	}
	if p.Gate != nil {
		_, gate := member(doc, "gate")
		p.Gate.check(c, gate, faults)
	}
}

func (e *Exemption) check(c *Catalogue, faults *policyFaults) {
	if e.Reason == "" {
		faults.add(e.line, "the exemption needs a reason")
	}
	if len(e.Rules) == 0 {
		faults.add(e.line, "the exemption names no rules")
	}
	for _, id := range e.Rules {
		if c.Rule(id) == nil {
			faults.add(e.line, "exemption: there is no rule %s%s", id, c.didYouMean(id))
		}
	}
	if _, err := parseDay(e.Expires); err != nil {
		faults.add(e.line, "exemption: expires: %s", err)
	}
	for _, glob := range []string{e.Path, e.Namespace, e.Name, e.Container} {
		if _, err := path.Match(glob, ""); err != nil {
			faults.add(e.line, "exemption: %q is not a valid pattern", glob)
		}
	}
}

func (r *Rule) checkParam(name string, v any) error {
	for _, p := range r.Params {
		if p.Name != name {
			continue
		}
		if _, ok := convertParam(v, p.Default); !ok {
			return fmt.Errorf("%s: %v is not a value like %v", name, v, p.Default)
		}
		return nil
	}
	return fmt.Errorf("the rule has no parameter %s", name)
}

// convertParam gives a value from YAML the type of a parameter's default.
func convertParam(v, like any) (any, bool) {
	switch like.(type) {
	case int:
		n, ok := v.(int)
		return n, ok
	case float64:
		switch n := v.(type) {
		case float64:
			return n, true
		case int:
			return float64(n), true
		}
		return nil, false
	case string:
		s, ok := v.(string)
		return s, ok
	default:
		list, ok := v.([]any)
		if !ok {
			return nil, false
		}
		out := make([]string, len(list))
		for i, x := range list {
			if out[i], ok = x.(string); !ok {
				return nil, false
			}
		}
		return out, true
	}
}

// didYouMean returns ", did you mean X?" for the nearest rule ID, or "".
func (c *Catalogue) didYouMean(id string) string {
	if near := c.Nearest(id); near != "" {
		return ", did you mean " + near + "?"
	}
	return ""
}

// Nearest returns the ID of the rule whose name is most like id, or "" when none is near.
func (c *Catalogue) Nearest(id string) string {
	names := make([]string, len(c.Rules))
	for i, r := range c.Rules {
		names[i] = r.ID
	}
	return spell.Nearest(id, names, len(id)/2)
}

// Activate returns the rules that a policy switches on, with the severities and parameters it wants. profile, when not zero,
// wins over the policy's; without either it is Golden. only, when not empty, names the rules to run, whatever their profile.
func (c *Catalogue) Activate(p *Policy, profile Profile, only []string) ([]Active, error) {
	if p == nil {
		p = &Policy{}
	}
	if profile == 0 {
		profile = Golden
		if p.Profile != "" {
			profile, _ = ParseProfile(p.Profile)
		}
	}
	for _, id := range only {
		if c.Rule(id) == nil {
			return nil, fmt.Errorf("there is no rule %s%s", id, c.didYouMean(id))
		}
	}
	var out []Active
	for _, r := range c.Rules {
		rp, named := p.Rules[r.ID]
		a := Active{Rule: r, Severity: r.Severity, Params: map[string]any{}}
		if rp.Severity != "" {
			_ = a.Severity.UnmarshalText([]byte(rp.Severity)) // checked by ParsePolicy
		}
		for _, param := range r.Params {
			if v, ok := convertParam(rp.Params[param.Name], param.Default); ok {
				a.Params[param.Name] = v
			}
		}
		on := r.Profile <= profile || named
		if len(only) > 0 {
			on = slices.Contains(only, r.ID)
		}
		if on && a.Severity != finding.Off {
			out = append(out, a)
		}
	}
	return out, nil
}

// Exempts reports whether an exemption covers a finding. Expired exemptions cover nothing.
func (p *Policy) Exempts(f *finding.Finding, now time.Time) bool {
	return p != nil && slices.ContainsFunc(p.Exemptions, func(e Exemption) bool {
		return !e.Expired(now) && slices.Contains(e.Rules, f.Rule) && e.covers(f, p.nameOf(f.Place.File))
	})
}

// Expired returns the exemptions that no longer hold, as findings of the rule suppression-expired.
func (p *Policy) Expired(now time.Time) []*finding.Finding {
	var out []*finding.Finding
	if p == nil {
		return out
	}
	for _, e := range p.Exemptions {
		if e.Expired(now) {
			out = append(out, &finding.Finding{
				Rule: "suppression-expired", Place: finding.Place{File: p.File, Line: e.line, Column: 1, EndLine: e.line, EndColumn: 2},
				Message: fmt.Sprintf("the exemption from %s ended on %s (reason given: %s)", strings.Join(e.Rules, ", "), e.Expires, e.Reason),
			})
		}
	}
	return out
}

// Line is where the exemption begins in its file.
func (e *Exemption) Line() int { return e.line }

// Expired reports whether the exemption no longer holds.
func (e *Exemption) Expired(now time.Time) bool {
	day, _ := parseDay(e.Expires) // checked by ParsePolicy
	return !day.IsZero() && !now.Before(day)
}

func (p *Policy) nameOf(file string) string {
	if p.Name == nil {
		return file
	}
	return p.Name(file)
}

// covers reports whether the matchers hold for a finding in a file that is called so from the policy's folder.
func (e *Exemption) covers(f *finding.Finding, file string) bool {
	match := func(glob, s string) bool {
		ok, _ := path.Match(glob, s)
		return glob == "" || ok
	}
	return (e.Kind == "" || e.Kind == f.Object.Kind) && match(e.Namespace, f.Object.Namespace) && match(e.Name, f.Object.Name) &&
		matchPath(e.Path, file) && match(e.Container, containerName(f))
}

// matchPath matches a file against a glob; a folder matches everything below it.
func matchPath(glob, file string) bool {
	if glob == "" {
		return true
	}
	glob = strings.TrimSuffix(glob, "/**")
	for p := file; p != "." && p != "/" && p != ""; p = path.Dir(p) {
		if ok, _ := path.Match(glob, p); ok {
			return true
		}
	}
	return false
}

// containerName returns the name of the container that a finding's field lies in, or "".
func containerName(f *finding.Finding) string {
	for _, list := range []string{"containers[", "initContainers["} {
		i := strings.LastIndex(f.Field, list)
		if i < 0 {
			continue
		}
		end := strings.IndexByte(f.Field[i:], ']')
		o := cluster.Object{Root: f.Root}
		if e, ok := o.Written(f.Field[:i+end+1] + ".name"); ok {
			return e.Value.Text()
		}
	}
	return ""
}

// parseDay reads YYYY-MM-DD; "" is the zero time.
func parseDay(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return t, fmt.Errorf("%q is not a day like 2027-03-01", s)
	}
	return t, nil
}
