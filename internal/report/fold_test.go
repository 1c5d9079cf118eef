package report

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fairway-k8s/fairway/internal/finding"
)

// What was explained three times is named with its lines only, except for what must be mended; rules that miss the same share a line.
func TestKnownFindingsAreFolded(t *testing.T) {
	web := finding.Ref{APIVersion: "apps/v1", Kind: "Deployment", Name: "web"}
	at := func(rule string, sev finding.Severity, file string, line int) *finding.Finding {
		return &finding.Finding{Rule: rule, Severity: sev, Object: web, Workload: web, Place: finding.Place{File: file, Line: line, Column: 3}, Message: rule + " is broken"}
	}
	r := &finding.Report{
		Findings: []*finding.Finding{
			at("a", finding.Must, "web.yaml", 1),
			at("b", finding.Should, "web.yaml", 2), at("b", finding.Should, "web.yaml", 4), at("b", finding.Should, "web.yaml", 4),
			at("c", finding.Should, "web.yaml", 3), at("c", finding.Should, "service.yaml", 9),
			at("d", finding.Could, "web.yaml", 5),
		},
		Unknown: []finding.Unknown{
			{Rule: "x", Object: web, Place: finding.Place{File: "web.yaml"}, Missing: "the pods"},
			{Rule: "y", Object: web, Place: finding.Place{File: "web.yaml"}, Missing: "the policies"},
			{Rule: "z", Object: web, Place: finding.Place{File: "web.yaml"}, Missing: "the pods"},
		},
	}
	for _, rule := range []string{"a", "b", "c", "d"} {
		first := at(rule, finding.Must, "aaa.yaml", 1)
		first.Object, first.Workload = finding.Ref{Kind: "Deployment", Name: "aaa-" + rule}, finding.Ref{Kind: "Deployment", Name: "aaa-" + rule}
		r.Findings = append(r.Findings, first, at(rule, finding.Must, "aaa.yaml", 2))
		r.Findings[len(r.Findings)-1].Object, r.Findings[len(r.Findings)-1].Workload = first.Object, first.Object
	}
	var out bytes.Buffer
	if err := Text(&out, r, TextOptions{Fold: 1}); err != nil {
		t.Fatal(err)
	}
	_, got, _ := strings.Cut(out.String(), "deploy/web")
	got, _, _ = strings.Cut(got, "\n\n")
	_, got, _ = strings.Cut(got, "\n")
	want := strings.Join([]string{
		"  must    a  a is broken" + strings.Repeat(" ", 64) + "web.yaml:1:3",
		"  should  also c service.yaml:9 :3, b :2 :4",
		"  could   also d :5",
		"  unknown  x, z    the pods",
		"  unknown  y    the policies",
	}, "\n")
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s\nof\n%s", d, out.String())
	}
}
