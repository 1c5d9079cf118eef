package apiserver

import (
	"cmp"
	"reflect"
	"slices"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/version"
)

// typeName is how a document names its type.
type typeName struct{ apiVersion, kind string }

// kind is one kind in one version for which there is a Go type.
type kind struct {
	gvk  schema.GroupVersionKind
	typ  reflect.Type
	plan func() *plan
	// hub is the newest stable version of the kind, or the kind itself.
	hub schema.GroupVersionKind
	// object is true for kinds that people write manifests of: not for lists and the bodies of subresources.
	object     bool
	namespaced bool
	life       func() life
}

// life is when an API is served, in minor versions of Kubernetes 1; 0 means never or unknown.
type life struct {
	introduced, deprecated, removed int
	replacement                     schema.GroupVersionKind
}

type catalogue struct {
	kinds  map[typeName]*kind
	byKind map[string][]*kind // by Kind, the best first: stable before beta, newer before older
	groups map[string]bool
}

// known is the catalogue of all kinds with a Go type.
var known = sync.OnceValue(func() *catalogue {
	c := &catalogue{kinds: map[typeName]*kind{}, byKind: map[string][]*kind{}, groups: map[string]bool{}}
	for gvk, typ := range scheme().AllKnownTypes() {
		if gvk.Version == runtime.APIVersionInternal || strings.HasPrefix(typ.PkgPath(), "k8s.io/apimachinery/") {
			continue
		}
		k := &kind{gvk: gvk, typ: typ, plan: sync.OnceValue(func() *plan { return planOf(typ) }), hub: gvk}
		k.life = sync.OnceValue(func() life {
			l := lifeOf(typ)
			if l.replacement.Empty() && k.hub != gvk {
				l.replacement = k.hub
			}
			return l
		})
		_, hasMeta := typ.FieldByName("ObjectMeta")
		k.object = hasMeta && !slices.Contains(subresources, gvk.Kind)
		k.namespaced = k.object && !slices.Contains(clusterScoped, gvk.Kind)
		c.kinds[typeName{gvk.GroupVersion().String(), gvk.Kind}] = k
		c.byKind[gvk.Kind] = append(c.byKind[gvk.Kind], k)
		c.groups[gvk.Group] = true
	}
	for _, kinds := range c.byKind {
		slices.SortFunc(kinds, func(a, b *kind) int {
			return cmp.Or(-version.CompareKubeAwareVersionStrings(a.gvk.Version, b.gvk.Version), cmp.Compare(a.gvk.Group, b.gvk.Group))
		})
	}
	for _, kinds := range c.byKind {
		for _, k := range kinds {
			k.hub = c.hub(k)
		}
	}
	return c
})

// moved are kinds whose group was split when they became stable.
var moved = map[schema.GroupKind]string{
	{Group: "extensions", Kind: "Deployment"}:    "apps",
	{Group: "extensions", Kind: "DaemonSet"}:     "apps",
	{Group: "extensions", Kind: "ReplicaSet"}:    "apps",
	{Group: "extensions", Kind: "Ingress"}:       "networking.k8s.io",
	{Group: "extensions", Kind: "NetworkPolicy"}: "networking.k8s.io",
}

func (c *catalogue) hub(k *kind) schema.GroupVersionKind {
	group := k.gvk.Group
	if to, ok := moved[k.gvk.GroupKind()]; ok {
		group = to
	}
	for _, other := range c.byKind[k.gvk.Kind] {
		if other.gvk.Group == group {
			if strings.Contains(other.gvk.Version, "alpha") || strings.Contains(other.gvk.Version, "beta") {
				break
			}
			return other.gvk
		}
	}
	return k.gvk
}

// subresources are kinds with metadata that nobody stores.
var subresources = []string{"Binding", "ComponentStatus", "DeploymentRollback", "Eviction", "PodStatusResult", "RangeAllocation", "Scale"}

// clusterScoped are the kinds outside namespaces, as k8s.io/api v0.36 marks them (+genclient:nonNamespaced).
var clusterScoped = []string{
	"APIService", "CSIDriver", "CSINode", "CertificateSigningRequest", "ClusterRole", "ClusterRoleBinding", "ClusterTrustBundle",
	"CustomResourceDefinition", "DeviceClass", "DeviceTaintRule", "FlowSchema", "IPAddress", "IngressClass",
	"MutatingAdmissionPolicy", "MutatingAdmissionPolicyBinding", "MutatingWebhookConfiguration", "Namespace", "Node",
	"PersistentVolume", "PriorityClass", "PriorityLevelConfiguration", "ResourcePoolStatusRequest", "ResourceSlice", "RuntimeClass",
	"ServiceCIDR", "StorageClass", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding", "ValidatingWebhookConfiguration",
	"VolumeAttachment", "VolumeAttributesClass",
}

// lifeOf reads the lifecycle that k8s.io/api records with its types before they are stable.
func lifeOf(typ reflect.Type) life {
	var l life
	v := reflect.New(typ).Interface()
	if t, ok := v.(interface{ APILifecycleIntroduced() (int, int) }); ok {
		_, l.introduced = t.APILifecycleIntroduced()
	}
	if t, ok := v.(interface{ APILifecycleDeprecated() (int, int) }); ok {
		_, l.deprecated = t.APILifecycleDeprecated()
	}
	if t, ok := v.(interface{ APILifecycleRemoved() (int, int) }); ok {
		_, l.removed = t.APILifecycleRemoved()
	}
	if t, ok := v.(interface {
		APILifecycleReplacement() schema.GroupVersionKind
	}); ok {
		l.replacement = t.APILifecycleReplacement()
	}
	return l
}

// Namespaced reports whether objects of a kind live in namespaces; isKnown is false for kinds that Kubernetes does not define.
func Namespaced(gvk schema.GroupVersionKind) (namespaced, isKnown bool) {
	k := known().kinds[typeName{gvk.GroupVersion().String(), gvk.Kind}]
	if k == nil {
		return false, false
	}
	return k.namespaced, true
}
