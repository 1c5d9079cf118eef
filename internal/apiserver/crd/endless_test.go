package crd

import (
	"fmt"
	"strings"
	"testing"

	"github.com/fairway-k8s/fairway/internal/apiserver"
	"github.com/fairway-k8s/fairway/internal/source"
)

// TestEndlessNumber: a rule that reads a number of a billion digits would not come to an end, whatever its budget.
func TestEndlessNumber(t *testing.T) {
	definition := definitionOf("Disk", `{type: object, properties: {size: {type: string, maxLength: 20,
        x-kubernetes-validations: [{rule: "quantity(self).compareTo(quantity('LIMIT')) <= 0", message: too large}]}}}`)
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

// TestManyErrors: the API server's validation compares all errors of an object with each other. A test that fails here takes minutes.
func TestManyErrors(t *testing.T) {
	definition := definitionOf("Disk", "{type: object, required: [zone], properties: {zone: {type: string}, sizes: {type: object, additionalProperties: {type: integer}}}}")
	for _, c := range []struct {
		value   string
		count   int
		problem bool
	}{{"large", 100_000, true}, {"1", 100_000, false}, {"large", 30, true}} {
		var s Schemas
		s.Add(source.Parse("", []byte(definition)).Docs[0].Root)
		var b strings.Builder
		b.WriteString("apiVersion: example.com/v1\nkind: Disk\nmetadata: {name: a}\nzone: a\nsizes:\n")
		for i := range c.count {
			fmt.Fprintf(&b, "  k%d: %s\n", i, c.value)
		}
		problems, _ := s.Check(source.Parse("", []byte(b.String())).Docs[0].Root)
		if most := min(c.count, apiserver.MaxProblems+2); len(problems) > most || (len(problems) > 0) != c.problem {
			t.Errorf("%d times %s: %d problems, want at most %d, and some: %t", c.count, c.value, len(problems), most, c.problem)
		}
	}
}
