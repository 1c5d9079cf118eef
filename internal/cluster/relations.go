package cluster

import (
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
	policies                   policies
	pods                       map[*Object][]*Workload // of Services, PDBs, NetworkPolicies
	bindings                   map[*Object][]*Object   // ServiceAccount -> RoleBindings and ClusterRoleBindings
	routes                     map[*Object][]*Object   // Service -> Ingresses and HTTPRoutes
}

func (s *Snapshot) related() *relations {
	s.relate.Do(func() {
		r := &s.relations
		r.services, r.budgets = map[*Workload][]*Object{}, map[*Workload][]*Object{}
		r.scalers, r.policies = map[*Workload][]*Object{}, newPolicies()
		r.pods = map[*Object][]*Workload{}
		r.bindings, r.routes = map[*Object][]*Object{}, map[*Object][]*Object{}
		link := func(m map[*Workload][]*Object, o *Object, sel *metav1.LabelSelector) {
			found := s.Select(o, sel)
			r.pods[o] = found
			for _, w := range found {
				m[w] = append(m[w], o)
			}
		}
		for _, o := range s.Objects {
			switch t := o.Typed.(type) {
			case *corev1.Service:
				if len(t.Spec.Selector) > 0 {
					link(r.services, o, &metav1.LabelSelector{MatchLabels: t.Spec.Selector})
				}
			case *policyv1.PodDisruptionBudget:
				link(r.budgets, o, t.Spec.Selector)
			case *networkingv1.NetworkPolicy:
				if s.linkNamespace(o, &t.Spec.PodSelector) {
					r.pods[o] = s.everyPod(o, o.Namespace)
				} else {
					link(r.policies.labels, o, &t.Spec.PodSelector)
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
		if sa := s.Lookup(o, "", "ServiceAccount", sub.Namespace, sub.Name); sa != nil && !slices.Contains(s.relations.bindings[sa], o) {
			s.relations.bindings[sa] = append(s.relations.bindings[sa], o)
		}
	}
}

func (s *Snapshot) linkRoute(o *Object, service string) {
	if svc := s.Lookup(o, "", "Service", "", service); svc != nil && !slices.Contains(s.relations.routes[svc], o) {
		s.relations.routes[svc] = append(s.relations.routes[svc], o)
	}
}

// ServicesOf returns the Services whose selector selects w's pods.
func (s *Snapshot) ServicesOf(w *Workload) []*Object { return s.related().services[w] }

// BudgetsOf returns the PodDisruptionBudgets that select w's pods.
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
