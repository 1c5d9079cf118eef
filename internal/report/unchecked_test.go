package report

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fairway-k8s/fairway/internal/finding"
)

// What stands for objects and was not checked is told with its reason; what stands for none is only counted.
func TestUncheckedIsTold(t *testing.T) {
	r := &finding.Report{}
	for i := range 7 {
		r.Skipped = append(r.Skipped, finding.Skipped{Place: finding.Place{File: fmt.Sprintf("chart%d", i)}, Reason: "helm-chart", Detail: "there is no helm"},
			finding.Skipped{Place: finding.Place{File: "notes.yaml"}, Reason: "not-kubernetes"})
	}
	var want, wantQuiet []string
	for i := range 5 {
		want = append(want, fmt.Sprintf("not checked  chart%d  Helm chart: there is no helm", i))
		wantQuiet = append(wantQuiet, fmt.Sprintf("chart%d: not checked: Helm chart: there is no helm", i))
	}
	const more = "and 2 more (-o json lists them)"
	want = append(want, more, "", "0 files, 0 objects: nothing was checked; 14 skipped (7 Helm charts, 7 not Kubernetes)", "")
	wantQuiet = append(wantQuiet, more, "")
	for _, tc := range []struct {
		quiet bool
		want  []string
	}{{false, want}, {true, wantQuiet}} {
		var out bytes.Buffer
		if err := Text(&out, r, TextOptions{Quiet: tc.quiet}); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(tc.want, strings.Split(out.String(), "\n")); d != "" {
			t.Errorf("quiet=%t (-want +got):\n%s", tc.quiet, d)
		}
	}
}

// Whoever may see little of a cluster is told of the kinds of the namespace first, and of no more than anybody reads.
func TestForbiddenKinds(t *testing.T) {
	r := &finding.Report{}
	for i := range 10 {
		r.Skipped = append(r.Skipped, finding.Skipped{Reason: "forbidden", Object: finding.Ref{Kind: fmt.Sprintf("A%d", i), Name: "*"}})
	}
	r.Skipped = append(r.Skipped, finding.Skipped{Reason: "forbidden", Object: finding.Ref{Kind: "Secret", Namespace: "shop", Name: "*"}})
	for _, tc := range []struct {
		full bool
		want string
	}{{false, "not listed, as the context's user may not: Secret, A0, A1, A2, A3, A4, A5, A6 and 3 more (--full lists them)\n"},
		{true, "not listed, as the context's user may not: Secret, A0, A1, A2, A3, A4, A5, A6, A7, A8, A9\n"}} {
		var out bytes.Buffer
		if err := Text(&out, r, TextOptions{Quiet: true, Full: tc.full}); err != nil {
			t.Fatal(err)
		}
		if out.String() != tc.want {
			t.Errorf("full=%t: got %q, want %q", tc.full, out.String(), tc.want)
		}
	}
}

// Nothing but what cannot be broken is wider than the terminal.
func TestNoLineIsWiderThanTheTerminal(t *testing.T) {
	const deep = "clusters/production/europe-west-1/applications/checkout/overlays/production"
	web := finding.Ref{APIVersion: "apps/v1", Kind: "Deployment", Namespace: "checkout-production", Name: "web"}
	r := &finding.Report{Files: 12345, Objects: 12345, Workloads: 1234, Affected: 1000, Suppressed: 1000}
	for i := range 5 {
		p := finding.Place{File: deep + " (kustomize build)", Line: 29 + i, Column: 22}
		r.Findings = append(r.Findings, &finding.Finding{Rule: "secret-in-configmap", Severity: finding.Must, Object: web, Workload: web, Place: p,
			Message: "the key PASSWORD of the ConfigMap looks like a secret, and everybody who may read the namespace may read it"})
	}
	for _, rule := range []string{"networkpolicy-missing", "networkpolicy-missing", "hpa-and-replicas", "hpa-min-replicas-single", "hpa-target-missing", "pdb-missing"} {
		r.Unknown = append(r.Unknown, finding.Unknown{Rule: rule, Object: web, Missing: "the objects that somebody applies together with this one"})
	}
	for i := range 8 {
		r.Skipped = append(r.Skipped, finding.Skipped{Reason: fmt.Sprintf("some-long-reason-%d", i)}, finding.Skipped{Reason: "helm-chart", Place: finding.Place{File: deep}, Detail: "there is no helm"})
	}
	for _, width := range []int{60, 80, 100, 120} {
		var out bytes.Buffer
		if err := Text(&out, r, TextOptions{Width: width, Fold: 1, Hint: "try less"}); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(out.String()) {
			// A place is a word that an editor opens: it is never broken.
			if line = strings.TrimSuffix(line, "\n"); Width(line) > width && !strings.Contains(line, deep) {
				t.Errorf("%d columns: %d are taken by %q", width, Width(line), line)
			}
		}
		if n := strings.Count(out.String(), "networkpolicy-missing,"); n != 1 {
			t.Errorf("%d columns: networkpolicy-missing is named %d times, want once:\n%s", width, n, out.String())
		}
		for _, word := range []string{"…", "the key PASSWORD of the ConfigMap looks"} {
			if strings.Contains(out.String(), word) != (word != "…" || width < len(deep)+len(" (kustomize build)  ")) {
				t.Errorf("%d columns: %q in\n%s", width, word, out.String())
			}
		}
	}
}
