// Package knowledge holds facts about Kubernetes and its ecosystem that age: they are data with their sources, made by
// tools/knowledge from released Go modules, except podtemplates.yaml, which is written by hand.
//
//	crds/index.json        the custom resources whose schemas are known: project, version, licence, source, scope, versions
//	crds/<project>.json.gz their schemas, without descriptions, status and rules about old objects; a schema that occurs several
//	                       times stands once under defs, and {"$ref":"n"} where it belongs
//	openapi/fields.json.gz the fields of Kubernetes' own objects, with the releases that have them
//	podtemplates.yaml      where custom resources keep pod templates
package knowledge

import "embed"

// FS holds the files that the package comment lists.
//
//go:embed crds/index.json crds/*.json.gz openapi/fields.json.gz podtemplates.yaml
var FS embed.FS
