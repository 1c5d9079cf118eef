package images

import (
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
	"github.com/fairway-k8s/fairway/internal/source"
)

// digestMissing mends with the digest that a container beside it has for the same tag: one image was meant. Two digests for one tag, or
// one of another folder, say nothing.
var digestMissing = &rule.Rule{
	ID:    "image-digest-missing",
	Title: "an image with a tag and no digest",
	Why: "A tag can be pushed again, by mistake or by somebody who should not. A digest names the bytes: what was tested is what runs, " +
		"and a registry that was tampered with is noticed.",
	How:      "Write the digest behind the tag, from your build or from \"crane digest IMAGE\"; tools such as Renovate keep both current.",
	Example:  "image: registry.example.com/shop/checkout:1.8.2@sha256:5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03\n",
	Severity: finding.Could, Profile: rule.Golden, Since: "0.1.0", Fixes: true,
	Links: []string{linkImages + "#image-names"},
	Snapshot: func(p *rule.Pass) {
		type tagged struct{ scope, name, tag string }
		pinned := map[tagged]string{}
		for _, w := range p.Workloads {
			for i := range w.Containers {
				r := parse(w.Containers[i].Image)
				if r.digest == "" || r.tag == "" || hidden(w.Containers[i].Image) {
					continue
				}
				k := tagged{w.Scope, r.name, r.tag}
				if d, ok := pinned[k]; ok && d != r.digest {
					r.digest = "" // which of the two, nobody knows
				}
				pinned[k] = r.digest
			}
		}
		for _, w := range p.Workloads {
			for i := range w.Containers {
				c := &w.Containers[i]
				r := parse(c.Image)
				if r.digest != "" || r.tag == "" || r.tag == "latest" || movable[r.tag] || hidden(c.Image) || p.IsArtifact(r.name) {
					continue // the rules about tags have said it
				}
				field := c.Path + ".image"
				f := p.Report(w.Object, field, "the tag %s can be pushed again; no digest says which image was meant", r.tag)
				if d := pinned[tagged{w.Scope, r.name, r.tag}]; d != "" {
					f.Fix = rule.Mend("write the digest that "+r.name+":"+r.tag+" has beside it", rule.Set(field, source.String(c.Image+"@"+d)))
				}
			}
		}
	},
}
