package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	admission "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/gate"
	"github.com/fairway-k8s/fairway/internal/kube"
	"github.com/fairway-k8s/fairway/internal/problem"
	"github.com/fairway-k8s/fairway/internal/report"
)

func newGateStatus(e Env) *cobra.Command {
	var (
		policy string
		where  clusterFlags
	)
	output := choice{value: "text", choices: []string{"text", "json"}}
	cmd := &cobra.Command{
		Use:   "status",
		Short: "say which policies a cluster has, and what they would say today",
		Long: "Status reads a cluster and holds it against what this program and the policy file would export: which policies are installed and in force,\n" +
			"which are missing, outdated, edited by hand or left over, and what the API server's type check says of them. Then it judges what is in the\n" +
			"cluster today, in all namespaces or in one: what would be audited, warned about and denied if it came in now.\n\n" +
			"Nothing is written. Exit codes: 0 everything is in force, 1 something is not, 2 wrong usage, 3 part of the cluster could not be read,\n" +
			"10 the cluster could not be asked.",
		Example: "  fairway gate status\n  fairway gate status --context staging -n shop -o json",
		Args:    noArgs,
	}
	choiceFlag(cmd, &output, "output", "o", "how to show the result")
	cmd.Flags().StringVar(&policy, "policy", "", "policy file (default: "+PolicyFile+" here or in a folder above)")
	where.add(cmd)
	_ = cmd.Flags().MarkHidden("all-namespaces") // it is what happens without -n
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		plan, p, err := readPlan(e, policy)
		if err != nil {
			return err
		}
		where.all = where.namespace == ""
		c, in, err := where.list(cmd.Context(), e)
		if err != nil {
			return err
		}
		found, err := readGate(cmd.Context(), c, plan)
		if err != nil {
			return err
		}
		r, _, err := checkGate(cmd.Context(), plan, p, in, e)
		if err != nil {
			return err
		}
		s := newGateStanding(c, plan, found, r)
		if output.value == "json" {
			err = writeJSON(e.Stdout, s)
		} else {
			_, err = io.WriteString(e.Stdout, s.text(e.textWidth()))
		}
		switch {
		case err != nil:
			return err
		case len(r.failures) > 0:
			return exit(problem.ExitIncomplete)
		case !s.inForce():
			return exit(problem.ExitFindings)
		}
		return nil
	}
	return cmd
}

// readGate reads what a cluster has of the gate.
func readGate(ctx context.Context, c *kube.Client, plan *gate.Plan) (gate.Found, error) {
	var found gate.Found
	const group = "admissionregistration.k8s.io"
	refused := func(what string, err error) error {
		state, why := kube.StateOf(err)
		p := &problem.Problem{What: "the " + what + " cannot be read", Where: c.Server, Why: why, Exit: problem.ExitIncomplete, Err: err,
			Next: "ask for the right to list " + what + ", or run it as somebody who has it"}
		if state == cluster.NotServed {
			p.What, p.Next = "the cluster has no "+what, "Kubernetes has them since 1.30; until then fairway gate check is the gate"
		}
		return p
	}
	if err := c.Each(ctx, group, "v1", "validatingadmissionpolicies", "", func(raw json.RawMessage) error {
		var x admission.ValidatingAdmissionPolicy
		defer func() { found.Policies = append(found.Policies, x) }()
		return json.Unmarshal(raw, &x)
	}); err != nil {
		return found, refused("validatingadmissionpolicies", err)
	}
	if err := c.Each(ctx, group, "v1", "validatingadmissionpolicybindings", "", func(raw json.RawMessage) error {
		var x admission.ValidatingAdmissionPolicyBinding
		defer func() { found.Bindings = append(found.Bindings, x) }()
		return json.Unmarshal(raw, &x)
	}); err != nil {
		return found, refused("validatingadmissionpolicybindings", err)
	}
	if plan.Params() == nil {
		return found, nil
	}
	if err := c.Each(ctx, "", "v1", "configmaps", plan.ParamsNamespace, func(raw json.RawMessage) error {
		var x corev1.ConfigMap
		if err := json.Unmarshal(raw, &x); err != nil || x.Name != gate.ParamsName {
			return err
		}
		found.Params = &x
		return nil
	}); err != nil {
		return found, refused("configmaps in "+plan.ParamsNamespace, err)
	}
	return found, nil
}

// gateStanding is the answer of gate status; its JSON form is docs/schema/gate-status-v1.json.
type gateStanding struct {
	SchemaVersion int                `json:"schemaVersion"`
	Context       string             `json:"context"`
	Server        string             `json:"server"`
	Rules         []gateRuleJSON     `json:"rules"`
	Params        string             `json:"params"` // what is wrong with them, "" when nothing is
	Today         []gateTodayJSON    `json:"today"`
	Errors        []gateErrorJSON    `json:"errors"`
	Summary       map[gate.State]int `json:"summary"`
	Foreign       int                `json:"foreignPolicies"` // that are not the gate's
}

type gateRuleJSON struct {
	Rule     string     `json:"rule"`
	State    gate.State `json:"state"`
	Why      string     `json:"why"`
	Next     string     `json:"next"` // the command that mends it; "" where another export does
	Version  string     `json:"version"`
	Action   string     `json:"action"`
	Warnings []string   `json:"typeCheckWarnings"`
}

// gateTodayJSON is what a rule would say of what there is.
type gateTodayJSON struct {
	Rule       string              `json:"rule"`
	Action     string              `json:"action"`
	Objects    int                 `json:"objects"`
	Namespaces []gateNamespaceJSON `json:"namespaces"`
}

type gateNamespaceJSON struct {
	Namespace string   `json:"namespace"` // "" for objects without one
	Objects   int      `json:"objects"`
	Examples  []string `json:"examples"` // the first three
}

func newGateStanding(c *kube.Client, plan *gate.Plan, found gate.Found, r *gateResult) *gateStanding {
	standings, params := plan.Status(found, Version())
	s := &gateStanding{SchemaVersion: 1, Context: c.Context, Server: c.Server, Rules: []gateRuleJSON{}, Params: params, Today: today(r), Errors: []gateErrorJSON{},
		Summary: map[gate.State]int{gate.Missing: 0, gate.Edited: 0, gate.Outdated: 0, gate.Leftover: 0, gate.Force: 0}}
	for _, x := range standings {
		s.Summary[x.State]++
		s.Rules = append(s.Rules, gateRuleJSON{x.ID, x.State, x.Why, x.Next, x.Version, x.Action, append([]string{}, x.Warnings...)})
	}
	for _, p := range found.Policies {
		if p.Labels[gate.ManagedLabel] != gate.ManagedBy {
			s.Foreign++
		}
	}
	for _, x := range r.failures {
		s.Errors = append(s.Errors, gateErrorJSON{x.Place.File, x.Place.Line, x.Message, x.Hint})
	}
	return s
}

// today counts objects, not findings, by rule and namespace.
func today(r *gateResult) []gateTodayJSON {
	type key struct{ action, rule, namespace string }
	sets := map[key]map[finding.Ref]bool{}
	for _, d := range r.decisions {
		k := key{d.Action, d.Rule, d.Object.Namespace}
		if sets[k] == nil {
			sets[k] = map[finding.Ref]bool{}
		}
		sets[k][d.Object] = true
	}
	out := []gateTodayJSON{}
	for _, k := range slices.SortedFunc(maps.Keys(sets), func(a, b key) int {
		return cmp.Or(cmp.Compare(actionRank[a.action], actionRank[b.action]), strings.Compare(a.rule, b.rule), strings.Compare(a.namespace, b.namespace))
	}) {
		refs := slices.SortedFunc(maps.Keys(sets[k]), finding.Ref.Compare)
		if n := len(out); n == 0 || out[n-1].Rule != k.rule {
			out = append(out, gateTodayJSON{Rule: k.rule, Action: k.action})
		}
		t := &out[len(out)-1]
		t.Objects += len(refs)
		ns := gateNamespaceJSON{Namespace: k.namespace, Objects: len(refs), Examples: []string{}}
		for _, ref := range refs[:min(len(refs), 3)] {
			ns.Examples = append(ns.Examples, ref.Kind+"/"+ref.Name)
		}
		t.Namespaces = append(t.Namespaces, ns)
	}
	return out
}

var actionRank = map[string]int{gate.Deny: 0, gate.Warn: 1, gate.Audit: 2}

func (s *gateStanding) inForce() bool {
	return s.Params == "" && !slices.ContainsFunc(s.Rules, func(r gateRuleJSON) bool { return r.State != gate.Force || len(r.Warnings) > 0 })
}

// text shows a standing in lines of at most width columns where what they quote can be broken.
func (s *gateStanding) text(width int) string {
	var b strings.Builder
	name := s.Context
	if name == "" {
		name = s.Server
	}
	head := fmt.Sprintf("gate of %s: %s", name, report.Count(len(s.Rules), "rule", "rules"))
	for _, state := range []gate.State{gate.Force, gate.Missing, gate.Edited, gate.Outdated, gate.Leftover} {
		if n := s.Summary[state]; n > 0 {
			head += fmt.Sprintf(", %d %s", n, state)
		}
	}
	if s.Foreign > 0 {
		head += "; " + report.Count(s.Foreign, "policy", "policies") + " of others"
	}
	hang(&b, width, "", head)
	b.WriteByte('\n')
	for _, f := range s.faults() {
		hang(&b, width, fmt.Sprintf("  %-8s  ", f.state), f.of(len(s.Rules)))
		hang(&b, width, "            ", f.why)
		for _, next := range f.next {
			b.WriteString("            next: " + next + "\n") // one line, to be copied
		}
	}
	if s.Params != "" {
		hang(&b, width, "  params    ", s.Params)
	}
	if s.exportMends() {
		b.WriteString("  next: fairway gate export -o gate/ && kubectl apply --server-side -f gate/\n")
	}
	if !s.inForce() {
		b.WriteByte('\n')
	}
	if len(s.Today) == 0 {
		b.WriteString("Nothing that is there today breaks a rule of the gate.\n")
	} else {
		b.WriteString("If it came in today:\n")
	}
	column := 0
	for _, t := range s.Today {
		column = max(column, len(t.Rule))
	}
	for _, t := range s.Today {
		fmt.Fprintf(&b, "  %-5s  %-*s  %s\n", t.Action, column, t.Rule, report.Count(t.Objects, "object", "objects"))
		for _, n := range t.Namespaces {
			more := ""
			if left := n.Objects - len(n.Examples); left > 0 {
				more = fmt.Sprintf(" and %d more", left)
			}
			hang(&b, width, fmt.Sprintf("           %s %d: ", cmp.Or(n.Namespace, "(no namespace)"), n.Objects), strings.Join(n.Examples, ", ")+more)
		}
	}
	for _, x := range s.Errors {
		hang(&b, width, "error  ", x.Message)
		if x.Hint != "" {
			hang(&b, width, "       next: ", x.Hint)
		}
	}
	return report.CleanLines(b.String())
}

// gateFault is one thing that is wrong with one rule or, in the same words, with many.
type gateFault struct {
	state, why  string
	rules, next []string
}

// faults are what is not in force, in the order of the first rule of each.
func (s *gateStanding) faults() (all []*gateFault) {
	add := func(state, rule, why string) *gateFault {
		for _, f := range all {
			if f.state == state && f.why == why {
				f.rules = append(f.rules, rule)
				return f
			}
		}
		all = append(all, &gateFault{state: state, why: why, rules: []string{rule}})
		return all[len(all)-1]
	}
	for _, r := range s.Rules {
		if r.State != gate.Force {
			why := r.Why
			if r.Version != "" {
				why += " (version " + r.Version + ")"
			}
			if f := add(string(r.State), r.Rule, why); r.Next != "" {
				f.next = append(f.next, r.Next)
			}
		}
		for _, w := range r.Warnings {
			add("warning", r.Rule, "the API server's type check says of "+strings.Join(strings.Fields(w), " "))
		}
	}
	return all
}

// of names the rules of a fault, of so many in all.
func (f *gateFault) of(all int) string {
	if n := len(f.rules); n == all && n > 1 {
		return fmt.Sprintf("all %d rules", n)
	}
	return strings.Join(f.rules, ", ")
}

// exportMends reports whether another export, applied, mends something: what is left over has to be deleted.
func (s *gateStanding) exportMends() bool {
	return s.Params != "" || slices.ContainsFunc(s.Rules, func(r gateRuleJSON) bool {
		return r.State != gate.Force && r.State != gate.Leftover || len(r.Warnings) > 0
	})
}
