package availability

import (
	"strconv"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
	"github.com/fairway-k8s/fairway/internal/source"
)

// spreadSelectorMissesOwnPods judges anti-affinity more carefully than spread: keeping away from other pods is what it is also for. There, the
// selector must name the application by the right value under another key, or by the right key with a value that nobody in the
// input has and that differs in a letter or two.
//
// Its mend makes the selector the workload's own. It is offered only where that cannot keep a pod from starting: ScheduleAnyway and
// preferred terms.
var spreadSelectorMissesOwnPods = &rule.Rule{
	ID:    "spread-selector-misses-own-pods",
	Title: "a spread constraint does not count its own pods",
	Why: "The scheduler counts the pods that the selector finds and places the next one by that count. A selector that misses the pods it " +
		"stands on counts none, so nothing is spread, although it looks right in review.",
	How: "Make labelSelector equal labels of the pod template, best the workload's own selector.",
	Example: "topologySpreadConstraints:\n  - maxSkew: 1\n    topologyKey: topology.kubernetes.io/zone\n    whenUnsatisfiable: ScheduleAnyway\n" +
		"    labelSelector:\n      matchLabels:\n        app.kubernetes.io/name: shop   # a label of this very template\n",
	Severity: finding.Should, Profile: rule.Golden, Since: "0.1.0", Incident: "zone-lost", Fixes: true,
	Links: []string{linkSpread, linkAffinity},
	Workload: func(p *rule.Pass, w *cluster.Workload) {
		s := &w.Template.Spec
		for i := range s.TopologySpreadConstraints {
			c := &s.TopologySpreadConstraints[i]
			if matchesOwn(w, c.LabelSelector) {
				continue
			}
			path := w.SpecPath + ".topologySpreadConstraints[" + strconv.Itoa(i) + "].labelSelector"
			f := missed(p, w, c.LabelSelector, path, "the spread over "+c.TopologyKey)
			if c.WhenUnsatisfiable == corev1.ScheduleAnyway {
				f.Fix = selectOwn(w, c.LabelSelector, path)
			}
		}
		if s.Affinity == nil || s.Affinity.PodAntiAffinity == nil {
			return
		}
		apart := s.Affinity.PodAntiAffinity
		for i := range apart.RequiredDuringSchedulingIgnoredDuringExecution {
			if t := &apart.RequiredDuringSchedulingIgnoredDuringExecution[i]; slipped(p, w, t) {
				missed(p, w, t.LabelSelector, w.SpecPath+".affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution["+strconv.Itoa(i)+"].labelSelector",
					"the anti-affinity over "+t.TopologyKey)
			}
		}
		for i := range apart.PreferredDuringSchedulingIgnoredDuringExecution {
			if t := &apart.PreferredDuringSchedulingIgnoredDuringExecution[i].PodAffinityTerm; slipped(p, w, t) {
				path := w.SpecPath + ".affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution[" + strconv.Itoa(i) + "].podAffinityTerm.labelSelector"
				missed(p, w, t.LabelSelector, path, "the anti-affinity over "+t.TopologyKey).Fix = selectOwn(w, t.LabelSelector, path)
			}
		}
	},
}

// matchesOwn reports whether a selector finds w's own pods, or asks for what the template cannot show.
func matchesOwn(w *cluster.Workload, sel *metav1.LabelSelector) bool {
	if cluster.SelectorMatches(sel, w.PodLabels()) || placeholderIn(w.PodLabels()) {
		return true
	}
	if sel == nil {
		return false
	}
	for k := range sel.MatchLabels {
		if cluster.RuntimeLabel(k) {
			return true
		}
	}
	for i := range sel.MatchExpressions {
		if cluster.RuntimeLabel(sel.MatchExpressions[i].Key) {
			return true
		}
	}
	return placeholderIn(sel.MatchLabels)
}

func missed(p *rule.Pass, w *cluster.Workload, sel *metav1.LabelSelector, path, what string) *finding.Finding {
	if sel == nil {
		return p.Report(w.Object, path, "%s has no labelSelector, so it counts no pods and spreads nothing", what)
	}
	return p.Report(w.Object, path, "%s counts pods with %s, which the pods of %s are not", what, metav1.FormatLabelSelector(sel), title(w.Object))
}

// selectOwn makes the selector at path w's own.
func selectOwn(w *cluster.Workload, sel *metav1.LabelSelector, path string) *finding.Fix {
	if labels, ok := ownLabels(w); !ok {
		return nil
	} else if sel == nil {
		return rule.Mend("count the pods of "+title(w.Object), rule.Set(path, source.Map(source.F("matchLabels", labels)), "whenUnsatisfiable", "topologyKey"))
	}
	if len(sel.MatchExpressions) > 0 || len(w.Selector.MatchExpressions) > 0 {
		return nil
	}
	return reselect(path+".matchLabels", sel.MatchLabels, w)
}

// slipped reports whether an anti-affinity term was meant for w's own pods and misses them.
func slipped(p *rule.Pass, w *cluster.Workload, t *corev1.PodAffinityTerm) bool {
	sel := t.LabelSelector
	if sel == nil || len(sel.MatchLabels) == 0 || len(sel.MatchExpressions) > 0 || len(t.Namespaces) > 0 || t.NamespaceSelector != nil || matchesOwn(w, sel) {
		return false
	}
	for k, v := range sel.MatchLabels {
		got, has := w.PodLabels()[k]
		switch {
		case has && got == v:
		case has && !almost(got, v):
			return false
		case !has && !named(w, v):
			return false
		}
	}
	return len(p.Select(w.Object, sel)) == 0
}

// named reports whether one of the labels by which applications are named has value v in w's pods.
func named(w *cluster.Workload, v string) bool {
	for _, k := range [...]string{"app.kubernetes.io/name", "app", "k8s-app", "name", "app.kubernetes.io/instance"} {
		if w.PodLabels()[k] == v {
			return true
		}
	}
	return false
}

// almost reports whether a and b, which differ, are one word with one letter put in, left out or changed, or two that follow each other
// swapped. Numbers at the end tell words apart.
func almost(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(a) < 4 || len(b)-len(a) > 1 {
		return false
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	j := 0
	for j < len(a)-i && a[len(a)-1-j] == b[len(b)-1-j] {
		j++
	}
	restA, restB := a[i:len(a)-j], b[i:len(b)-j]
	for _, c := range []byte(restA + restB) {
		if c >= '0' && c <= '9' {
			return false
		}
	}
	return len(restB) == 1 || len(restA) == 2 && len(restB) == 2 && restA[0] == restB[1] && restA[1] == restB[0]
}
