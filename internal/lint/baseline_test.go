package lint_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/lint"
)

func found(rule, file string, line int, name, field string) *finding.Finding {
	return &finding.Finding{Rule: rule, Place: finding.Place{File: file, Line: line}, Object: finding.Ref{Kind: "ConfigMap", Name: name}, Field: field}
}

func TestBaseline(t *testing.T) {
	known := []*finding.Finding{found("b", "f.yaml", 3, "x", "data"), found("a", "f.yaml", 9, "x", ""), found("a", "f.yaml", 11, "x", "")}
	data := lint.NewBaseline(known, nil).Encode()
	want := `{
  "schemaVersion": 2,
  "findings": [
    {"rule":"a","file":"f.yaml","object":{"apiVersion":"","kind":"ConfigMap","namespace":"","name":"x"},"field":"","count":2},
    {"rule":"b","file":"f.yaml","object":{"apiVersion":"","kind":"ConfigMap","namespace":"","name":"x"},"field":"data","count":1}
  ]
}
`
	if d := cmp.Diff(want, string(data)); d != "" {
		t.Fatal(d)
	}
	for _, x := range []struct {
		name            string
		now             []*finding.Finding
		fresh, accepted int
	}{
		{"nothing changed", known, 0, 3},
		{"lines moved", []*finding.Finding{found("b", "f.yaml", 103, "x", "data"), found("a", "f.yaml", 109, "x", ""), found("a", "f.yaml", 111, "x", "")}, 0, 3},
		{"one more of a kind", append([]*finding.Finding{found("a", "f.yaml", 1, "x", "")}, known...), 1, 3},
		{"another object, another file", append([]*finding.Finding{found("a", "f.yaml", 1, "y", ""), found("a", "g.yaml", 1, "x", "")}, known...), 2, 3},
		{"one is gone", known[1:], 0, 2},
		{"all are gone", nil, 0, 0},
	} {
		b, err := lint.ParseBaseline(data, nil)
		if err != nil {
			t.Fatal(err)
		}
		fresh, accepted := b.Filter(x.now)
		if len(fresh) != x.fresh || accepted != x.accepted {
			t.Errorf("%s: %d new, %d accepted; want %d, %d", x.name, len(fresh), accepted, x.fresh, x.accepted)
		}
	}
	if _, err := lint.ParseBaseline(lint.NewBaseline(nil, nil).Encode(), nil); err != nil {
		t.Errorf("an empty baseline: %v", err)
	}
	for text, want := range map[string]string{"": "EOF", "[]": "array", `{"schemaVersion":3,"findings":[]}`: "schemaVersion is 3", `{"schemaVersion":1,"finding":[]}`: "finding"} {
		if _, err := lint.ParseBaseline([]byte(text), nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q in it", text, err, want)
		}
	}
}

// TestBaselineNames accepts the same findings from every working directory; the first form was good in one only.
func TestBaselineNames(t *testing.T) {
	fromRoot, fromDeploy := []*finding.Finding{found("a", "deploy/f.yaml", 3, "x", "data")}, []*finding.Finding{found("a", "f.yaml", 3, "x", "data")}
	below := func(file string) string { return "deploy/" + file }
	data := lint.NewBaseline(fromDeploy, below).Encode()
	first := []byte(strings.ReplaceAll(string(lint.NewBaseline(fromRoot, nil).Encode()), `"schemaVersion": 2`, `"schemaVersion": 1`))
	for _, x := range []struct {
		what     string
		data     []byte
		name     lint.Naming
		now      []*finding.Finding
		accepted int
	}{
		{"from the root", data, nil, fromRoot, 1},
		{"from the folder below", data, below, fromDeploy, 1},
		{"a file of the same name beside the baseline", data, nil, fromDeploy, 0},
		{"first form, from where it was written", first, func(string) string { return "elsewhere" }, fromRoot, 1},
		{"first form, from the folder below", first, below, fromDeploy, 0},
	} {
		b, err := lint.ParseBaseline(x.data, x.name)
		if err != nil {
			t.Fatal(err)
		}
		if _, accepted := b.Filter(x.now); accepted != x.accepted {
			t.Errorf("%s: %d accepted, want %d", x.what, accepted, x.accepted)
		}
	}
}
