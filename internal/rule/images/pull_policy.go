package images

import (
	corev1 "k8s.io/api/core/v1"
	"maps"
	"slices"
	"strings"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
	"github.com/fairway-k8s/fairway/internal/source"
)

const linkPullPolicy = linkImages + "#image-pull-policy"

// IfNotPresent uses an image that is on the node just as Never does, so the fix takes nothing away.
var pullPolicyNever = &rule.Rule{
	ID:       "image-pull-policy-never",
	Title:    "an image that is never pulled",
	Why:      "On every node where somebody has not loaded the image by hand the pod waits in ErrImageNeverPull: after a scale-out, a drain or a node upgrade.",
	How:      "Use IfNotPresent, which also uses an image that is on the node. Never is for development clusters.",
	Severity: finding.Should, Profile: rule.Basic, Since: "0.1.0", Fixes: true,
	Links: []string{linkPullPolicy},
	Gate:  &rule.Gate{Container: "c.?imagePullPolicy.orValue('') == 'Never'"},
	Container: func(p *rule.Pass, w *cluster.Workload, c *cluster.Container) {
		if c.ImagePullPolicy != corev1.PullNever {
			return
		}
		field := c.Path + ".imagePullPolicy"
		p.Report(w.Object, field, "nodes that do not have the image yet cannot start %s", c.Name).
			Fix = rule.Mend("set imagePullPolicy: IfNotPresent", rule.Set(field, source.String("IfNotPresent")))
	},
}

var pullPolicyAlways = &rule.Rule{
	ID:    "image-pull-policy-always",
	Title: "an immutable image that is pulled at every start",
	Why: "With a digest or a version the registry can only answer what the node already has. Asking makes every start depend on the " +
		"registry: when it is down, or its credentials have expired, nothing can be restarted.",
	How: "Use IfNotPresent with images that do not move.",
	Contest: "For IfNotPresent: starts do not need the registry. For Always: on nodes shared between tenants, every pod proves that it may " +
		"pull the image, which is what kube-score and the AlwaysPullImages admission plug-in are for.",
	Severity: finding.Could, Profile: rule.Contested, Since: "0.1.0", Incident: "latest-pulled", Fixes: true,
	Links: []string{linkPullPolicy},
	Gate: &rule.Gate{Container: "c.?imagePullPolicy.orValue('') == 'Always' && !" + celHidden + " &&\n" +
		"!(" + celNoDigest + " && c.image.matches('(^|/)([^/:]*|[^/]*:(latest|" + strings.Join(slices.Sorted(maps.Keys(movable)), "|") + ")?)@?$'))"},
	Container: func(p *rule.Pass, w *cluster.Workload, c *cluster.Container) {
		r := parse(c.Image)
		field := c.Path + ".imagePullPolicy"
		if c.ImagePullPolicy != corev1.PullAlways || r.digest == "" && (r.tag == "" || r.tag == "latest" || movable[r.tag]) || hidden(c.Image) {
			return
		}
		p.Report(w.Object, field, "every start of %s asks the registry for an image that does not change", c.Name).
			Fix = rule.Mend("set imagePullPolicy: IfNotPresent", rule.Set(field, source.String("IfNotPresent"), "image"))
	},
}
