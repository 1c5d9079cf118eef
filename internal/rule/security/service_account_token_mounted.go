package security

import (
	"cmp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
	"github.com/fairway-k8s/fairway/internal/source"
)

const groupRBAC = "rbac.authorization.k8s.io"

// tokenPath is where a token is mounted (k8s.io/kubernetes plugin/pkg/admission/serviceaccount).
const tokenPath = "/var/run/secrets/kubernetes.io/serviceaccount"

// serviceAccountTokenMounted takes a binding that names the account as proof that its pods call the API. What the pod says about
// the token wins over what its ServiceAccount says. A pod that asks for the token itself, or an account that does, may want it for
// somebody outside, such as a vault, so that the lack of bindings has to be a fact.
//
// The fix is offered when the account lies beside the workload, no binding of the whole input names it, and nobody asked for the
// token: then what the application may do with it is nothing.
var serviceAccountTokenMounted = &rule.Rule{
	ID:    "service-account-token-mounted",
	Title: "pods carry a key to the Kubernetes API that they do not use",
	Why: "Every pod gets a token of its ServiceAccount unless somebody says no. A flaw that lets an attacker read one file is then a login " +
		"to the cluster, with whatever rights the account has or is given one day.",
	How:      "Set automountServiceAccountToken: false in the pod. A pod that does call the API gets an account of its own and a Role with what it needs.",
	Example:  "spec:\n  serviceAccountName: checkout\n  automountServiceAccountToken: false\n",
	Severity: finding.Should, Profile: rule.Golden, Since: "0.1.0", Incident: "token-in-every-pod", NeedsContext: true, Fixes: true,
	Links: []string{linkAccounts + "#opt-out-of-api-credential-automounting"},
	Snapshot: func(p *rule.Pass) {
		granted := grants(p.Snapshot)
		for _, w := range p.Workloads {
			if !tokenUseful(w) && !granted.to(accountOf(w), w.Namespace) {
				judgeToken(p, w)
			}
		}
	},
}

func judgeToken(p *rule.Pass, w *cluster.Workload) {
	field := w.SpecPath + ".automountServiceAccountToken"
	name := accountOf(w)
	account := accountObject(p, w)
	asked := ""
	switch pod, own := w.Template.Spec.AutomountServiceAccountToken, automount(account); {
	case pod != nil && !*pod:
		return
	case pod != nil:
		asked = "the pods ask for"
	case own != nil && !*own:
		return
	case own != nil:
		asked = "ServiceAccount " + name + " asks for"
	case account == nil && name != "default":
		p.Unknown(w.Object, field, "ServiceAccount %s, which may say that its token is not mounted", name)
		return
	}
	if asked != "" {
		if !p.Covers(w.Object, groupRBAC, "RoleBinding") {
			p.Unknown(w.Object, field, "the RoleBindings that say what ServiceAccount %s may do", name)
			return
		}
		p.Report(w.Object, field, "%s a token of the Kubernetes API, but no binding gives ServiceAccount %s any right", asked, name)
		return
	}
	p.Report(w.Object, field, "the pods carry a token of ServiceAccount %s for the Kubernetes API, and nothing here shows that they call it", name).
		Fix = withoutToken(p, w, account)
}

// withoutToken takes the token away from pods for whose account no binding is known; nil when there may be one elsewhere.
func withoutToken(p *rule.Pass, w *cluster.Workload, account *cluster.Object) *finding.Fix {
	if account != nil && account.Scope != w.Scope || account == nil && !p.Covers(w.Object, groupRBAC, "RoleBinding") {
		return nil
	}
	return rule.Mend("set automountServiceAccountToken: false",
		rule.Set(w.SpecPath+".automountServiceAccountToken", source.Bool(false), "serviceAccountName", "serviceAccount"))
}

// tokenUseful reports whether pods are left alone: the cluster's own, those that a controller completes, those that mount a token
// of their own making, and those whose injected sidecar logs in with it.
func tokenUseful(w *cluster.Workload) bool {
	if !decided(w) || !wholePod(w) || w.Namespace == "kube-system" {
		return true
	}
	a := w.Template.Annotations
	return a["vault.hashicorp.com/agent-inject"] == "true" || a["dapr.io/enabled"] == "true" ||
		slices.ContainsFunc(w.Containers, func(c cluster.Container) bool {
			return slices.ContainsFunc(c.VolumeMounts, func(m corev1.VolumeMount) bool { return m.MountPath == tokenPath })
		})
}

// accountOf names the account of w's pods. The old field counts where the new one is empty.
func accountOf(w *cluster.Workload) string {
	return cmp.Or(w.Template.Spec.ServiceAccountName, w.Template.Spec.DeprecatedServiceAccount, "default")
}

// accountObject returns the account itself, nil when it is not in the input.
func accountObject(p *rule.Pass, w *cluster.Workload) *cluster.Object {
	return p.Lookup(w.Object, "", "ServiceAccount", "", accountOf(w))
}

func automount(account *cluster.Object) *bool {
	if account == nil {
		return nil
	}
	if a := cluster.As[*corev1.ServiceAccount](account); a != nil {
		return a.AutomountServiceAccountToken
	}
	return nil
}

// grantees are the accounts that bindings name: their namespaces by name. Under "" are the namespaces all of whose accounts are
// named.
type grantees map[string][]string

func grants(s *cluster.Snapshot) grantees {
	g := grantees{}
	for _, o := range s.Of(groupRBAC, "RoleBinding") {
		if b := cluster.As[*rbacv1.RoleBinding](o); b != nil {
			g.add(b.Subjects, o.Namespace)
		}
	}
	for _, o := range s.Of(groupRBAC, "ClusterRoleBinding") {
		if b := cluster.As[*rbacv1.ClusterRoleBinding](o); b != nil {
			g.add(b.Subjects, "")
		}
	}
	return g
}

// add takes in the subjects of a binding in a namespace.
func (g grantees) add(subjects []rbacv1.Subject, namespace string) {
	for _, s := range subjects {
		switch s.Kind {
		case rbacv1.ServiceAccountKind:
			g[s.Name] = append(g[s.Name], cmp.Or(s.Namespace, namespace))
		case rbacv1.UserKind:
			if account, ok := strings.CutPrefix(s.Name, "system:serviceaccount:"); ok {
				ns, name, _ := strings.Cut(account, ":")
				g[name] = append(g[name], ns)
			}
		case rbacv1.GroupKind:
			if ns, ok := strings.CutPrefix(s.Name, "system:serviceaccounts:"); ok {
				g[""] = append(g[""], ns)
			}
		}
	}
}

// to reports whether a binding gives the account something.
func (g grantees) to(account, namespace string) bool {
	in := func(ns string) bool { return cluster.SameNamespace(ns, namespace) }
	return slices.ContainsFunc(g[account], in) || slices.ContainsFunc(g[""], in)
}
