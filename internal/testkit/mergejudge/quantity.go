package mergejudge

import (
	"math/big"
	"strings"
)

// amounts are the mappings whose values are quantities, and the fields that are ones.
var amounts = map[string]bool{
	"limits": true, "requests": true, "capacity": true, "hard": true, "default": true, "defaultRequest": true, "max": true, "min": true,
	"sizeLimit": true, "divisor": true, "averageValue": true, "storage": true, "podFixed": true, "memory": true, "cpu": true,
}

var suffixes = []struct {
	text   string
	base   int64
	expo   int64
	divide bool
}{
	{"Ki", 1024, 1, false}, {"Mi", 1024, 2, false}, {"Gi", 1024, 3, false}, {"Ti", 1024, 4, false}, {"Pi", 1024, 5, false}, {"Ei", 1024, 6, false},
	{"n", 1000, 3, true}, {"u", 1000, 2, true}, {"m", 1000, 1, true},
	{"k", 1000, 1, false}, {"M", 1000, 2, false}, {"G", 1000, 3, false}, {"T", 1000, 4, false}, {"P", 1000, 5, false}, {"E", 1000, 6, false},
}

// quantity is the amount that a text says, as apimachinery's resource.ParseQuantity reads it.
func quantity(s string) (*big.Rat, bool) {
	for _, x := range suffixes {
		number, ok := strings.CutSuffix(s, x.text)
		if !ok {
			continue
		}
		r, ok := decimal(number)
		if !ok {
			return nil, false
		}
		f := new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(x.base), big.NewInt(x.expo), nil))
		if x.divide {
			return r.Quo(r, f), true
		}
		return r.Mul(r, f), true
	}
	return decimal(s)
}

func decimal(s string) (*big.Rat, bool) {
	if s == "" || strings.Trim(s, "0123456789.eE+-") != "" {
		return nil, false
	}
	return new(big.Rat).SetString(s)
}

// equal says whether two values mean the same where they stand.
func equal(p path, a, b *node) bool {
	if a == nil || b == nil {
		return a == b
	}
	x, y := a.canon(), b.canon()
	if x == y {
		return true
	}
	if a.kind != scalar || b.kind != scalar || !amounts[p.last()] && !amounts[p.above()] {
		return false
	}
	q, ok := quantity(a.value())
	r, too := quantity(b.value())
	return ok && too && q.Cmp(r) == 0
}
