package boottime

import (
	"cmp"
	"math"
	"slices"
)

// Mass is the share of boots that end within an interval of seconds, From < boot <= To.
type Mass struct{ From, To, Share float64 }

// Turnbull returns the distribution that makes what was seen most likely, when each boot is known to have ended within a span
// (Turnbull 1976, J. R. Stat. Soc. B 38:290). Looking every p seconds at a random phase gives the likelihood F(t) - F(t-p), which is that of
// a span: so this is the deconvolution of the startup period as well. The masses are in order; the last may reach to +Inf.
func Turnbull(boots []Boot) []Mass {
	spans := map[span]float64{}
	var ends []float64
	for _, b := range boots {
		s := b.inner()
		spans[s]++
		ends = append(ends, s.from, s.to)
	}
	slices.Sort(ends)
	ends = slices.Compact(ends)
	type group struct {
		first, last int // cells
		count       float64
	}
	index := func(x float64) int { i, _ := slices.BinarySearch(ends, x); return i }
	groups := make([]group, 0, len(spans))
	for s, n := range spans {
		groups = append(groups, group{index(s.from), index(s.to) - 1, n})
	}
	slices.SortFunc(groups, func(a, b group) int {
		return cmp.Or(cmp.Compare(a.first, b.first), cmp.Compare(a.last, b.last))
	})
	if len(ends) < 2 {
		return nil
	}
	cells := len(ends) - 1
	// Only a cell that begins with a beginning and ends with an end can hold mass; in others it could only be moved to one that is better.
	begins, finishes := make([]bool, cells+1), make([]bool, cells+1)
	for _, g := range groups {
		begins[g.first], finishes[g.last+1] = true, true
	}
	share, n := make([]float64, cells), 0.0
	for i := range share {
		if begins[i] && finishes[i+1] {
			share[i] = 1
			n++
		}
	}
	for i := range share {
		share[i] /= n
	}
	total := float64(len(boots))
	next, below := make([]float64, cells), make([]float64, cells+1)
	for range 2000 {
		for i, x := range share {
			below[i+1] = below[i] + x
		}
		// Each boot is handed out over the cells of its span in proportion to their shares: a sum over intervals, so differences are kept.
		clear(next)
		for _, g := range groups {
			w := g.count / (below[g.last+1] - below[g.first])
			next[g.first] += w
			if g.last+1 < cells {
				next[g.last+1] -= w
			}
		}
		moved, w := 0.0, 0.0
		for i := range share {
			w += next[i]
			x := share[i] * w / total
			if x < 1e-15 {
				x = 0
			}
			moved = max(moved, math.Abs(x-share[i]))
			share[i] = x
		}
		if moved < 1e-9 {
			break
		}
	}
	var out []Mass
	for i, x := range share {
		if x > 0 {
			out = append(out, Mass{ends[i], ends[i+1], x})
		}
	}
	return out
}

// quantile returns the time below which the share q of the masses lies, with each mass spread evenly; +Inf when it is in one without end.
func quantile(masses []Mass, q float64) float64 {
	for _, m := range masses {
		if q <= m.Share {
			if math.IsInf(m.To, 1) {
				return m.To
			}
			return m.From + (m.To-m.From)*q/m.Share
		}
		q -= m.Share
	}
	if len(masses) == 0 {
		return math.NaN()
	}
	return masses[len(masses)-1].To
}

// share returns how much of the masses lies below a time.
func share(masses []Mass, at float64) float64 {
	sum := 0.0
	for _, m := range masses {
		switch {
		case at >= m.To:
			sum += m.Share
		case at > m.From && !math.IsInf(m.To, 1):
			sum += m.Share * (at - m.From) / (m.To - m.From)
		}
	}
	return sum
}
