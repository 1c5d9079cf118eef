package report_test

import (
	"os"

	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/report"
	"github.com/fairway-k8s/fairway/internal/source"
)

func ExampleText() {
	file := source.Parse("deploy/service.yaml", []byte("kind: Service\nmetadata:\n  name: checkout\nspec:\n  ports:\n    - port: 80\n      targetPort: 8081\n"))
	service := finding.Ref{APIVersion: "v1", Kind: "Service", Name: "checkout"}
	r := &finding.Report{
		Files: 1, Objects: 1,
		Findings: []*finding.Finding{{
			Rule: "targetport-not-on-pod", Severity: finding.Must, Object: service, Workload: service, Root: file.Docs[0].Root,
			Field: "spec.ports[0].targetPort", Place: finding.Place{File: file.Name, Line: 7, Column: 19, EndLine: 7, EndColumn: 23},
			Message: "no container of checkout listens on 8081; 8080 (http) is named", Fix: &finding.Fix{Title: "set targetPort: http"},
		}},
		Rule: func(string) finding.RuleInfo {
			return finding.RuleInfo{Why: "Connections to the Service are refused.", Incident: "port-mismatch"}
		},
	}
	report.Text(os.Stdout, r, report.TextOptions{Width: 100})
	// Output:
	// svc/checkout  deploy/service.yaml                                                         1 must fix
	//
	//   must  targetport-not-on-pod                                                      service.yaml:7:19
	//       6 |     - port: 80
	//       7 |       targetPort: 8081
	//         |                   ^^^^ no container of checkout listens on 8081; 8080 (http) is named
	//      Connections to the Service are refused (port-mismatch).
	//      fix: set targetPort: http (fairway lint --fix)            fairway explain targetport-not-on-pod
	//
	// 1 file, 1 object: 1 must in 1 object; 0 errors
}
