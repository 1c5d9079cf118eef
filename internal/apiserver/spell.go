package apiserver

import (
	"strings"

	"github.com/fairway-k8s/fairway/internal/spell"
)

// nearest returns the candidate that name was probably meant to be, and its distance: 0 when only case, dashes or underscores
// differ, else the number of letters to change, insert, remove or swap. It returns "" when none is near: a third of the
// letters may be wrong, three at most.
func nearest(name string, candidates []string) (best string, distance int) {
	limit := min(len(name)/3, 3)
	if len(name) >= 2 && limit == 0 {
		limit = 1
	}
	distance = limit + 1
	folded := fold(name)
	for _, c := range candidates {
		if c == name {
			continue
		}
		if fold(c) == folded {
			return c, 0
		}
		if n := edits(name, c, distance); n < distance && n < len(c) {
			best, distance = c, n
		}
	}
	return best, distance
}

var separators = strings.NewReplacer("-", "", "_", "", " ", "")

// fold takes away what people get wrong without noticing.
func fold(s string) string { return strings.ToLower(separators.Replace(s)) }

// edits returns the optimal string alignment distance of a and b without regard to case, or limit when it is not below that.
func edits(a, b string, limit int) int {
	a, b = strings.ToLower(a), strings.ToLower(b)
	if len(a)-len(b) >= limit || len(b)-len(a) >= limit {
		return limit
	}
	return min(spell.Swapped(a, b), limit)
}
