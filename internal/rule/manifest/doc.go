// Package manifest holds the rules about the manifest as such: would the API server take it, does it say what it seems to say, and
// are the suppressions in it still needed.
//
// What the API server would refuse is found by package apiserver and filed under the rules here; package lint does the filing.
package manifest

import "github.com/fairway-k8s/fairway/internal/rule"

// Rules returns the family.
func Rules() []*rule.Rule {
	return []*rule.Rule{
		apiDeprecated,
		apiInvalid,
		apiRemoved,
		apiRequiredMissing,
		apiUnknownField,
		apiUnknownKind,
		apiUnknownVersion,
		apiUnsupportedValue,
		apiWrongType,
		suppressionExpired,
		suppressionInvalid,
		suppressionUnused,
		yamlDuplicateKey,
	}
}
