package merge

import (
	"math/big"
	"strings"

	"github.com/fairway-k8s/fairway/internal/source"
)

// equal reports whether two values mean the same to Kubernetes. under is the keys that lead to them, the nearest last.
func equal(under trail, a, b source.Node) bool {
	a, b = a.Resolve(), b.Resolve()
	if a.IsZero() || b.IsZero() {
		return a.IsZero() == b.IsZero()
	}
	if a.Kind() != b.Kind() {
		return false
	}
	switch a.Kind() {
	case source.Scalar:
		return equalScalar(under, a, b)
	case source.Sequence:
		if a.Len() != b.Len() {
			return false
		}
		other := items(b)
		for i, x := range a.Items() {
			if !equal(under, x, other[i]) {
				return false
			}
		}
		return true
	}
	if merges(a) || merges(b) {
		return a.Value().Equal(b.Value())
	}
	others := entries(b)
	n := 0
	for key, e := range entries(a) {
		other, ok := others[key]
		if !ok || !equal(under.enter(key), e.Value, other.Value) {
			return false
		}
		n++
	}
	return n == len(others)
}

func equalScalar(under trail, a, b source.Node) bool {
	if a.Type() == source.NullValue || b.Type() == source.NullValue {
		return a.Type() == b.Type()
	}
	if a.Text() == b.Text() && (a.Type() == b.Type() || under.isQuantity() || under.isIntOrString()) {
		return true
	}
	if under.isQuantity() {
		x, y := quantity(a.Text()), quantity(b.Text())
		return x != nil && y != nil && x.Cmp(y) == 0
	}
	if a.Type() != b.Type() || a.Type() == source.StringValue {
		return false
	}
	return a.Value().Equal(b.Value()) || sameNumber(a, b)
}

func sameNumber(a, b source.Node) bool {
	if i, ok := a.Int(); ok {
		j, ok := b.Int()
		return ok && i == j
	}
	if x, ok := a.Bool(); ok {
		y, ok := b.Bool()
		return ok && x == y
	}
	return false
}

// trail is the last keys on the way to a value; the zero trail is the top.
type trail struct{ parent, key string }

func (t trail) enter(key string) trail { return trail{t.key, key} }

// quantityMaps are the fields that map resource names to quantities, quantityFields those that are one (k8s.io/api, type resource.Quantity).
var (
	quantityMaps = set("requests", "limits", "capacity", "allocatable", "hard", "used", "min", "max", "default", "defaultRequest",
		"maxLimitRequestRatio", "podFixed", "minAllowed", "maxAllowed")
	quantityFields = set("sizeLimit", "divisor", "averageValue", "storage")
	// intOrStrings take a number or a text (intstr.IntOrString): "80" can mean nothing but 80 there.
	intOrStrings = set("port", "targetPort", "maxUnavailable", "minAvailable", "maxSurge")
)

func (t trail) isQuantity() bool {
	return quantityMaps[t.parent] || quantityFields[t.key]
}

func (t trail) isIntOrString() bool { return intOrStrings[t.key] }

func set(words ...string) map[string]bool {
	m := make(map[string]bool, len(words))
	for _, w := range words {
		m[w] = true
	}
	return m
}

// suffixes of quantities as powers of their base (k8s.io/apimachinery, pkg/api/resource/suffix.go).
var suffixes = map[string]struct{ base, exponent int64 }{
	"n": {10, -9}, "u": {10, -6}, "m": {10, -3}, "": {10, 0}, "k": {10, 3}, "M": {10, 6}, "G": {10, 9}, "T": {10, 12}, "P": {10, 15}, "E": {10, 18},
	"Ki": {2, 10}, "Mi": {2, 20}, "Gi": {2, 30}, "Ti": {2, 40}, "Pi": {2, 50}, "Ei": {2, 60},
}

// quantity reads a quantity such as 100m, 1.5Gi or 1e3; nil when it is none.
func quantity(s string) *big.Rat {
	end := strings.LastIndexAny(s, "0123456789.") + 1
	digits, suffix := s[:end], s[end:]
	x, ok := suffixes[suffix]
	mantissa, _, exponential := strings.Cut(strings.ToLower(digits), "e")
	if !ok || len(digits) > 40 || exponential && (suffix != "" || len(digits)-len(mantissa) > 4) || strings.ContainsAny(digits, "/_xXpPiInN") {
		return nil
	}
	n, ok := new(big.Rat).SetString(digits)
	if !ok {
		return nil
	}
	power := new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(x.base), big.NewInt(max(x.exponent, -x.exponent)), nil))
	if x.exponent < 0 {
		power.Inv(power)
	}
	return n.Mul(n, power)
}

// entries returns a mapping's own entries by key, of a repeated key the last, which is the one that counts.
func entries(n source.Node) map[string]source.Entry {
	m := map[string]source.Entry{}
	for e := range n.Entries() {
		if !e.Key.IsMergeKey() {
			m[e.Key.Text()] = e
		}
	}
	return m
}

// keysOf returns the keys of a mapping in the order in which they count.
func keysOf(n source.Node) (keys []string) {
	last := entries(n)
	for e := range n.Entries() {
		if !e.Key.IsMergeKey() && last[e.Key.Text()].Key == e.Key {
			keys = append(keys, e.Key.Text())
		}
	}
	return keys
}

func items(n source.Node) (list []source.Node) {
	for _, x := range n.Items() {
		list = append(list, x)
	}
	return list
}

// merges reports whether a merge key (<<) brings entries into a mapping or one below it.
func merges(n source.Node) bool {
	for e := range n.Entries() {
		if e.Key.IsMergeKey() {
			return true
		}
	}
	return false
}
