package crd

import (
	"strings"
	"testing"

	"github.com/fairway-k8s/fairway/internal/apiserver"
	"github.com/fairway-k8s/fairway/internal/source"
)

// TestEndlessNumber: a rule that reads a number of a billion digits would not come to an end, whatever its budget.
func TestEndlessNumber(t *testing.T) {
	const definition = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: disks.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {plural: disks, singular: disk, kind: Disk, listKind: DiskList}
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          size:
            type: string
            maxLength: 20
            x-kubernetes-validations:
            - {rule: "quantity(self).compareTo(quantity('LIMIT')) <= 0", message: too large}
`
	for _, c := range []struct{ limit, size, rule string }{
		{"1Gi", "2Gi", apiserver.Invalid},
		{"1Gi", "1e99999999999", apiserver.Unjudged},
		{"1e99999999999", "2Gi", ""},
	} {
		var s Schemas
		s.Add(source.Parse("", []byte(strings.Replace(definition, "LIMIT", c.limit, 1))).Docs[0].Root)
		problems, known := s.Check(source.Parse("", []byte("apiVersion: example.com/v1\nkind: Disk\nmetadata: {name: a}\nsize: "+c.size+"\n")).Docs[0].Root)
		got := ""
		for _, p := range problems {
			got += p.Rule
		}
		if !known || got != c.rule {
			t.Errorf("size %s, limit %s: got %q (known: %t), want %q", c.size, c.limit, got, known, c.rule)
		}
	}
}
