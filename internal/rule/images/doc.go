// Package images judges image references and pull policies: that a pod runs tomorrow what it ran today, and that it can be pulled.
package images

import "github.com/fairway-k8s/fairway/internal/rule"

// Rules returns the family.
func Rules() []*rule.Rule {
	return []*rule.Rule{
		digestMissing,
		pullPolicyAlways,
		pullPolicyNever,
		referenceMalformed,
		tagLatest,
		tagMovable,
	}
}
