package probesim

import "time"

// again says whether a container that exited with the code runs again (container/helpers.go ShouldContainerBeRestarted).
func (r RestartPolicy) again(code int) bool { return r == Always || r == OnFailure && code != 0 }

// backOff is the entry of one container in the kubelet's back-off table (client-go util/flowcontrol/backoff.go).
type backOff struct {
	wait time.Duration // 0: no entry
	last time.Duration // when a restart was decided last
}

// expired says whether the entry counts for nothing, because the container exited so long after the last decision.
func (b *backOff) expired(exit, most time.Duration) bool { return exit-b.last > 2*most }

// refuses is Backoff.IsInBackOffSince.
func (b *backOff) refuses(exit, now, most time.Duration) bool {
	return b.wait > 0 && !b.expired(exit, most) && now-exit < b.wait
}

// next is Backoff.Next: it doubles the wait up to the maximum, or begins again.
func (b *backOff) next(exit, now, most time.Duration) {
	if b.wait == 0 || b.expired(exit, most) {
		b.wait = min(backOffInitial, most)
	} else {
		b.wait = min(2*b.wait, most)
	}
	b.last = now
}
