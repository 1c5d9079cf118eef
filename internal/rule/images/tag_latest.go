package images

import (
	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
	corev1 "k8s.io/api/core/v1"
)

const linkImages = "https://kubernetes.io/docs/concepts/containers/images/"

var tagLatest = &rule.Rule{
	ID:    "image-tag-latest",
	Title: "an image without a tag, or with the tag latest",
	Why: "What runs depends on when each node pulled: a restart or a new node can bring another version than its neighbour, and a " +
		"rollback goes back to the same moving name.",
	How:      "Name the version that was tested, best with its digest. Which version that is, only the team knows.",
	Example:  "image: registry.example.com/shop/checkout:1.8.2\n",
	Severity: finding.Must, Profile: rule.Basic, Since: "0.1.0", Incident: "latest-pulled",
	Links: []string{linkImages},
	Gate:  &rule.Gate{Container: celNoDigest + " && c.image.matches('(^|/)([^/:]*|[^/]*:(latest)?)@?$') && !" + celHidden},
	Container: func(p *rule.Pass, w *cluster.Workload, c *cluster.Container) {
		r := parse(c.Image)
		if r.digest != "" || r.tag != "" && r.tag != "latest" || hidden(c.Image) || p.IsArtifact(r.name) {
			return
		}
		message := "the tag latest is whatever was pushed last"
		if r.tag == "" {
			message = "no tag means latest: whatever was pushed last"
		}
		if c.ImagePullPolicy == corev1.PullAlways {
			message += ", and it is pulled again at every start"
		}
		p.Report(w.Object, c.Path+".image", "%s", message)
	},
}
