package admit_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/fairway-k8s/fairway/internal/gate"
	"github.com/fairway-k8s/fairway/internal/gate/admit"
	"github.com/fairway-k8s/fairway/internal/lint"
	"github.com/fairway-k8s/fairway/internal/load"
	"github.com/fairway-k8s/fairway/internal/problem"
	"github.com/fairway-k8s/fairway/internal/rule"
	"github.com/fairway-k8s/fairway/internal/rule/catalogue"
	"github.com/fairway-k8s/fairway/internal/testkit/gatecases"
)

func planOf(t *testing.T, text string) *gate.Plan {
	t.Helper()
	p, err := rule.ParsePolicy("policy.yaml", []byte(text), catalogue.New())
	if err != nil {
		t.Fatal(err)
	}
	plan, err := gate.NewPlan(catalogue.New(), p, gatecases.Today)
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

// What gate check takes out of the gate's reach, the match conditions of the policy take out in a cluster.
func TestMatching(t *testing.T) {
	plan := planOf(t, `
gate:
  rules: {host-network: deny}
  exemptions:
    - {rules: [host-network], label: a, reason: r, owner: o, expires: 2027-01-01}
    - {rules: [host-network], label: b, namespace: "sh?p", reason: r, owner: o, expires: 2027-01-01}
    - {rules: [host-network], label: c, reason: r, owner: o, expires: 2026-01-01}
exemptions:
  - {rules: [host-network], kind: DaemonSet, namespace: infra-*, reason: r}
  - {rules: [host-network], name: "[a-c]-*", namespace: shop, reason: r}
`)
	e := plan.Entry("host-network")
	p, err := admit.Compile(plan.Install(e).Policy)
	if err != nil {
		t.Fatal(err)
	}
	owners := []string{"",
		"ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: x, uid: x, controller: true}], ",
		"ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: x, uid: x}], ",
		"ownerReferences: [{apiVersion: argoproj.io/v1alpha1, kind: Rollout, name: x, uid: x, controller: true}], ",
		"ownerReferences: [{apiVersion: example.com/v1, kind: Job, name: x, uid: x, controller: true}], ",
		"ownerReferences: [{apiVersion: v1, kind: Node, name: x, uid: x, controller: true}], "}
	labels := []string{"", "labels: {gate.fairway-k8s.io/exempt-host-network: a}, ", "labels: {gate.fairway-k8s.io/exempt-host-network: b}, ",
		"labels: {gate.fairway-k8s.io/exempt-host-network: c}, ", "labels: {gate.fairway-k8s.io/exempt-host-pid: a}, "}
	counts := map[[2]bool]int{}
	for _, kind := range []string{"DaemonSet", "Deployment"} {
		for _, namespace := range []string{"shop", "ship", "sip", "infra-a", "infra", ""} {
			for _, name := range []string{"a-x", "d-x", "a"} {
				for _, owner := range owners {
					for _, label := range labels {
						text := fmt.Sprintf("apiVersion: apps/v1\nkind: %s\nmetadata: {%s%sname: %s%s}\n"+
							"spec: {selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {hostNetwork: true, containers: [{name: a, image: a}]}}}\n",
							kind, owner, label, name, strings.TrimSuffix(", namespace: "+namespace, ", namespace: "))
						s := lint.Snapshot(load.Strings(map[string]string{"x.yaml": text}))
						o := s.Objects[0]
						judged, exempt := plan.Judges(e, o)
						object, err := runtime.DefaultUnstructuredConverter.ToUnstructured(o.Typed)
						if err != nil {
							t.Fatal(err)
						}
						object["apiVersion"], object["kind"] = "apps/v1", kind
						v, err := p.Judge(t.Context(), admit.Request{Object: object, Resource: schema.GroupVersionResource{}})
						if err != nil {
							t.Fatalf("%v\n%s", err, text)
						}
						if v.Matched != judged {
							t.Errorf("the check judges it: %v, the policy: %v\n%s", judged, v.Matched, text)
						}
						counts[[2]bool{judged, exempt}]++
					}
				}
			}
		}
	}
	for _, k := range [][2]bool{{true, false}, {false, true}, {false, false}} {
		if counts[k] < 50 {
			t.Errorf("judged %v, exempt %v: %d objects are too few", k[0], k[1], counts[k])
		}
	}
}

// An organisation's own rule finds what it says, is silent about old debt, and a broken one says where.
func TestOwn(t *testing.T) {
	own := func(expression, message string) string {
		return fmt.Sprintf("gate:\n  rules: {team: deny}\n  own:\n    - id: team\n      title: a workload without a team\n      how: add the label\n      kinds: [Deployment]\n      expression: %s\n      message: %s\n", expression, message)
	}
	manifest := func(labels, image string) string {
		return "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a, namespace: shop" + labels + "}\nspec: {selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {containers: [{name: c, image: " + image + "}]}}}\n"
	}
	for _, x := range []struct{ name, expression, message, manifest, finding, failure string }{
		{"fires", `"'team' in object.metadata.?labels.orValue({})"`, `"'it has none'"`, manifest("", "a"), "a workload without a team: it has none", ""},
		{"silent", `"'team' in object.metadata.?labels.orValue({})"`, `"'it has none'"`, manifest(", labels: {team: x}", "a"), "", ""},
		{"of pods", `containers.all(c, c.image.startsWith('r/')) && !pod.?hostNetwork.orValue(false)`, `"'image ' + pod.containers[0].image"`, manifest("", "q/a"), "a workload without a team: image q/a", ""},
		{"of pods, silent", `containers.all(c, c.image.startsWith('r/')) && size(running) == 1 && size(template.labels) == 1`, `''`, manifest("", "r/a"), "", ""},
		{"no answer", `"object.metadata.labels.team == 'x'"`, `''`, manifest("", "a"), "", "the rule team has no answer for shop/Deployment/a: "},
	} {
		t.Run(x.name, func(t *testing.T) {
			plan := planOf(t, own(x.expression, x.message))
			if err := admit.CheckOwn(plan, "policy.yaml"); err != nil {
				t.Fatal(err)
			}
			findings, failures, err := admit.Own(t.Context(), plan, lint.Snapshot(load.Strings(map[string]string{"x.yaml": x.manifest})))
			if err != nil {
				t.Fatal(err)
			}
			got, failed := "", ""
			for _, f := range findings {
				got += f.Message
			}
			for _, f := range failures {
				failed += f.Message
			}
			if got != x.finding || !strings.HasPrefix(failed, x.failure) || (failed == "") != (x.failure == "") {
				t.Errorf("got finding %q, failure %q", got, failed)
			}
		})
	}
	for _, x := range []struct{ name, expression, message, where, why string }{
		{"unknown name", "'objct.spec != null'", `''`, "policy.yaml:8", "undeclared reference to 'objct'"},
		{"of two lines", "|\n        true &&\n        objct.spec != null", `''`, "policy.yaml:10", "undeclared reference to 'objct'"},
		{"syntax", "'true &&'", `''`, "policy.yaml:8", "Syntax error"},
		{"not a question", "\"'text'\"", `''`, "policy.yaml:8", "must evaluate to bool"},
		{"message of another type", "'true'", "'1'", "policy.yaml:9", "must evaluate to string"},
		{"pods of what has none", "'pod.hostNetwork'", `''`, "policy.yaml:8", "undeclared reference to 'pod'"},
	} {
		t.Run(x.name, func(t *testing.T) {
			text := own(x.expression, x.message)
			if x.name == "pods of what has none" {
				text = strings.Replace(text, "[Deployment]", "[Service]", 1)
			}
			p, ok := errors.AsType[*problem.Problem](admit.CheckOwn(planOf(t, text), "policy.yaml"))
			if !ok {
				t.Fatal("it is taken")
			}
			if p.Where != x.where || !strings.Contains(p.Why, x.why) || p.Next == "" {
				t.Errorf("where %q, why %q; want %q, %q", p.Where, p.Why, x.where, x.why)
			}
		})
	}
}
