package seeded

import (
	"slices"
	"testing"
	"time"

	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/lint"
	"github.com/fairway-k8s/fairway/internal/load"
	"github.com/fairway-k8s/fairway/internal/rule"
	"github.com/fairway-k8s/fairway/internal/rule/catalogue"
)

func check(t *testing.T, files map[string]string, p rule.Profile) *lint.Result {
	t.Helper()
	r, err := lint.Check(load.Strings(files), lint.Options{Catalogue: catalogue.New(), Profile: p, Now: time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// The clean bundle is silent in every profile: no finding, nothing skipped. What cannot be known is whether the ingress controller's
// namespace, which a policy lets in, exists: it is not part of the application.
func TestBundleIsClean(t *testing.T) {
	for _, p := range []rule.Profile{rule.Basic, rule.Golden, rule.Strict} {
		r := check(t, Bundle(), p)
		for _, f := range r.Findings {
			t.Errorf("%s: %s: %s: %s", p, f.Place, f.Rule, f.Message)
		}
		for _, u := range r.Unknown {
			if u.Rule == "networkpolicy-peer-selects-nothing" {
				continue
			}
			t.Errorf("%s: %s: unknown %s: %s", p, u.Place, u.Rule, u.Missing)
		}
		if len(r.Skipped)+len(r.Failures) > 0 {
			t.Errorf("%s: skipped %v, failures %v", p, r.Skipped, r.Failures)
		}
	}
}

// Every defect is found by a rule that names it, in the default profile.
func TestDefectsAreFound(t *testing.T) {
	found := 0
	for _, v := range Variants {
		t.Run(v.ID, func(t *testing.T) {
			files, err := v.Files()
			if err != nil {
				t.Fatal(err)
			}
			r := check(t, files, rule.Golden)
			if len(v.Rules) == 0 {
				for _, f := range r.Findings {
					t.Errorf("%s: must be silent, but %s: %s: %s", v.Defect, f.Place, f.Rule, f.Message)
				}
				return
			}
			if slices.ContainsFunc(r.Findings, func(f *finding.Finding) bool { return slices.Contains(v.Rules, f.Rule) }) {
				found++
				return
			}
			t.Errorf("%s: none of %v found it", v.Defect, v.Rules)
			for _, f := range r.Findings {
				t.Logf("found instead: %s: %s: %s", f.Place, f.Rule, f.Message)
			}
			for _, u := range r.Unknown {
				t.Logf("unknown: %s: %s: %s", u.Place, u.Rule, u.Missing)
			}
		})
	}
	t.Logf("%d of %d defects found", found, len(Variants)-2)
}
