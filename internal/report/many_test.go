package report

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/fairway-k8s/fairway/internal/finding"
)

// TestManyFindings: text for people ends, and says how much there is more; with Full everything is there.
func TestManyFindings(t *testing.T) {
	const n = maxGroups + 200
	one := finding.Ref{Kind: "ConfigMap", Name: "one"}
	var r finding.Report
	for i := range n {
		each := finding.Ref{Kind: "Pod", Name: fmt.Sprintf("p%d", i)}
		r.Findings = append(r.Findings,
			&finding.Finding{Rule: "in-one", Severity: finding.Must, Object: one, Workload: one, Message: fmt.Sprintf("message %d of one", i), Place: finding.Place{File: "a.yaml", Line: i + 1}},
			&finding.Finding{Rule: "in-many", Severity: finding.Should, Object: each, Workload: each, Message: fmt.Sprintf("message %d of many", i), Place: finding.Place{File: "a.yaml", Line: i + 1}})
		r.Failures = append(r.Failures, finding.Failure{Place: finding.Place{File: "b.yaml", Line: i + 1}, Message: fmt.Sprintf("message %d of failures", i)})
	}
	for _, full := range []bool{false, true} {
		var out bytes.Buffer
		if err := Text(&out, &r, TextOptions{Full: full, Hint: "try less"}); err != nil {
			t.Fatal(err)
		}
		for word, shown := range map[string]int{" of one": groupLines, " of many": maxGroups - 1, " of failures": groupLines} {
			if full {
				shown = n
			}
			if got := strings.Count(out.String(), word+"\n") + strings.Count(out.String(), word+" "); got != shown {
				t.Errorf("full=%t: %d messages%s, want %d", full, got, word, shown)
			}
		}
		for _, line := range []string{
			fmt.Sprintf("and %s more in-one (--full", Thousands(n-groupLines)), fmt.Sprintf("and %d more objects with %d findings (--full", n+1-maxGroups, n+1-maxGroups),
			fmt.Sprintf("and %s more errors (--full", Thousands(n-groupLines)),
		} {
			if strings.Contains(out.String(), line) == full {
				t.Errorf("full=%t: %q", full, line)
			}
		}
		if want := "  in-many  " + Thousands(n) + " places\n"; !full && !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing", want)
		}
		lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
		if got, want := lines[len(lines)-3:], []string{"try less", "a line for each: fairway lint -q", "0 files, 0 objects: 1,200 must, 1,200 should in 1,201 objects; 1,200 errors"}; !slices.Equal(got, want) {
			t.Errorf("full=%t: the last lines are %q, want %q", full, got, want)
		}
	}
	var out bytes.Buffer
	if err := Markdown(&out, &r); err != nil || out.Len() > markdownLimit {
		t.Errorf("%d bytes of Markdown, %v", out.Len(), err)
	}
}
