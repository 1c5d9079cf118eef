package gate

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	admission "k8s.io/api/admissionregistration/v1"

	"github.com/fairway-k8s/fairway/internal/gate"
	"github.com/fairway-k8s/fairway/internal/rule/catalogue"
	"github.com/fairway-k8s/fairway/internal/testkit/bed"
	"github.com/fairway-k8s/fairway/internal/testkit/gatecases"
)

// Each test has a control plane of its own: an API server of 1.36 follows parameters of a built-in kind no more once no binding names the kind
// (kubernetes/kubernetes#130887), and a test that takes its policies away would leave such a one behind.

// TestTwins holds rules against policies in the API server, for every object. First the policies warn, under names so short that all warnings
// of one answer fit into its headers: those that warn have to be the rules that fire, for the same containers. Then they are installed as
// exported, to deny: what any rule finds is denied, by a rule that finds it, and nothing else is.
func TestTwins(t *testing.T) {
	b := bed.ControlPlane(t)
	plan, err := gate.NewPlan(catalogue.New(), gatecases.Everything(gate.Deny), gatecases.Today)
	if err != nil {
		t.Fatal(err)
	}
	subjects, refused := subjects(t, plan)
	namespaces := prepare(t, b, subjects)
	t.Logf("%d rules, %d objects in %d namespaces; %d more that an API server refuses", len(plan.Entries), len(subjects), namespaces, refused)
	s := newServer(t, b)

	b.Kubectl(t, short(t, plan), "apply", "--server-side", "--force-conflicts", "-f", "-")
	settled(t, s, plan, subjects)
	fired, silent := map[string]int{}, map[string]int{}
	asked := compare(t, s, subjects, func(x *gatecases.Subject, a answer) {
		warned := map[string]string{}
		for _, w := range a.warnings {
			if m := shortWarning.FindStringSubmatch(w); m != nil {
				warned[m[1]] = m[2]
			} else if strings.Contains(w, "ValidatingAdmissionPolicy") {
				t.Errorf("%s: a warning that is no finding: %s", x.Name, w)
			}
		}
		for i, e := range plan.Entries {
			if !slices.Contains(e.Kinds(), x.Kind) {
				continue
			}
			text, fires := warned[fmt.Sprint(i)]
			got := ""
			if fires {
				fired[e.ID]++
				got = gatecases.Denied(e, e.ID+" (container "+text+"). ")
			} else {
				silent[e.ID]++
			}
			if want := expected(plan, e, x); want != got {
				t.Errorf("%s: %s: the rule says %q, the API server %q\n%s", x.Name, e.ID, want, got, x.Text)
			}
		}
	})
	if asked < 2000 {
		t.Errorf("%d objects are fewer than 2,000", asked)
	}
	for _, e := range plan.Entries {
		if fired[e.ID] < 5 || silent[e.ID] < 5 {
			t.Errorf("%s: warned %d times, let pass %d times: not a test of both ways", e.ID, fired[e.ID], silent[e.ID])
		}
	}

	b.Kubectl(t, export(plan), "apply", "--server-side", "--force-conflicts", "-f", "-")
	b.Kubectl(t, "", "delete", "validatingadmissionpolicies,validatingadmissionpolicybindings", "--selector=!"+gate.RuleLabel)
	typeChecked(t, b, len(plan.Entries))
	until(t, time.Minute, "the policies deny", func() bool {
		a, err := s.ask(t, &subjects[0])
		return err == nil && a.denied != ""
	})
	time.Sleep(3 * time.Second) // the API server takes in all policies at once, every second
	denied, passed := 0, 0
	var some []gatecases.Subject // the comparison above was of all
	for i := 0; i < len(subjects); i += 5 {
		some = append(some, subjects[i])
	}
	compare(t, s, some, func(x *gatecases.Subject, a answer) {
		findings := map[string]string{}
		for _, e := range plan.Entries {
			if slices.Contains(e.Kinds(), x.Kind) && expected(plan, e, x) != "" {
				findings[e.ID] = expected(plan, e, x)
			}
		}
		id, _, _ := strings.Cut(a.denied, ": ")
		switch {
		case a.denied == "" && len(findings) == 0:
			passed++
		case a.denied == "":
			t.Errorf("%s: passes, and rules find %v", x.Name, findings)
		case plan.Entry(id) == nil || gatecases.Denied(plan.Entry(id), a.denied) != findings[id]:
			t.Errorf("%s: denied for %q, and rules find %v", x.Name, a.denied, findings)
		default:
			denied++
		}
	})
	t.Logf("as exported: %d denied, %d let pass", denied, passed)
}

func subjects(t *testing.T, plan *gate.Plan) (all []gatecases.Subject, refused int) {
	t.Helper()
	cases, err := gatecases.Fixtures("../..")
	if err != nil {
		t.Fatal(err)
	}
	cases = append(cases, gatecases.Generate(2, 1000)...)
	for i := range cases {
		cases[i].Text = placed(cases[i].Text)
	}
	all, refused, err = gatecases.Subjects(plan, cases)
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(all, func(x gatecases.Subject) bool {
		group, version, _, ok := gate.Resource(x.Kind)
		return !ok || x.Object["apiVersion"] != strings.TrimPrefix(group+"/"+version, "/")
	}), refused
}

var shortWarning = regexp.MustCompile(`^Validation failed for ValidatingAdmissionPolicy 'p[0-9]+' with binding 'p[0-9]+': ([0-9]+)\(([^)]*)\)$`)

// short renders the policies of a plan with short names and messages, to warn: N(CONTAINERS), N the place of the rule in the plan.
func short(t *testing.T, plan *gate.Plan) string {
	t.Helper()
	list := []any{}
	if params := plan.Params(); params != nil {
		list = append(list, map[string]any{"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": params.Namespace}}, params)
	}
	for i, e := range plan.Entries {
		x := plan.Install(e)
		x.Policy.Name = fmt.Sprint("p", i)
		x.Binding.Name, x.Binding.Spec.PolicyName = x.Policy.Name, x.Policy.Name
		x.Binding.Spec.ValidationActions = []admission.ValidationAction{admission.Warn}
		x.Policy.Spec.Validations[0].MessageExpression = fmt.Sprintf("'%d(' + variables.found.join(', ') + ')'", i)
		list = append(list, x.Policy, x.Binding)
	}
	data, err := json.Marshal(map[string]any{"apiVersion": "v1", "kind": "List", "items": list})
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// compare asks for every subject, several at a time, and gives the answers to judge one by one.
func compare(t *testing.T, s *server, subjects []gatecases.Subject, judge func(*gatecases.Subject, answer)) (asked int) {
	t.Helper()
	start := time.Now()
	var mu sync.Mutex
	elsewhere := map[string]int{}
	next := make(chan *gatecases.Subject)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for x := range next {
				a, err := s.ask(t, x)
				mu.Lock()
				switch {
				case err != nil:
					t.Errorf("%s: %v", x.Name, err)
				case a.refused != "":
					elsewhere[reason(a.refused)]++
				default:
					asked++
					judge(x, a)
				}
				mu.Unlock()
			}
		})
	}
	for i := range subjects {
		next <- &subjects[i]
	}
	close(next)
	wg.Wait()
	t.Logf("%d objects judged in %s; refused for other reasons: %v", asked, time.Since(start).Round(time.Second), elsewhere)
	return asked
}

// expected is what the API server has to say: nothing in system namespaces and of what a controller made.
func expected(plan *gate.Plan, e *gate.Entry, x *gatecases.Subject) string {
	meta := x.Object["metadata"].(map[string]any)
	namespace, _ := meta["namespace"].(string)
	if x.Kind == "Namespace" {
		namespace, _ = meta["name"].(string)
	}
	if slices.Contains(plan.System, namespace) || x.Owned() {
		return ""
	}
	return x.Judged(e)
}

// placed gives an object of a manifest a namespace when it says none; kinds without one ignore it.
func placed(text string) string {
	var o map[string]any
	if json.Unmarshal([]byte(text), &o) != nil {
		return text
	}
	kind, _ := o["kind"].(string)
	meta, ok := o["metadata"].(map[string]any)
	if !ok || clusterScoped[kind] {
		return text
	}
	if _, ok := meta["namespace"]; !ok {
		meta["namespace"] = "somewhere"
	}
	data, err := json.Marshal(o)
	if err != nil {
		panic(err)
	}
	return string(data)
}

var clusterScoped = map[string]bool{"Namespace": true, "PersistentVolume": true, "ClusterRole": true, "ClusterRoleBinding": true, "StorageClass": true}

// prepare makes the namespaces of the subjects, what pods in them refer to, and waits until their accounts are there.
func prepare(t *testing.T, b *bed.Bed, subjects []gatecases.Subject) int {
	t.Helper()
	names := map[string]bool{}
	for i := range subjects {
		meta := subjects[i].Object["metadata"].(map[string]any)
		if n, ok := meta["namespace"].(string); ok {
			names[n] = true
		}
	}
	list := []any{map[string]any{"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": map[string]any{"name": "high"}, "value": 1000}}
	for n := range names {
		if !strings.HasPrefix(n, "kube-") && n != "default" {
			list = append(list, map[string]any{"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": n}})
		}
	}
	data, err := json.Marshal(map[string]any{"apiVersion": "v1", "kind": "List", "items": list})
	if err != nil {
		t.Fatal(err)
	}
	b.Kubectl(t, string(data), "apply", "--server-side", "--force-conflicts", "-f", "-")
	until(t, time.Minute, "every namespace has a default account", func() bool {
		return strings.Count(b.Kubectl(t, "", "get", "serviceaccounts", "-A", "--field-selector=metadata.name=default", "-o=name"), "\n") >= len(names)
	})
	return len(names)
}

// typeChecked waits until the API server has checked the types of all expressions, and wants no warning.
func typeChecked(t *testing.T, b *bed.Bed, want int) {
	t.Helper()
	var list admission.ValidatingAdmissionPolicyList
	until(t, 2*time.Minute, "all policies are type-checked", func() bool {
		if err := json.Unmarshal([]byte(b.Kubectl(t, "", "get", "validatingadmissionpolicies", "-o=json")), &list); err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, p := range list.Items {
			if p.Status.TypeChecking != nil && p.Status.ObservedGeneration == p.Generation {
				n++
			}
		}
		return n == len(list.Items) && n >= want
	})
	for _, p := range list.Items {
		for _, w := range p.Status.TypeChecking.ExpressionWarnings {
			t.Errorf("%s: %s: %s", p.Name, w.FieldRef, w.Warning)
		}
	}
	t.Logf("%d policies type-checked", len(list.Items))
}

// settled waits until the API server enforces every policy of short: each has an object that it warns about.
func settled(t *testing.T, s *server, plan *gate.Plan, subjects []gatecases.Subject) {
	t.Helper()
	warns := func(i int, e *gate.Entry) bool {
		for k := range subjects {
			x := &subjects[k]
			if !slices.Contains(e.Kinds(), x.Kind) || expected(plan, e, x) == "" {
				continue
			}
			a, err := s.ask(t, x)
			if err != nil {
				t.Fatal(err)
			}
			if a.refused == "" {
				return slices.ContainsFunc(a.warnings, func(w string) bool { return strings.Contains(w, fmt.Sprintf("'p%d'", i)) })
			}
		}
		t.Fatalf("%s: no object breaks it", e.ID)
		return false
	}
	for i, e := range plan.Entries {
		until(t, time.Minute, e.ID+" is enforced", func() bool { return warns(i, e) })
	}
}

func (s *server) ask(t *testing.T, x *gatecases.Subject) (answer, error) {
	meta := x.Object["metadata"].(map[string]any)
	namespace, _ := meta["namespace"].(string)
	return s.create(t.Context(), path(x.Kind, namespace), []byte(x.Text))
}

// reason shortens a refusal to what many have in common.
func reason(message string) string {
	for _, known := range []string{"already exists", "PriorityClass", "cannot be set", "not found", "RuntimeClass", "Invalid value", "forbidden", "does not match"} {
		if strings.Contains(message, known) {
			return known
		}
	}
	return fmt.Sprintf("%.80s", message)
}
