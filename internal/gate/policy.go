package gate

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	admission "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/fairway-k8s/fairway/internal/rule"
)

const (
	// LabelPrefix, with a rule's ID, is the label by which an object claims an exemption of the policy file.
	LabelPrefix = "gate.fairway-k8s.io/exempt-"
	// ParamsName is the ConfigMap that holds the parameters of rules, as rule.parameter.
	ParamsName = "fairway-gate-params"
)

// Installed is what an entry becomes in a cluster.
type Installed struct {
	Entry   *Entry // nil for the NetworkPolicy gate
	Policy  *admission.ValidatingAdmissionPolicy
	Binding *admission.ValidatingAdmissionPolicyBinding
}

// Name is the name of the policy of a rule, and of its binding.
func (e *Entry) Name() string {
	if e.Own != nil {
		return "fairway-own-" + e.ID
	}
	return "fairway-" + e.ID
}

// Install makes the policy and the binding of an entry.
func (p *Plan) Install(e *Entry) Installed {
	kinds := e.Kinds()
	v := &admission.ValidatingAdmissionPolicy{
		TypeMeta:   metav1.TypeMeta{APIVersion: "admissionregistration.k8s.io/v1", Kind: "ValidatingAdmissionPolicy"},
		ObjectMeta: metav1.ObjectMeta{Name: e.Name()},
		Spec: admission.ValidatingAdmissionPolicySpec{
			FailurePolicy:    ptr(admission.Fail),
			MatchConstraints: p.matching(kinds),
			MatchConditions:  e.conditions(),
			Variables:        e.variables(p.Inline),
			Validations:      []admission.Validation{e.validation()},
		},
	}
	if e.Own != nil {
		// Nobody has proved that the expression has an answer for every object, and an error in it is no reason to stop a deployment.
		v.Spec.FailurePolicy = ptr(admission.Ignore)
	}
	b := binding(v.Name, e.Action)
	if len(e.paramNames()) > 0 && !p.Inline {
		v.Spec.ParamKind = &admission.ParamKind{APIVersion: "v1", Kind: "ConfigMap"}
		b.Spec.ParamRef = &admission.ParamRef{Name: ParamsName, Namespace: p.ParamsNamespace, ParameterNotFoundAction: ptr(admission.AllowAction)}
	}
	return Installed{e, v, b}
}

func binding(name, action string) *admission.ValidatingAdmissionPolicyBinding {
	actions := map[string]admission.ValidationAction{Audit: admission.Audit, Warn: admission.Warn, Deny: admission.Deny}
	return &admission.ValidatingAdmissionPolicyBinding{
		TypeMeta:   metav1.TypeMeta{APIVersion: "admissionregistration.k8s.io/v1", Kind: "ValidatingAdmissionPolicyBinding"},
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec:       admission.ValidatingAdmissionPolicyBindingSpec{PolicyName: name, ValidationActions: []admission.ValidationAction{actions[action]}},
	}
}

// matching says which requests concern a policy. What the API server would fill in is filled in, so that a comparison with what a cluster
// has finds no difference where there is none.
func (p *Plan) matching(kinds []string) *admission.MatchResources {
	return &admission.MatchResources{
		NamespaceSelector: &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{
			{Key: corev1.LabelMetadataName, Operator: metav1.LabelSelectorOpNotIn, Values: p.System},
		}},
		ObjectSelector: &metav1.LabelSelector{},
		ResourceRules:  rulesFor(kinds),
		MatchPolicy:    ptr(admission.Equivalent),
	}
}

func ptr[T any](v T) *T { return &v }

// Kinds are those that the rule is asked about.
func (e *Entry) Kinds() []string {
	switch {
	case e.Own != nil:
		return e.Own.Kinds
	case e.Rule.Gate.Object != "":
		return e.Rule.Gate.Kinds
	}
	return podKinds
}

// notOwned is true for objects that nobody made from a template that is judged itself.
var notOwned = "!object.metadata.?ownerReferences.orValue([]).exists(o, o.?controller.orValue(false) &&\n" +
	"  o.apiVersion in ['apps/v1', 'batch/v1', 'v1'] && o.kind in " + quoteList(slices.Concat(podKinds, []string{"Node"})) + ")"

func (e *Entry) conditions() []admission.MatchCondition {
	var out []admission.MatchCondition
	if slices.ContainsFunc(e.Kinds(), func(k string) bool { return resources[k].pods }) {
		out = append(out, admission.MatchCondition{Name: "not-made-by-a-controller", Expression: notOwned})
	}
	for i := range e.passing {
		x := &e.passing[i]
		out = append(out, admission.MatchCondition{Name: "exemption-" + strconv.Itoa(i+1), Expression: "!(" + x.cel(e.ID) + ")"})
	}
	return out
}

// cel is covers in CEL.
func (x *Exemption) cel(id string) string {
	var all []string
	if x.Label != "" {
		all = append(all, fmt.Sprintf("object.metadata.?labels[?%s].orValue('') == %s", quote(LabelPrefix+id), quote(x.Label)))
	}
	if x.Kind != "" {
		all = append(all, "object.kind == "+quote(x.Kind))
	}
	for _, f := range [][2]string{{"namespace", x.Namespace}, {"name", x.Name}} {
		if f[1] != "" {
			all = append(all, fmt.Sprintf("object.metadata.?%s.orValue('').matches(%s)", f[0], quote(fromGlob(f[1]))))
		}
	}
	return strings.Join(all, " && ")
}

// Variables of every policy that is about pods. A Pod has its spec elsewhere than a Deployment, and a CronJob elsewhere again; dyn says
// to the API server's type check that this is known.
const (
	celPod      = "object.kind == 'Pod' ? dyn(object).spec :\nobject.kind == 'CronJob' ? dyn(object).spec.jobTemplate.spec.template.spec : dyn(object).spec.template.spec"
	celTemplate = "object.kind == 'Pod' ? dyn(object).metadata :\nobject.kind == 'CronJob' ? dyn(object).spec.jobTemplate.spec.template.?metadata.orValue({}) :\n" +
		"dyn(object).spec.template.?metadata.orValue({})"
	celContainers = "pod.?initContainers.orValue([]) + pod.containers"
	celRunning    = "pod.containers + pod.?initContainers.orValue([]).filter(i, i.?restartPolicy.orValue('') == 'Always')"
)

var podLets = []rule.Let{{Name: "pod", Expression: celPod}, {Name: "template", Expression: celTemplate},
	{Name: "containers", Expression: celContainers}, {Name: "running", Expression: celRunning}}

// variables are the parts of the judgement by name, and each again for the object as it was before an update.
func (e *Entry) variables(inline bool) []admission.Variable {
	lets, found, foundBefore := e.lets()
	lets = append(lets, rule.Let{Name: "found", Expression: found})
	roots := []string{"found"}
	if e.Own != nil && e.Own.Message != "" {
		lets = append(lets, rule.Let{Name: "message", Expression: strings.TrimSpace(e.Own.Message)})
		roots = append(roots, "message")
	}
	lets = needed(lets, roots)
	var out []admission.Variable
	for _, p := range e.paramNames() {
		out = append(out, admission.Variable{Name: paramVariable(p.Name), Expression: e.paramCEL(p, inline)})
	}
	isLet := map[string]bool{}
	for _, l := range lets {
		isLet[l.Name] = true
	}
	for _, before := range []bool{false, true} {
		suffix := ""
		if before {
			suffix = "Before"
		}
		names := func(word string) string {
			switch {
			case isLet[word]:
				return "variables." + word + suffix
			case word == "object" && before:
				return "oldObject"
			}
			return word
		}
		for _, l := range lets {
			if before && l.Name == "message" {
				continue
			}
			x := l.Expression
			if before && l.Name == "found" && foundBefore != "" {
				x = foundBefore
			}
			for _, p := range e.paramNames() {
				x = strings.ReplaceAll(x, "param."+p.Name, "variables."+paramVariable(p.Name))
			}
			out = append(out, admission.Variable{Name: l.Name + suffix, Expression: rename(x, names)})
		}
	}
	return out
}

// lets returns named expressions, and the one for what breaks the rule: the names of the containers that do, or one empty name for the
// object. before is the same for the object before an update, "" where it does not differ: what a worse fault hid was there already.
func (e *Entry) lets() (lets []rule.Let, found, before string) {
	if e.Own != nil {
		if !slices.ContainsFunc(e.Own.Kinds, func(k string) bool { return !resources[k].pods }) {
			lets = slices.Clone(podLets)
		}
		return lets, "(" + strings.TrimSpace(e.Own.Expression) + "\n) ? [] : ['']", ""
	}
	g := e.Rule.Gate
	if g.Object == "" {
		lets = slices.Clone(podLets)
	}
	lets = append(lets, g.Let...)
	switch {
	case g.Container != "":
		list := g.Of
		if list == "" {
			list = "containers"
		}
		names := func(x string) string { return list + ".filter(c,\n  " + x + "\n).map(c, c.name)" }
		if o := g.Outdone; o != nil {
			return lets, names("!(" + o.Container + ") && (" + g.Container + ")"), names("(" + o.Container + ") || (" + g.Container + ")")
		}
		return lets, names(g.Container), ""
	case g.Pod != "":
		return lets, "(" + g.Pod + ") ? [''] : []", ""
	}
	return lets, "(" + g.Object + ") ? [''] : []", ""
}

// OwnExpressions returns what an organisation wrote, to be compiled by itself: with the variables that it may use, names put in place. Lines are
// those of the policy file.
func (e *Entry) OwnExpressions() (variables []admission.Variable, expression, message string) {
	lets, _, _ := e.lets()
	names := map[string]bool{}
	for _, l := range lets {
		names[l.Name] = true
	}
	in := func(x string) string {
		return rename(x, func(word string) string {
			if names[word] {
				return "variables." + word
			}
			return word
		})
	}
	for _, l := range lets {
		variables = append(variables, admission.Variable{Name: l.Name, Expression: in(l.Expression)})
	}
	return variables, in(strings.TrimRight(e.Own.Expression, "\n")), in(strings.TrimRight(e.Own.Message, "\n"))
}

// needed keeps the named expressions that roots use, directly or through others.
func needed(lets []rule.Let, roots []string) []rule.Let {
	used := map[string]bool{}
	for _, name := range roots {
		used[name] = true
	}
	for i := len(lets) - 1; i >= 0; i-- {
		if used[lets[i].Name] {
			rename(lets[i].Expression, func(word string) string { used[word] = true; return word })
		}
	}
	return slices.DeleteFunc(lets, func(l rule.Let) bool { return !used[l.Name] })
}

// added are the findings of an update that were not there before.
const added = "variables.found.filter(f, oldObject == null || !(f in variables.foundBefore))"

func (e *Entry) validation() admission.Validation {
	where := ""
	if e.Rule != nil && e.Rule.Gate.Container != "" {
		where = " + ' (container ' + " + added + ".join(', ') + ')'"
	}
	if e.Own != nil && e.Own.Message != "" {
		where = " + ': ' + variables.message"
	}
	rest := e.rest()
	return admission.Validation{
		Expression:        "size(" + added + ") == 0",
		Message:           e.ID + ": " + oneLine(e.Title) + rest,
		MessageExpression: quote(e.ID+": "+oneLine(e.Title)) + where + " +\n" + quote(rest),
		Reason:            ptr(metav1.StatusReasonForbidden),
	}
}

// rest is what every message of a rule ends in.
func (e *Entry) rest() string {
	rest := ". "
	if e.Why != "" {
		rest += "Why: " + firstSentence(e.Why) + " "
	}
	rest += "Fix: " + strings.TrimSuffix(oneLine(e.How), ".") + "."
	if e.Rule != nil {
		rest += " More: fairway explain " + e.ID
	}
	return rest
}

// Said returns what is particular in a message of the rule's policy: title, containers, and an own rule's words.
func (e *Entry) Said(message string) string {
	return strings.TrimSuffix(strings.TrimPrefix(message, e.ID+": "), strings.TrimSpace(e.rest()))
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// firstSentence returns the first sentence, with its full stop.
func firstSentence(s string) string {
	s = oneLine(s)
	if i := strings.Index(s, ". "); i >= 0 {
		return s[:i+1]
	}
	return strings.TrimSuffix(s, ".") + "."
}

func (e *Entry) paramNames() []rule.Param {
	if e.Rule == nil {
		return nil
	}
	return e.Rule.Params
}

func paramVariable(name string) string { return "param" + strings.ToUpper(name[:1]) + name[1:] }

// paramCEL is a parameter, read from the ConfigMap unless it is inline. What is absent or malformed is as the plan has it.
func (e *Entry) paramCEL(p rule.Param, inline bool) string {
	key := quote(e.ID + "." + p.Name)
	text := "params.?data[?" + key + "].orValue('')"
	number := func(pattern, convert, fallback string) string {
		if inline {
			return fallback
		}
		return text + ".matches(" + quote(pattern) + ") ? " + convert + "(params.data[" + key + "]) : " + fallback
	}
	switch v := e.param(p).(type) {
	case int:
		return number(`^[0-9]{1,9}$`, "int", strconv.Itoa(v))
	case float64:
		fallback := strconv.FormatFloat(v, 'f', -1, 64)
		if !strings.Contains(fallback, ".") {
			fallback += ".0"
		}
		return number(`^[0-9]{1,9}([.][0-9]{1,9})?$`, "double", fallback)
	case []string:
		if inline {
			return quoteList(v)
		}
		return text + " != '' ? params.data[" + key + "].split(',') : " + quoteList(v)
	case string:
		if inline {
			return quote(v)
		}
		return text + " != '' ? params.data[" + key + "] : " + quote(v)
	}
	panic("parameter " + p.Name + " of rule " + e.ID + " has no form in CEL")
}

func (e *Entry) param(p rule.Param) any {
	if v, ok := e.params[p.Name]; ok {
		return v
	}
	return p.Default
}
