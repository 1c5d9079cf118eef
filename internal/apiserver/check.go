package apiserver

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"unsafe"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/fairway-k8s/fairway/internal/source"
)

// Rules of problems. They are permanent.
const (
	UnknownField     = "api-unknown-field"     // a field that the type does not have
	WrongType        = "api-wrong-type"        // a value of the wrong type, a malformed quantity, time or base64
	RequiredMissing  = "api-required-missing"  // a required field is absent or empty
	Invalid          = "api-invalid"           // validation refuses the value
	UnsupportedValue = "api-unsupported-value" // a value that is not among the field's few
	Removed          = "api-removed"           // the target version serves this API no more
	Deprecated       = "api-deprecated"        // a later version will not serve it
	UnknownVersion   = "api-unknown-version"   // the kind exists, in other versions or groups
	UnknownKind      = "api-unknown-kind"      // the group is Kubernetes' own and has no such kind
	Unjudged         = "api-unjudged"          // nobody can say: a placeholder is not filled in, or Kubernetes' code failed
)

// Problem is one reason for which the API server would refuse or warn about an object.
type Problem struct {
	Rule string
	// Field is the path of the field in Kubernetes' notation: spec.containers[0].image. It may be absent from the document.
	Field string
	// Node is where: the field's value, the key of an unknown field, and for an absent field the deepest node on the way to it.
	Node source.Node
	// Message says what is wrong, with the API server's own words in it.
	Message string
	// Suggestion says what was probably meant; it may be empty.
	Suggestion string
	// Fix does what Suggestion says, applied at the object's root. It is nil where a value would have to be guessed.
	Fix []source.Change

	// meant is the field whose name an unknown field was probably meant to have, and scope the place within which a value that
	// could not be read makes everything else meaningless: for telling consequences from causes.
	meant, scope string
	// absent is true for values that defaulting filled in.
	absent bool
}

// Status says how far an object was checked.
type Status uint8

const (
	// Checked objects were decoded and, where decoding allowed it, validated.
	Checked Status = iota
	// Foreign objects are of kinds that Kubernetes does not define: custom resources.
	Foreign
	// NotAnObject is anything without apiVersion and kind.
	NotAnObject
)

// Options choose what to check against. The zero value means the newest version.
type Options struct {
	// Version is the Kubernetes version the object is meant for, such as 1.35. Types, defaults and validation are those of the
	// linked version (Linked) whatever it says; which APIs are served follows it.
	Version string
}

// Result is what the API server would make of an object.
type Result struct {
	Status Status
	// Object is the object as the API server would hold it, defaulted, in the newest stable version of its kind: an
	// extensions/v1beta1 Deployment is an *appsv1.Deployment here, and both versions of HorizontalPodAutoscaler are v2. Fields
	// that could not be read are zero. It is nil when Status is not Checked, and for APIs whose types are gone.
	Object runtime.Object
	// Problems are in order of the document.
	Problems []Problem
}

// Check decodes, defaults and validates the object that root is the mapping of, as the API server would on creation. A
// namespace that is left to whoever applies the object is no problem, nor is generateName; what is given as status is ignored,
// as the server does. It is safe for concurrent use.
func Check(root source.Node, o Options) Result {
	root = root.Resolve()
	name, ok := nameOf(root)
	if !ok {
		return Result{Status: NotAnObject}
	}
	k, problems, ok := identify(root, name, o)
	if !ok {
		return Result{Status: Foreign}
	}
	r := Result{Problems: problems}
	if k != nil {
		r.judge(root, k)
	}
	for i := range r.Problems {
		r.Problems[i].Placeholder()
		r.Problems[i].scaleToZero(root, name)
	}
	slices.SortStableFunc(r.Problems, func(a, b Problem) int {
		return cmp.Compare(a.Node.Span().Start, b.Node.Span().Start)
	})
	return r
}

// MaxProblems is how many problems of one object are told. Nobody reads as many, and finding the places of 100,000 takes longer than
// finding out that they are there.
const MaxProblems = 200

// maxUntold is how many problems may be untold for the others to have fixes: mending tells of the next ones, and so on until none is
// left, which is not for objects of tens of thousands.
const maxUntold = 5 * MaxProblems

// Untold reports whether n problems that are not told are so many that the object is not to be mended.
func Untold(n int) bool { return n > maxUntold }

// More says that there are n problems more.
func More(root source.Node, n int) Problem {
	return Problem{Rule: Invalid, Node: root, Message: fmt.Sprintf("%d more problems of this object are not listed; mend these first", n)}
}

// nameOf reads apiVersion and kind.
func nameOf(root source.Node) (typeName, bool) {
	if root.Kind() != source.Mapping {
		return typeName{}, false
	}
	v, k := root.Get("apiVersion"), root.Get("kind")
	if v.Kind() != source.Scalar || k.Kind() != source.Scalar {
		return typeName{}, false
	}
	name := typeName{v.Text(), k.Text()}
	return name, name.apiVersion != "" && name.kind != ""
}

// judge reads the object as a k and has it defaulted and validated.
func (r *Result) judge(root source.Node, k *kind) {
	defer func() {
		if p := recover(); p != nil {
			r.Problems = append(r.Problems, Problem{Rule: Unjudged, Node: root,
				Message: fmt.Sprintf("this %s could not be judged: Kubernetes' own code failed on it (%v)", k.gvk.Kind, p)})
		}
	}()
	v := reflect.New(k.typ)
	var d decoder
	d.decode(root, k.plan(), unsafe.Pointer(v.Pointer()))
	r.Problems = append(r.Problems, d.problems...)
	defer func() {
		if Untold(d.more) {
			for i := range r.Problems {
				r.Problems[i].Fix = nil
			}
		}
		if d.more > 0 {
			r.Problems = append(r.Problems, More(root, d.more))
		}
	}()

	s, obj := scheme(), v.Interface().(runtime.Object)
	obj.GetObjectKind().SetGroupVersionKind(k.gvk)
	r.Object = obj
	s.Default(obj)
	if !k.object || k.gvk.Group == apiextensionsv1.GroupName { // package crd converts and validates definitions
		return
	}
	internal, err := s.UnsafeConvertToVersion(obj, runtime.InternalGroupVersioner)
	if err != nil {
		panic(err)
	}
	if k.hub != k.gvk {
		hub, err := s.UnsafeConvertToVersion(internal, k.hub.GroupVersion())
		if err != nil {
			panic(err)
		}
		hub.GetObjectKind().SetGroupVersionKind(k.hub)
		r.Object = hub
	}
	complete(internal.(metav1.Object), k)
	for _, e := range validate(internal, k.gvk.GroupVersion()) {
		if len(r.Problems) >= MaxProblems {
			d.more++
		} else if p := problemOf(e, root); !d.explains(p) && !r.has(p) && !(e.Type == field.ErrorTypeDuplicate && e.BadValue == "") {
			r.Problems = append(r.Problems, p)
		}
	}
}

// complete fills in what the API server knows when it validates a new object: its namespace, its generated name, its UID.
func complete(o metav1.Object, k *kind) {
	switch {
	case !k.namespaced:
		o.SetNamespace("")
	case o.GetNamespace() == "":
		o.SetNamespace(metav1.NamespaceDefault)
	}
	if base := o.GetGenerateName(); base != "" && o.GetName() == "" {
		// k8s.io/apiserver/pkg/storage/names cuts the base so that five random letters end a name of 63.
		o.SetName(base[:min(len(base), 58)] + "x7k2v")
	}
	if o.GetUID() == "" { // objects read from a cluster have one, and Jobs have it in their labels
		o.SetUID("00000000-0000-4000-8000-000000000000")
	}
}

// has reports whether p was said already, be it of the value that p's was defaulted from: a targetPort from its port.
func (r *Result) has(p Problem) bool {
	_, what, _ := strings.Cut(p.Message, " ")
	return slices.ContainsFunc(r.Problems, func(q Problem) bool {
		return q.Rule == p.Rule && (q.Field == p.Field && q.Message == p.Message || p.absent && p.Rule == Invalid && strings.HasSuffix(q.Message, what))
	})
}
