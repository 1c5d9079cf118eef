package apiserver

import (
	"strings"
	"testing"

	"github.com/fairway-k8s/fairway/internal/source"
)

// TestEndlessQuantity: the API server's own code writes out every digit of 1e99999999999, so such a number must not reach it. A test
// that fails here does not end.
func TestEndlessQuantity(t *testing.T) {
	for _, text := range []string{
		"1e99999999999", "1E99999999999", "'1e-99999999999'", "0.1e999999", "1e+999999999", "1e2147483647", "'1e-2147483648'",
		`"1e99999999999"`, `" 1e99999999999 "`, "-1e99999999999", "1e" + strings.Repeat("9", 400), strings.Repeat("9", 100_000),
		"'0." + strings.Repeat("0", 100_000) + "1'", "'1e999999999Mi'",
	} {
		limits := "spec: {containers: [{name: a, image: b, resources: {limits: {cpu: " + text + "}, requests: {cpu: 1}}}]}\n"
		f := source.Parse("pod.yaml", []byte("apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n"+limits))
		r := Check(f.Docs[0].Root, Options{})
		if len(r.Problems) != 1 || r.Problems[0].Rule != WrongType || r.Problems[0].Field != "spec.containers[0].resources.limits.cpu" {
			t.Errorf("%.30s: got %+v, want one %s at the limit", text, r.Problems, WrongType)
		}
	}
	for _, text := range []string{"1e3", "1E3", "1E", "1Ei", "1e-3", "1e999", "1e0003", "0.5", "500m"} {
		if unreadable(text) {
			t.Errorf("unreadable(%q) is true: the API server reads this well", text)
		}
	}
}

// TestEndlessPageSize: validation reads the number in the name of a resource, too.
func TestEndlessPageSize(t *testing.T) {
	f := source.Parse("quota.yaml", []byte("apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, image: b, resources: {limits: {cpu: 1, hugepages-1e99999999999: 1, hugepages-2Mi: 2Mi}}}]}\n"))
	r := Check(f.Docs[0].Root, Options{})
	if len(r.Problems) != 1 || r.Problems[0].Rule != WrongType || r.Problems[0].Node.Raw() != "hugepages-1e99999999999" {
		t.Errorf("got %+v, want one %s at the key", r.Problems, WrongType)
	}
}
