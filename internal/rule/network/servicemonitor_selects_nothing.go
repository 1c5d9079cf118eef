package network

import (
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
	"github.com/fairway-k8s/fairway/internal/source"
)

// serviceMonitorSelectsNothing compares the selector with the labels of Services (not with those of pods, the usual mistake) and the
// endpoints' ports with the names of their ports. For a namespace of which the input has no Service, nothing is known: the cluster's own
// components are monitored there.
var serviceMonitorSelectsNothing = &rule.Rule{
	ID:    "servicemonitor-selects-nothing",
	Title: "a ServiceMonitor selects no Service",
	Why: "A ServiceMonitor finds Services by the labels of the Service itself, and a port by its name. When nothing matches, Prometheus has " +
		"no target and says nothing: dashboards stay empty and alerts on missing data are the only sign.",
	How:      "Make spec.selector equal labels of the Service's metadata, and endpoints[].port the name of one of its ports.",
	Example:  "# Service: metadata.labels {app.kubernetes.io/name: shop}, port named metrics\nspec:\n  selector:\n    matchLabels: {app.kubernetes.io/name: shop}\n  endpoints:\n    - port: metrics\n",
	Severity: finding.Should, Profile: rule.Golden, Since: "0.1.0", Incident: "selector-missed", NeedsContext: true, Fixes: true,
	Links: []string{"https://prometheus-operator.dev/docs/developer/getting-started/"},
	Snapshot: func(p *rule.Pass) {
		monitors := p.Of("monitoring.coreos.com", "ServiceMonitor")
		if len(monitors) == 0 {
			return
		}
		x := indexServices(p)
		for _, o := range monitors {
			judgeMonitor(p, o, x)
		}
	},
}

// servicesByLabel finds Services by one of their labels; the empty key holds all.
type servicesByLabel struct {
	by        map[string][]*cluster.Object
	namespace map[string]bool // of Services in the input
}

func indexServices(p *rule.Pass) servicesByLabel {
	x := servicesByLabel{map[string][]*cluster.Object{}, map[string]bool{}}
	for _, o := range p.Of("", "Service") {
		x.namespace[o.Namespace] = true
		x.by[""] = append(x.by[""], o)
		for k, v := range o.Labels {
			x.by[k+"="+v] = append(x.by[k+"="+v], o)
		}
	}
	return x
}

func (x servicesByLabel) candidates(labels map[string]string) []*cluster.Object {
	best := x.by[""]
	for k, v := range labels {
		if l := x.by[k+"="+v]; len(l) < len(best) {
			best = l
		}
	}
	return best
}

func judgeMonitor(p *rule.Pass, o *cluster.Object, x servicesByLabel) {
	spec := o.Root.Get("spec").Resolve()
	sel := readSelector(spec.Get("selector").Resolve())
	if sel == nil || selectorHidden(sel) {
		return
	}
	const field = "spec.selector"
	all, names := monitored(o, spec.Get("namespaceSelector").Resolve())
	var found []*cluster.Object
	for _, s := range x.candidates(sel.MatchLabels) {
		if (all || anyNamespace(s.Namespace, names)) && cluster.SelectorMatches(sel, s.Labels) {
			found = append(found, s)
		}
	}
	if len(found) > 0 {
		judgeScrapedPorts(p, o, spec, found)
		return
	}
	if cluster.SelectorEmpty(sel) {
		return
	}
	said := metav1.FormatLabelSelector(sel)
	known := !all
	for _, n := range names {
		known = known && (n == o.Namespace || x.namespace[n])
	}
	if m := p.MakerNear(o); m != nil || !known || !p.Covers(o, "", "Service") {
		p.Unknown(o, field, "a Service with the labels %s", said)
		return
	}
	f := p.Report(o, field, "no Service has the labels %s, so nothing is scraped", said)
	if len(sel.MatchExpressions) > 0 {
		return
	}
	if k, to := serviceSlip(o, sel.MatchLabels, x, names); to != "" {
		f.Fix = rule.Mend("set "+k+": "+to, rule.Set(key(field+".matchLabels", k), source.String(to)))
	}
}

// judgeScrapedPorts reports an endpoint whose port no selected Service has a name for.
func judgeScrapedPorts(p *rule.Pass, o *cluster.Object, spec source.Node, found []*cluster.Object) {
	for i, e := range spec.Get("endpoints").Items() {
		name := e.Resolve().Get("port").Text()
		if name == "" || placeholder(name) {
			continue
		}
		var names []string
		has := false
		for _, s := range found {
			svc := cluster.As[*corev1.Service](s)
			if svc == nil {
				has = true
				break
			}
			has = has || hasPort(svc, name, 0)
			for j := range svc.Spec.Ports {
				if n := svc.Spec.Ports[j].Name; n != "" {
					names = append(names, n)
				}
			}
		}
		if has {
			continue
		}
		field := "spec.endpoints[" + strconv.Itoa(i) + "].port"
		near := closest(name, names)
		if near == "" && !slices.ContainsFunc(found, func(s *cluster.Object) bool { return s.Scope == o.Scope }) {
			p.Unknown(o, field, "a Service with a port named %s; Service %s, which is elsewhere in the input, has none", name, found[0].Name)
			continue
		}
		svc := cluster.As[*corev1.Service](found[0])
		f := p.Report(o, field, "Service %s has no port named %s (its ports are %s), so this endpoint is never scraped", found[0].Name, name, servicePorts(svc))
		if near != "" {
			f.Fix = rule.Mend("scrape port "+near, rule.Set(field, source.String(near)))
		}
	}
}

// monitored returns the namespaces in which a monitor looks for Services: all, or those of that name. Its own when it says nothing.
func monitored(o *cluster.Object, sel source.Node) (all bool, names []string) {
	if b, ok := sel.Get("any").Bool(); ok && b {
		return true, nil
	}
	for _, n := range sel.Get("matchNames").Items() {
		names = append(names, n.Resolve().Text())
	}
	if len(names) == 0 {
		names = []string{o.Namespace}
	}
	return false, names
}

func anyNamespace(namespace string, names []string) bool {
	for _, n := range names {
		if cluster.SameNamespace(namespace, n) {
			return true
		}
	}
	return false
}

// readSelector reads a LabelSelector from a custom resource; nil when there is none.
func readSelector(n source.Node) *metav1.LabelSelector {
	if n.IsZero() || n.Kind() != source.Mapping {
		return nil
	}
	sel := &metav1.LabelSelector{MatchLabels: map[string]string{}}
	for e := range n.Get("matchLabels").Resolve().Entries() {
		sel.MatchLabels[e.Key.Text()] = e.Value.Resolve().Text()
	}
	for _, item := range n.Get("matchExpressions").Items() {
		item = item.Resolve()
		r := metav1.LabelSelectorRequirement{Key: item.Get("key").Text(), Operator: metav1.LabelSelectorOperator(item.Get("operator").Text())}
		for _, v := range item.Get("values").Items() {
			r.Values = append(r.Values, v.Resolve().Text())
		}
		sel.MatchExpressions = append(sel.MatchExpressions, r)
	}
	return sel
}

// serviceSlip returns the label by which a selector misses the one Service of the monitor's scope that it was meant for, and the value
// that the Service has; "" when none or several fit.
func serviceSlip(o *cluster.Object, sel map[string]string, x servicesByLabel, names []string) (k, to string) {
	for _, s := range x.by[""] {
		if s.Scope != o.Scope || !anyNamespace(s.Namespace, names) {
			continue
		}
		missed, n := "", 0
		for k, v := range sel {
			if got := s.Labels[k]; got != v {
				missed = k
				if n++; got == "" {
					n++
				}
			}
		}
		if n != 1 || s.Name != o.Name && !close(sel[missed], s.Labels[missed]) {
			continue
		}
		if to != "" && (k != missed || to != s.Labels[missed]) {
			return "", ""
		}
		k, to = missed, s.Labels[missed]
	}
	return k, to
}
