// Package workspace judges manifests as a set: whether each object is there once, in the namespace where its neighbours are, and can
// be told apart.
package workspace

import "github.com/fairway-k8s/fairway/internal/rule"

// Rules returns the family.
func Rules() []*rule.Rule {
	return []*rule.Rule{
		labelsRecommendedMissing,
		namespaceDefault,
		namespaceMismatch,
		namespaceMissing,
		namespaceQuotaMissing,
		objectDuplicate,
		serverFieldWritten,
	}
}
