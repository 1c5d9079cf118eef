package openapi

import (
	"strings"
	"testing"
)

func TestHas(t *testing.T) {
	for _, c := range []struct {
		version, apiVersion, kind, path string
		want                            bool
	}{
		{"1.33", "v1", "Pod", "spec.containers[0].image", true},
		{"1.33", "v1", "Pod", "spec.containers[name=app].image", true},
		{"1.33", "v1", "Pod", "spec.containers.image", false},
		{"1.33", "v1", "Pod", "spec.containers[0].imagee", false},
		{"1.33", "v1", "Pod", "metadata.annotations[example.com/a.b]", true},
		{"1.33", "v1", "Pod", "spec.containers[0].resources.limits.cpu", true},
		{"1.33", "v1", "Service", "spec.ports[0].targetPort", true},
		{"1.33", "apps/v1", "Deployment", "spec.template.spec.hostnameOverride", false},
		{"1.34", "apps/v1", "Deployment", "spec.template.spec.hostnameOverride", true},
		{"v1.36.3", "apps/v1", "Deployment", "spec.template.spec.hostnameOverride", true},
		// In 1.35 only, as an alpha field.
		{"1.34", "v1", "Pod", "spec.workloadRef", false},
		{"1.35", "v1", "Pod", "spec.workloadRef.name", true},
		{"1.36", "v1", "Pod", "spec.workloadRef", false},
		{"1.36", "apps/v1", "Rollout", "spec", false},
		{"1.36", "apiextensions.k8s.io/v1", "CustomResourceDefinition", "spec.versions[0].schema.openAPIV3Schema.properties[spec].properties[a].default", true},
	} {
		f, err := FieldsOf(c.version)
		if err != nil {
			t.Fatal(err)
		}
		if got := f.Has(c.apiVersion, c.kind, c.path); got != c.want {
			t.Errorf("%s: Has(%s, %s, %s) = %t, want %t", c.version, c.apiVersion, c.kind, c.path, got, c.want)
		}
	}
}

func TestSince(t *testing.T) {
	f, err := FieldsOf("1.33")
	if err != nil {
		t.Fatal(err)
	}
	if v, ok := f.Since("v1", "Pod", "spec.containers[0].env[0].valueFrom.fileKeyRef"); v != "1.34" || !ok {
		t.Errorf("fileKeyRef is there since %q, %t; want 1.34", v, ok)
	}
	if v, ok := f.Since("v1", "Pod", "spec.containers[0].nonsense"); ok {
		t.Errorf("nonsense is there since %s", v)
	}
	if v, ok := f.Since("v1", "Pod", "spec.containers"); ok {
		t.Errorf("containers, which 1.33 has, is there since %s", v)
	}
}

func TestKinds(t *testing.T) {
	for version, want := range map[string]bool{"1.33": false, "1.36": true} {
		f, err := FieldsOf(version)
		if err != nil {
			t.Fatal(err)
		}
		if got := f.HasKind("admissionregistration.k8s.io/v1", "MutatingAdmissionPolicy"); got != want {
			t.Errorf("MutatingAdmissionPolicy v1 in %s: %t, want %t", version, got, want)
		}
	}
}

func TestUnknownVersion(t *testing.T) {
	for _, v := range []string{"1.20", "2", "", "one"} {
		if _, err := FieldsOf(v); err == nil || !strings.Contains(err.Error(), "1.33") {
			t.Errorf("FieldsOf(%q) says %v, want an error that names the known releases", v, err)
		}
	}
}

// Every type that a field names is there: a dangling one would make all fields below unknown.
func TestTypesAreComplete(t *testing.T) {
	tab := load()
	for name, fields := range tab.Types {
		for field, entry := range fields {
			typ, _, _ := strings.Cut(entry, "@")
			for strings.HasPrefix(typ, "[]") || strings.HasPrefix(typ, "{}") {
				typ = typ[2:]
			}
			switch typ {
			case "any", "string", "integer", "number", "boolean":
			default:
				if tab.Types[typ] == nil {
					t.Errorf("%s.%s is of type %s, which is not there", name, field, typ)
				}
			}
		}
	}
}

func BenchmarkHas(b *testing.B) {
	f, err := FieldsOf("1.35")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		f.Has("apps/v1", "Deployment", "spec.template.spec.containers[0].livenessProbe.httpGet.port")
	}
}
