package source

import "testing"

func TestAnyItem(t *testing.T) {
	for field, want := range map[string]string{
		"spec.replicas":                                  "spec.replicas",
		"spec.containers[0].env[name=A=B].value":         "spec.containers[].env[].value",
		"spec.containers[].image":                        "spec.containers[].image",
		"metadata.labels[app.kubernetes.io/name]":        "metadata.labels[app.kubernetes.io/name]",
		`data["a=b"]`:                                    `data["a=b"]`,
		`data[""]`:                                       `data[""]`,
		"spec.rules[host=shop.example.com].http.paths[2": "spec.rules[].http.paths[2",
	} {
		if got := AnyItem(field); got != want {
			t.Errorf("%s: got %s, want %s", field, got, want)
		}
	}
}
