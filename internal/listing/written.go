package listing

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/fairway-k8s/fairway/internal/source"
)

// writer copies what was written of an object, as JSON with a line for each field: the reader of package source guesses from the lines
// how much it will need.
type writer struct {
	b       []byte
	kind    string
	secret  bool
	tracked bool // some mask is there: the author's fields are on record
	custom  bool // a custom resource: nobody here knows its defaults
}

// written returns the JSON of what was written of an object. root is the mapping of the whole object as the API server sent it.
func written(root source.Node, apiVersion, kind string) []byte {
	span := root.Span()
	w := writer{b: make([]byte, 0, span.End-span.Start), kind: kind, secret: kind == "Secret" && groupOf(apiVersion) == "", custom: !builtIn(apiVersion)}
	masks := masksOf(root.Get("metadata").Resolve())
	w.tracked = len(masks) > 0
	w.b = fmt.Appendf(w.b, `{"apiVersion":%s,"kind":%s`, quoted(apiVersion), quoted(kind)) // the items of a list leave them out
	w.fields(root, "", masks)
	return append(make([]byte, 0, len(w.b)), w.b...) // it is kept, and most of an object as it was sent is not
}

func quoted(s string) []byte {
	b, _ := json.Marshal(s) // texts have no errors
	return b
}

// mapping writes n, the fields of which defaults know as those of within. It reports whether nothing of n was written although it has
// fields: then all of them are defaults.
func (w *writer) mapping(n source.Node, within string, masks []mask) (empty bool) {
	w.b = append(w.b, '{')
	start := len(w.b)
	w.fields(n, within, masks)
	return len(w.b) == start+1 && n.Len() > 0
}

// fields writes the fields of a mapping, and the bracket that ends it.
func (w *writer) fields(n source.Node, within string, masks []mask) {
	for e := range n.Entries() {
		key := e.Key.Text()
		value := e.Value
		if w.dropped(within, key, value) {
			continue
		}
		below := descend(masks, key)
		explicit := len(below) > 0
		if !explicit && !w.custom && w.isDefault(within, key, value, n) {
			continue
		}
		before := len(w.b)
		if w.b[before-1] != '{' {
			w.b = append(w.b, ',', '\n')
		}
		raw := e.Key.Span()
		w.b = append(w.b, e.Key.File().Data[raw.Start:raw.End]...)
		w.b = append(w.b, ':')
		if w.secret && within == "data" { // the values of Secrets go no further
			w.b = append(w.b, '"', '"')
			continue
		}
		if w.value(value, w.context(within, key), below) && !explicit && !w.custom {
			w.b = w.b[:before]
		}
	}
	w.b = append(w.b, '}')
}

func (w *writer) value(n source.Node, within string, masks []mask) (empty bool) {
	switch n.Kind() {
	case source.Mapping:
		return w.mapping(n, within, masks)
	case source.Sequence:
		w.b = append(w.b, '[')
		first := true
		for i, item := range n.Items() {
			if (within == "volumes" || within == "volumeMounts") && w.serverMade(item) {
				continue
			}
			if !first {
				w.b = append(w.b, ',', '\n')
			}
			first = false
			w.value(item, within, descendItem(masks, item, i))
		}
		w.b = append(w.b, ']')
		return first && n.Len() > 0
	}
	s := n.Span()
	w.b = append(w.b, n.File().Data[s.Start:s.End]...)
	return false
}

// serverMade reports whether a volume, or its mount, is the one that the ServiceAccount admission plugin adds to pods.
func (w *writer) serverMade(n source.Node) bool {
	return w.kind == "Pod" && strings.HasPrefix(n.Get("name").Text(), "kube-api-access-")
}

// noise are annotations that tools and controllers leave.
var noise = []string{
	"kubectl.kubernetes.io/last-applied-configuration", "deployment.kubernetes.io/revision", "deprecated.daemonset.template.generation",
	"pv.kubernetes.io/bind-completed", "pv.kubernetes.io/bound-by-controller", "volume.beta.kubernetes.io/storage-provisioner",
	"volume.kubernetes.io/storage-provisioner", "volume.kubernetes.io/selected-node", "batch.kubernetes.io/job-tracking",
}

// ownMeta are the fields of an object's metadata that people write.
var ownMeta = []string{"name", "generateName", "namespace", "labels", "annotations", "ownerReferences"}

// secretFields are the fields of a Secret: nothing else that stands in one is known to be no value.
var secretFields = []string{"metadata", "type", "immutable", "data", "stringData"}

// dropped reports whether a field is never written: the API server or a controller does.
func (w *writer) dropped(within, key string, value source.Node) bool {
	if !w.custom && value.Kind() == source.Scalar && value.Type() == source.NullValue {
		return true
	}
	switch within {
	case "":
		return key == "status" || key == "apiVersion" || key == "kind" || w.secret && !slices.Contains(secretFields, key)
	case "metadata":
		return !slices.Contains(ownMeta, key)
	case "annotations":
		return slices.Contains(noise, key) || w.secret && !harmless(key)
	case "claim":
		return key == "status"
	}
	return false
}

// harmless reports whether an annotation of a Secret can be no copy of its values: tools have left them there.
func harmless(key string) bool {
	domain, _, _ := strings.Cut(key, "/")
	for _, d := range []string{"kubernetes.io", "helm.sh", "cert-manager.io", "fairway-k8s.io"} {
		if domain == d || strings.HasSuffix(domain, "."+d) {
			return key != "kubectl.kubernetes.io/last-applied-configuration"
		}
	}
	return false
}

// context returns what defaults call the mapping, or the items of the list, that stands in a field.
func (w *writer) context(within, key string) string {
	switch within {
	case "":
		switch key {
		case "spec":
			if w.kind == "Pod" {
				return "pod"
			}
			return w.kind + ".spec"
		case "data", "stringData":
			return "data"
		case "metadata":
			return "metadata"
		}
		return w.kind + "." + key
	case "template":
		if key == "spec" {
			return "pod"
		}
		return "template." + key
	case "jobTemplate":
		if key == "spec" {
			return "Job.spec"
		}
	case "claim":
		if key == "spec" {
			return "PersistentVolumeClaim.spec"
		}
	case "metadata":
		return key // annotations
	}
	switch key {
	case "template":
		if strings.HasSuffix(within, ".spec") && podKind[strings.TrimSuffix(within, ".spec")] {
			return "template"
		}
	case "jobTemplate":
		return "jobTemplate"
	case "volumeClaimTemplates":
		return "claim"
	case "initContainers", "containers", "ephemeralContainers":
		if within == "pod" {
			return "containers"
		}
	case "livenessProbe", "readinessProbe", "startupProbe":
		return "probe"
	}
	if within == "volumes" {
		return "volume." + key
	}
	if within == "Service.spec" || within == "NetworkPolicy.spec" {
		return within + "." + key
	}
	if within == "NetworkPolicy.spec.ingress" || within == "NetworkPolicy.spec.egress" {
		return "NetworkPolicy.rule." + key
	}
	return key
}

// podKind are the kinds with a pod template in spec.template.
var podKind = map[string]bool{"Deployment": true, "StatefulSet": true, "DaemonSet": true, "ReplicaSet": true, "ReplicationController": true, "Job": true}

// builtIn reports whether a version is of one of Kubernetes' own groups.
func builtIn(apiVersion string) bool {
	group, _, grouped := strings.Cut(apiVersion, "/")
	return !grouped || !strings.Contains(group, ".") || strings.HasSuffix(group, ".k8s.io") && !strings.HasSuffix(group, ".x-k8s.io")
}
