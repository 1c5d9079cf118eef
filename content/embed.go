// Package content holds the knowledge that is data, not code: golden paths, defaults, incidents, and facts about Kubernetes. It can be edited
// without knowing Go; package knowledge reads it strictly and a test checks that all records name only records that exist.
package content

import "embed"

// FS holds catalogue.yaml, changelog/VERSION.yaml, incidents/*.md, defaults/*.yaml and paths/SHAPE/VERSION/.
//
//go:embed incidents/*.md defaults/*.yaml paths catalogue.yaml changelog
var FS embed.FS
