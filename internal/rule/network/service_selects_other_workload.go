package network

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
	"github.com/fairway-k8s/fairway/internal/source"
)

// serviceSelectsOtherWorkload has to tell a mistake from intent: several workloads behind one Service are how releases are tried
// (canary, blue and green, v1 and v2), how a database's roles share an address, and how peers find each other. The workload that the
// Service is for is the one with its name, else the first that has its ports. Another is foreign to it when
//
//   - requests reach it on a number that it does not listen on, while the first does: a worker, a job, a database; or
//   - it says that it is another application (a label such as app.kubernetes.io/name differs), and its image is another; or
//   - it takes the requests, and neither name nor image have anything in common.
//
// Workloads whose names differ by nothing but a word for a variant are never foreign. Headless Services and those that carry only
// metrics are often meant for everybody and are not judged.
var serviceSelectsOtherWorkload = &rule.Rule{
	ID:    "service-selects-other-workload",
	Title: "a Service also selects the pods of another workload",
	Why: "Labels that are shared by more than one workload make all of their pods endpoints of the Service. A part of the requests then goes " +
		"to pods that do not speak its protocol or do not listen at all, at random.",
	How:      "Select by a label that only the intended pods carry, such as app.kubernetes.io/name together with app.kubernetes.io/component.",
	Example:  "selector:\n  app.kubernetes.io/name: shop\n  app.kubernetes.io/component: web   # not on the workers\n",
	Severity: finding.Should, Profile: rule.Basic, Since: "0.1.0", Gathers: true, Incident: "selector-missed", Fixes: true,
	Links: []string{linkService, "https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels/"},
	Object: func(p *rule.Pass, o *cluster.Object) {
		svc := cluster.As[*corev1.Service](o)
		if svc == nil || !selects(svc) {
			return
		}
		pods := slices.DeleteFunc(slices.Clone(p.PodsOf(o)), func(w *cluster.Workload) bool { return alternative(p, o, w) })
		if len(pods) < 2 || cluster.Headless(o) || svc.Spec.PublishNotReadyAddresses || onlyMetrics(svc) {
			return
		}
		main := intended(o, svc, pods)
		var foreign []*cluster.Workload
		for _, w := range pods {
			if w != main && ownsPods(w) && !isHook(w) && foreignTo(main, w, svc, len(pods)) {
				foreign = append(foreign, w)
			}
		}
		if len(foreign) == 0 {
			return
		}
		const field = "spec.selector"
		w := foreign[0]
		others := w.Kind + " " + w.Name
		if len(foreign) > 1 {
			others += fmt.Sprintf(" and %d more", len(foreign)-1)
		}
		why := "is another application"
		if sp := misled(w, svc); sp != nil {
			why = fmt.Sprintf("does not listen on %d", cluster.TargetOf(sp).IntVal)
		}
		f := p.Report(o, field, "%s selects the pods of %s %s, but also those of %s, which %s", labelsText(svc.Spec.Selector), main.Kind, main.Name, others, why)
		if main.Name != o.Name {
			return
		}
		if k := distinction(main, pods, svc.Spec.Selector); k != "" {
			v := main.PodLabels()[k]
			f.Fix = rule.Mend(fmt.Sprintf("select %s=%s too", k, v), rule.Set(key(field, k), source.String(v)))
		}
	},
}

// alternative reports whether w's file has a Service of the same name: then each file is a whole, and one of them is applied.
func alternative(p *rule.Pass, o *cluster.Object, w *cluster.Workload) bool {
	own, other := o.Root.File(), w.Root.File()
	if own == nil || other == nil || own == other {
		return false
	}
	return slices.ContainsFunc(p.Of("", "Service"), func(s *cluster.Object) bool {
		return s != o && s.Name == o.Name && cluster.SameNamespace(s.Namespace, o.Namespace) && s.Root.File() == other
	})
}

// onlyMetrics reports whether all ports of a Service are for metrics.
func onlyMetrics(svc *corev1.Service) bool {
	for i := range svc.Spec.Ports {
		if sp := &svc.Spec.Ports[i]; !isMetrics(sp.Name) && !isMetrics(sp.TargetPort.StrVal) {
			return false
		}
	}
	return true
}

// intended returns the workload that a Service is for.
func intended(o *cluster.Object, svc *corev1.Service, pods []*cluster.Workload) *cluster.Workload {
	for _, w := range pods {
		if w.Name == o.Name && w.LongRunning() {
			return w
		}
	}
	for _, w := range pods {
		if w.LongRunning() && !lacks(w, svc) {
			return w
		}
	}
	return pods[0]
}

// isHook reports whether a workload is a hook or test of a Helm release: it carries the labels of the release and runs for seconds.
func isHook(w *cluster.Workload) bool { return w.Annotations["helm.sh/hook"] != "" }

// few is how many workloads with nothing in common behind one Service are a mistake; more are a folder of examples, of which one is
// applied at a time.
const few = 3

func foreignTo(main, w *cluster.Workload, svc *corev1.Service, of int) bool {
	if w.Name == main.Name || variants(main.Name, w.Name) || !whole(w) || !whole(main) {
		return false
	}
	if misled(w, svc) != nil && misled(main, svc) == nil {
		return true
	}
	if shareImage(main, w) {
		return false
	}
	return otherIdentity(main, w) || of <= few && !lacks(w, svc) && firstWord(main.Name) != firstWord(w.Name)
}

// misled returns a Service port whose requests reach w's pods although they do not listen: a number that they do not declare while
// they, being no job, declare others. nil when there is none.
func misled(w *cluster.Workload, svc *corev1.Service) *corev1.ServicePort {
	for i := range svc.Spec.Ports {
		sp := &svc.Spec.Ports[i]
		t := cluster.TargetOf(sp)
		if t.Type == intstr.Int && portOf(w, t, sp.Protocol) == nil && !speaksFor(w, t.IntVal) && (declares(w) || !w.LongRunning()) {
			return sp
		}
	}
	return nil
}

// lacks reports whether w's pods have none of the ports that a Service sends to. A named port that a pod does not have leaves it out
// of the endpoints, so the Service works all the same.
func lacks(w *cluster.Workload, svc *corev1.Service) bool {
	for i := range svc.Spec.Ports {
		sp := &svc.Spec.Ports[i]
		t := cluster.TargetOf(sp)
		if portOf(w, t, sp.Protocol) != nil || t.Type == intstr.Int && misled(w, svc) == nil {
			return false
		}
	}
	return len(svc.Spec.Ports) > 0
}

// declares reports whether any of w's containers declares a port. Of one that declares none, nothing is known.
func declares(w *cluster.Workload) bool {
	for c := range w.Main() {
		if len(c.Ports) > 0 {
			return true
		}
	}
	return false
}

// otherIdentity reports whether one of the labels that name an application is on both pods with different values. The instance is left
// out: two installations of one application behind one Service are a choice.
func otherIdentity(a, b *cluster.Workload) bool {
	for _, k := range identityKeys {
		x, okA := a.PodLabels()[k]
		y, okB := b.PodLabels()[k]
		if okA && okB && x != y && !variants(x, y) && k != "app.kubernetes.io/instance" {
			return true
		}
	}
	return false
}

// shareImage reports whether some container of a runs the same image as one of b, whatever the tag.
func shareImage(a, b *cluster.Workload) bool {
	for x := range a.Apps() {
		for y := range b.Apps() {
			if repository(x.Image) == repository(y.Image) {
				return true
			}
		}
	}
	return false
}

// repository cuts tag and digest off an image.
func repository(image string) string {
	image, _, _ = strings.Cut(image, "@")
	if i := strings.LastIndexByte(image, ':'); i > strings.LastIndexByte(image, '/') {
		image = image[:i]
	}
	return image
}

// variants reports whether two names differ by nothing but words for variants of one thing: shop and shop-canary, shop-v1 and shop-v2,
// blue-shop and green-shop.
func variants(a, b string) bool {
	x, y := words(a), words(b)
	return len(x) > 0 && slices.Equal(x, y)
}

// words splits a name and leaves out those that name a variant.
func words(name string) []string {
	all := strings.FieldsFunc(name, separator)
	return slices.DeleteFunc(all, variant)
}

func variant(word string) bool {
	switch word {
	case "canary", "stable", "primary", "baseline", "preview", "active", "blue", "green", "red", "black", "old", "new", "next", "current",
		"legacy", "dark", "shadow", "experiment", "experimental", "control", "treatment", "latest", "live", "beta", "alpha", "rc", "test", "prod",
		"production", "staging", "dev", "spot", "ondemand", "arm", "arm64", "amd", "amd64", "gpu", "cpu", "zone", "az", "eu", "us", "east", "west",
		"north", "south", "central", "a", "b", "c", "d", "x", "y", "main", "secondary", "backup", "replica", "standby", "fallback", "small", "large":
		return true
	}
	word = strings.TrimPrefix(word, "v")
	for _, r := range word {
		if r < '0' || r > '9' {
			return false
		}
	}
	return true
}

func firstWord(name string) string {
	if w := words(name); len(w) > 0 {
		return w[0]
	}
	return name
}

// distinction returns a label that main has and no other of the pods has with that value, "" when there is none.
func distinction(main *cluster.Workload, pods []*cluster.Workload, sel map[string]string) string {
	for _, k := range identityKeys {
		v, ok := main.PodLabels()[k]
		if !ok || placeholder(v) {
			continue
		}
		if _, asked := sel[k]; asked {
			continue
		}
		if !slices.ContainsFunc(pods, func(w *cluster.Workload) bool { return w != main && w.PodLabels()[k] == v }) {
			return k
		}
	}
	return ""
}
