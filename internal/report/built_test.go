package report

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/fairway-k8s/fairway/internal/finding"
)

// What was built is attached to a file that exists, and the message says where it is in the build.
func TestBuiltPlacesAreAttachedToFiles(t *testing.T) {
	web := finding.Ref{APIVersion: "apps/v1", Kind: "Deployment", Name: "web"}
	r := &finding.Report{Exists: func(file string) bool { return file == "old/kustomization.yml" }}
	for _, file := range []string{"prod (kustomize build)", "old (kustomize build)", ". (kustomize build)", "chart/templates/web.yaml (helm template)", "plain.yaml"} {
		p := finding.Place{File: file, Line: 29, Column: 22, EndLine: 29, EndColumn: 30}
		r.Findings = append(r.Findings, &finding.Finding{Rule: "some-rule", Severity: finding.Must, Object: web, Workload: web, Place: p, Message: "it is broken"})
		r.Unknown = append(r.Unknown, finding.Unknown{Rule: "other-rule", Object: web, Place: p, Missing: "all"})
	}
	for name, tc := range map[string]struct {
		write func(io.Writer, *finding.Report) error
		want  []string
	}{
		"github": {GitHub, []string{
			"file=prod/kustomization.yaml,line=1,endLine=1,col=1,", "file=old/kustomization.yml,line=1,", "file=kustomization.yaml,line=1,",
			"file=chart/templates/web.yaml,line=1,", "file=plain.yaml,line=29,endLine=29,col=22,",
			"it is broken (in the build, line 29)", "it is broken (in what helm makes of it, line 29)"}},
		"sarif": {func(w io.Writer, r *finding.Report) error { return SARIF(w, r, "1") }, []string{
			`"uri":"prod/kustomization.yaml","uriBaseId":"%SRCROOT%"},"region":{"startLine":1,`, `"uri":"old/kustomization.yml"`, `"uri":"kustomization.yaml"`,
			`"uri":"chart/templates/web.yaml","uriBaseId":"%SRCROOT%"},"region":{"startLine":1,`, `"uri":"plain.yaml","uriBaseId":"%SRCROOT%"},"region":{"startLine":29,`,
			"it is broken (in the build, line 29)", "all (in the build, line 29)"}},
		"junit": {JUnit, []string{
			`file="prod/kustomization.yaml" line="1"`, `file="old/kustomization.yml" line="1"`, `file="kustomization.yaml" line="1"`,
			`file="chart/templates/web.yaml" line="1"`, `file="plain.yaml" line="29"`, `message="must: it is broken (in the build, line 29)"`}},
	} {
		var out bytes.Buffer
		if err := tc.write(&out, r); err != nil {
			t.Fatal(err)
		}
		for _, want := range tc.want {
			if !strings.Contains(out.String(), want) {
				t.Errorf("%s: %s is missing in\n%s", name, want, out.String())
			}
		}
	}
}
