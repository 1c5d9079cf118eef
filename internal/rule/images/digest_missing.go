package images

import (
	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
)

var digestMissing = &rule.Rule{
	ID:    "image-digest-missing",
	Title: "an image with a tag and no digest",
	Why: "A tag can be pushed again, by mistake or by somebody who should not. A digest names the bytes: what was tested is what runs, " +
		"and a registry that was tampered with is noticed.",
	How:      "Write the digest behind the tag, from your build or from \"crane digest IMAGE\"; tools such as Renovate keep both current.",
	Example:  "image: registry.example.com/shop/checkout:1.8.2@sha256:5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03\n",
	Severity: finding.Could, Profile: rule.Golden, Since: "0.1.0",
	Links: []string{linkImages + "#image-names"},
	Container: func(p *rule.Pass, w *cluster.Workload, c *cluster.Container) {
		r := parse(c.Image)
		if r.digest != "" || r.tag == "" || r.tag == "latest" || movable[r.tag] || hidden(c.Image) {
			return // the rules about tags have said it
		}
		p.Report(w.Object, c.Path+".image", "the tag %s can be pushed again; no digest says which image was meant", r.tag)
	},
}
