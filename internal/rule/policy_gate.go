package rule

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"
)

// GatePolicy is what a policy says of the gate, which makes rules hold in the API server:
//
//	gate:
//	  action: warn
//	  rules:
//	    privileged-container: deny
//	    image-digest-missing: off
//	  networkPolicy: warn
//	  systemNamespaces: [istio-system]
//	  exemptions:
//	    - rules: [host-network]
//	      label: node-metrics
//	      namespace: monitoring
//	      reason: it measures the host's network
//	      owner: observability
//	      expires: 2027-03-01
//	  own:
//	    - id: team-label
//	      title: a workload without a team
//	      why: nobody is called when it fails
//	      how: add the label example.com/team
//	      kinds: [Deployment, StatefulSet]
//	      expression: has(object.metadata.labels) && 'example.com/team' in object.metadata.labels
type GatePolicy struct {
	// Action is what is done about rules that Rules does not name: audit, warn (when empty) or deny.
	Action string `yaml:"action,omitempty"`
	// Rules gives rules, an organisation's own among them, an action of their own: audit, warn, deny or off.
	Rules map[string]string `yaml:"rules,omitempty"`
	// NetworkPolicy is what is done about workloads in a namespace without a default-deny NetworkPolicy; off when empty.
	NetworkPolicy string `yaml:"networkPolicy,omitempty"`
	// SystemNamespaces are kept out besides kube-system, kube-public and kube-node-lease. Names, not globs.
	SystemNamespaces []string `yaml:"systemNamespaces,omitempty"`
	// Params says where rules get their parameters from: "configmap" (when empty), which can be changed in the cluster, or "inline", which is
	// how they are exported.
	Params string `yaml:"params,omitempty"`
	// ParamsNamespace is where the ConfigMap with the rules' parameters is; "fairway-system" when empty.
	ParamsNamespace string          `yaml:"paramsNamespace,omitempty"`
	Exemptions      []GateExemption `yaml:"exemptions,omitempty"`
	Own             []OwnRule       `yaml:"own,omitempty"`
}

// GateExemption lets objects pass that carry the label gate.fairway-k8s.io/exempt-RULE with its value. All fields but Namespace are
// required: what opens a gate has an owner and an end.
type GateExemption struct {
	Rules     []string `yaml:"rules"`
	Label     string   `yaml:"label"`               // the label's value: the name of the exemption
	Namespace string   `yaml:"namespace,omitempty"` // glob; everywhere when empty
	Reason    string   `yaml:"reason"`
	Owner     string   `yaml:"owner"`
	Expires   string   `yaml:"expires"` // YYYY-MM-DD, the first day on which it no longer holds

	Line int `yaml:"-"`
}

// Expired reports whether the exemption no longer holds.
func (e *GateExemption) Expired(now time.Time) bool {
	day, _ := parseDay(e.Expires) // checked by ParsePolicy
	return !now.Before(day)
}

// OwnRule is a rule of an organisation's own, in CEL.
type OwnRule struct {
	ID    string   `yaml:"id"`
	Title string   `yaml:"title"`
	Why   string   `yaml:"why,omitempty"`
	How   string   `yaml:"how"`
	Kinds []string `yaml:"kinds"`
	// Expression is true for objects that are right, as in a ValidatingAdmissionPolicy. It knows object, and for workloads pod, template,
	// containers and running as twins do (Gate).
	Expression string `yaml:"expression"`
	// Message is a CEL expression for what to say beside the title; may be empty.
	Message string `yaml:"message,omitempty"`

	Line, ExpressionLine, MessageLine int `yaml:"-"`
}

// GateActions are the actions that a policy may name, the mildest first.
var GateActions = []string{"off", "audit", "warn", "deny"}

var (
	labelValue    = regexp.MustCompile(`^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$`)
	namespaceName = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$`)
)

// check checks what a policy says of the gate and notes the lines of its parts.
func (g *GatePolicy) check(c *Catalogue, doc *yaml.Node, faults *policyFaults) {
	action := func(at *yaml.Node, what, value string, allowed []string) {
		if value != "" && !slices.Contains(allowed, value) {
			faults.add(at.Line, "%s: %q is none of %s", what, value, strings.Join(allowed, ", "))
		}
	}
	k, _ := member(doc, "action")
	action(k, "gate.action", g.Action, GateActions[1:])
	k, _ = member(doc, "networkPolicy")
	action(k, "gate.networkPolicy", g.NetworkPolicy, GateActions)
	k, _ = member(doc, "params")
	action(k, "gate.params", g.Params, []string{"configmap", "inline"})
	own := map[string]bool{}
	_, list := member(doc, "own")
	for i := range g.Own {
		g.Own[i].check(c, item(list, i), own, faults)
	}
	_, rules := member(doc, "rules")
	for id, a := range g.Rules {
		k, _ := member(rules, id)
		action(k, "gate.rules."+id, a, GateActions)
		r := c.Rule(id)
		switch {
		case own[id]:
		case r == nil:
			faults.add(k.Line, "gate.rules: there is no rule %s%s", id, c.didYouMean(id))
		case r.Gate == nil:
			faults.add(k.Line, "gate.rules: %s cannot be judged from one object alone, so it is for fairway lint only", id)
		}
	}
	_, list = member(doc, "systemNamespaces")
	for i, n := range g.SystemNamespaces {
		if !namespaceName.MatchString(n) {
			faults.add(item(list, i).Line, "gate.systemNamespaces: %q is not the name of a namespace", n)
		}
	}
	if k, _ = member(doc, "paramsNamespace"); g.ParamsNamespace != "" && !namespaceName.MatchString(g.ParamsNamespace) {
		faults.add(k.Line, "gate.paramsNamespace: %q is not the name of a namespace", g.ParamsNamespace)
	}
	_, list = member(doc, "exemptions")
	for i := range g.Exemptions {
		g.Exemptions[i].check(c, item(list, i), own, faults)
	}
}

// item returns the i-th item of a list, the node itself when there is none.
func item(n *yaml.Node, i int) *yaml.Node {
	if n.Kind == yaml.SequenceNode && i < len(n.Content) {
		return n.Content[i]
	}
	return n
}

func (e *GateExemption) check(c *Catalogue, at *yaml.Node, own map[string]bool, faults *policyFaults) {
	e.Line = at.Line
	bad := func(format string, args ...any) { faults.add(e.Line, "gate.exemptions: "+format, args...) }
	if len(e.Rules) == 0 {
		bad("it names no rules")
	}
	for _, id := range e.Rules {
		switch r := c.Rule(id); {
		case own[id]:
		case r == nil:
			bad("there is no rule %s%s", id, c.didYouMean(id))
		case r.Gate == nil:
			bad("%s is not a rule of the gate", id)
		}
	}
	if !labelValue.MatchString(e.Label) {
		bad("label %q is not the value of a label: it names the exemption, such as node-metrics", e.Label)
	}
	for _, x := range [][2]string{{"reason", e.Reason}, {"owner", e.Owner}, {"expires", e.Expires}} {
		if x[1] == "" {
			bad("it needs %s", x[0])
		}
	}
	if _, err := parseDay(e.Expires); err != nil {
		bad("expires: %s", err)
	}
	if _, err := path.Match(e.Namespace, ""); err != nil {
		bad("namespace: %q is not a valid pattern", e.Namespace)
	}
}

func (o *OwnRule) check(c *Catalogue, at *yaml.Node, own map[string]bool, faults *policyFaults) {
	o.Line = at.Line
	o.ExpressionLine, o.MessageLine = textLine(at, "expression"), textLine(at, "message")
	bad := func(format string, args ...any) {
		faults.add(o.Line, "gate.own: %s", strings.TrimPrefix(fmt.Sprintf("%s: ", o.ID), ": ")+fmt.Sprintf(format, args...))
	}
	switch {
	case !idPattern.MatchString(o.ID) || len(o.ID) > 48:
		bad("the ID is not kebab-case of at most 48 letters")
	case c.Rule(o.ID) != nil:
		bad("fairway has a rule of this ID")
	case own[o.ID]:
		bad("the ID is there twice")
	}
	own[o.ID] = true
	for _, x := range [][2]string{{"title", o.Title}, {"how", o.How}, {"expression", o.Expression}} {
		if strings.TrimSpace(x[1]) == "" {
			bad("it needs %s", x[0])
		}
	}
	if len(o.Kinds) == 0 {
		bad("it names no kinds")
	}
}

// textLine returns the line on which a member's text begins.
func textLine(n *yaml.Node, key string) int {
	_, v := member(n, key)
	if v.Style == yaml.LiteralStyle || v.Style == yaml.FoldedStyle {
		return v.Line + 1
	}
	return v.Line
}
