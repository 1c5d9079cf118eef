package apiserver

import (
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/fairway-k8s/fairway/internal/source"
)

// ProblemOf turns an error of Kubernetes' validation into a problem of the object that root is the mapping of. It is for packages
// that validate what this one does not, such as custom resources.
func ProblemOf(e *field.Error, root source.Node) Problem { return problemOf(e, root) }

// Nearest returns the candidate that a misspelled name was probably meant to be, and how many letters differ; "" when none is near.
func Nearest(name string, candidates []string) (best string, distance int) {
	return nearest(name, candidates)
}
