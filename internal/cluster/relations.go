package cluster

import (
	"fmt"
	"slices"
	"strings"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// labelIndex finds workloads by one pod label, so that a selector is compared with few of them. The empty key holds all.
type labelIndex map[string][]*Workload

func (x labelIndex) add(w *Workload) {
	x[""] = append(x[""], w)
	for k, v := range w.PodLabels() {
		x[k+"="+v] = append(x[k+"="+v], w)
	}
}

// candidates returns the workloads that could match: the shortest list among those of the selector's labels.
func (x labelIndex) candidates(labels map[string]string) []*Workload {
	best := x[""]
	for k, v := range labels {
		if l := x[k+"="+v]; len(l) < len(best) {
			best = l
		}
	}
	return best
}

// Select returns the workloads whose pods a selector in from's namespace selects, nearest scope first (see the package comment).
// A nil selector selects nothing, an empty one every workload of the namespace.
func (s *Snapshot) Select(from *Object, sel *metav1.LabelSelector) []*Workload {
	return s.selectIn(from, from.Namespace, sel)
}

// SelectIn is Select for the pods of another namespace; "" means from's own.
func (s *Snapshot) SelectIn(from *Object, namespace string, sel *metav1.LabelSelector) []*Workload {
	if namespace == "" {
		namespace = from.Namespace
	}
	return s.selectIn(from, namespace, sel)
}

func (s *Snapshot) selectIn(from *Object, namespace string, sel *metav1.LabelSelector) []*Workload {
	if sel == nil {
		return nil
	}
	if SelectorEmpty(sel) {
		return s.everyPod(from, namespace)
	}
	pick := func(x labelIndex) (out []*Workload) {
		for _, w := range x.candidates(sel.MatchLabels) {
			if SameNamespace(w.Namespace, namespace) && SelectorMatches(sel, w.PodLabels()) {
				out = append(out, w)
			}
		}
		return out
	}
	if sc := s.scopes[from.Scope]; sc != nil {
		if own := pick(sc.labels); len(own) > 0 {
			return own
		}
	}
	return nearest(from, pick(s.labels), (*Workload).object)
}

// relations are the inverse directions, made once on first use.
type relations struct {
	services, budgets, scalers map[*Workload][]*Object
	traffic                    map[*Workload][]*Object // of services, those that carry requests: see TrafficOf
	policies                   policies
	pods                       map[*Object][]*Workload // of Services, PDBs, NetworkPolicies
	bindings                   map[*Object][]*Object   // ServiceAccount -> RoleBindings and ClusterRoleBindings
	routes                     map[*Object][]*Object   // Service -> Ingresses and HTTPRoutes
}

func (s *Snapshot) related() *relations {
	s.relate.Do(func() {
		r := &s.relations
		services, budgets, labelled := newLinks(s), newLinks(s), newLinks(s)
		r.scalers, r.policies = map[*Workload][]*Object{}, newPolicies()
		r.pods = map[*Object][]*Workload{}
		r.bindings, r.routes = map[*Object][]*Object{}, map[*Object][]*Object{}
		for _, o := range s.Objects {
			switch t := o.Typed.(type) {
			case *corev1.Service:
				if len(t.Spec.Selector) > 0 {
					r.pods[o] = services.add(o, &metav1.LabelSelector{MatchLabels: t.Spec.Selector})
				}
			case *policyv1.PodDisruptionBudget:
				r.pods[o] = budgets.add(o, t.Spec.Selector)
			case *networkingv1.NetworkPolicy:
				if s.linkNamespace(o, &t.Spec.PodSelector) {
					r.pods[o] = s.everyPod(o, o.Namespace)
				} else {
					r.pods[o] = labelled.add(o, &t.Spec.PodSelector)
				}
			case *autoscalingv2.HorizontalPodAutoscaler:
				s.linkScaler(o, t.Spec.ScaleTargetRef.APIVersion, t.Spec.ScaleTargetRef.Kind, t.Spec.ScaleTargetRef.Name)
			case *rbacv1.RoleBinding:
				s.linkSubjects(o, t.Subjects)
			case *rbacv1.ClusterRoleBinding:
				s.linkSubjects(o, t.Subjects)
			case *networkingv1.Ingress:
				for name := range ingressServices(t) {
					s.linkRoute(o, name)
				}
			}
			switch {
			case o.Typed == nil && o.Is("keda.sh", "ScaledObject"):
				ref := o.Root.Get("spec").Get("scaleTargetRef")
				kind := ref.Get("kind").Text()
				if kind == "" {
					kind = "Deployment"
				}
				s.linkScaler(o, ref.Get("apiVersion").Text(), kind, ref.Get("name").Text())
			case o.Typed == nil && o.Is("gateway.networking.k8s.io", "HTTPRoute"):
				for _, rule := range o.Root.Get("spec").Get("rules").Items() {
					for _, b := range rule.Get("backendRefs").Items() {
						if k := b.Get("kind").Text(); k == "" || k == "Service" {
							s.linkRoute(o, b.Get("name").Text())
						}
					}
				}
			}
		}
		r.services, r.budgets, r.policies.labels = services.byWorkload(nil), budgets.byWorkload(nil), labelled.byWorkload(nil)
		r.traffic = services.byWorkload(carriesTraffic)
	})
	return &s.relations
}

func ingressServices(ing *networkingv1.Ingress) map[string]bool {
	names := map[string]bool{}
	add := func(b *networkingv1.IngressBackend) {
		if b != nil && b.Service != nil {
			names[b.Service.Name] = true
		}
	}
	add(ing.Spec.DefaultBackend)
	for i := range ing.Spec.Rules {
		if h := ing.Spec.Rules[i].HTTP; h != nil {
			for j := range h.Paths {
				add(&h.Paths[j].Backend)
			}
		}
	}
	return names
}

// ScaleTarget returns the workload that an autoscaler names, nil when it is not in the snapshot.
func (s *Snapshot) ScaleTarget(scaler *Object, apiVersion, kind, name string) *Workload {
	group, _, _ := strings.Cut(apiVersion, "/")
	if group == apiVersion && apiVersion != "" {
		group = "" // "v1"
	} else if apiVersion == "" && (kind == "Deployment" || kind == "StatefulSet" || kind == "ReplicaSet") {
		group = "apps"
	}
	if o := s.Lookup(scaler, group, kind, "", name); o != nil {
		return s.workload[o]
	}
	return nil
}

func (s *Snapshot) linkScaler(o *Object, apiVersion, kind, name string) {
	if w := s.ScaleTarget(o, apiVersion, kind, name); w != nil {
		s.relations.scalers[w] = append(s.relations.scalers[w], o)
	}
}

func (s *Snapshot) linkSubjects(o *Object, subjects []rbacv1.Subject) {
	for _, sub := range subjects {
		if sub.Kind != rbacv1.ServiceAccountKind {
			continue
		}
		if sa := s.Lookup(o, "", "ServiceAccount", sub.Namespace, sub.Name); sa != nil {
			s.relations.bindings[sa] = appendNew(s.relations.bindings[sa], o)
		}
	}
}

func (s *Snapshot) linkRoute(o *Object, service string) {
	if svc := s.Lookup(o, "", "Service", "", service); svc != nil {
		s.relations.routes[svc] = appendNew(s.relations.routes[svc], o)
	}
}

// appendNew appends o unless it is the last of the list already. Lists are made object by object, so it is nowhere else.
func appendNew(list []*Object, o *Object) []*Object {
	if n := len(list); n > 0 && list[n-1] == o {
		return list
	}
	return append(list, o)
}

// links are the objects of one kind that select pods, those with the same selection together: thousands of Services that select the
// same thousands of workloads are one list of either, not millions of pairs.
type links struct {
	s      *Snapshot
	groups map[selection]*selected
	order  []*selected // of first mention
	place  map[*Object]int
}

// selection is what decides which pods an object selects.
type selection struct{ scope, namespace, selector string }

type selected struct {
	pods    []*Workload
	objects []*Object
}

func newLinks(s *Snapshot) *links {
	return &links{s: s, groups: map[selection]*selected{}, place: map[*Object]int{}}
}

// add takes in an object and returns the workloads that it selects.
func (l *links) add(o *Object, sel *metav1.LabelSelector) []*Workload {
	if sel == nil {
		return nil
	}
	key := selection{o.Scope, o.Namespace, fmt.Sprintf("%q %q", sel.MatchLabels, sel.MatchExpressions)}
	g := l.groups[key]
	if g == nil {
		g = &selected{pods: l.s.Select(o, sel)}
		l.groups[key] = g
		l.order = append(l.order, g)
	}
	l.place[o] = len(l.place)
	g.objects = append(g.objects, o)
	return g.pods
}

// byWorkload returns the objects that select each workload, in the snapshot's order; where keep is not nil, those that it keeps.
// Workloads that the same objects select share a list.
func (l *links) byWorkload(keep func(*Object) bool) map[*Workload][]*Object {
	out := map[*Workload][]*Object{}
	several := map[*Workload]bool{}
	for _, g := range l.order {
		objects := g.objects
		if keep != nil {
			objects = slices.DeleteFunc(slices.Clone(objects), func(o *Object) bool { return !keep(o) })
		}
		if len(objects) == 0 {
			continue
		}
		objects = slices.Clip(objects)
		for _, w := range g.pods {
			if out[w] == nil {
				out[w] = objects
			} else {
				several[w] = true
				out[w] = append(out[w], objects...)
			}
		}
	}
	for w := range several {
		slices.SortFunc(out[w], func(a, b *Object) int { return l.place[a] - l.place[b] })
	}
	return out
}

// ServicesOf returns the Services whose selector selects w's pods. The caller must not change the slice.
func (s *Snapshot) ServicesOf(w *Workload) []*Object { return s.related().services[w] }

// BudgetsOf returns the PodDisruptionBudgets that select w's pods. The caller must not change the slice.
func (s *Snapshot) BudgetsOf(w *Workload) []*Object { return s.related().budgets[w] }

// ScalersOf returns the HorizontalPodAutoscalers and KEDA ScaledObjects that scale w.
func (s *Snapshot) ScalersOf(w *Workload) []*Object { return s.related().scalers[w] }

// PodsOf returns the workloads whose pods a Service, PodDisruptionBudget or NetworkPolicy selects. The caller must
// not change the slice.
func (s *Snapshot) PodsOf(o *Object) []*Workload { return s.related().pods[o] }

// BindingsOf returns the RoleBindings and ClusterRoleBindings that name a ServiceAccount.
func (s *Snapshot) BindingsOf(sa *Object) []*Object { return s.related().bindings[sa] }

// RoutesOf returns the Ingresses and HTTPRoutes that lead to a Service.
func (s *Snapshot) RoutesOf(svc *Object) []*Object { return s.related().routes[svc] }

// ServiceAccountOf returns the ServiceAccount that w's pods run as, nil when it is not in the snapshot.
func (s *Snapshot) ServiceAccountOf(w *Workload) *Object {
	name := w.Template.Spec.ServiceAccountName
	if name == "" {
		name = "default"
	}
	return s.Lookup(w.Object, "", "ServiceAccount", "", name)
}

// Beside returns the workloads of o's scope, of whatever namespace. The caller must not change the slice.
func (s *Snapshot) Beside(o *Object) []*Workload {
	if sc := s.scopes[o.Scope]; sc != nil {
		return sc.labels[""]
	}
	return nil
}
