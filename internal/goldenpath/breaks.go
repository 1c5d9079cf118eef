package goldenpath

import (
	"fmt"
	"slices"
	"strings"
)

// Breaks says why service files that were right with an older version of the path may be wrong with this one: parameters that are gone, that have to
// be said, or that may be less.
func (p *Path) Breaks(older *Path) (why []string) {
	for x := range older.Everything() {
		now := p.Parameter(x.path)
		switch {
		case now == nil:
			why = append(why, fmt.Sprintf("the parameter %s is gone", x.path))
		case now.Type != x.Type:
			why = append(why, fmt.Sprintf("the parameter %s is no %s any more, but %s", x.path, x.Type, now.Type))
		default:
			why = append(why, now.narrower(x)...)
		}
	}
	for x := range p.Everything() {
		was := older.Parameter(x.path)
		above := strings.TrimSuffix(x.path[:max(0, strings.LastIndexByte(x.path, '.'))], "[]")
		// In something that is new, it only has to be said by those who say that.
		if x.Required && (was == nil && (above == "" || older.Parameter(above) != nil) || was != nil && !was.Required) {
			why = append(why, fmt.Sprintf("the parameter %s has to be said", x.path))
		}
	}
	return why
}

// narrower says what of the values that a parameter could have it cannot have any more.
func (x *Parameter) narrower(was *Parameter) (why []string) {
	for _, word := range was.OneOf {
		if len(x.OneOf) > 0 && !slices.Contains(x.OneOf, word) {
			why = append(why, fmt.Sprintf("the parameter %s can be %s no more", x.path, word))
		}
	}
	if len(x.OneOf) > 0 && len(was.OneOf) == 0 {
		why = append(why, fmt.Sprintf("the parameter %s could be anything", x.path))
	}
	limit := func(text string) (int64, bool) {
		v, err := x.Type.limit().parseText(text)
		n, ok := v.(int64)
		return n, err == nil && ok
	}
	if lo, ok := limit(x.Min); ok {
		if was, had := limit(was.Min); !had || was < lo {
			why = append(why, fmt.Sprintf("the parameter %s must be at least %s", x.path, x.Min))
		}
	}
	if hi, ok := limit(x.Max); ok {
		if was, had := limit(was.Max); !had || was > hi {
			why = append(why, fmt.Sprintf("the parameter %s must be at most %s", x.path, x.Max))
		}
	}
	return why
}
