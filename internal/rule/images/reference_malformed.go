package images

import (
	"strings"

	ref "github.com/distribution/reference"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
	"github.com/fairway-k8s/fairway/internal/source"
)

var referenceMalformed = &rule.Rule{
	ID:       "image-reference-malformed",
	Title:    "an image reference that no container runtime can read",
	Why:      "The API server takes any text here. The kubelet does not: the pod waits in InvalidImageName for ever.",
	How:      "Write [registry/]path[:tag][@sha256:digest], the path in lower case.",
	Example:  "image: registry.example.com/shop/checkout:1.8.2\n",
	Severity: finding.Must, Profile: rule.Basic, Since: "0.1.0", Fixes: true,
	Links: []string{linkImages + "#image-names"},
	Container: func(p *rule.Pass, w *cluster.Workload, c *cluster.Container) {
		if plain(c.Image) || hidden(c.Image) {
			return
		}
		// The kubelet reads references with this same function (pkg/util/parsers.ParseImageName, Kubernetes 1.36).
		if _, err := ref.ParseNormalizedNamed(c.Image); err != nil {
			f := p.Report(w.Object, c.Path+".image", "%q is no image reference: %s", c.Image, reason(c.Image, err))
			if _, bare, ok := strings.Cut(c.Image, "://"); ok && plain(bare) {
				f.Fix = rule.Mend("write it without the scheme", rule.Set(c.Path+".image", source.String(bare)))
			}
		}
	},
}

// plain is a quick yes for nearly every reference in use, so that the library's expressions run only for the unusual ones.
func plain(image string) bool {
	if len(image) > 200 || image == "" || strings.Contains(image, "@") {
		return false
	}
	edge := true // at the start of a component, where only letters and digits stand
	for i := range len(image) {
		switch c := image[i]; {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9':
			edge = false
		case c == '/' || c == '.' || c == '-' || c == '_':
			if edge {
				return false
			}
			edge = true
		case c == ':':
			tag := image[i+1:]
			return !edge && tag != "" && len(tag) <= 128 && strings.Trim(tag, tagBytes) == "" && tag[0] != '.' && tag[0] != '-'
		default:
			return false
		}
	}
	return !edge
}

const tagBytes = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-"

func reason(image string, err error) string {
	switch {
	case strings.ContainsAny(image, " \t"):
		return "there is white space in it"
	case strings.Contains(image, "://"):
		return "a scheme such as https:// does not belong in front"
	case strings.Contains(image, "::"):
		return "there are two colons in a row"
	}
	return strings.TrimPrefix(err.Error(), "invalid reference format: ")
}
