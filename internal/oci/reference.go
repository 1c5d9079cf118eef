package oci

import (
	"fmt"
	"strings"

	"github.com/opencontainers/go-digest"
	"oras.land/oras-go/v2/registry"

	"github.com/fairway-k8s/fairway/internal/problem"
)

const (
	registryScheme = "oci://"
	layoutScheme   = "oci-layout:"
)

// IsReference reports whether a text is meant as a reference rather than as a folder.
func IsReference(text string) bool {
	return strings.HasPrefix(text, registryScheme) || strings.HasPrefix(text, layoutScheme)
}

// MapLayout replaces the folder in a reference to a layout, such as a relative one by where it really is. Other references stay as they are.
func MapLayout(text string, to func(string) string) string {
	r, err := parseReference(text)
	if err != nil || r.layout == "" {
		return text
	}
	r.layout = to(r.layout)
	return r.String()
}

// reference names an artefact, or where one goes to.
type reference struct {
	registry registry.Reference // its Reference is not used
	layout   string             // the folder; "" when the artefact is in a registry
	tag      string
	digest   digest.Digest
}

// parseReference reads a reference. A tag beside a digest says nothing more and is left out.
func parseReference(text string) (reference, error) {
	bad := func(why string) error {
		return &problem.Problem{What: "this is no reference to a catalogue", Where: text, Why: why,
			Next: "write oci://HOST/REPOSITORY:TAG or @sha256:..., or oci-layout:FOLDER:TAG"}
	}
	var r reference
	switch {
	case strings.HasPrefix(text, registryScheme):
		ref, err := registry.ParseReference(strings.TrimPrefix(text, registryScheme))
		if err != nil {
			return r, bad(err.Error())
		}
		r.registry = ref
		if d, err := ref.Digest(); err == nil {
			r.digest = d
		} else {
			r.tag = ref.Reference
		}
		r.registry.Reference = ""
	case strings.HasPrefix(text, layoutScheme):
		rest := strings.TrimPrefix(text, layoutScheme)
		if i := strings.LastIndex(rest, "@sha256:"); i >= 0 {
			rest, r.digest = rest[:i], digest.Digest(rest[i+1:])
		}
		r.layout, r.tag = cutTag(rest)
		if r.layout == "" {
			return r, bad("the folder is missing")
		}
	default:
		return r, bad("it begins with neither oci:// nor oci-layout:")
	}
	if r.digest != "" {
		r.tag = ""
		if err := r.digest.Validate(); err != nil || r.digest.Algorithm() != digest.SHA256 {
			return r, bad("the digest is no sha256:... of 64 digits")
		}
	}
	if r.tag != "" {
		if err := (registry.Reference{Reference: r.tag}).ValidateReferenceAsTag(); err != nil {
			return r, bad(fmt.Sprintf("%q is no tag", r.tag))
		}
	}
	return r, nil
}

// cutTag cuts the tag off a folder. A colon before a separator belongs to the folder, as in C:\layout.
func cutTag(text string) (folder, tag string) {
	i := strings.LastIndexByte(text, ':')
	if i < 0 || strings.ContainsAny(text[i:], `/\`) {
		return text, ""
	}
	return text[:i], text[i+1:]
}

// version is the tag or digest by which a store finds the artefact.
func (r reference) version() string {
	if r.digest != "" {
		return r.digest.String()
	}
	return r.tag
}

// home is the reference without tag and digest.
func (r reference) home() string {
	if r.layout != "" {
		return layoutScheme + r.layout
	}
	return registryScheme + r.registry.String()
}

func (r reference) String() string {
	switch {
	case r.digest != "":
		return r.home() + "@" + r.digest.String()
	case r.tag != "":
		return r.home() + ":" + r.tag
	}
	return r.home()
}

// pinned is the reference with a digest in place of the tag.
func (r reference) pinned(d digest.Digest) string {
	r.digest = d
	return r.String()
}
