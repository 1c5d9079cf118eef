package admit_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	admissionv1 "k8s.io/api/admissionregistration/v1"

	"github.com/fairway-k8s/fairway/internal/gate"
	"github.com/fairway-k8s/fairway/internal/gate/admit"
	"github.com/fairway-k8s/fairway/internal/rule/catalogue"
	"github.com/fairway-k8s/fairway/internal/testkit/gatecases"
)

func everyPlan(t *testing.T) *gate.Plan {
	t.Helper()
	plan, err := gate.NewPlan(catalogue.New(), gatecases.Everything(gate.Deny), gatecases.Today)
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

// subjects returns the objects of the rules' tests, of the golden paths, and n generated ones, less those that an API server refuses.
func subjects(t *testing.T, plan *gate.Plan, n int) (out []gatecases.Subject, refused int) {
	t.Helper()
	cases, err := gatecases.Fixtures("../../..")
	if err != nil {
		t.Fatal(err)
	}
	out, refused, err = gatecases.Subjects(plan, append(cases, gatecases.Generate(1, n)...))
	if err != nil {
		t.Fatal(err)
	}
	return out, refused
}

// TestTwins holds every rule against its twin, evaluated with the API server's library. A rule about containers has to find the same
// ones. Then the object comes in as an update of the one before it of its kind: what that one broke already is not held against it.
func TestTwins(t *testing.T) {
	t.Parallel()
	plan := everyPlan(t)
	all, refused := subjects(t, plan, 1800)
	var b strings.Builder
	asked, updates := 0, 0
	for _, e := range plan.Entries {
		p, err := admit.Compile(plan.Install(e).Policy)
		if err != nil {
			t.Errorf("%s: %v", e.ID, err)
			continue
		}
		fired, silent, disagree := 0, 0, 0
		before := map[string]gatecases.Subject{}
		for _, s := range all {
			if !slices.Contains(e.Kinds(), s.Kind) || s.Owned() {
				continue
			}
			asked++
			v, err := p.Judge(t.Context(), admit.Request{Object: s.Object})
			if err != nil {
				t.Fatalf("%s: %s: evaluation: %v\n%s", s.Name, e.ID, err, s.Text)
			}
			want, got := s.Judged(e), gatecases.Denied(e, v.Message)
			if v.Denied {
				fired++
			} else {
				silent++
			}
			if want != got {
				if disagree++; disagree <= 2 {
					t.Errorf("%s: %s: the rule says %q, its twin %q\n%s", s.Name, e.ID, want, got, s.Text)
				}
			}
			old, ok := before[s.Kind]
			before[s.Kind] = s
			if !ok || asked%3 != 0 {
				continue
			}
			updates++
			was, err := p.Judge(t.Context(), admit.Request{Object: old.Object})
			if err != nil {
				t.Fatal(err)
			}
			now, err := p.Judge(t.Context(), admit.Request{Object: s.Object, Old: old.Object})
			if err != nil {
				t.Fatalf("%s: %s: evaluation of the update: %v", s.Name, e.ID, err)
			}
			if want, got := gatecases.Added(plan, e, v.Message, was.Message, &old), gatecases.Denied(e, now.Message); want != got {
				t.Errorf("%s after %s: %s: an update of what breaks %q to what breaks %q is denied for %q, want %q", s.Name, old.Name, e.ID, gatecases.Denied(e, was.Message), gatecases.Denied(e, v.Message), got, want)
			}
		}
		fmt.Fprintf(&b, "%-42s fires %5d  silent %5d\n", e.ID, fired, silent)
		if fired < 10 || silent < 10 {
			t.Errorf("%s: fired %d times and was silent %d times: not a test of both ways", e.ID, fired, silent)
		}
	}
	if len(all) < 2000 {
		t.Errorf("%d objects are fewer than the 2,000 that the gate's claim rests on", len(all))
	}
	t.Logf("%d rules, %d objects (%d more that an API server refuses), %d judgements, %d updates\n%s", len(plan.Entries), len(all), refused, asked, updates, b.String())
}

// mutations are slips that a twin could have.
var mutations = [][2]string{
	{"&&", "||"}, {"||", "&&"}, {"==", "!="}, {" > ", " >= "}, {" < ", " <= "}, {" <= ", " < "}, {"orValue(false)", "orValue(true)"}, {"orValue(true)", "orValue(false)"},
	{".exists(", ".all("}, {".all(", ".exists("}, {" - 1", " - 2"}, {" + ", " - "}, {"!variables.nodeAgent", "true"},
	{"variables.linux", "true"}, {"variables.longRunning", "true"}, {"!has(", "has("},
}

// TestMutants makes slips in twins, one at a time, and wants them noticed: a comparison that notices no slip proves nothing. Slips that
// change nothing for any object that an API server takes are counted, and listed with -v.
func TestMutants(t *testing.T) {
	if testing.Short() {
		t.Skip("takes half a minute")
	}
	t.Parallel()
	plan := everyPlan(t)
	all, _ := subjects(t, plan, 1800)
	r := rand.New(rand.NewPCG(7, 7))
	r.Shuffle(len(all), func(i, k int) { all[i], all[k] = all[k], all[i] })
	mutants, noticed := 0, 0
	var survivors []string
	for _, e := range plan.Entries {
		v := plan.Install(e).Policy
		at := slices.IndexFunc(v.Spec.Variables, func(x admissionv1.Variable) bool { return x.Name == "found" })
		original := v.Spec.Variables[at].Expression
		for _, m := range mutations {
			for from := 0; ; {
				i := strings.Index(original[from:], m[0])
				if i < 0 {
					break
				}
				i += from
				from = i + len(m[0])
				v.Spec.Variables[at].Expression = original[:i] + m[1] + original[i+len(m[0]):]
				p, err := admit.Compile(v)
				if err != nil {
					continue // the compiler notices
				}
				mutants++
				if slices.ContainsFunc(all, func(s gatecases.Subject) bool {
					if !slices.Contains(e.Kinds(), s.Kind) || s.Owned() {
						return false
					}
					got, err := p.Judge(t.Context(), admit.Request{Object: s.Object})
					return err != nil || s.Judged(e) != gatecases.Denied(e, got.Message)
				}) {
					noticed++
				} else {
					survivors = append(survivors, fmt.Sprintf("%s: %s for %s at %d in %s", e.ID, m[1], m[0], i, original))
				}
			}
		}
		v.Spec.Variables[at].Expression = original
	}
	t.Logf("%d of %d slips noticed; not: \n%s", noticed, mutants, strings.Join(survivors, "\n"))
	if noticed*100 < mutants*93 {
		t.Errorf("only %d of %d slips were noticed", noticed, mutants)
	}
}
