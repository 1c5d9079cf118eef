// Package image writes container images of one static program, as the archive that docker save writes and containerd imports.
package image
