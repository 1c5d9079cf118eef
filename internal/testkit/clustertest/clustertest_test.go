package clustertest

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/source"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/scheme"
)

// TestRun runs the suite on the plainest source there can be: one that decodes documents with client-go's scheme.
func TestRun(t *testing.T) { Run(t, plain) }

func plain(t *testing.T, manifests map[string]string) *cluster.Snapshot {
	var names []string
	for name := range manifests {
		names = append(names, name)
	}
	slices.Sort(names)
	var objects []*cluster.Object
	for _, name := range names {
		for _, doc := range source.Parse(name, []byte(manifests[name])).Docs {
			data, err := doc.Root.AppendJSON(nil)
			if err != nil {
				t.Fatal(err)
			}
			var meta metav1.PartialObjectMetadata
			if err := json.Unmarshal(data, &meta); err != nil {
				t.Fatal(err)
			}
			o := &cluster.Object{Root: doc.Root, Origin: doc.Root, Scope: "app", Labels: meta.Labels, Annotations: meta.Annotations}
			o.APIVersion, o.Kind, o.Name, o.Namespace = meta.APIVersion, meta.Kind, meta.Name, meta.Namespace
			if typed, _, err := scheme.Codecs.UniversalDeserializer().Decode(data, nil, nil); err == nil {
				o.Typed = typed
			} else if o.Kind == "Rollout" {
				var r struct {
					Spec struct {
						Template corev1.PodTemplateSpec `json:"template"`
					} `json:"spec"`
				}
				if err := json.Unmarshal(data, &r); err != nil {
					t.Fatal(err)
				}
				o.Pods, o.SpecPath = &r.Spec.Template, "spec.template.spec"
			}
			objects = append(objects, o)
		}
	}
	return cluster.NewSnapshot(objects, cluster.Options{})
}
