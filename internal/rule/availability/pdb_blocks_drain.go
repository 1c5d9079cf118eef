package availability

import (
	"fmt"

	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
	"github.com/fairway-k8s/fairway/internal/source"
)

// pdbBlocksDrain does the arithmetic of the disruption controller (kubernetes 1.36, pkg/controller/disruption/disruption.go,
// getExpectedPodCount and updatePdbStatus): percentages are of the replicas that the pods' controllers want and are rounded up, the
// minimum counts when an autoscaler decides, and a budget that says nothing allows nothing.
//
// Its mend lets one pod leave at a time, where there are at least two. Over a single pod that would allow the gap that the budget was
// meant to prevent, and the answer is a second replica, which only the author can give.
var pdbBlocksDrain = &rule.Rule{
	ID:    "pdb-blocks-drain",
	Title: "a disruption budget allows no disruption",
	Why: "A node drain asks the eviction API for each pod and is refused for as long as the budget leaves no room, so node upgrades " +
		"hang until somebody deletes the pod by hand, which is the disruption that the budget was to prevent.",
	How: "Say how many pods may be away: maxUnavailable: 1 is right at every number of replicas of two or more. With one replica, add " +
		"a second one or do without the budget.",
	Example:  "kind: PodDisruptionBudget\nspec:\n  maxUnavailable: 1\n  unhealthyPodEvictionPolicy: AlwaysAllow\n",
	Severity: finding.Must, Profile: rule.Basic, Since: "0.1.0", Incident: "drain-blocked", NeedsContext: true, Fixes: true,
	Links: []string{linkBudget, linkEviction, linkDisruptions},
	Object: func(p *rule.Pass, o *cluster.Object) {
		pdb := cluster.As[*policyv1.PodDisruptionBudget](o)
		if pdb == nil {
			return
		}
		least, most := pdb.Spec.MinAvailable, pdb.Spec.MaxUnavailable
		spec := o.Root.Get("spec")
		if cluster.Placeholder(spec.Get("minAvailable").Text()) || cluster.Placeholder(spec.Get("maxUnavailable").Text()) || least != nil && most != nil {
			return
		}
		switch {
		case most == nil && least == nil:
			f := p.Report(o, "spec.maxUnavailable", "neither minAvailable nor maxUnavailable is set, which allows no pod to leave")
			if n, ok := expect(p, o); ok && n.pods > 1 {
				f.Fix = mendBudget(nil)
			}
		case most != nil && (most.Type == intstr.Int && most.IntVal == 0 || most.StrVal == "0%"):
			f := p.Report(o, "spec.maxUnavailable", "maxUnavailable %s allows no pod to leave, whatever the number of replicas", most)
			if n, ok := expect(p, o); ok && n.pods > 1 {
				f.Fix = mendBudget(nil)
			}
		case least != nil && least.StrVal == "100%":
			f := p.Report(o, "spec.minAvailable", "minAvailable 100% allows no pod to leave, whatever the number of replicas")
			if n, ok := expect(p, o); ok && n.pods > 1 {
				f.Fix = mendBudget(least)
			}
		case least != nil && (least.Type == intstr.String || least.IntVal > 0):
			judgeMinimum(p, o, least)
		}
	},
}

func judgeMinimum(p *rule.Pass, o *cluster.Object, least *intstr.IntOrString) {
	const field = "spec.minAvailable"
	if len(p.PodsOf(o)) == 0 {
		if missing := hidden(p, o); missing != "" {
			p.Unknown(o, field, "%s", missing)
		}
		return
	}
	n, ok := expect(p, o)
	if !ok || n.pods == 0 {
		return
	}
	want := int(least.IntVal)
	rounded := ""
	if least.Type == intstr.String {
		var err error
		if want, err = intstr.GetScaledValueFromIntOrPercent(least, int(n.pods), true); err != nil {
			return // the API server says so
		}
		rounded = fmt.Sprintf(", rounded up to %d,", want)
	}
	if want < int(n.pods) {
		return
	}
	if n.open {
		p.Unknown(o, field, missingScaler)
		return
	}
	f := p.Report(o, field, "minAvailable %s%s lets none of %s leave", least, rounded, n)
	if n.pods > 1 {
		f.Fix = mendBudget(least)
	}
}

// mendBudget makes a budget say maxUnavailable: 1, in the place of its minAvailable where it has one.
func mendBudget(least *intstr.IntOrString) *finding.Fix {
	const how = "let one pod leave at a time (maxUnavailable: 1)"
	set := rule.Set("spec.maxUnavailable", source.Int(1))
	if least == nil {
		return rule.Mend(how, set)
	}
	rename := source.Change{Op: source.Rename, Path: source.MustPath("spec.minAvailable"), Value: source.String("maxUnavailable")}
	return rule.Mend(how, rename, set)
}

// expected is the number of pods that a budget is about, when the fewest run.
type expected struct {
	pods int32
	open bool
	by   *scaler
	of   *cluster.Workload // when it is the only one
}

func (n expected) String() string {
	switch pods := plural(n.pods, "pod"); {
	case n.by != nil:
		return fmt.Sprintf("the %s that %s keeps at least", pods, title(n.by.Object))
	case n.of != nil:
		return fmt.Sprintf("the %s of %s", pods, title(n.of.Object))
	default:
		return "the " + pods + " it selects"
	}
}

func plural(n int32, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// expect returns how many pods o is about; ok is false when they are not there to be counted, or not of kinds that have a number.
func expect(p *rule.Pass, o *cluster.Object) (n expected, ok bool) {
	pods := p.PodsOf(o)
	for _, w := range pods {
		if !kept(w) {
			return n, false
		}
		f, ok := floorOf(p, w)
		if !ok {
			return n, false
		}
		if f.by != nil {
			f.pods = max(f.pods, 1) // a budget over no pods holds up nobody
			n.by = f.by
		}
		n.pods += f.pods
		n.open = n.open || f.open
	}
	if len(pods) == 1 {
		n.of = pods[0]
	} else {
		n.by = nil
	}
	return n, len(pods) > 0
}

// hidden says what may be there although o, a budget, selects nothing in the input; "" when nothing.
func hidden(p *rule.Pass, o *cluster.Object) string {
	if m := p.MakerNear(o); m != nil {
		return "the pods that " + title(m) + " may create"
	}
	if p.Coverage() != nil {
		if p.CoversPods(o) {
			return ""
		}
		return "the pods, as not all kinds of workloads could be listed in namespace " + o.Namespace
	}
	for _, w := range p.Beside(o) {
		if kept(w) {
			return ""
		}
	}
	if p.Covers(o, "apps", "Deployment") {
		return ""
	}
	return "the pods, as no workload is in the input beside it"
}
