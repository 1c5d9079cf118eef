package availability

import (
	"strings"

	autoscalingv2 "k8s.io/api/autoscaling/v2"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
	"github.com/fairway-k8s/fairway/internal/source"
)

// hpaTargetMissing knows targets of any kind, whether they carry a pod template or not. It also finds references that lead nowhere
// because their API group is wrong or left out, which the autoscaler takes for the core group.
var hpaTargetMissing = &rule.Rule{
	ID:    "hpa-target-missing",
	Title: "an autoscaler's target does not exist",
	Why: "The API server takes a reference to anything, and the autoscaler then reports FailedGetScale where nobody looks, and never " +
		"scales.",
	How:      "Make apiVersion, kind and name of scaleTargetRef those of the workload, in the same namespace.",
	Example:  "kind: HorizontalPodAutoscaler\nspec:\n  scaleTargetRef:\n    apiVersion: apps/v1\n    kind: Deployment\n    name: shop\n",
	Severity: finding.Must, Profile: rule.Basic, Since: "0.1.0", Incident: "hpa-blind", NeedsContext: true, Fixes: true,
	Links: []string{linkHPA},
	Object: func(p *rule.Pass, o *cluster.Object) {
		const field = "spec.scaleTargetRef"
		ref, ok := target(o)
		if !ok || cluster.Placeholder(ref.Name) || cluster.Placeholder(ref.Kind) || cluster.Placeholder(ref.APIVersion) {
			return
		}
		if p.Lookup(o, groupOf(ref), ref.Kind, "", ref.Name) != nil {
			return
		}
		if inApps(ref.Kind) && groupOf(ref) != "apps" {
			f := p.Report(o, field+".apiVersion", "%s has no %s; it is apps/v1", groupName(ref), ref.Kind)
			f.Fix = rule.Mend("set apiVersion: apps/v1", rule.Set(field+".apiVersion", source.String("apps/v1"), "kind"))
			return
		}
		if m := p.MakerNear(o); m != nil {
			p.Unknown(o, field+".name", "what %s may create", title(m))
			return
		}
		if !(inApps(ref.Kind) && p.Covers(o, "apps", ref.Kind)) && !p.Shows(o, groupOf(ref), ref.Kind) {
			p.Unknown(o, field+".name", "%s %s is not in the input", ref.Kind, ref.Name)
			return
		}
		f := p.Report(o, field+".name", "there is no %s %s%s, so nothing is scaled", ref.Kind, ref.Name, inNamespace(o))
		if w := meant(p, o, ref); w != nil {
			f.Message += "; " + title(w.Object) + " has no autoscaler"
			f.Fix = rule.Mend("scale "+title(w.Object), rule.Set(field+".name", source.String(w.Name)))
		}
	},
}

func groupOf(ref autoscalingv2.CrossVersionObjectReference) string {
	group, _, ok := strings.Cut(ref.APIVersion, "/")
	if !ok {
		return "" // v1
	}
	return group
}

func groupName(ref autoscalingv2.CrossVersionObjectReference) string {
	switch {
	case ref.APIVersion == "":
		return "apiVersion is left out, and the core group"
	case groupOf(ref) == "":
		return "the core group"
	}
	return "API group " + groupOf(ref)
}

func inNamespace(o *cluster.Object) string {
	if o.Namespace == "" {
		return ""
	}
	return " in namespace " + o.Namespace
}

func inApps(kind string) bool {
	return kind == "Deployment" || kind == "StatefulSet" || kind == "ReplicaSet"
}

// meant returns the workload that an autoscaler was meant for: the one of its own name that nobody scales.
func meant(p *rule.Pass, o *cluster.Object, ref autoscalingv2.CrossVersionObjectReference) *cluster.Workload {
	name := strings.TrimSuffix(strings.TrimPrefix(o.Name, "hpa-"), "-hpa")
	for _, w := range p.Beside(o) {
		if (w.Name == name || w.Name == o.Name) && w.Is(groupOf(ref), ref.Kind) && cluster.SameNamespace(o.Namespace, w.Namespace) && len(p.ScalersOf(w)) == 0 {
			return w
		}
	}
	return nil
}
