package boottime

import (
	"cmp"
	"math"
	"slices"
	"sort"
)

// Sample is what is known of the boots of one container.
type Sample struct {
	Boots  []Boot // the shortest first
	Killed int    // how many of them were killed
	Curve  Curve
	Masses []Mass
	// Tails are the families that describe the longest boots about as well as the best of them does, the likeliest first; empty when
	// there are too few boots to say.
	Tails []*Tail

	bounds bounds // of Boots
}

const (
	// fewest is how many boots that ended a tail needs: two parameters and something to contradict them.
	fewest = 10
	// A tail is fitted to the longest tenth of the boots, fewestAbove at the least, or all when there are fewer. With more, a second
	// mode in the body, such as boots with a warm cache, bends the tail; with less, its interval allows anything.
	upper, fewestAbove = 0.1, 80
	// tailCut is how much less likely than the best a distribution is that an interval leaves out: half the 95 % point of chi-squared
	// with one degree of freedom.
	tailCut = 1.92
)

// NewSample describes boots. Their order does not matter.
func NewSample(boots []Boot) *Sample {
	boots = slices.Clone(boots)
	slices.SortFunc(boots, func(a, b Boot) int { // so that sums are the same whatever the order was
		return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(bit(a.Killed), bit(b.Killed)), cmp.Compare(a.Period, b.Period), cmp.Compare(a.Resolution, b.Resolution), cmp.Compare(a.Stratum, b.Stratum))
	})
	s := &Sample{Boots: boots, Curve: KaplanMeier(boots), Masses: Turnbull(boots), bounds: boundsOf(boots)}
	var ended []float64
	for _, b := range boots {
		if b.Killed {
			s.Killed++
		} else {
			ended = append(ended, b.inner().to)
		}
	}
	if len(ended) < fewest {
		return s
	}
	slices.Sort(ended)
	above := ended[len(ended)-min(len(ended), max(fewestAbove, int(upper*float64(len(ended)))))]
	if above == ended[0] {
		above = 0
	}
	var tails []*Tail
	best := math.Inf(-1)
	for _, f := range families {
		t := fit(f, boots, s.Masses, above, tailCut)
		best = max(best, t.ll)
		tails = append(tails, t)
	}
	for _, t := range tails {
		if t.ll > best-tailCut {
			s.Tails = append(s.Tails, t)
		}
	}
	slices.SortStableFunc(s.Tails, func(a, b *Tail) int { return cmp.Compare(b.ll, a.ll) })
	return s
}

// Over is how large the share of boots is that take longer than something. Intervals are of 95 %.
type Over struct {
	// Sure bounds it whatever the distribution; see [Sure].
	Sure Interval
	// Tail bounds it when the longest boots follow one of the sample's tails, which reach down to where nothing was seen: so it has no lower
	// end of its own. NaN without a tail.
	Tail Interval
}

// Over returns the share of boots that take longer than a time drawn evenly from from to from+width seconds.
func (s *Sample) Over(from, width float64) Over {
	o := Over{Tail: s.overTail(from, width)}
	_, o.Sure.To = s.bounds.at(from, 0.05)
	o.Sure.From, _ = s.bounds.at(from+width, 0.05)
	o.Sure.Estimate = min(max(mean(from, width, s.Curve.Unfinished), o.Sure.From), o.Sure.To)
	o.Tail.From = o.Sure.From
	return o
}

func (s *Sample) overTail(from, width float64) Interval {
	if len(s.Tails) == 0 {
		return Interval{math.NaN(), math.NaN(), math.NaN()}
	}
	out := s.Tails[0].over(from, width)
	for _, t := range s.Tails[1:] {
		out.To = max(out.To, t.over(from, width).To)
	}
	return out
}

// Needed returns the shortest time for which at most the share limit of boots takes longer, with 95 % confidence in one of the tails; +Inf without
// a tail, and when it is longer than most seconds.
func (s *Sample) Needed(limit, most float64) float64 {
	within := func(seconds float64) bool { return s.overTail(seconds, 0).To < limit }
	if len(s.Tails) == 0 || !within(most) {
		return math.Inf(1)
	}
	lo, hi := 0.0, most
	for hi-lo > 0.01 {
		if mid := (lo + hi) / 2; within(mid) {
			hi = mid
		} else {
			lo = mid
		}
	}
	return hi
}

// Quantile is a time that the share Q of boots does not exceed, in seconds.
type Quantile struct {
	Q float64
	Interval
	// Fitted is the tail that it was read from, when too few boots were longer to count them; nil otherwise.
	Fitted *Tail
}

// enoughAbove is how many boots have to be longer than a quantile for it to be counted and not computed from a tail.
const enoughAbove = 5

// Quantile returns a quantile. It is counted while enough boots were longer, and read from the tails beyond, whose word is taken for the
// upper end only: the lower one is sure. The upper end is +Inf, and the estimate NaN, where nothing is known.
func (s *Sample) Quantile(q float64) Quantile {
	out := Quantile{Q: q, Interval: Interval{math.NaN(), 0, math.Inf(1)}}
	if x := quantile(s.Masses, q); !math.IsInf(x, 1) && (1-q)*float64(len(s.Boots)) >= 0.5 { // fewer boots say nothing of so rare ones
		out.Estimate = x
	}
	var ends []float64
	for _, b := range s.Boots {
		x := b.outer()
		ends = append(ends, x.from, x.to)
	}
	slices.Sort(ends)
	ends = slices.DeleteFunc(slices.Compact(ends), func(x float64) bool { return math.IsInf(x, 1) })
	// Both bounds fall with time, so the first time at which they are low enough is found by halving.
	at := func(bound func(from, to float64) float64) (float64, bool) {
		i := sort.Search(len(ends), func(i int) bool { return bound(s.bounds.at(ends[i], 0.05)) <= 1-q })
		if i == len(ends) {
			return 0, false
		}
		return ends[i], true
	}
	if x, ok := at(func(from, _ float64) float64 { return from }); ok {
		out.From = x
	}
	if x, ok := at(func(_, to float64) float64 { return to }); ok {
		out.To = x
	}
	if (1-q)*float64(len(s.Boots)) < enoughAbove && len(s.Tails) > 0 {
		out.Fitted = s.Tails[0]
		out.Estimate = max(s.Tails[0].quantile(q).Estimate, out.From)
		out.To = out.Estimate
		for _, t := range s.Tails {
			out.To = max(out.To, t.quantile(q).To)
		}
	}
	if !math.IsNaN(out.Estimate) {
		out.From, out.To = min(out.From, out.Estimate), max(out.To, out.Estimate)
	}
	return out
}

// Time is the estimate of [Sample.Quantile] without its interval, for those who draw boots: counted below the tail, read from it above, and at
// the most the longest time that anything is known of when there is none.
func (s *Sample) Time(q float64) float64 {
	if len(s.Tails) > 0 && q > share(s.Masses, s.Tails[0].Above) {
		return s.Tails[0].quantile(q).Estimate
	}
	return min(quantile(s.Masses, q), s.Curve.Last)
}
