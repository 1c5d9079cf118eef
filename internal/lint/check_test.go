package lint_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/fairway-k8s/fairway/internal/lint"
	"github.com/fairway-k8s/fairway/internal/load"
	"github.com/fairway-k8s/fairway/internal/rule/config"
	"github.com/fairway-k8s/fairway/internal/rule/images"
)

func write(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		at := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(at), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// Every document ends as an object, as skipped, or as a failure.
func TestEveryDocumentIsAccountedFor(t *testing.T) {
	in := load.Strings(map[string]string{
		"a.yaml": configMap("x") + "---\n# nothing\n---\n- a list\n---\nkind: [\n---\n" + configMap("z"),
		"b.yaml": "apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: w}\n",
		"c.yaml": "just: text\n",
	})
	r, err := lint.Check(in, options(t))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, o := range r.Snapshot.Objects {
		got = append(got, "object "+o.Ref.String())
	}
	for _, s := range r.Skipped {
		got = append(got, "skipped "+s.Reason+" "+s.Place.String())
	}
	for _, f := range r.Failures {
		got = append(got, "failed "+f.Place.String())
	}
	want := `object shop/ConfigMap/x
object shop/ConfigMap/z
object Widget/w
skipped not-kubernetes a.yaml:9:1
skipped not-kubernetes c.yaml:1:1
skipped no-schema b.yaml:2:7
failed a.yaml:11:7`
	if g := strings.Join(got, "\n"); g != want {
		t.Errorf("got:\n%s\nwant:\n%s", g, want)
	}
	if s := in.Stats; s.Documents != s.Loaded+s.SkippedDocuments+s.FailedDocuments || s.Documents != 6 {
		t.Errorf("%+v does not add up to 6 documents", s)
	}
}

func TestDuplicateKeys(t *testing.T) {
	for _, x := range []struct{ name, file, place, object, field string }{
		{"in an object", configMap("x") + "data:\n  k: one\n  k: two\n", "f.yaml:8:3", "shop/ConfigMap/x", "data.k"},
		{"in an item of a List", "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n- apiVersion: v1\n  kind: ConfigMap\n  metadata:\n    name: b\n    name: b\n",
			"f.yaml:9:5", "ConfigMap/b", "metadata.name"},
		{"in no object", "a: 1\na: 2\n", "f.yaml:2:1", "/", ""},
	} {
		t.Run(x.name, func(t *testing.T) {
			r, err := lint.Check(load.Strings(map[string]string{"f.yaml": x.file}), options(t))
			if err != nil {
				t.Fatal(err)
			}
			n := 0
			for _, f := range r.Findings {
				if f.Rule != "yaml-duplicate-key" {
					continue
				}
				n++
				if f.Place.String() != x.place || f.Object.String() != x.object || f.Field != x.field {
					t.Errorf("got %s %s %q, want %s %s %q", f.Place, f.Object, f.Field, x.place, x.object, x.field)
				}
			}
			if n != 1 {
				t.Errorf("%d findings, want one: %v", n, r.Findings)
			}
		})
	}
}

// What the API server cannot judge yet, or only with a feature gate, is unknown, and not passed over.
func TestPlaceholdersAreUnknown(t *testing.T) {
	r, err := lint.Check(load.Strings(map[string]string{
		"f.yaml": "apiVersion: v1\nkind: Service\nmetadata: {name: \"${NAME}\"}\nspec: {ports: [{port: 80}], selector: {app: \"$(app)\"}}\n",
		"g.yaml": "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {ports: [{port: <your port>}], sessionAffinity: YOUR_AFFINITY}\n",
		"i.yaml": "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: a}\nspec:\n  minReplicas: 0\n  maxReplicas: 2\n  scaleTargetRef: {kind: Deployment, name: a}\n" +
			"  metrics: [{type: External, external: {metric: {name: q}, target: {type: Value, value: 1}}}]\n",
		"k.yaml": "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec:\n  selector: {matchLabels: {app: '{{ template \"x\" }}'}}\n  template:\n    metadata: {labels: {app: '{{ template \"x\" }}'}}\n    spec: {containers: [{name: a, image: a:1}]}\n",
		"j.yaml": "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec:\n  replicas: REPLICAS_OF_A\n  selector: {matchLabels: {app: a}}\n  template:\n    metadata: {labels: {app: a}}\n" +
			"    spec:\n      imagePullSecrets:\n        PULL_SECRETS_OF_A: x\n      containers: [{name: a, image: a:1, SOME_PROBES: x}]\n",
		"h.yaml": "apiVersion: cert-manager.io/v1\nkind: Certificate\nmetadata: {name: a}\nspec: {secretName: a, isCA: \"{{ ca }}\", issuerRef: {name: a}}\n",
	}), options(t))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, u := range r.Unknown {
		got = append(got, u.Place.String()+" "+u.Rule)
	}
	if want := []string{"f.yaml:3:18 api-invalid", "f.yaml:4:39 api-invalid", "g.yaml:4:23 api-invalid", "g.yaml:4:55 api-invalid", "h.yaml:4:29 api-invalid", "i.yaml:5:16 api-invalid", "j.yaml:5:13 api-invalid", "j.yaml:11:9 api-invalid", "j.yaml:12:42 api-invalid", "k.yaml:5:13 api-invalid", "k.yaml:5:33 api-invalid"}; !slices.Equal(got, want) {
		t.Errorf("unknown: %v, want %v; findings: %v", got, want, r.Findings)
		for _, f := range r.Findings {
			t.Error(f.Place, f.Rule, f.Message)
		}
	}
}

// What is wrong in a base is said once, although its builds put the object into other namespaces and the field at another place.
func TestBaseOfDifferentOverlays(t *testing.T) {
	dir := t.TempDir()
	job := "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n  containers:\n    - name: app\n      image: example.com/app:latest\n"
	over := func(namespace, patch string) string {
		return "namespace: " + namespace + "\nresources: [../../base]\npatches: [{target: {kind: Pod}, patch: '" + patch + "'}]\n"
	}
	write(t, dir, map[string]string{
		"base/kustomization.yaml":   "resources: [pod.yaml]\n",
		"base/pod.yaml":             job,
		"over/a/kustomization.yaml": over("a", `[{"op": "add", "path": "/metadata/labels", "value": {"a": "b"}}]`),
		"over/b/kustomization.yaml": over("b", `[{"op": "add", "path": "/spec/containers/0", "value": {"name": "proxy", "image": "example.com/proxy:1"}}]`),
		"over/c/kustomization.yaml": over("c", `[{"op": "add", "path": "/metadata/labels", "value": {"a": "b"}}]`),
	})
	in, err := load.Load(t.Context(), []string{"."}, load.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	o := options(t, images.Rules()...)
	o.Only = []string{"image-tag-latest"}
	r, err := lint.Check(in, o)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Findings) != 1 || r.Findings[0].Place.String() != "base/pod.yaml:8:14" {
		for _, f := range r.Findings {
			t.Errorf("%s %s %s: %s", f.Place, f.Object, f.Field, f.Message)
		}
	}
}

// A patch that no kustomization lists lacks what it is merged into; a workload that forgot one thing is refused.
func TestFragment(t *testing.T) {
	head := "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec:\n"
	pods := "  template:\n    metadata: {labels: {app: a}}\n    spec:\n      containers:\n        - name: app\n"
	r, err := lint.Check(load.Strings(map[string]string{
		"patch.yaml":   head + "  template:\n    spec:\n      containers:\n        - {name: app, env: [{name: A, value: b}], resourses: {}}\n",
		"tag.yaml":     head + "  template: {spec: {containers: [{name: app, image: app:2}]}}\n",
		"account.yaml": head + "  template: {spec: {serviceAccountName: a}}\n",
		"sidecar.yaml": head + "  template:\n    spec:\n      containers: [{name: proxy, image: proxy:1}, {name: app, args: [-v]}]\n",
		"kubeadm.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {name: kube-scheduler, namespace: kube-system}\nspec:\n  containers:\n    - {name: kube-scheduler, resources: {requests: {cpu: 1m}}}\n",
		"pod.yaml":     "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n    - {name: app, ports: [{containerPort: 80}]}\n",
		"webhook_in_things.yaml": "apiVersion: apiextensions.k8s.io/v1beta1\nkind: CustomResourceDefinition\nmetadata: {name: things.example.com}\n" +
			"spec: {conversion: {strategy: Webhook, webhookClientConfig: {service: {namespace: system, name: webhook-service}}}}\n",
		"image.yaml":    head + "  selector: {matchLabels: {app: a}}\n" + pods,
		"selector.yaml": head + pods + "          image: example.com/a:1\n",
	}), options(t))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range r.Findings {
		got = append(got, f.Place.File+" "+f.Rule)
	}
	for _, u := range r.Unknown {
		got = append(got, u.Place.File+" unknown "+u.Rule)
	}
	want := []string{"tag.yaml unknown api-required-missing", "account.yaml unknown api-required-missing", "sidecar.yaml unknown api-required-missing", "webhook_in_things.yaml unknown api-required-missing", "kubeadm.yaml unknown api-required-missing", "pod.yaml api-required-missing", "image.yaml api-required-missing", "patch.yaml api-unknown-field", "selector.yaml api-required-missing", "selector.yaml api-invalid", "patch.yaml unknown api-required-missing"}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// What an operator's webhook may set before the schema is looked at is not missing for sure.
func TestRequiredBehindWebhook(t *testing.T) {
	definition := "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: things.example.com}\nspec:\n  group: example.com\n  scope: Namespaced\n" +
		"  names: {plural: things, singular: thing, kind: Thing, listKind: ThingList}\n  versions:\n  - name: v1\n    served: true\n    storage: true\n" +
		"    schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object, required: [size], properties: {size: {type: integer}}}}}}\n"
	webhook := func(rules string) string {
		return "apiVersion: admissionregistration.k8s.io/v1\nkind: MutatingWebhookConfiguration\nmetadata: {name: defaults}\nwebhooks:\n- name: defaults.example.com\n  sideEffects: None\n" +
			"  admissionReviewVersions: [v1]\n  clientConfig: {service: {name: a, namespace: a}}\n" + rules
	}
	rule := func(group string) string {
		return "  rules: [{apiGroups: [" + group + "], apiVersions: [v1], operations: [CREATE], resources: [things]}]\n"
	}
	for _, c := range []struct {
		name, webhook string
		unknown       bool
	}{
		{"none", "", false},
		{"its own", webhook(rule("example.com")), true},
		{"of others", webhook(rule("apps")), false},
		{"rules by a controller", webhook(""), true},
	} {
		in := map[string]string{"crd.yaml": definition, "thing.yaml": "apiVersion: example.com/v1\nkind: Thing\nmetadata: {name: a}\nspec: {}\n"}
		if c.webhook != "" {
			in["webhook.yaml"] = c.webhook
		}
		r, err := lint.Check(load.Strings(in), options(t))
		if err != nil {
			t.Fatal(err)
		}
		if len(r.Findings) != 1-len(r.Unknown) || (len(r.Unknown) == 1) != c.unknown {
			t.Errorf("%s: findings %v, unknown %v", c.name, r.Findings, r.Unknown)
		}
	}
}

// A ConfigMap that a kustomization makes is not missing, although the kustomization cannot be built here.
func TestGeneratedByWhatCannotBeBuilt(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{
		"kustomization.yaml": "resources: [pod.yaml, cm.yaml]\nconfigMapGenerator: [{name: theme, files: [logo.svg]}]\n", // logo.svg is not there
		"cm.yaml":            configMap("other"),
		"pod.yaml":           "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers: [{name: a, image: a:1}]\n  volumes: [{name: theme, configMap: {name: theme}}, {name: more, configMap: {name: more}}]\n",
	})
	in, err := load.Load(t.Context(), []string{"."}, load.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if len(in.Failures) == 0 {
		t.Fatal("the kustomization was built")
	}
	o := options(t, config.Rules()...)
	o.Only = []string{"configmap-missing"}
	r, err := lint.Check(in, o)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range r.Findings {
		got = append(got, f.Message)
	}
	if len(got) != 1 || !strings.Contains(got[0], "ConfigMap more") {
		t.Errorf("findings %q, want one about more; unknown %v", got, r.Unknown)
	}
}

// SOPS's own field goes when the object is decrypted, and what it encrypts cannot be judged before.
func TestEncrypted(t *testing.T) {
	r, err := lint.Check(load.Strings(map[string]string{
		"secret.sops.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata:\n  key: ENC[AES256_GCM,data:O/lA,iv:a,tag:b,type:str]\nsops:\n  mac: ENC[AES256_GCM,data:z5L]\n  version: 3.7.3\n",
		"secret.yaml":      "apiVersion: v1\nkind: Secret\nmetadata: {name: b}\nstringData: {key: a}\nsops: a\n",
	}), options(t))
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Findings) != 1 || r.Findings[0].Place.File != "secret.yaml" || len(r.Unknown) != 1 || r.Unknown[0].Place.String() != "secret.sops.yaml:7:3" {
		t.Errorf("findings %v, unknown %v", r.Findings, r.Unknown)
	}
}

// What a test expects of an object is none.
func TestExpectations(t *testing.T) {
	const part = "apiVersion: batch/v1\nkind: Job\nmetadata: {name: a}\nstatus: {succeeded: 1}\n"
	in := load.Strings(map[string]string{"tests/04-assert.yaml": part, "tests/05-errors.yaml": part, "tests/06-install.yaml": part, "assert.yaml": part})
	var got []string
	for _, o := range in.Objects {
		got = append(got, o.Root.File().Name)
	}
	if want := []string{"assert.yaml", "tests/06-install.yaml"}; !slices.Equal(got, want) || len(in.Skipped) != 2 {
		t.Errorf("objects in %v, want %v; skipped %v", got, want, in.Skipped)
	}
}
