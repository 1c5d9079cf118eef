package boottime

import (
	"math"
	"time"
)

// Boot is what was seen of one start of a container.
type Boot struct {
	// At is how long after its start the container was first seen to have booted; when Killed, how long it surely had not.
	At     time.Duration
	Killed bool
	// Resolution is how far At may be off, in both directions: a second for the difference of two of Kubernetes' timestamps.
	Resolution time.Duration
	// Period is how often somebody looked: the boot ended up to that long before At, each instant being as likely. It is the startup
	// probe's periodSeconds; zero when the boot was timed by itself.
	Period time.Duration
	// Stratum names boots of a kind, such as the first on their node; "" when nothing is known.
	Stratum string
}

// span is a half-open interval of seconds, from < boot <= to; to is +Inf for a killed boot.
type span struct{ from, to float64 }

// outer surely holds the boot.
func (b Boot) outer() span {
	at, r := b.At.Seconds(), b.Resolution.Seconds()
	if b.Killed {
		return span{max(at-r, 0), math.Inf(1)}
	}
	return span{max(at-b.Period.Seconds()-r, 0), at + r}
}

// least is the width of the narrowest span, in seconds: what is called exact is known to a millisecond.
const least = 0.001

// inner is as wide as a uniform error of the variance that the two errors have together: p^2/12 of looking every p seconds and r^2/6 of the
// difference of two timestamps cut to r. Estimates use it: outer would take them for less exact than they are.
func (b Boot) inner() span {
	if b.Killed {
		return b.outer()
	}
	at, p, r := b.At.Seconds(), b.Period.Seconds(), b.Resolution.Seconds()
	mid, half := at-p/2, max(math.Sqrt(p*p+2*r*r), least)/2
	return span{max(mid-half, 0), max(mid+half, least)}
}

// mid is the boot without the bias of looking every so often.
func (b Boot) mid() float64 { return max(b.At.Seconds()-b.Period.Seconds()/2, 0) }
