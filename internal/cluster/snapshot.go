package cluster

import (
	"path"
	"slices"
	"strings"
	"sync"
)

// Snapshot is a set of objects that are looked at together, with the relations between them. It is immutable and safe for
// concurrent use.
type Snapshot struct {
	// Objects in a fixed order: by file, then by place in it.
	Objects []*Object
	// Workloads are the objects that carry a pod template, in the same order.
	Workloads []*Workload
	// Records are what a live cluster, or a dump of one, has of pods and other things that controllers make; never nil.
	Records *Records

	byKind    map[groupKind][]*Object
	byName    map[nameKey][]*Object
	scopes    map[string]*scope
	workload  map[*Object]*Workload
	labels    labelIndex
	inside    map[string][]*Workload // by the namespace that their manifests say, "" included
	coverage  *Coverage              // nil for files
	artifacts map[string]bool
	generated map[string]bool
	declared  []Declared

	relate    sync.Once
	relations relations
	seekMaker sync.Once
	makers    map[string]*Object // see MakerNear

	seekMention sync.Once
	mentions    map[string][]*Object // see Mentions

	countUsers sync.Once
	users      map[userKey]int // see Expected
}

type groupKind struct{ group, kind string }

type nameKey struct {
	groupKind
	name string
}

type fullName struct {
	nameKey
	namespace string
}

// scope is what is known of one folder or build.
type scope struct {
	kinds  map[groupKind]int
	byName map[nameKey][]*Object
	same   map[fullName][]*Object
	labels labelIndex
	open   []*Workload // those that leave their namespace open
}

// Options say where the objects of a snapshot come from.
type Options struct {
	// Coverage says what was listed of a cluster; nil for files, for which it is judged by what is there.
	Coverage *Coverage
	Records  *Records // nil: none
	// Artifacts are the names of images that a build gives a tag or a digest before anything is applied.
	Artifacts []string
	// Generated are objects, as ConfigMap/name, that builds make which the snapshot does not show.
	Generated []string
	// Declared is what service files beside the manifests say.
	Declared []Declared
}

// NewSnapshot makes a snapshot of objects in the order given. It takes ownership of the slice.
func NewSnapshot(objects []*Object, o Options) *Snapshot {
	s := &Snapshot{
		Objects:  objects,
		byKind:   map[groupKind][]*Object{},
		byName:   make(map[nameKey][]*Object, len(objects)),
		scopes:   map[string]*scope{},
		workload: map[*Object]*Workload{},
		labels:   labelIndex{},
		inside:   map[string][]*Workload{},
		coverage: o.Coverage,
		Records:  o.Records,
		declared: o.Declared,
	}
	if s.Records == nil {
		s.Records = &Records{}
	}
	if len(o.Generated) > 0 {
		s.generated = make(map[string]bool, len(o.Generated))
		for _, name := range o.Generated {
			s.generated[name] = true
		}
	}
	if len(o.Artifacts) > 0 {
		s.artifacts = make(map[string]bool, len(o.Artifacts))
		for _, image := range o.Artifacts {
			s.artifacts[image] = true
		}
	}
	for _, o := range objects {
		gk := groupKind{o.Group(), o.Kind}
		nk := nameKey{gk, o.Name}
		s.byKind[gk] = append(s.byKind[gk], o)
		s.byName[nk] = append(s.byName[nk], o)
		sc := s.scopes[o.Scope]
		if sc == nil {
			sc = &scope{kinds: map[groupKind]int{}, byName: map[nameKey][]*Object{}, same: map[fullName][]*Object{}, labels: labelIndex{}}
			s.scopes[o.Scope] = sc
		}
		sc.kinds[gk]++
		sc.byName[nk] = append(sc.byName[nk], o)
		full := fullName{nk, o.Namespace}
		sc.same[full] = append(sc.same[full], o)
		if w := newWorkload(o); w != nil {
			s.Workloads = append(s.Workloads, w)
			s.workload[o] = w
			s.labels.add(w)
			sc.labels.add(w)
			s.inside[w.Namespace] = append(s.inside[w.Namespace], w)
			if w.Namespace == "" {
				sc.open = append(sc.open, w)
			}
		}
	}
	return s
}

// Coverage returns what was listed of a cluster; nil when the objects came from files.
func (s *Snapshot) Coverage() *Coverage { return s.coverage }

// Of returns all objects of a group and kind, in the snapshot's order. The caller must not change the slice.
func (s *Snapshot) Of(group, kind string) []*Object { return s.byKind[groupKind{group, kind}] }

// IsArtifact reports whether an image of that name, without its tag, is given a tag or a digest by a build before it is applied.
func (s *Snapshot) IsArtifact(image string) bool { return s.artifacts[image] }

// IsGenerated reports whether a build that the snapshot does not show makes a ConfigMap or Secret of that name.
func (s *Snapshot) IsGenerated(kind, name string) bool { return s.generated[kind+"/"+name] }

// WorkloadOf returns the workload view of o, nil when it carries no pod template.
func (s *Snapshot) WorkloadOf(o *Object) *Workload { return s.workload[o] }

// Lookup finds the object of that group, kind and name that from means, in from's namespace unless namespace says otherwise (the
// namespace is ignored for objects that have none). The nearest match wins; nil when there is none.
func (s *Snapshot) Lookup(from *Object, group, kind, namespace, name string) *Object {
	if namespace == "" {
		namespace = from.Namespace
	}
	key := nameKey{groupKind{group, kind}, name}
	if sc := s.scopes[from.Scope]; sc != nil {
		for _, o := range sc.byName[key] {
			if SameNamespace(o.Namespace, namespace) {
				return o
			}
		}
	}
	var best *Object
	depth := -1
	for _, o := range s.byName[key] {
		if SameNamespace(o.Namespace, namespace) {
			if d := commonDepth(from.Scope, o.Scope); d > depth {
				best, depth = o, d
			}
		}
	}
	return best
}

// Same returns the objects of o's scope with its group, kind, namespace and name, o among them, in the snapshot's order. The caller
// must not change the slice.
func (s *Snapshot) Same(o *Object) []*Object {
	return s.scopes[o.Scope].same[fullName{nameKey{groupKind{o.Group(), o.Kind}, o.Name}, o.Namespace}]
}

// Covers reports whether the absence of an object of that kind near o is a fact. In a cluster it is when the kind was listed, in o's
// namespace or in all. In files it is when o's scope shows other objects of the kind, or when the scope looks like a whole
// application: a workload and at least three other kinds. Otherwise the object may well exist where the input does not reach, and
// the answer is unknown.
func (s *Snapshot) Covers(o *Object, group, kind string) bool {
	return s.CoversIn(o, o.Namespace, group, kind)
}

// CoversIn is Covers for an object in another namespace than o's.
func (s *Snapshot) CoversIn(o *Object, namespace, group, kind string) bool {
	if s.coverage != nil {
		return s.coverage.Of(group, kind, namespace).Known()
	}
	return s.Shows(o, group, kind) || s.wholeApplication(o)
}

// podKinds are the kinds whose objects are, or create, pods that a selector may find.
var podKinds = []groupKind{{"", "Pod"}, {"", "ReplicationController"}, {"apps", "DaemonSet"}, {"apps", "Deployment"}, {"apps", "ReplicaSet"},
	{"apps", "StatefulSet"}, {"batch", "CronJob"}, {"batch", "Job"}}

// CoversPods reports whether it is a fact that there are no other pods in o's namespace than those that the snapshot shows, as in a
// cluster whose workloads could all be listed. Of files it never is.
func (s *Snapshot) CoversPods(o *Object) bool {
	return s.coverage != nil && !slices.ContainsFunc(podKinds, func(k groupKind) bool {
		return !s.coverage.Of(k.group, k.kind, o.Namespace).Known()
	})
}

// Shows reports whether o's scope holds any object of that kind, or would if there were one: a cluster that was listed does.
func (s *Snapshot) Shows(o *Object, group, kind string) bool {
	if s.coverage != nil {
		return s.coverage.Of(group, kind, o.Namespace).Known()
	}
	sc := s.scopes[o.Scope]
	return sc != nil && sc.kinds[groupKind{group, kind}] > 0
}

func (s *Snapshot) wholeApplication(o *Object) bool {
	sc := s.scopes[o.Scope]
	if sc == nil || len(sc.labels) == 0 {
		return false
	}
	others := 0
	for gk := range sc.kinds {
		switch gk.kind {
		case "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Pod", "Job", "CronJob", "Namespace", "CustomResourceDefinition":
		default:
			others++
		}
	}
	return others >= 3
}

// nearest keeps those of found that are nearest to from: its own scope if any is there, else the longest common folder. Order is
// kept.
func nearest[T any](from *Object, found []T, object func(T) *Object) []T {
	if len(found) < 2 {
		return found
	}
	best := -1
	for _, x := range found {
		best = max(best, closeness(from, object(x)))
	}
	return slices.DeleteFunc(slices.Clone(found), func(x T) bool { return closeness(from, object(x)) < best })
}

func closeness(a, b *Object) int {
	if a.Scope == b.Scope {
		return 1 << 20
	}
	return commonDepth(a.Scope, b.Scope)
}

// commonDepth counts the leading folders that two scopes share.
func commonDepth(a, b string) int {
	n := 0
	for {
		x, restA, okA := strings.Cut(a, "/")
		y, restB, okB := strings.Cut(b, "/")
		if x != y {
			return n
		}
		n++
		if !okA || !okB {
			return n
		}
		a, b = restA, restB
	}
}

// ScopeOf returns the scope of a file that belongs to no build: its folder.
func ScopeOf(file string) string { return path.Dir(file) }
