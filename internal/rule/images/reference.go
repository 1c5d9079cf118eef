package images

import (
	"regexp"
	"strings"
)

// reference is an image reference taken apart: [registry/]path[:tag][@digest].
type reference struct {
	name, tag, digest string
}

// parse takes an image reference apart without judging it.
func parse(image string) reference {
	var r reference
	r.name, r.digest, _ = strings.Cut(image, "@")
	// A colon before the last slash belongs to the registry's port.
	if i := strings.LastIndexByte(r.name, ':'); i > strings.LastIndexByte(r.name, '/') {
		r.name, r.tag = r.name[:i], r.name[i+1:]
	}
	return r
}

// hidden reports whether a reference is, in part or whole, filled in later: by envsubst, a Makefile, a template, Skaffold or Kpt.
// Nothing can be said of what a placeholder hides.
func hidden(image string) bool {
	return image == "" || strings.ContainsAny(image, "${}<>%") || strings.ToUpper(image) == image && strings.ToLower(image) != image ||
		strings.HasPrefix(image, "ko://") || strings.Contains(image, "__") || constant.MatchString(image) || scaffold(image)
}

// constant matches a part of a name in capitals, which no name has: REGION-docker.pkg.dev/PROJECT_ID/app.
var constant = regexp.MustCompile(`(^|[/.-])[A-Z][A-Z0-9]*(_[A-Z0-9]+)*([/.-].*)?/`)

// scaffold reports whether an image is Kubebuilder's, which its Makefile replaces (kustomize edit set image controller=...).
func scaffold(image string) bool { return image == "controller:latest" || image == "controller" }

// celNoDigest says in CEL that c.image has no digest.
const celNoDigest = "!c.image.matches('@(?s:.)')"

// celHidden is hidden in CEL, for c.image.
const celHidden = `c.image.matches(r'^$|[${}<>%]|^ko://|__|(^|[/.-])[A-Z][A-Z0-9]*(_[A-Z0-9]+)*([/.-].*)?/|^controller(:latest)?$|^[^a-z]*[A-Z][^a-z]*$')`
