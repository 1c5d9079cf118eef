package rbac

import (
	"strconv"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
	"github.com/fairway-k8s/fairway/internal/source"
)

// serviceAccountMissing judges those who need the account: pods, which are not created without it, and bindings, which grant
// nothing. A binding may well name an account of somebody else's in another namespace; that it is missing is a fact only for a
// namespace whose pods or accounts are applied together with the binding.
//
// The fix is offered for a name that is written almost like that of one account beside it.
var serviceAccountMissing = &rule.Rule{
	ID:    "service-account-missing",
	Title: "a ServiceAccount is named that does not exist",
	Why: "The API server refuses to create pods whose ServiceAccount does not exist: the Deployment is accepted, and no pod ever " +
		"appears. A binding to such an account grants nothing until somebody creates that name.",
	How:      "Add the ServiceAccount, or correct the name. A missing serviceAccountName means the account default, which always exists.",
	Example:  "apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: checkout\nautomountServiceAccountToken: false\n",
	Severity: finding.Must, Profile: rule.Basic, Since: "0.1.0", Incident: "admin-for-convenience", NeedsContext: true, Fixes: true,
	Links: []string{"https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/", linkRBAC},
	Object: func(p *rule.Pass, o *cluster.Object) {
		if w := p.WorkloadOf(o); w != nil {
			accountOfPods(p, w)
			return
		}
		_, subjects, ok := bindingOf(o)
		if !ok {
			return
		}
		for i := range subjects {
			if s := &subjects[i]; s.Kind == rbacv1.ServiceAccountKind {
				accountOfBinding(p, o, i, s)
			}
		}
	},
}

func accountOfPods(p *rule.Pass, w *cluster.Workload) {
	name, path := w.Template.Spec.ServiceAccountName, ".serviceAccountName"
	if name == "" { // the old name of the field still counts
		name, path = w.Template.Spec.DeprecatedServiceAccount, ".serviceAccount"
	}
	if made(name, w.Namespace) || !ownsPods(w) || p.Lookup(w.Object, "", "ServiceAccount", "", name) != nil {
		return
	}
	path = w.SpecPath + path
	if !p.Covers(w.Object, "", "ServiceAccount") || p.MakerNear(w.Object) != nil {
		p.Unknown(w.Object, path, "ServiceAccount %s", name)
		return
	}
	fix := rename(p, w.Object, w.Namespace, name, path)
	if fix == nil && p.Expected(w.Object, "ServiceAccount", name) {
		p.Unknown(w.Object, path, "ServiceAccount %s, which several workloads here expect from elsewhere", name)
		return
	}
	p.Report(w.Object, path, "there is no ServiceAccount %s%s: the API server creates no pod without it", name, inNamespace(w.Namespace)).Fix = fix
}

func accountOfBinding(p *rule.Pass, o *cluster.Object, i int, s *rbacv1.Subject) {
	if made(s.Name, s.Namespace) || p.Lookup(o, "", "ServiceAccount", s.Namespace, s.Name) != nil {
		return
	}
	path := "subjects[" + strconv.Itoa(i) + "].name"
	if !appliedHere(p, o, s.Namespace) || !p.Covers(o, "", "ServiceAccount") || p.MakerNear(o) != nil {
		p.Unknown(o, path, "ServiceAccount %s%s", s.Name, inNamespace(s.Namespace))
		return
	}
	f := p.Report(o, path, "there is no ServiceAccount %s%s: the binding gives nobody anything", s.Name, inNamespace(s.Namespace))
	f.Fix = rename(p, o, s.Namespace, s.Name, path)
}

// made reports whether an account is there without anybody applying it, or not known yet. A name in capitals is none: a tool replaces it.
func made(name, namespace string) bool {
	switch name {
	case "default", "builder", "deployer", "pipeline": // the last three are OpenShift's
		return true
	}
	return name == "" || cluster.Placeholder(name) || cluster.Placeholder(namespace) || strings.ToLower(name) != name || namespace == "kube-system" || namespace == "kube-public" || strings.HasPrefix(namespace, "openshift-")
}

// ownsPods reports whether the manifest shows all that the pods need. Controllers of other custom resources create accounts for
// the pods they make.
func ownsPods(w *cluster.Workload) bool {
	switch w.Group() {
	case "", "apps", "batch", "apps.kruise.io":
		return true
	}
	return w.Is("argoproj.io", "Rollout")
}

// appliedHere reports whether what is applied together with o fills a namespace.
func appliedHere(p *rule.Pass, o *cluster.Object, namespace string) bool {
	if cluster.SameNamespace(o.Namespace, namespace) && o.Kind == "RoleBinding" {
		return true
	}
	for _, w := range p.Beside(o) {
		if w.Namespace == namespace {
			return true
		}
	}
	return false
}

// rename offers the one account of o's scope that is written almost like name.
func rename(p *rule.Pass, o *cluster.Object, namespace, name, path string) *finding.Fix {
	var beside []string
	for _, a := range p.Of("", "ServiceAccount") {
		if a.Scope == o.Scope && cluster.SameNamespace(a.Namespace, namespace) {
			beside = append(beside, a.Name)
		}
	}
	near := closest(name, beside)
	if near == "" {
		return nil
	}
	return rule.Mend("name ServiceAccount "+near, rule.Set(path, source.String(near)))
}

func inNamespace(namespace string) string {
	if namespace == "" {
		return ""
	}
	return " in namespace " + namespace
}
