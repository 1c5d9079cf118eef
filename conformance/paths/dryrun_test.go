package paths

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fairway-k8s/fairway/content/knowledge"
	"github.com/fairway-k8s/fairway/internal/testkit/bed"
)

// apply is a dry run as strict as the API server has it. A warning is an error: of a violated Pod Security level, of a field that goes
// away. A field that is there twice is nothing that the API server gets to see, kubectl drops the first; decode refuses it.
var apply = []string{"apply", "--server-side", "--dry-run=server", "--validate=strict", "--warnings-as-errors"}

// Every path with every service of its tests, in its base and each of its clouds, is taken by the API server in a namespace that
// enforces the restricted level of Pod Security, and so are the pods that controllers would make of it.
func TestDryRun(t *testing.T) {
	b := bed.ControlPlane(t)
	for _, c := range catalogues(t) {
		paths := c.byPath(t)
		for _, path := range slices.Sorted(maps.Keys(paths)) {
			t.Run(c.name+"/"+path, func(t *testing.T) {
				t.Parallel()
				services := paths[path]
				for i := range services {
					services[i].write(t, c.flag)
				}
				prepare(t, b, services)
				objects, profiles := 0, map[string]int{}
				var pods []object
				for _, s := range services {
					for _, profile := range s.profiles(t) {
						t.Run(s.name+"/"+profile, func(t *testing.T) {
							applied := items(t, b.Kubectl(t, "", append(apply, "--output=json", "--kustomize", filepath.Join(s.dir, profile))...))
							if len(applied) < 3 { // account, workload and network policy at least
								t.Errorf("%d objects were applied", len(applied))
							}
							before := len(pods)
							for _, o := range applied {
								pods = append(pods, podsOf(o)...)
							}
							if len(pods) == before {
								t.Error("no workload was applied")
							}
							objects += len(applied)
							profiles[profile]++
						})
					}
				}
				for i, p := range pods {
					p["metadata"].(map[string]any)["name"] = fmt.Sprint("pod-", i)
				}
				b.Kubectl(t, list(t, pods), "create", "--dry-run=server", "--validate=strict", "--warnings-as-errors", "--filename=-")
				t.Logf("%d services, %v, %d objects, %d pods", len(services), profiles, objects, len(pods))
			})
		}
	}
	t.Run("refused", func(t *testing.T) { refused(t, b) })
}

// refused shows that a dry run could fail: it takes a Deployment, and none of what the golden paths never write.
func refused(t *testing.T, b *bed.Bed) {
	b.Kubectl(t, list(t, []object{restricted("refused")}), "apply", "--server-side", "--filename=-")
	const strict = `{runAsNonRoot: true, runAsUser: 10001, seccompProfile: {type: RuntimeDefault}}`
	template := func(security, more string) string {
		return `{metadata: {labels: {app: web}}, spec: {automountServiceAccountToken: false, securityContext: ` + security + `, containers: [
			{name: app, image: "localhost/web:1", securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}` + more + `}]}}`
	}
	deployment := func(template, more string) string {
		return `{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: refused}, spec: {selector: {matchLabels: {app: web}}, template: ` + template + more + `}}`
	}
	for _, x := range []struct{ name, manifest, want string }{
		{"nothing is wrong", deployment(template(strict, ""), ""), ""},
		{"a field that is not known", deployment(template(strict, ""), ", replica: 3"), `.spec.replica: field not declared in schema`},
		{"a volume that is not there", deployment(template(strict, ", volumeMounts: [{name: tmp, mountPath: /tmp}]"), ""), `volumeMounts[0].name: Not found: "tmp"`},
		{"a Deployment of pods that may be root", deployment(template("{}", ""), ""), `would violate PodSecurity "restricted:latest"`},
		{"a pod that may be root", strings.Replace(template("{}", ""), "{metadata: {labels: {app: web}}", "{apiVersion: v1, kind: Pod, metadata: {name: web, namespace: refused}", 1), `violates PodSecurity "restricted:latest"`},
	} {
		_, _, err := b.Run(t.Context(), x.manifest, append(apply, "--filename=-")...)
		switch {
		case x.want == "" && err != nil:
			t.Errorf("%s: %v", x.name, err)
		case x.want != "" && (err == nil || !strings.Contains(err.Error(), x.want)):
			t.Errorf("%s: got %v, want %s", x.name, err, x.want)
		}
	}
}

// prepare makes what has to be there for services' manifests to be taken: their namespaces, restricted; their accounts, for pods; and
// the definitions of custom resources.
func prepare(t *testing.T, b *bed.Bed, services []service) {
	t.Helper()
	needed := map[string]object{}
	add := func(o object) {
		needed[o.text("kind")+"/"+o.text("metadata", "namespace")+"/"+o.text("metadata", "name")] = o
	}
	for _, s := range services {
		for _, o := range s.manifests(t) {
			if ns := o.text("metadata", "namespace"); ns != "" {
				add(restricted(ns))
			}
			if o.text("kind") == "ServiceAccount" {
				add(object{"apiVersion": "v1", "kind": "ServiceAccount", "metadata": map[string]any{"name": o.at("metadata", "name"), "namespace": o.at("metadata", "namespace")}})
			}
			group, version, _ := strings.Cut(o.text("apiVersion"), "/")
			if d := definition(t, group, version, o.text("kind")); d != nil {
				add(d)
			}
		}
	}
	var order []object // a namespace goes before what is in it
	for _, kind := range []string{"Namespace/", "ServiceAccount/", "CustomResourceDefinition/"} {
		for _, id := range slices.Sorted(maps.Keys(needed)) {
			if strings.HasPrefix(id, kind) {
				order = append(order, needed[id])
			}
		}
	}
	b.Kubectl(t, list(t, order), "apply", "--server-side", "--warnings-as-errors", "--filename=-")
	for id := range needed {
		if name, ok := strings.CutPrefix(id, "CustomResourceDefinition//"); ok {
			b.Eventually(t, time.Minute, "True", "get", "crd", name, "--output", `jsonpath={.status.conditions[?(@.type=="Established")].status}`)
		}
	}
}

// restricted is a namespace in which the restricted level of Pod Security is enforced on pods, and warned of on their controllers.
func restricted(name string) object {
	return object{"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": name, "labels": map[string]any{
		"pod-security.kubernetes.io/enforce": "restricted",
		"pod-security.kubernetes.io/warn":    "restricted",
	}}}
}

// podsOf returns the pods that controllers make of an object: their template, with the volumes of claims that a StatefulSet's
// controller adds.
func podsOf(o object) []object {
	template, ok := o.at("spec", "template").(map[string]any)
	if !ok {
		template, ok = o.at("spec", "jobTemplate", "spec", "template").(map[string]any)
	}
	spec, _ := template["spec"].(map[string]any)
	if !ok || spec == nil {
		return nil
	}
	claims, _ := o.at("spec", "volumeClaimTemplates").([]any)
	for _, c := range claims {
		name := object(c.(map[string]any)).text("metadata", "name")
		volumes, _ := spec["volumes"].([]any)
		spec["volumes"] = append(volumes, map[string]any{"name": name, "persistentVolumeClaim": map[string]any{"claimName": name + "-" + o.text("metadata", "name") + "-0"}})
	}
	metadata := maps.Clone(template["metadata"].(map[string]any))
	metadata["namespace"] = o.at("metadata", "namespace")
	return []object{{"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}}
}

// items returns the objects of what kubectl prints in JSON.
func items(t *testing.T, text string) (out []object) {
	t.Helper()
	for _, o := range decode(t, []byte(text)) {
		if o.text("kind") != "List" {
			out = append(out, o)
			continue
		}
		for _, item := range o["items"].([]any) {
			out = append(out, item.(map[string]any))
		}
	}
	return out
}

// list is the text of a List of objects.
func list(t *testing.T, objects []object) string {
	t.Helper()
	text, err := json.Marshal(object{"apiVersion": "v1", "kind": "List", "items": objects})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// definition returns the CustomResourceDefinition of a kind whose schema is embedded, with that schema; nil for other kinds.
func definition(t *testing.T, group, version, kind string) object {
	t.Helper()
	text, err := knowledge.FS.ReadFile("crds/index.json")
	if err != nil {
		t.Fatal(err)
	}
	var projects []struct {
		Name  string
		Kinds []struct {
			Group, Kind, Scope string
			Versions           []string
			Status             bool
		}
	}
	if err := json.Unmarshal(text, &projects); err != nil {
		t.Fatal(err)
	}
	for _, p := range projects {
		for _, k := range p.Kinds {
			if k.Group != group || k.Kind != kind {
				continue
			}
			var versions []any
			for _, v := range k.Versions {
				served := map[string]any{"name": v, "served": true, "storage": v == version, "schema": map[string]any{"openAPIV3Schema": embedded(t, p.Name, group+"/"+v+"/"+kind)}}
				if k.Status {
					served["subresources"] = map[string]any{"status": map[string]any{}}
				}
				versions = append(versions, served)
			}
			plural := strings.ToLower(kind) + "s" // the real one for the kinds that paths have; kubectl finds it by the kind
			if strings.HasSuffix(kind, "y") {
				plural = strings.ToLower(strings.TrimSuffix(kind, "y")) + "ies"
			}
			return object{"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": map[string]any{"name": plural + "." + group},
				"spec": map[string]any{"group": group, "scope": k.Scope, "versions": versions,
					"names": map[string]any{"kind": kind, "listKind": kind + "List", "plural": plural, "singular": strings.ToLower(kind)}}}
		}
	}
	return nil
}

// embedded returns a schema of a project, GROUP/VERSION/KIND, whole: {"$ref": "n"} stands for the n-th of defs.
func embedded(t *testing.T, project, name string) any {
	t.Helper()
	f, err := knowledge.FS.Open("crds/" + project + ".json.gz")
	if err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var packed struct {
		Schemas map[string]any
		Defs    []any
	}
	if err := json.NewDecoder(z).Decode(&packed); err != nil {
		t.Fatal(err)
	}
	var whole func(v any) any
	whole = func(v any) any {
		switch v := v.(type) {
		case []any:
			out := make([]any, len(v))
			for i, x := range v {
				out[i] = whole(x)
			}
			return out
		case map[string]any:
			if ref, ok := v["$ref"].(string); ok {
				var n int
				if _, err := fmt.Sscan(ref, &n); err != nil {
					t.Fatal(err)
				}
				return whole(packed.Defs[n])
			}
			out := make(map[string]any, len(v))
			for k, x := range v {
				out[k] = whole(x)
			}
			return out
		}
		return v
	}
	return whole(packed.Schemas[name])
}
