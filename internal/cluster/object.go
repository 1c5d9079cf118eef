package cluster

import (
	"strings"

	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/source"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Object is one Kubernetes object. It is immutable once it is in a snapshot.
type Object struct {
	finding.Ref
	Labels, Annotations map[string]string

	// Root is the object's tree. That of an object of a live cluster is in a virtual file, and holds what was written, not what
	// defaulting added.
	Root source.Node
	// Origin is, for an object that a build such as kustomize made, the tree of the file it came from; otherwise it equals Root.
	// Places and fixes refer to Origin wherever it holds the field.
	Origin source.Node
	// Scope names the objects that are applied together with this one: the folder of its file, or a build.
	Scope string
	// Context is true for objects that are looked at but not checked, such as cluster roles beside the one namespace that was asked for.
	Context bool
	// Typed is the object as the API server sees it after defaulting, a pointer to a type of k8s.io/api; nil for kinds without a
	// Go type. Use As.
	Typed any
	// Pods is the pod template and SpecPath the path of the pod spec, when the object carries one. For typed workloads
	// NewSnapshot fills them; for custom resources the loader does, from the schema or by shape.
	Pods     *corev1.PodTemplateSpec
	SpecPath string
}

// As returns the object's typed form when it is a T, and nil otherwise:
//
//	if d := cluster.As[*appsv1.Deployment](o); d != nil { ... }
func As[T any](o *Object) (t T) {
	t, _ = o.Typed.(T)
	return t
}

// Group returns the API group, "" for the core group.
func (o *Object) Group() string {
	if g, _, ok := strings.Cut(o.APIVersion, "/"); ok {
		return g
	}
	return ""
}

// Is reports whether o is of that group and kind, in whatever version.
func (o *Object) Is(group, kind string) bool { return o.Kind == kind && o.Group() == group }

// Written returns the entry at a field path as the manifest has it; false when the manifest leaves the field to defaults.
func (o *Object) Written(path string) (source.Entry, bool) {
	p, err := source.ParsePath(path)
	if err != nil || o.Root.IsZero() {
		return source.Entry{}, false
	}
	return o.Root.Find(p)
}

// Has reports whether the manifest itself sets a field, be it to null.
func (o *Object) Has(path string) bool {
	_, ok := o.Written(path)
	return ok
}

// SameNamespace reports whether a and b are, or can be, in one namespace. An object that leaves its namespace open can be in
// any.
func SameNamespace(a, b string) bool { return a == b || a == "" || b == "" }

// LabelsMatch reports whether a label selector's matchLabels form selects labels. A nil or empty selector selects nothing here;
// callers for which empty means everything say so themselves.
func LabelsMatch(selector, labels map[string]string) bool {
	for k, v := range selector {
		if got, ok := labels[k]; !ok || got != v {
			return false
		}
	}
	return len(selector) > 0
}

// SelectorMatches reports whether a LabelSelector selects labels: nil selects nothing, empty everything
// (k8s.io/apimachinery metav1.LabelSelectorAsSelector). A selector with an unknown operator selects nothing.
func SelectorMatches(s *metav1.LabelSelector, labels map[string]string) bool {
	if s == nil {
		return false
	}
	for k, v := range s.MatchLabels {
		if got, ok := labels[k]; !ok || got != v {
			return false
		}
	}
	for _, e := range s.MatchExpressions {
		v, has := labels[e.Key]
		in := has && contains(e.Values, v)
		switch e.Operator {
		case metav1.LabelSelectorOpIn:
			if !in {
				return false
			}
		case metav1.LabelSelectorOpNotIn:
			if in {
				return false
			}
		case metav1.LabelSelectorOpExists:
			if !has {
				return false
			}
		case metav1.LabelSelectorOpDoesNotExist:
			if has {
				return false
			}
		default:
			return false
		}
	}
	return true
}

// SelectorEmpty reports whether s selects everything.
func SelectorEmpty(s *metav1.LabelSelector) bool {
	return s != nil && len(s.MatchLabels) == 0 && len(s.MatchExpressions) == 0
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}
