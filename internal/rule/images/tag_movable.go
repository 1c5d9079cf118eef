package images

import (
	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
	"maps"
	"slices"
	"strings"
)

// movable are tags that by their very name are pushed again and again.
var movable = map[string]bool{
	"main": true, "master": true, "trunk": true, "develop": true, "dev": true, "devel": true, "edge": true, "nightly": true,
	"unstable": true, "canary": true, "stable": true, "staging": true, "prod": true, "production": true, "snapshot": true, "head": true,
}

var tagMovable = &rule.Rule{
	ID:       "image-tag-movable",
	Title:    "an image tag that is named after a branch or an environment",
	Why:      "Like latest, such a tag is pushed again: two pods of one Deployment can run different code, and a rollback has nothing to go back to.",
	How:      "Use a tag that is pushed once, such as a version or a commit, or add the digest.",
	Severity: finding.Should, Profile: rule.Golden, Since: "0.1.0", Incident: "latest-pulled",
	Links: []string{linkImages},
	Gate:  &rule.Gate{Container: celNoDigest + " && c.image.matches(':(" + strings.Join(slices.Sorted(maps.Keys(movable)), "|") + ")@?$') && !" + celHidden},
	Container: func(p *rule.Pass, w *cluster.Workload, c *cluster.Container) {
		if r := parse(c.Image); r.digest == "" && movable[r.tag] && !hidden(c.Image) && !p.IsArtifact(r.name) {
			p.Report(w.Object, c.Path+".image", "the tag %s is pushed again with every build", r.tag)
		}
	},
}
