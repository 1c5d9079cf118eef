package config

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/rule"
	"github.com/fairway-k8s/fairway/internal/source"
)

// judgeExistence reports the ConfigMaps or Secrets that a pod needs and nothing makes, each once, at the first place that names it.
func judgeExistence(p *rule.Pass, w *cluster.Workload, kind string) {
	for r := range references(w) {
		if r.kind != kind || r.optional || p.Lookup(w.Object, "", kind, "", r.name) != nil || p.IsGenerated(kind, r.name) || providedByCluster(kind, r.name) || namedBefore(r) {
			continue
		}
		judgeAbsence(p, r)
	}
}

func judgeAbsence(p *rule.Pass, r reference) {
	o := r.w.Object
	if p.Coverage() != nil && p.Covers(o, "", r.kind) { // whoever makes it has not made it
		near, elsewhere := candidates(p, o, r.kind, r.name)
		reportAbsence(p, r, near, elsewhere)
		return
	}
	maker, known := makerOf(p, o, r.kind, r.name)
	switch {
	case known:
		return
	case maker != nil:
		p.Unknown(o, r.field(), "what %s %s makes: it mentions %s %s", maker.Kind, maker.Name, r.kind, r.name)
		return
	case p.MakerNear(o) != nil:
		m := p.MakerNear(o)
		p.Unknown(o, r.field(), "%s %s, which %s %s may make", r.kind, r.name, m.Kind, m.Name)
		return
	case r.kind == "ConfigMap" && !p.Covers(o, "", "ConfigMap"), r.kind == "Secret" && !p.Shows(o, "", "Secret"):
		p.Unknown(o, r.field(), "%s %s, which is not in the input", r.kind, r.name)
		return
	}
	if role := mayCreate(p, o, r.kind); role != nil {
		p.Unknown(o, r.field(), "%s %s, which a program with the rights of %s %s may make", r.kind, r.name, role.Kind, role.Name)
		return
	}
	near, elsewhere := candidates(p, o, r.kind, r.name)
	if near == "" && elsewhere == "" && p.Expected(o, r.kind, r.name) {
		p.Unknown(o, r.field(), "%s %s, which several workloads here expect from elsewhere", r.kind, r.name)
		return
	}
	reportAbsence(p, r, near, elsewhere)
}

// reportAbsence reports an object that is not there. near is one of a similar name, elsewhere the namespace of one of this name; both may
// be "".
func reportAbsence(p *rule.Pass, r reference, near, elsewhere string) {
	o := r.w.Object
	message := fmt.Sprintf("%s needs %s %s, which is not in the input: %s", r.user(), r.kind, r.name, r.consequence())
	if n := places(r); n > 1 {
		message += fmt.Sprintf(" (%d places name it)", n)
	}
	switch {
	case near != "":
		message += "; there is a " + near
	case elsewhere != "":
		message += "; there is one in namespace " + elsewhere
	}
	f := p.Report(o, r.field(), "%s", message)
	if near != "" && slip(r.name, near) {
		var changes []source.Change
		for other := range references(r.w) {
			if other.kind == r.kind && other.name == r.name {
				changes = append(changes, rule.Set(other.field(), source.String(near)))
			}
		}
		f.Fix = rule.Mend("refer to "+r.kind+" "+near, changes...)
	}
}

// namedBefore reports whether an earlier place of the same pod needs the same object.
func namedBefore(r reference) bool {
	for other := range references(r.w) {
		if other.kind == r.kind && other.name == r.name && !other.optional {
			return other.shape != r.shape || other.container != r.container || other.index != r.index || other.volume != r.volume || other.source != r.source
		}
	}
	return false
}

func places(r reference) (n int) {
	for other := range references(r.w) {
		if other.kind == r.kind && other.name == r.name {
			n++
		}
	}
	return n
}

// candidates returns the name of the one object of that kind, applied together with o and in its namespace, whose name is close to
// the wanted one, and the namespace of one that has the wanted name.
func candidates(p *rule.Pass, o *cluster.Object, kind, name string) (near, elsewhere string) {
	several := false
	for _, x := range p.Of("", kind) {
		switch {
		case x.Scope != o.Scope || cluster.Placeholder(x.Name):
		case x.Name == name:
			elsewhere = x.Namespace
		case cluster.SameNamespace(x.Namespace, o.Namespace) && slip(name, x.Name) && x.Name != near:
			several = several || near != ""
			near = x.Name
		}
	}
	if several {
		near = ""
	}
	return near, elsewhere
}

// providedByCluster reports whether a controller of the cluster puts that object into every namespace: Kubernetes, Istio, OpenShift.
func providedByCluster(kind, name string) bool {
	if kind != "ConfigMap" {
		return false
	}
	switch name {
	case "kube-root-ca.crt", "istio-ca-root-cert", "istio-ca-crl", "openshift-service-ca.crt":
		return true
	}
	return false
}

// makerOf returns what the input holds that makes an object of that name. known is true when it certainly does; otherwise it
// mentions the name and may.
func makerOf(p *rule.Pass, o *cluster.Object, kind, name string) (maker *cluster.Object, known bool) {
	if kind == "Secret" && servingCertificate(p, o, name) {
		return nil, true
	}
	for _, m := range p.Mentions(name) {
		if m == o || m.Namespace != "" && !cluster.SameNamespace(m.Namespace, o.Namespace) {
			continue
		}
		if slices.Contains(groupsThatMake[kind], m.Group()) {
			return m, true
		}
		if maker == nil {
			maker = m
		}
	}
	return maker, false
}

// mayCreate returns a role, applied together with o, that lets a program create objects of that kind; nil when there is none. Argo CD
// makes the password of its Redis that way.
func mayCreate(p *rule.Pass, o *cluster.Object, kind string) *cluster.Object {
	resource := strings.ToLower(kind) + "s"
	for _, role := range [...]string{"Role", "ClusterRole"} {
		for _, x := range p.Of("rbac.authorization.k8s.io", role) {
			if x.Scope == o.Scope && cluster.SameNamespace(x.Namespace, o.Namespace) && lets(x, resource) {
				return x
			}
		}
	}
	return nil
}

// lets reports whether a role allows to create a core resource.
func lets(role *cluster.Object, resource string) bool {
	var rules []rbacv1.PolicyRule
	switch t := role.Typed.(type) {
	case *rbacv1.Role:
		rules = t.Rules
	case *rbacv1.ClusterRole:
		rules = t.Rules
	}
	has := func(list []string, s string) bool { return slices.Contains(list, s) || slices.Contains(list, "*") }
	for i := range rules {
		if r := &rules[i]; has(r.APIGroups, "") && has(r.Resources, resource) && has(r.Verbs, "create") {
			return true
		}
	}
	return false
}

// groupsThatMake are the API groups of those custom resources whose purpose is to make objects of a kind.
var groupsThatMake = map[string][]string{
	"ConfigMap": {"trust.cert-manager.io"},
	"Secret": {
		"external-secrets.io", "kubernetes-client.io", "bitnami.com", "cert-manager.io", "secrets-store.csi.x-k8s.io",
		"secrets.hashicorp.com", "ricoberger.de", "onepassword.com", "secrets.infisical.com", "secrets.doppler.com", "spv.no",
		"isindir.github.com", "k8s.bitwarden.com", "secretgenerator.mittwald.de", "secretgen.k14s.io", "secretgen.carvel.dev",
		"koudingspawn.de", "lockbox.k8s.cloudflare.com",
	},
}

// servingCertificate reports whether a Service beside o asks OpenShift for a certificate in a Secret of that name.
func servingCertificate(p *rule.Pass, o *cluster.Object, name string) bool {
	for _, svc := range p.Of("", "Service") {
		if svc.Scope != o.Scope || len(svc.Annotations) == 0 {
			continue
		}
		if svc.Annotations["service.beta.openshift.io/serving-cert-secret-name"] == name || svc.Annotations["service.alpha.openshift.io/serving-cert-secret-name"] == name {
			return true
		}
	}
	return false
}

// judgeKeys reports the keys that a pod needs of a ConfigMap or Secret of the input that does not have them.
func judgeKeys(p *rule.Pass, w *cluster.Workload, kind string) {
	for r := range references(w) {
		if r.kind != kind || r.optional || r.key == "" && len(r.items) == 0 {
			continue
		}
		o := p.Lookup(w.Object, "", kind, "", r.name)
		if o == nil || o.Typed == nil {
			continue
		}
		if r.key != "" {
			judgeKey(p, r, o, r.key, r.holder()+".key")
		}
		for i, item := range r.items {
			judgeKey(p, r, o, item.Key, fmt.Sprintf("%s.items[%d].key", r.holder(), i))
		}
	}
}

func judgeKey(p *rule.Pass, r reference, o *cluster.Object, key, field string) {
	if key == "" || cluster.Placeholder(key) || hasKey(o, key) {
		return
	}
	for _, x := range p.Of("", r.kind) { // the same object may be there in several folders
		if x.Name == r.name && x != o && (x.Scope == o.Scope || o.Scope != r.w.Scope) && cluster.SameNamespace(x.Namespace, r.w.Namespace) && hasKey(x, key) {
			return
		}
	}
	keys := keysOf(o)
	if len(keys) == 0 {
		p.Unknown(r.w.Object, field, "the keys of %s %s, which is empty in the input", r.kind, r.name)
		return
	}
	if maker, _ := makerOf(p, r.w.Object, r.kind, r.name); maker != nil && maker.Typed == nil {
		p.Unknown(r.w.Object, field, "what %s %s adds to %s %s", maker.Kind, maker.Name, r.kind, r.name)
		return
	}
	slices.Sort(keys)
	near := slices.ContainsFunc(keys, func(k string) bool { return folded(k) == folded(key) })
	if o.Scope != r.w.Scope && !near {
		p.Unknown(r.w.Object, field, "the keys of the %s %s that is applied with it; the one elsewhere in the input has no %s", r.kind, r.name, key)
		return
	}
	has := strings.Join(keys[:min(len(keys), 5)], ", ")
	if len(keys) > 5 {
		has += fmt.Sprintf(" and %d more", len(keys)-5)
	}
	f := p.Report(r.w.Object, field, "%s needs the key %s of %s %s, which has %s: %s", r.user(), key, r.kind, r.name, has, r.consequence())
	var meant []string
	for _, k := range keys {
		if folded(k) == folded(key) {
			meant = append(meant, k)
		}
	}
	if len(meant) == 1 {
		f.Fix = rule.Mend("take the key "+meant[0], rule.Set(field, source.String(meant[0])))
	}
}

// hasKey reports whether a ConfigMap or Secret has a key, or is given it when it runs: by its type, or by a controller that an
// annotation names the key to.
func hasKey(o *cluster.Object, key string) bool {
	found := false
	switch t := o.Typed.(type) {
	case *corev1.ConfigMap:
		_, text := t.Data[key]
		_, binary := t.BinaryData[key]
		found = text || binary
	case *corev1.Secret:
		_, text := t.StringData[key]
		_, binary := t.Data[key]
		found = text || binary || t.Type == corev1.SecretTypeServiceAccountToken && (key == "token" || key == "ca.crt" || key == "namespace")
	default:
		return true // not decoded: nothing can be said of its keys
	}
	if found {
		return true
	}
	for k, v := range o.Annotations {
		if strings.Contains(k, "last-applied-configuration") {
			continue
		}
		if strings.Contains(k, key) || strings.Contains(v, key) || strings.Contains(k, "inject-ca") {
			return true
		}
	}
	return strings.Contains(o.Labels["config.openshift.io/inject-trusted-cabundle"], "true")
}

func keysOf(o *cluster.Object) (keys []string) {
	switch t := o.Typed.(type) {
	case *corev1.ConfigMap:
		for k := range t.Data {
			keys = append(keys, k)
		}
		for k := range t.BinaryData {
			keys = append(keys, k)
		}
	case *corev1.Secret:
		for k := range t.StringData {
			keys = append(keys, k)
		}
		for k := range t.Data {
			if _, twice := t.StringData[k]; !twice {
				keys = append(keys, k)
			}
		}
	}
	return keys
}
