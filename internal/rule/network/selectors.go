package network

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
	"github.com/fairway-k8s/fairway/internal/source"
	"github.com/fairway-k8s/fairway/internal/spell"
)

// judgesPods reports whether it is a fact that a selector of o finds no pods, and otherwise what stands in the way.
func judgesPods(p *rule.Pass, o *cluster.Object, selector map[string]string) (ok bool, missing string) {
	if m := p.MakerNear(o); m != nil {
		return false, "the pods that " + m.Kind + " " + m.Name + " may create"
	}
	if k := runtimeLabel(p, o, selector); k != "" {
		return false, "pods with the label " + k + ", which something sets at run time"
	}
	if p.Coverage() != nil {
		return p.CoversPods(o), "the pods, as not all kinds of workloads could be listed in namespace " + o.Namespace
	}
	if o.Namespace == metav1.NamespaceSystem {
		return false, "the cluster's own components, which run in " + o.Namespace
	}
	covered := p.Covers(o, "apps", "Deployment")
	for _, k := range [...][2]string{{"apps", "StatefulSet"}, {"apps", "DaemonSet"}, {"apps", "ReplicaSet"}, {"", "Pod"}, {"", "ReplicationController"}, {"argoproj.io", "Rollout"}} {
		covered = covered || p.Shows(o, k[0], k[1])
	}
	if !covered {
		return false, "the pods, as no workload is in the input beside it"
	}
	for _, w := range p.Beside(o) {
		if w.Namespace == o.Namespace || cluster.LabelsMatch(selector, w.PodLabels()) {
			return true, ""
		}
	}
	return false, "the pods, as the workloads beside it are not said to be in namespace " + o.Namespace
}

// runtimeLabel returns the label of a selector that pods do not have in their manifests but may be given when they run: by their
// controllers (a StatefulSet's pod name), or by the application itself, as Patroni and Vault mark the leader. For the latter, the rest
// of the selector must find pods.
func runtimeLabel(p *rule.Pass, o *cluster.Object, selector map[string]string) string {
	for k := range selector {
		if cluster.RuntimeLabel(k) {
			return k
		}
	}
	if len(selector) < 2 {
		return ""
	}
	for _, k := range slices.Sorted(maps.Keys(selector)) {
		if !slices.ContainsFunc(roleWords, func(word string) bool { return strings.Contains(k, word) }) {
			continue
		}
		rest := maps.Clone(selector)
		delete(rest, k)
		found := p.Select(o, &metav1.LabelSelector{MatchLabels: rest})
		if slices.ContainsFunc(found, func(w *cluster.Workload) bool { _, has := w.PodLabels()[k]; return !has }) {
			return k
		}
	}
	return ""
}

var roleWords = []string{"role", "leader", "master", "primary", "replica", "active", "initialized", "sealed", "state"}

// placeholder reports whether a text holds something that a later step fills in: ${APP}, $(APP), {{ .Values.app }}, <app>.
func placeholder(s string) bool {
	return cluster.Placeholder(s) || strings.Contains(s, "%(")
}

func hasPlaceholder(labels map[string]string) bool {
	for k, v := range labels {
		if placeholder(k) || placeholder(v) {
			return true
		}
	}
	return false
}

// slip is a selector that misses a workload by one label.
type slip struct {
	w        *cluster.Workload
	key      string // of the label, as the selector has it
	from, to string // the selector's value and the pods'; equal when it is the key that differs
	realKey  string // as the pods have it
}

// slipOf finds the one workload of o's scope and namespace that a selector was meant for. It misses by one label: the value is
// written almost the same, or belongs to the workload that has the wanted name (if any), or the value is there under another of the
// keys that name an application. It is nil when none or several fit.
func slipOf(p *rule.Pass, o *cluster.Object, name string, selector map[string]string) *slip {
	var found, named *slip
	several := false
	for _, w := range p.Beside(o) {
		if !w.LongRunning() || !cluster.SameNamespace(o.Namespace, w.Namespace) {
			continue
		}
		s := slipTo(w, selector)
		switch {
		case s == nil:
		case w.Name == name:
			several = several || named != nil
			named = s
		case s.key != s.realKey || close(s.from, s.to):
			several = several || found != nil && (found.to != s.to || found.realKey != s.realKey)
			found = s
		}
	}
	switch {
	case several:
		return nil
	case named != nil:
		return named
	}
	return found
}

func slipTo(w *cluster.Workload, selector map[string]string) *slip {
	var s *slip
	for k, v := range selector {
		got, has := w.PodLabels()[k]
		if has && got == v {
			continue
		}
		if s != nil {
			return nil
		}
		s = &slip{w: w, key: k, from: v, to: got, realKey: k}
		if has {
			continue
		}
		s.realKey, s.to = "", v
		for _, id := range identityKeys {
			if _, asked := selector[id]; !asked && w.PodLabels()[id] == v {
				s.realKey = id
				break
			}
		}
		if s.realKey == "" {
			return nil
		}
	}
	return s
}

// identityKeys are the labels that say which application, or which part of one, a pod is.
var identityKeys = []string{"app.kubernetes.io/name", "app", "k8s-app", "name", "app.kubernetes.io/component", "component", "app.kubernetes.io/instance"}

// mend makes the selector's label at path what the pods have.
func (s *slip) mend(path string) *finding.Fix {
	field := key(path, s.key)
	if s.key != s.realKey {
		return rule.Mend(fmt.Sprintf("select by %s", s.realKey),
			source.Change{Op: source.Rename, Path: source.MustPath(field), Value: source.String(s.realKey)})
	}
	return rule.Mend(fmt.Sprintf("set %s: %s", s.key, s.to), rule.Set(field, source.String(s.to)))
}

func (s *slip) String() string {
	return fmt.Sprintf("%s %s has %s=%s", s.w.Kind, s.w.Name, s.realKey, s.to)
}

// close reports whether b is probably what was meant by a. Names are compared word by word: in each word at most two slips of a
// finger, on fewer than half of its letters; or the words are the same and only the dashes differ. Another word is another name,
// however short (web and db), and so is another number (v1 and v2).
func close(a, b string) bool {
	if a == b {
		return false
	}
	x, y := strings.FieldsFunc(a, separator), strings.FieldsFunc(b, separator)
	if len(x) != len(y) {
		return strings.Join(x, "") == strings.Join(y, "")
	}
	for i := range x {
		if x[i] == y[i] {
			continue
		}
		d := distance(x[i], y[i])
		if d > 2 || 2*d >= min(len(x[i]), len(y[i])) || strings.TrimFunc(x[i], digit) == strings.TrimFunc(y[i], digit) {
			return false
		}
	}
	return true
}

func separator(r rune) bool { return r == '-' || r == '.' || r == '_' || r == '/' }

func digit(r rune) bool { return '0' <= r && r <= '9' }

// distance counts the bytes to be put in, taken out, changed or swapped with their neighbour to make b of a.
func distance(a, b string) int {
	if len(a)+len(b) > 256 { // names and labels have at most 63
		return len(a) + len(b)
	}
	return spell.Swapped(a, b)
}

// closest returns the one of names that is close to name; "" when none or several are.
func closest(name string, names []string) string {
	best := ""
	for _, n := range names {
		if close(name, n) {
			if best != "" && best != n {
				return ""
			}
			best = n
		}
	}
	return best
}

// key makes the path of an entry of a map of labels.
func key(path, label string) string {
	return append(source.MustPath(path), source.Step{Key: label}).String()
}

// labelsText writes labels as kubectl takes them: app=shop,tier=web.
func labelsText(labels map[string]string) string {
	var b strings.Builder
	for _, k := range slices.Sorted(maps.Keys(labels)) {
		if b.Len() > 0 {
			b.WriteByte(',')
		}
		b.WriteString(k + "=" + labels[k])
	}
	return b.String()
}
