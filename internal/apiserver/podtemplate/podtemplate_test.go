package podtemplate

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fairway-k8s/fairway/internal/source"
)

func TestFind(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"rollout", `
apiVersion: argoproj.io/v1alpha1
kind: Rollout
spec: {template: {metadata: {labels: {a: b}}, spec: {containers: [{name: a, image: a}]}}}
`, []string{"spec.template"}},
		{"rollout that refers to a Deployment", `
apiVersion: argoproj.io/v1alpha1
kind: Rollout
spec: {workloadRef: {apiVersion: apps/v1, kind: Deployment, name: a}}
`, nil},
		{"list", `
apiVersion: argoproj.io/v1alpha1
kind: Experiment
spec:
  templates:
  - {name: a, template: {spec: {containers: [{image: a}]}}}
  - {name: b, template: {spec: {containers: [{image: b}]}}}
`, []string{"spec.templates[0].template", "spec.templates[1].template"}},
		{"mapping", `
apiVersion: kubeflow.org/v1
kind: PyTorchJob
spec:
  pytorchReplicaSpecs:
    Master: {template: {spec: {containers: [{name: pytorch}]}}}
    Worker: {template: {spec: {containers: [{name: pytorch}]}}}
`, []string{"spec.pytorchReplicaSpecs.Master.template", "spec.pytorchReplicaSpecs.Worker.template"}},
		{"nobody knows it, but it has the shape", `
apiVersion: example.com/v1
kind: Fleet
spec:
  groups:
  - {podTemplate: {spec: {containers: [{image: a}]}}}
  template: {spec: {containers: [{image: a}]}}
`, []string{"spec.groups[0].podTemplate", "spec.template"}},
		{"something else of that name", `
apiVersion: example.com/v1
kind: Fleet
spec:
  template: {spec: {containers: [text]}}
  other: {spec: {containers: [{image: a}]}}
  emailTemplate: {spec: {}}
`, nil},
		{"a Workflow's templates are none", `
apiVersion: argoproj.io/v1alpha1
kind: Workflow
spec: {templates: [{name: a, container: {image: a}}]}
`, nil},
		{"alias", `
apiVersion: example.com/v1
kind: Fleet
base: &t {spec: {containers: [{image: a}]}}
spec: {template: *t}
`, []string{"spec.template"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := source.Parse("x.yaml", []byte(c.text)).Docs[0]
			if d.Err != nil {
				t.Fatal(d.Err)
			}
			var got []string
			for _, p := range Find(d.Root) {
				got = append(got, p.Path.String())
				if p.Template.Get("spec").Get("containers").IsZero() {
					t.Errorf("%s has no containers", p.Path)
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("paths (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRows(t *testing.T) {
	seen := map[Row]bool{}
	for _, r := range Rows() {
		if r.Group == "" || r.Kind == "" || r.Path == "" || !strings.HasPrefix(r.Source, "https://") {
			t.Errorf("incomplete: %+v", r)
		}
		r.Source = ""
		if seen[r] {
			t.Errorf("twice: %+v", r)
		}
		seen[r] = true
	}
	if got := Paths("keda.sh/v1alpha1", "ScaledJob"); !slices.Equal(got, []string{"spec.jobTargetRef.template"}) {
		t.Errorf("ScaledJob: %v", got)
	}
	if got := Paths("v1", "Pod"); got != nil {
		t.Errorf("Pod: %v", got)
	}
}
