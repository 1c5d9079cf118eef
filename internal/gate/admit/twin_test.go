package admit_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/fairway-k8s/fairway/internal/apiserver"
	"github.com/fairway-k8s/fairway/internal/gate"
	"github.com/fairway-k8s/fairway/internal/gate/admit"
	"github.com/fairway-k8s/fairway/internal/lint"
	"github.com/fairway-k8s/fairway/internal/load"
	"github.com/fairway-k8s/fairway/internal/rule"
	"github.com/fairway-k8s/fairway/internal/rule/catalogue"
	"github.com/fairway-k8s/fairway/internal/testkit/gatecases"
)

var today = time.Date(2026, 11, 28, 0, 0, 0, 0, time.UTC)

// everyRule is a policy under which the gate judges every rule that has a twin.
func everyRule() *rule.Policy {
	p := &rule.Policy{Rules: map[string]rule.RulePolicy{}, Gate: &rule.GatePolicy{Action: gate.Deny}}
	for _, r := range catalogue.New().Rules {
		if r.Gate != nil {
			p.Rules[r.ID] = rule.RulePolicy{}
		}
	}
	return p
}

// TestTwins holds every rule against its twin, evaluated with the API server's library: on the objects of the rules' tests and on
// generated ones, as the API server holds them after defaulting. A rule about containers has to find the same ones.
func TestTwins(t *testing.T) {
	plan, err := gate.NewPlan(catalogue.New(), everyRule(), today)
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	policies := map[string]*admit.Policy{}
	for _, e := range plan.Entries {
		ids = append(ids, e.ID)
		v := plan.Install(e).Policy
		if policies[e.ID], err = admit.Compile(v); err != nil {
			t.Errorf("%s: %v", e.ID, err)
			delete(policies, e.ID)
		}
	}
	cases := slices.Concat(gatecases.Generate(1, 4000))
	objects, refused, disagree := 0, 0, map[string]int{}
	fired, silent := map[string]int{}, map[string]int{}
	for _, c := range cases {
		in := load.Strings(map[string]string{c.Name + ".yaml": c.Text})
		for _, tree := range in.Objects {
			r := apiserver.Check(tree.Root, apiserver.Options{})
			if r.Object == nil || slices.ContainsFunc(r.Problems, func(p apiserver.Problem) bool { return p.Rule != apiserver.Deprecated }) {
				refused++
				if refused < 0 {
					t.Log(c.Name, r.Problems[0].Message, r.Problems[0].Field)
				}
				continue
			}
			objects++
			result, err := lint.Check(&load.Input{Objects: []load.Tree{tree}, Files: in.Files}, lint.Options{Catalogue: catalogue.New(), Policy: everyRule(), Only: ids, Now: today, Undecided: true})
			if err != nil {
				t.Fatal(err)
			}
			object, err := runtime.DefaultUnstructuredConverter.ToUnstructured(r.Object)
			if err != nil {
				t.Fatal(err)
			}
			gvk := schema.FromAPIVersionAndKind(tree.APIVersion, tree.Kind)
			object["apiVersion"], object["kind"] = tree.APIVersion, tree.Kind
			for _, e := range plan.Entries {
				p := policies[e.ID]
				if p == nil || !slices.Contains(e.Kinds(), gvk.Kind) {
					continue
				}
				want := judged(e, result.Findings, object)
				got, err := p.Judge(t.Context(), admit.Request{Object: object, Resource: schema.GroupVersionResource{}})
				if err != nil {
					t.Errorf("%s: %s: evaluation: %v\n%s", c.Name, e.ID, err, c.Text)
					delete(policies, e.ID)
					continue
				}
				if got.Denied {
					fired[e.ID]++
				} else {
					silent[e.ID]++
				}
				if said := denied(e, got); want != said {
					if disagree[e.ID]++; disagree[e.ID] <= 2 {
						t.Errorf("%s: %s: the rule says %q, its twin %q\n%s", c.Name, e.ID, want, said, c.Text)
					}
				}
			}
		}
	}
	var b strings.Builder
	for _, id := range ids {
		fmt.Fprintf(&b, "%-42s fired %5d  silent %5d\n", id, fired[id], silent[id])
		if fired[id] < 10 || silent[id] < 10 {
			t.Errorf("%s: fired %d times and was silent %d times: not a test of both ways", id, fired[id], silent[id])
		}
	}
	t.Logf("%d objects, %d that an API server refuses, %d rules\n%s", objects, refused, len(ids), b.String())
}
