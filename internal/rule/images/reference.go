package images

import "strings"

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
		strings.HasPrefix(image, "ko://") || strings.Contains(image, "__")
}
