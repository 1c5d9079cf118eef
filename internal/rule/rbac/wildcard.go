package rbac

import (
	"slices"

	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
)

// wildcard leaves alone: all verbs on an operator's own API group; all verbs on leases and events, which hold nothing; reading all
// resources of a group that has no Secrets.
var wildcard = &rule.Rule{
	ID:    "rbac-wildcard",
	Title: "a role allows more than it names",
	Why: "A wildcard covers what exists today and what is added tomorrow: new resources of other people's operators, new verbs, and " +
		"always Secrets and subresources such as pods/exec. It is granted in a minute and never taken back.",
	How:      "Name the resources and verbs. The audit log, or kubectl auth can-i, tells which ones are used.",
	Example:  "rules:\n  - apiGroups: [apps]\n    resources: [deployments]\n    verbs: [get, list, watch]\n",
	Severity: finding.Should, Profile: rule.Golden, Since: "0.1.0", Incident: "admin-for-convenience",
	Links: []string{linkPractice, linkRBAC},
	Object: func(p *rule.Pass, o *cluster.Object) {
		grants := grantsOf(o)
		for i := range grants {
			judgeWildcard(p, o, i, &grants[i])
		}
	},
}

func judgeWildcard(p *rule.Pass, o *cluster.Object, i int, r *rbacv1.PolicyRule) {
	verbs, resources := slices.Contains(r.Verbs, "*"), slices.Contains(r.Resources, "*")
	if verbs && (slices.Contains(r.NonResourceURLs, "*") || slices.Contains(r.NonResourceURLs, "/*")) {
		p.Report(o, field(i, "nonResourceURLs"), "it allows everything on every path of the API server that is no resource")
		return
	}
	if !slices.ContainsFunc(r.APIGroups, kubernetesGroup) {
		return
	}
	core := slices.Contains(r.APIGroups, "") || slices.Contains(r.APIGroups, "*")
	switch {
	case verbs && resources && slices.Contains(r.APIGroups, "*"):
		p.Report(o, field(i, "resources"), "it allows everything with every resource of every API group %s, as cluster-admin does", where(o))
	case verbs && resources:
		p.Report(o, field(i, "resources"), "it allows everything with every resource of %s %s%s", groups(r), where(o), ifCore(core))
	case verbs && len(r.ResourceNames) == 0 && !harmless(r.Resources):
		p.Report(o, field(i, "verbs"), "it allows every verb on %s, deletecollection and those of later versions included", words(r.Resources))
	case resources && len(r.ResourceNames) == 0 && (core || len(writes(r)) > 0):
		may := writes(r)
		if len(may) == 0 {
			may = r.Verbs
		}
		p.Report(o, field(i, "resources"), "it allows to %s every resource of %s %s%s", words(may), groups(r), where(o), ifCore(core))
	}
}

func ifCore(core bool) string {
	if core {
		return ", Secrets included"
	}
	return ""
}

func harmless(resources []string) bool {
	return !slices.ContainsFunc(resources, func(r string) bool { return r != "leases" && r != "events" })
}

func writes(r *rbacv1.PolicyRule) []string {
	var out []string
	for _, v := range r.Verbs {
		switch v {
		case "get", "list", "watch":
		default:
			out = append(out, v)
		}
	}
	return out
}

func groups(r *rbacv1.PolicyRule) string {
	if slices.Contains(r.APIGroups, "*") {
		return "every API group"
	}
	var out []string
	for _, g := range r.APIGroups {
		if g == "" {
			g = "core"
		}
		out = append(out, g)
	}
	if len(out) == 1 {
		return "API group " + out[0]
	}
	return "API groups " + words(out)
}
