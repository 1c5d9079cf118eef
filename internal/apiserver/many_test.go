package apiserver

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/fairway-k8s/fairway/internal/source"
)

// TestManyProblems: what is said of one object is bounded, and what is not said is counted.
func TestManyProblems(t *testing.T) {
	const n = MaxProblems + 50
	many := func(format string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	for name, text := range map[string]string{
		"unknown fields": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n" + many("field%d: 1\n"),
		"wrong types":    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n" + many("  k%d: [1]\n"),
		"bad values":     "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n" + many("  k /%d: a\n"),
	} {
		r := Check(source.Parse("", []byte(text)).Docs[0].Root, Options{})
		if len(r.Problems) != MaxProblems+1 {
			t.Errorf("%s: %d problems, want %d", name, len(r.Problems), MaxProblems+1)
		}
		if !slices.ContainsFunc(r.Problems, func(p Problem) bool { return strings.HasPrefix(p.Message, "50 more problems") }) {
			t.Errorf("%s: nothing says that there are 50 more", name)
		}
	}
}
