package knowledge

import _ "embed"

// APIs is apis.yaml: the APIs that Kubernetes served once and serves no more. The file explains its fields.
//
//go:embed apis.yaml
var APIs []byte
