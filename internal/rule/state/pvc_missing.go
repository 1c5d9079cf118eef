package state

import (
	"strings"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
	"github.com/fairway-k8s/fairway/internal/source"
	"github.com/fairway-k8s/fairway/internal/spell"
)

// The fix is offered for a slip: beside the pod is a claim that is written almost the same, and nobody mounts it.
var pvcMissing = &rule.Rule{
	ID:    "pvc-missing",
	Title: "a pod needs a PersistentVolumeClaim that does not exist",
	Why:   "Names of claims are not checked when a workload is applied. The pod stays Pending for ever, and only its events say why.",
	How:   "Add the claim to what is applied together with the pod, correct the name, or use volumeClaimTemplates of a StatefulSet.",
	Example: "volumes:\n  - name: data\n    persistentVolumeClaim:\n      claimName: shop-data   # a PersistentVolumeClaim of that name is applied " +
		"with it\n",
	Severity: finding.Must, Profile: rule.Basic, Since: "0.1.0", Incident: "config-missing", NeedsContext: true, Fixes: true,
	Links: []string{linkClaims + "#claims-as-volumes"},
	Workload: func(p *rule.Pass, w *cluster.Workload) {
		for i := range w.Template.Spec.Volumes {
			v := &w.Template.Spec.Volumes[i]
			if v.PersistentVolumeClaim == nil {
				continue
			}
			name, field := v.PersistentVolumeClaim.ClaimName, volumePath(w, i)+".persistentVolumeClaim.claimName"
			if name == "" || cluster.Placeholder(name) || p.Lookup(w.Object, "", "PersistentVolumeClaim", "", name) != nil || ownTemplate(w) || ofStatefulSet(p, w, name) {
				continue
			}
			if m := maker(p, w, name); m != nil {
				p.Unknown(w.Object, field, "PersistentVolumeClaim %s, which %s %s may make", name, m.Kind, m.Name)
			} else if !p.Covers(w.Object, "", "PersistentVolumeClaim") {
				p.Unknown(w.Object, field, "PersistentVolumeClaim %s, which is not in the input", name)
			} else {
				f := p.Report(w.Object, field, "volume %s needs claim %s, which is not in the input: the pod stays Pending", v.Name, name)
				if near := misspelt(p, w, name); near != "" {
					f.Fix = rule.Mend("set claimName: "+near, rule.Set(field, source.String(near)))
				}
			}
		}
	},
}

// ownTemplate reports whether a custom resource (a Workflow) makes the claims of its pods itself.
func ownTemplate(w *cluster.Workload) bool {
	return w.Typed == nil && !w.Root.Get("spec").Get("volumeClaimTemplates").IsZero()
}

// ofStatefulSet reports whether a claim is one that a StatefulSet makes: template-name-0.
func ofStatefulSet(p *rule.Pass, w *cluster.Workload, claim string) bool {
	i := strings.LastIndexByte(claim, '-')
	if i < 0 || i+1 == len(claim) || strings.Trim(claim[i+1:], "0123456789") != "" {
		return false
	}
	for _, o := range p.Of("apps", "StatefulSet") {
		if !cluster.SameNamespace(o.Namespace, w.Namespace) || !strings.HasSuffix(claim[:i], "-"+o.Name) {
			continue
		}
		for _, t := range templates(o) {
			if claim[:i] == t.Name+"-"+o.Name {
				return true
			}
		}
	}
	return false
}

// maker returns a custom resource that makes the claim, or may.
func maker(p *rule.Pass, w *cluster.Workload, claim string) *cluster.Object {
	for _, o := range p.Mentions(claim) {
		if o != w.Object && o.Typed == nil && cluster.SameNamespace(o.Namespace, w.Namespace) {
			return o
		}
	}
	return p.MakerNear(w.Object)
}

// misspelt returns the claim beside w that a name was meant to be, "" when there is none or several. Names that differ in a digit mean
// different things (data-1, data-2).
func misspelt(p *rule.Pass, w *cluster.Workload, name string) string {
	near := ""
	for _, o := range p.Of("", "PersistentVolumeClaim") {
		if o.Scope != w.Scope || !cluster.SameNamespace(o.Namespace, w.Namespace) || spell.Swapped(name, o.Name) != 1 || len(name) < 5 || digits(name) != digits(o.Name) {
			continue
		}
		if near != "" || mountedBySomebody(p, o.Name) {
			return ""
		}
		near = o.Name
	}
	return near
}

func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}

func mountedBySomebody(p *rule.Pass, claim string) bool {
	for _, w := range p.Workloads {
		for i := range w.Template.Spec.Volumes {
			if c := w.Template.Spec.Volumes[i].PersistentVolumeClaim; c != nil && c.ClaimName == claim {
				return true
			}
		}
	}
	return false
}
