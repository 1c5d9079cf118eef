package rule

import (
	"strings"
	"testing"
	"time"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
)

func testCatalogue(t *testing.T) *Catalogue {
	t.Helper()
	base := Rule{Title: "t", Why: "w", How: "h", Severity: finding.Should, Since: "0.1.0", Object: func(*Pass, *cluster.Object) {}}
	var rules []*Rule
	for id, p := range map[string]Profile{"probe-missing": Basic, "image-latest": Golden, "labels-missing": Strict, "cpu-limit-set": Contested} {
		r := base
		r.ID, r.Profile = id, p
		if p == Contested {
			r.Contest = "some say so, some say no"
		}
		if id == "image-latest" {
			r.Params = []Param{{Name: "registries", Doc: "d", Default: []string{}}, {Name: "days", Doc: "d", Default: 30}}
		}
		rules = append(rules, &r)
	}
	c, err := NewCatalogue(rules...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func active(t *testing.T, c *Catalogue, p *Policy, profile Profile, only ...string) string {
	t.Helper()
	list, err := c.Activate(p, profile, only)
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, a := range list {
		ids = append(ids, a.ID+":"+a.Severity.String())
	}
	return strings.Join(ids, " ")
}

func TestActivate(t *testing.T) {
	c := testCatalogue(t)
	for _, x := range []struct {
		name    string
		policy  string
		profile Profile
		only    []string
		want    string
	}{
		{"golden is the default", "", 0, nil, "image-latest:should probe-missing:should"},
		{"basic", "", Basic, nil, "probe-missing:should"},
		{"strict has no contested rules", "", Strict, nil, "image-latest:should labels-missing:should probe-missing:should"},
		{"the policy's profile", "profile: basic", 0, nil, "probe-missing:should"},
		{"the flag wins over the policy's profile", "profile: basic", Golden, nil, "image-latest:should probe-missing:should"},
		{"a policy names a contested rule", "rules: {cpu-limit-set: {}}", Basic, nil, "cpu-limit-set:should probe-missing:should"},
		{"off and other severities", "rules: {probe-missing: {severity: off}, image-latest: {severity: must}}", 0, nil, "image-latest:must"},
		{"only", "", Basic, []string{"labels-missing"}, "labels-missing:should"},
	} {
		t.Run(x.name, func(t *testing.T) {
			p, err := ParsePolicy("p.yaml", []byte(x.policy), c)
			if err != nil {
				t.Fatal(err)
			}
			if got := active(t, c, p, x.profile, x.only...); got != x.want {
				t.Errorf("got  %s\nwant %s", got, x.want)
			}
		})
	}
	if _, err := c.Activate(nil, 0, []string{"probe-mising"}); err == nil || !strings.Contains(err.Error(), "did you mean probe-missing?") {
		t.Errorf("an unknown rule gives %v, want a suggestion", err)
	}
}

func TestParsePolicyFaults(t *testing.T) {
	c := testCatalogue(t)
	for _, x := range []struct{ policy, want string }{
		{"profil: basic", "profil"},
		{"profile: bronze", "none of basic, golden, strict"},
		{"rules: {image-latst: {}}", "did you mean image-latest?"},
		{"rules: {image-latest: {severity: fatal}}", "none of off, could, should, must"},
		{"rules: {image-latest: {params: {day: 3}}}", "no parameter day"},
		{"rules: {image-latest: {params: {days: soon}}}", "not a value like 30"},
		{"exemptions: [{rules: [image-latest]}]", "the exemption needs a reason"},
		{"exemptions: [{rules: [], reason: r}]", "names no rules"},
		{"\nexemptions:\n  - {rules: [image-latest], reason: r, expires: soon}", "p.yaml:3: exemption: expires: \"soon\" is not a day"},
		{"exemptions: [{rules: [image-latest], reason: r, name: '[a'}]", "not a valid pattern"},
		{"rules: [", "p.yaml"},
		{"rules:\n  image-latest: must\n", "p.yaml:2: a severity stands in a mapping: write {severity: must}"},
		{"rules:\n  image-latest: off\n", "p.yaml:2: a severity stands in a mapping: write {severity: off}"},
		{"rules: {image-latest: [must]}", "p.yaml:1: a list is not a mapping such as {severity: must}"},
		{"rules: [image-latest]", "p.yaml:1: a list is not a mapping such as {replicas-single: {severity: must}}"},
		{"rules: {image-latest: {params: 3}}", "p.yaml:1: 3 is not a mapping such as {minimum: 3}"},
		{"profile: {a: b}", "p.yaml:1: a mapping is not a word"},
		{"exemptions: [x]", "p.yaml:1: x is not a mapping such as {rules: [host-network]"},
		{"exemptions: x", "p.yaml:1: x is not a list of exemptions"},
		{"exemptions: [{rules: image-latest, reason: r}]", "is not a list such as [host-network]"},
		{"exemptions: [{name: x, reason: r}]", "p.yaml:1: the exemption names no rules"},
		{"- a", "p.yaml:1: a list is not a mapping such as {profile: golden}"},
		{"a: 1\nrules:\n  image-latst: {}\n  image-latest:\n    params: {days: 1, day: 3}\nprofile: bronze\n", "p.yaml:1: field a not found\np.yaml:3: rules: there is no rule image-latst, did you mean image-latest?\np.yaml:5: rules.image-latest.params: the rule has no parameter day\np.yaml:6: profile"},
		{"profile: basic\n---\nprofile: strict\n", "p.yaml:2: a policy is one document"},
	} {
		_, err := ParsePolicy("p.yaml", []byte(x.policy), c)
		if err == nil || !strings.Contains(err.Error(), x.want) {
			t.Errorf("%q: got %v, want %q in it", x.policy, err, x.want)
		}
	}
}

func TestExemptions(t *testing.T) {
	c := testCatalogue(t)
	p, err := ParsePolicy("p.yaml", []byte(`
exemptions:
  - {rules: [image-latest], path: legacy/**, name: "old-*", reason: moves in spring, expires: 2027-03-01}
  - {rules: [probe-missing], kind: DaemonSet, namespace: kube-system, reason: not ours}
`), c)
	if err != nil {
		t.Fatal(err)
	}
	before, on := time.Date(2027, 2, 28, 23, 0, 0, 0, time.UTC), time.Date(2027, 3, 1, 0, 0, 0, 0, time.UTC)
	f := func(rule, file, kind, ns, name string) *finding.Finding {
		return &finding.Finding{Rule: rule, Place: finding.Place{File: file}, Object: finding.Ref{Kind: kind, Namespace: ns, Name: name}}
	}
	for _, x := range []struct {
		f    *finding.Finding
		now  time.Time
		want bool
	}{
		{f("image-latest", "legacy/a/b.yaml", "Deployment", "", "old-shop"), before, true},
		{f("image-latest", "legacy/a/b.yaml", "Deployment", "", "old-shop"), on, false},
		{f("image-latest", "legacy2/b.yaml", "Deployment", "", "old-shop"), before, false},
		{f("image-latest", "legacy/b.yaml", "Deployment", "", "shop"), before, false},
		{f("probe-missing", "legacy/b.yaml", "Deployment", "", "old-shop"), before, false},
		{f("probe-missing", "x.yaml", "DaemonSet", "kube-system", "x"), on, true},
		{f("probe-missing", "x.yaml", "DaemonSet", "web", "x"), on, false},
	} {
		if got := p.Exempts(x.f, x.now); got != x.want {
			t.Errorf("%v on %s: exempt is %v, want %v", x.f, x.now.Format(time.DateOnly), got, x.want)
		}
	}
	p.Name = func(file string) string { return "legacy/" + file } // as if run there
	if from := f("image-latest", "a/b.yaml", "Deployment", "", "old-shop"); !p.Exempts(from, before) {
		t.Error("from a folder below the policy's the path of an exemption means something else")
	}
	if got := p.Expired(on); len(got) != 1 || got[0].Rule != "suppression-expired" || got[0].Place.Line != 3 {
		t.Errorf("expired: %v, want the one of line 3", got)
	}
}
