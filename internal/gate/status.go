package gate

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	admission "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// State is how a rule stands in a cluster.
type State string

// States, the worst first.
const (
	Missing  State = "missing"  // policy or binding is not there: nothing is judged
	Edited   State = "edited"   // somebody changed it in the cluster
	Outdated State = "outdated" // another version of Fairway, or another policy file, made it
	Leftover State = "leftover" // the plan has it no more
	Force    State = "in force"
)

// Found is what a cluster has of the gate.
type Found struct {
	Policies []admission.ValidatingAdmissionPolicy
	Bindings []admission.ValidatingAdmissionPolicyBinding
	Params   *corev1.ConfigMap // nil when it is not there
}

// Standing is how one rule stands.
type Standing struct {
	ID       string
	State    State
	Why      string   // in words; "" for what is in force
	Next     string   // the command that mends it; "" where another export does
	Version  string   // of the Fairway that made it; "" when it is missing
	Action   string   // what the binding in the cluster says; "" without one
	Warnings []string // of the API server's type check
}

// Status holds a cluster against a plan: how each of its rules stands, and what else there is of the gate, in the order of IDs. params says
// what is wrong with the parameters, "" when nothing is.
func (p *Plan) Status(found Found, version string) (standings []Standing, params string) {
	policies := map[string]*admission.ValidatingAdmissionPolicy{}
	for i := range found.Policies {
		policies[found.Policies[i].Name] = &found.Policies[i]
	}
	bindings := map[string]*admission.ValidatingAdmissionPolicyBinding{}
	for i := range found.Bindings {
		bindings[found.Bindings[i].Name] = &found.Bindings[i]
	}
	expected := map[string]bool{}
	for _, want := range p.All(version) {
		id := want.Policy.Labels[RuleLabel]
		expected[want.Policy.Name], expected[want.Binding.Name] = true, true
		standings = append(standings, stand(id, want, policies[want.Policy.Name], bindings[want.Binding.Name]))
	}
	of := map[string][]string{} // bindings that nobody expects, by policy
	for _, name := range slices.Sorted(maps.Keys(bindings)) {
		if b := bindings[name]; !expected[name] {
			of[b.Spec.PolicyName] = append(of[b.Spec.PolicyName], name)
		}
	}
	leftover := func(x *metav1.ObjectMeta, binding *admission.ValidatingAdmissionPolicyBinding, why string, remove []string) {
		standings = append(standings, Standing{ID: cmp.Or(x.Labels[RuleLabel], x.Name), State: Leftover, Version: x.Labels[VersionLabel], Action: actionOf(binding),
			Why: why, Next: "kubectl delete " + strings.Join(remove, " ")})
	}
	for _, name := range slices.Sorted(maps.Keys(policies)) {
		x := policies[name]
		if expected[name] || x.Labels[ManagedLabel] != ManagedBy {
			continue
		}
		remove := []string{"validatingadmissionpolicy/" + name}
		var bound *admission.ValidatingAdmissionPolicyBinding
		for _, b := range of[name] {
			remove, bound = append(remove, "validatingadmissionpolicybinding/"+b), bindings[b]
		}
		delete(of, name)
		leftover(&x.ObjectMeta, bound, "the policy file has it no more", remove)
	}
	for _, policy := range slices.Sorted(maps.Keys(of)) {
		for _, name := range of[policy] {
			if b := bindings[name]; expected[policy] || b.Labels[ManagedLabel] == ManagedBy {
				leftover(&b.ObjectMeta, b, "a binding of policy "+policy+" that the policy file does not ask for", []string{"validatingadmissionpolicybinding/" + name})
			}
		}
	}
	slices.SortStableFunc(standings, func(a, b Standing) int { return strings.Compare(a.ID, b.ID) })
	return standings, p.paramsFault(found.Params)
}

func stand(id string, want Installed, policy *admission.ValidatingAdmissionPolicy, binding *admission.ValidatingAdmissionPolicyBinding) Standing {
	s := Standing{ID: id, State: Force, Action: actionOf(binding)}
	if policy != nil {
		s.Version = policy.Labels[VersionLabel]
		if policy.Status.TypeChecking != nil {
			for _, w := range policy.Status.TypeChecking.ExpressionWarnings {
				s.Warnings = append(s.Warnings, w.FieldRef+": "+w.Warning)
			}
		}
	}
	switch {
	case policy == nil && binding == nil:
		s.State, s.Why = Missing, "it is not installed"
	case policy == nil:
		s.State, s.Why = Missing, "the binding is there, and the policy is not"
	case binding == nil:
		s.State, s.Why = Missing, "the policy is there, and without its binding "+want.Binding.Name+" it does nothing"
	default:
		s.State, s.Why = compare("policy", policy.Spec, want.Policy.Spec, policy.Annotations[DigestAnnotation])
		if state, why := compare("binding", binding.Spec, want.Binding.Spec, binding.Annotations[DigestAnnotation]); s.State == Force || s.State == Outdated && state == Edited {
			s.State, s.Why = state, why
		}
	}
	return s
}

// compare tells an edit, after which the spec is not what its own digest says, from another export.
func compare(what string, have, want any, digest string) (State, string) {
	switch got := Digest(have); {
	case got == Digest(want):
		return Force, ""
	case got == digest:
		return Outdated, "its " + what + " was exported by another version or with another policy file: " + difference(have, want)
	}
	return Edited, "its " + what + " was edited in the cluster: " + difference(have, want)
}

// difference names the first field in which two specs differ.
func difference(have, want any) string {
	var a, b any
	for v, into := range map[*any]any{&a: have, &b: want} {
		data, err := json.Marshal(into)
		if err != nil {
			panic(err) // types of k8s.io/api
		}
		_ = json.Unmarshal(data, v)
	}
	path, x, y := differ("spec", a, b)
	return fmt.Sprintf("%s is %s, not %s", path, brief(x), brief(y))
}

func differ(path string, a, b any) (string, any, any) {
	switch x := a.(type) {
	case map[string]any:
		y, ok := b.(map[string]any)
		if !ok {
			break
		}
		keys := slices.Collect(maps.Keys(x))
		for k := range y {
			if _, ok := x[k]; !ok {
				keys = append(keys, k)
			}
		}
		slices.Sort(keys)
		for _, k := range keys {
			if Digest(x[k]) != Digest(y[k]) {
				return differ(path+"."+k, x[k], y[k])
			}
		}
	case []any:
		y, ok := b.([]any)
		if !ok || len(x) != len(y) {
			break
		}
		for i := range x {
			if Digest(x[i]) != Digest(y[i]) {
				return differ(fmt.Sprintf("%s[%d]", path, i), x[i], y[i])
			}
		}
	}
	return path, a, b
}

func brief(v any) string {
	if v == nil {
		return "absent"
	}
	data, _ := json.Marshal(v)
	if r := []rune(string(data)); len(r) > 60 {
		return string(r[:57]) + "..."
	}
	return string(data)
}

func actionOf(b *admission.ValidatingAdmissionPolicyBinding) string {
	if b == nil {
		return ""
	}
	words := make([]string, len(b.Spec.ValidationActions))
	for i, a := range b.Spec.ValidationActions {
		words[i] = strings.ToLower(string(a))
	}
	return strings.Join(words, "+")
}

// paramsFault says what is wrong with the ConfigMap of parameters.
func (p *Plan) paramsFault(have *corev1.ConfigMap) string {
	want := p.Params()
	switch {
	case want == nil:
		return ""
	case have == nil:
		return fmt.Sprintf("ConfigMap %s/%s is missing: the rules with parameters judge nothing", want.Namespace, want.Name)
	}
	var all []string
	for _, k := range slices.Sorted(maps.Keys(want.Data)) {
		if v, ok := have.Data[k]; !ok {
			all = append(all, k+" is not set, and counts as exported")
		} else if v != want.Data[k] {
			all = append(all, fmt.Sprintf("%s is %q, not %q", k, v, want.Data[k]))
		}
	}
	if len(all) == 0 {
		return ""
	}
	return fmt.Sprintf("ConfigMap %s/%s differs from the policy file: %s", want.Namespace, want.Name, strings.Join(all, "; "))
}
