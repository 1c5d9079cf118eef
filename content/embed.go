// Package content holds the knowledge that is data, not code: incidents, defaults, and facts about Kubernetes. It can be edited
// without knowing Go; package knowledge reads it strictly and a test checks that all records name only records that exist.
package content

import "embed"

// FS holds incidents/*.md and defaults/*.yaml.
//
//go:embed incidents/*.md defaults/*.yaml
var FS embed.FS
