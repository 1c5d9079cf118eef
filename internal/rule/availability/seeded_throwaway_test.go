package availability

import (
	"testing"
	"strings"

	"github.com/fairway-k8s/fairway/internal/lint"
	"github.com/fairway-k8s/fairway/internal/load"
	"github.com/fairway-k8s/fairway/internal/rule"
	"github.com/fairway-k8s/fairway/internal/testkit/ruletest"
	"github.com/fairway-k8s/fairway/internal/testkit/seeded"
)

func TestThrowaway(t *testing.T) {
	c, _ := rule.NewCatalogue(Rules()...)
	check := func(id string, files map[string]string, p rule.Profile) string {
		r, err := lint.Check(load.Strings(files), lint.Options{Catalogue: c, Profile: p, Now: ruletest.Now})
		if err != nil { t.Fatal(err) }
		var b strings.Builder
		for _, f := range r.Findings { b.WriteString("   " + f.Place.String() + " " + f.Rule + ": " + f.Message + "\n") }
		for _, u := range r.Unknown { b.WriteString("   UNKNOWN " + u.Rule + ": " + u.Missing + "\n") }
		return b.String()
	}
	t.Log("bundle strict:", check("", seeded.Bundle(), rule.Strict))
	for _, v := range seeded.Variants {
		files, _ := v.Files()
		if s := check(v.ID, files, rule.Golden); s != "" || v.ID[0] == 'A' { t.Logf("%s %v\n%s", v.ID, v.Rules, s) }
	}
}
