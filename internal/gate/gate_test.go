package gate

import (
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fairway-k8s/fairway/internal/rule"
	"github.com/fairway-k8s/fairway/internal/rule/catalogue"
)

var today = time.Date(2026, 11, 28, 0, 0, 0, 0, time.UTC)

func planOf(t *testing.T, text string) *Plan {
	t.Helper()
	p, err := rule.ParsePolicy("policy.yaml", []byte(text), catalogue.New())
	if err != nil {
		t.Fatal(err)
	}
	plan, err := NewPlan(catalogue.New(), p, today)
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

func TestRename(t *testing.T) {
	for _, c := range [][2]string{
		{"pod.x", "P.x"},
		{"a.pod + a.?pod + pod", "a.pod + a.?pod + P"},
		{"'pod' + \"pod\" + pod", "'pod' + \"pod\" + P"},
		{`'it\'s pod' + pod`, `'it\'s pod' + P`},
		{`r'\' + pod`, `r'\' + P`},
		{`matches(r'pod\s', pod)`, `matches(r'pod\s', P)`},
		{"pods + podx + xpod + pod1", "pods + podx + xpod + pod1"},
		{"x ? pod : pod", "x ? P : P"},
		{"[pod, {'pod': pod}]", "[P, {'pod': P}]"},
		{"", ""},
	} {
		got := rename(c[0], func(w string) string {
			if w == "pod" {
				return "P"
			}
			return w
		})
		if got != c[1] {
			t.Errorf("rename(%s) = %s, want %s", c[0], got, c[1])
		}
	}
}

// A pattern of RE2 means what the glob does, for all names of a few letters.
func TestFromGlob(t *testing.T) {
	var names []string
	letters := "ab.-*"
	for _, a := range letters {
		for _, b := range letters {
			names = append(names, "", string(a), string(a)+string(b), string(a)+string(b)+"a", "x"+string(a))
		}
	}
	for _, glob := range []string{"a", "*", "a*", "*a", "a?", "[ab]", "[^a]*", "[a-b].", "a.b", "a-*", `\*`, `a\*`, "", "?", "*-*", "a+", "(a)"} {
		re, err := regexp.Compile(fromGlob(glob))
		if err != nil {
			t.Errorf("%s: %v", glob, err)
			continue
		}
		for _, n := range names {
			if want, err := path.Match(glob, n); err != nil || re.MatchString(n) != want {
				t.Errorf("glob %s, pattern %s, name %q: %v, want %v (%v)", glob, re, n, !want, want, err)
			}
		}
	}
}

func TestQuote(t *testing.T) {
	if got, want := quote(`it's a \ and`+"\n"), `'it\'s a \\ and\n'`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// Without a policy file the gate warns about every rule of the profile golden that has a twin.
func TestPlanWithoutPolicy(t *testing.T) {
	plan, err := NewPlan(catalogue.New(), nil, today)
	if err != nil {
		t.Fatal(err)
	}
	want := 0
	for _, r := range catalogue.New().Rules {
		if r.Gate != nil && r.Profile <= rule.Golden {
			want++
		}
	}
	if len(plan.Entries) != want || want < 25 {
		t.Errorf("%d rules, want %d, at least 25", len(plan.Entries), want)
	}
	for _, e := range plan.Entries {
		if e.Action != Warn {
			t.Errorf("%s: %s, want warn", e.ID, e.Action)
		}
	}
	if plan.NetworkPolicy != "" {
		t.Error("the NetworkPolicy gate is on without being asked for")
	}
}

func TestPlan(t *testing.T) {
	plan := planOf(t, `
profile: basic
rules:
  image-tag-latest: {severity: off}
  limit-request-ratio: {severity: off, params: {memory: 9}}
gate:
  action: audit
  rules:
    limit-request-ratio: warn
    privileged-container: deny
    run-as-root: off
    cronjob-time-zone-missing: warn
  systemNamespaces: [istio-system, kube-system]
  networkPolicy: warn
  exemptions:
    - {rules: [privileged-container], label: agents, namespace: infra-*, reason: r, owner: o, expires: 2027-01-01}
    - {rules: [privileged-container], label: gone, reason: r, owner: o, expires: 2026-11-28}
exemptions:
  - {rules: [privileged-container, image-digest-missing], kind: DaemonSet, name: node-*, reason: r}
  - {rules: [privileged-container], path: a/**, reason: r}
  - {rules: [privileged-container], container: a, reason: r}
  - {rules: [privileged-container], reason: r}
  - {rules: [privileged-container], kind: DaemonSet, reason: r, expires: 2026-01-01}
  - {rules: [image-digest-missing], path: a, reason: not of the gate}
`)
	if e := plan.Entry("privileged-container"); e == nil || e.Action != Deny || len(e.passing) != 2 || e.passing[0].Label != "agents" || e.passing[1].Name != "node-*" {
		t.Errorf("privileged-container: %+v", e)
	}
	for id, want := range map[string]string{"run-as-root": "", "image-tag-latest": "", "cronjob-time-zone-missing": Warn, "probes-identical": Audit, "rwx-claim": ""} {
		got := ""
		if e := plan.Entry(id); e != nil {
			got = e.Action
		}
		if got != want {
			t.Errorf("%s: action %q, want %q", id, got, want)
		}
	}
	if e := plan.Entry("limit-request-ratio"); e == nil || e.params["memory"] != 9.0 {
		t.Errorf("limit-request-ratio, which lint does not run: %+v", e)
	}
	if want := []string{"istio-system", "kube-node-lease", "kube-public", "kube-system"}; !slices.Equal(plan.System, want) {
		t.Errorf("system namespaces %v, want %v", plan.System, want)
	}
	if len(plan.Left) != 5 {
		t.Errorf("%d parts are not honoured, want 5: %+v", len(plan.Left), plan.Left)
	}
}

func TestPolicyFaults(t *testing.T) {
	_, err := rule.ParsePolicy("policy.yaml", []byte(`gate:
  action: refuse
  networkPolicy: maybe
  rules:
    privileged-container: loud
    privileged-containers: deny
    pdb-missing: deny
  systemNamespaces: [Kube]
  exemptions:
    - {rules: [host-network], label: "a b", reason: r}
    - {rules: [pdb-missing], label: a, reason: r, owner: o, expires: soon}
  own:
    - {id: Team, title: t, how: h, kinds: [Pod], expression: "true"}
    - {id: host-network, title: t, how: h, kinds: [Pod], expression: "true"}
    - {id: team, how: h}
    - {id: team, title: t, how: h, kinds: [Pod], expression: "true", message: a, severity: must}
`), catalogue.New())
	if err == nil {
		t.Fatal("no fault is found")
	}
	for _, want := range []string{
		`policy.yaml:2: gate.action: "refuse" is none of audit, warn, deny`,
		`policy.yaml:3: gate.networkPolicy: "maybe" is none of`,
		`policy.yaml:5: gate.rules.privileged-container: "loud" is none of off, audit, warn, deny`,
		`policy.yaml:6: gate.rules: there is no rule privileged-containers, did you mean privileged-container?`,
		`policy.yaml:7: gate.rules: pdb-missing cannot be judged from one object alone, so it is for fairway lint only`,
		`policy.yaml:8: gate.systemNamespaces: "Kube" is not the name of a namespace`,
		`policy.yaml:10: gate.exemptions: it needs expires`,
		`policy.yaml:10: gate.exemptions: it needs owner`,
		`policy.yaml:10: gate.exemptions: label "a b" is not the value of a label`,
		`policy.yaml:11: gate.exemptions: expires: "soon" is not a day`,
		`policy.yaml:11: gate.exemptions: pdb-missing is not a rule of the gate`,
		`policy.yaml:13: gate.own: Team: the ID is not kebab-case`,
		`policy.yaml:14: gate.own: host-network: fairway has a rule of this ID`,
		`policy.yaml:15: gate.own: team: it needs expression`,
		`policy.yaml:15: gate.own: team: it needs title`,
		`policy.yaml:15: gate.own: team: it names no kinds`,
		`policy.yaml:16: gate.own: team: the ID is there twice`,
		`policy.yaml:16: field severity not found`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("not said: %s", want)
		}
	}
	if t.Failed() {
		t.Log(err)
	}
}

// The same plan gives the same bytes, and every message stays within what the API server shows.
func TestExport(t *testing.T) {
	const text = "profile: strict\ngate: {networkPolicy: deny, rules: {privileged-container: deny}}\n"
	first, second := planOf(t, text).Export("1.2.3"), planOf(t, text).Export("1.2.3")
	if len(first) != len(second) || len(first) < 45 {
		t.Fatalf("%d and %d files", len(first), len(second))
	}
	for i := range first {
		if first[i].Name != second[i].Name || string(first[i].Data) != string(second[i].Data) {
			t.Errorf("%s differs between two exports", first[i].Name)
		}
	}
	for _, x := range planOf(t, text).All("1.2.3") {
		v := x.Policy.Spec.Validations[0]
		if len(v.Message) > 900 || strings.Contains(v.Message, "\n") {
			t.Errorf("%s: a message of %d bytes is more than people read: %s", x.Policy.Name, len(v.Message), v.Message)
		}
		for _, part := range []string{"Fix: ", ": "} {
			if !strings.Contains(v.Message, part) {
				t.Errorf("%s: no %q in %s", x.Policy.Name, part, v.Message)
			}
		}
		if len(x.Policy.Labels[RuleLabel]) > 63 || len(LabelPrefix+x.Policy.Labels[RuleLabel])-len("gate.fairway-k8s.io/") > 63 {
			t.Errorf("%s does not fit into a label", x.Policy.Name)
		}
	}
}

func TestVersionLabel(t *testing.T) {
	for version, want := range map[string]string{"1.2.3": "1.2.3", "1.2.3+dirty": "1.2.3_dirty", "v0-5-gabc (x)": "v0-5-gabc_x", strings.Repeat("a", 80): strings.Repeat("a", 63)} {
		if got := labelOf(version); got != want {
			t.Errorf("%s: %s, want %s", version, got, want)
		}
	}
}

// Inline parameters are in the policies, and there is no ConfigMap.
func TestInline(t *testing.T) {
	plan := planOf(t, "profile: basic\nrules: {probe-liveness-hair-trigger: {params: {silence: 20}}}\ngate: {params: inline}\n")
	if plan.Params() != nil {
		t.Error("there is a ConfigMap")
	}
	x := plan.Install(plan.Entry("probe-liveness-hair-trigger"))
	if x.Policy.Spec.ParamKind != nil || x.Binding.Spec.ParamRef != nil || x.Policy.Spec.Variables[0].Expression != "20" {
		t.Errorf("%+v", x.Policy.Spec.Variables[0])
	}
	for _, f := range plan.Export("1.0.0") {
		if strings.Contains(string(f.Data), "params") {
			t.Errorf("%s speaks of params", f.Name)
		}
	}
}
