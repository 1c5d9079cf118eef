package gate

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
)

// Actions.
const (
	Audit = "audit"
	Warn  = "warn"
	Deny  = "deny"
)

// NetworkPolicyID is the ID of the rule that wants a default-deny NetworkPolicy in every namespace with workloads.
const NetworkPolicyID = "networkpolicy-default-deny"

// Plan is what the gate judges and what it does about it, in the order of IDs.
type Plan struct {
	Entries []*Entry
	// NetworkPolicy is the action about namespaces without a default-deny NetworkPolicy; "" when there is none.
	NetworkPolicy string
	// System are the namespaces that are kept out, sorted.
	System []string
	// Inline is true when parameters are parts of the policies; else ParamsNamespace holds a ConfigMap with them.
	Inline          bool
	ParamsNamespace string
	// Left are parts of the policy that the gate does not honour, in the order of the file.
	Left []Left
}

// Entry is one rule with its action.
type Entry struct {
	ID, Title, Why, How string
	Action              string
	Severity            finding.Severity
	// Rule is nil for an organisation's own, Own for Fairway's.
	Rule *rule.Rule
	Own  *rule.OwnRule

	params  map[string]any
	passing []Exemption
}

// Exemption lets objects pass. Empty fields match everything; Namespace and Name are globs.
type Exemption struct {
	Label, Kind, Namespace, Name string
	Reason, Owner, Expires       string
	Line                         int
}

// Left is a part of a policy that the gate does not honour.
type Left struct {
	Line    int
	Expired bool
	Rules   []string
	Why     string
}

// NewPlan decides what a policy, which may be nil, makes of a catalogue. Without one every rule of the profile golden that has a twin
// warns.
func NewPlan(c *rule.Catalogue, p *rule.Policy, now time.Time) (*Plan, error) {
	active, err := c.Activate(p, 0, nil)
	if err != nil {
		return nil, err
	}
	g := &rule.GatePolicy{}
	var exemptions []rule.Exemption
	var settings map[string]rule.RulePolicy
	if p != nil {
		exemptions, settings = p.Exemptions, p.Rules
		if p.Gate != nil {
			g = p.Gate
		}
	}
	plan := &Plan{Inline: g.Params == "inline", ParamsNamespace: cmp.Or(g.ParamsNamespace, "fairway-system")}
	if g.NetworkPolicy != "off" {
		plan.NetworkPolicy = g.NetworkPolicy
	}
	plan.System = append([]string{"kube-node-lease", "kube-public", "kube-system"}, g.SystemNamespaces...)
	slices.Sort(plan.System)
	plan.System = slices.Compact(plan.System)

	severity := rule.Severities(active)
	params := map[string]map[string]any{}
	for _, a := range active {
		params[a.ID] = a.Params
	}
	for _, r := range c.Rules {
		action := g.Rules[r.ID]
		if r.Gate == nil || action == "off" || action == "" && severity[r.ID] == finding.Off {
			continue
		}
		if params[r.ID] == nil { // outside the profile or off for lint, and switched on by its action
			one, err := c.Activate(&rule.Policy{Rules: map[string]rule.RulePolicy{r.ID: {Params: settings[r.ID].Params}}}, 0, []string{r.ID})
			if err != nil {
				return nil, err
			}
			params[r.ID] = one[0].Params
		}
		plan.Entries = append(plan.Entries, &Entry{ID: r.ID, Title: r.Title, Why: r.Why, How: r.How, Rule: r, params: params[r.ID],
			Action: cmp.Or(action, g.Action, Warn), Severity: cmp.Or(severity[r.ID], r.Severity)})
	}
	for i := range g.Own {
		o := &g.Own[i]
		if g.Rules[o.ID] == "off" {
			continue
		}
		if o.ID == NetworkPolicyID {
			return nil, fmt.Errorf("%s:%d: gate.own: %s is the gate's own; its action is gate.networkPolicy", p.File, o.Line, o.ID)
		}
		for _, k := range o.Kinds {
			if _, ok := resources[k]; !ok {
				return nil, fmt.Errorf("%s:%d: gate.own: %s: there is no kind %s that rules can be about; known are %s", p.File, o.Line, o.ID, k, strings.Join(Kinds(), ", "))
			}
		}
		plan.Entries = append(plan.Entries, &Entry{ID: o.ID, Title: o.Title, Why: o.Why, How: o.How, Own: o, Severity: finding.Should,
			Action: cmp.Or(g.Rules[o.ID], g.Action, Warn)})
	}
	slices.SortFunc(plan.Entries, func(a, b *Entry) int { return strings.Compare(a.ID, b.ID) })
	for i := range g.Exemptions {
		plan.exempt(&g.Exemptions[i], now)
	}
	for i := range exemptions {
		plan.reuse(&exemptions[i], now)
	}
	slices.SortStableFunc(plan.Left, func(a, b Left) int { return cmp.Compare(a.Line, b.Line) })
	return plan, nil
}

// Entry returns the rule of that ID, nil when the gate does not judge it.
func (p *Plan) Entry(id string) *Entry {
	i, ok := slices.BinarySearchFunc(p.Entries, id, func(e *Entry, id string) int { return strings.Compare(e.ID, id) })
	if !ok {
		return nil
	}
	return p.Entries[i]
}

func (p *Plan) exempt(e *rule.GateExemption, now time.Time) {
	if e.Expired(now) {
		p.Left = append(p.Left, Left{Line: e.Line, Expired: true, Rules: e.Rules, Why: fmt.Sprintf("the exemption %s ended on %s (owner %s)", e.Label, e.Expires, e.Owner)})
		return
	}
	for _, id := range e.Rules {
		if x := p.Entry(id); x != nil {
			x.passing = append(x.passing, Exemption{Label: e.Label, Namespace: e.Namespace, Reason: e.Reason, Owner: e.Owner, Expires: e.Expires, Line: e.Line})
		}
	}
}

// reuse takes over an exemption from lint. Where an object's file is, and which of its containers is meant, an API server is not asked.
func (p *Plan) reuse(e *rule.Exemption, now time.Time) {
	var ids []string
	for _, id := range e.Rules {
		if p.Entry(id) != nil {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return
	}
	left := func(expired bool, why string) {
		p.Left = append(p.Left, Left{Line: e.Line(), Expired: expired, Rules: ids, Why: why})
	}
	switch {
	case e.Expired(now):
		left(true, "the exemption ended on "+e.Expires)
	case e.Path != "":
		left(false, "the exemption is for the files of "+e.Path+", which an API server does not know; name kind, namespace or name instead")
	case e.Container != "":
		left(false, "the exemption is for container "+e.Container+", and the gate exempts whole objects; use fairway lint for it, or gate.exemptions")
	case e.Kind == "" && e.Namespace == "" && e.Name == "":
		left(false, "the exemption is for every object; switch the rule off for the gate instead: gate.rules."+ids[0]+": off")
	default:
		for _, id := range ids {
			x := p.Entry(id)
			x.passing = append(x.passing, Exemption{Kind: e.Kind, Namespace: e.Namespace, Name: e.Name, Reason: e.Reason, Owner: e.Owner, Expires: e.Expires, Line: e.Line()})
		}
	}
}

// covers is what celCovers says in CEL.
func (e *Exemption) covers(id string, ref finding.Ref, labels map[string]string) bool {
	match := func(glob, s string) bool {
		ok, _ := path.Match(glob, s)
		return glob == "" || ok
	}
	return (e.Label == "" || labels[LabelPrefix+id] == e.Label) && (e.Kind == "" || e.Kind == ref.Kind) &&
		match(e.Namespace, ref.Namespace) && match(e.Name, ref.Name)
}
