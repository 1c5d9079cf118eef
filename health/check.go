package health

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// Check is something without which the process cannot serve, or not well. It is a matter of ready, never of live: no restart of this
// process brings back a database.
type Check struct {
	// Name is the check's in verbose answers and in the log.
	Name string

	// Func returns nil when all is well. It is called in the background, never twice at once. It should return when its context ends; when
	// it does not, the check fails all the same and waits for it. A panic is a failure.
	Func func(context.Context) error

	// Shared says that the replicas of this service all ask the same thing, so that it fails for all of them: see Options.Peers.
	Shared bool

	Interval time.Duration // from the end of one call to the next, give or take a tenth. 0 means 15 s
	Timeout  time.Duration // after which a call counts as failed. 0 means 2 s

	// Failures and Successes are how many in a row change the result. 0 means 2 and 1. The first result of all counts at once.
	Failures, Successes int
}

// never is the longest time that is told from none. Sums and multiples of it do not overflow, which those of math.MaxInt64, as people write it, do.
const never = 10 * 365 * 24 * time.Hour

// check is a Check and what is known of it.
type check struct {
	Check
	fact   fact
	at     time.Duration // when the last result came, in the process's own time
	streak int           // results in a row that speak against the fact
	told   string        // the state that the log knows of; "" before there is anything to tell
}

// Check adds a check and calls it for the first time. Until it has a result the process is not ready, unless the check is shared. It panics
// without a name of its own or a function.
func (h *Health) Check(c Check) {
	if c.Func == nil {
		panic("health: a check has no function: " + c.Name)
	}
	for d, usual := range map[*time.Duration]time.Duration{&c.Interval: 15 * time.Second, &c.Timeout: 2 * time.Second} {
		if *d <= 0 {
			*d = usual
		}
		*d = min(*d, never)
	}
	for n, usual := range map[*int]int{&c.Failures: 2, &c.Successes: 1} {
		if *n <= 0 {
			*n = usual
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.claim(c.Name)
	k := &check{Check: c, fact: fact{name: c.Name, state: unknown, since: time.Now(), reason: "no result yet", up: c.Shared}, at: h.now()}
	h.checks = append(h.checks, k)
	h.dirty = true
	h.update()
	h.quiet.Go(func() { h.keepChecking(k) })
}

// claim panics when a name is empty or taken. The caller holds mu.
func (h *Health) claim(name string) {
	taken := name == ""
	for _, c := range h.checks {
		taken = taken || c.Name == name
	}
	for _, b := range h.hearts {
		taken = taken || b.fact.name == name
	}
	if taken {
		panic(fmt.Sprintf("health: each check and heartbeat has a name of its own, and %q is none", name))
	}
}

var errLate = errors.New("did not answer in time")

// keepChecking calls a check again and again. A call that has not returned in time is left alone, and no other is made before it has.
func (h *Health) keepChecking(c *check) {
	var late <-chan error
	for {
		var err error
		select {
		case <-late:
			late = nil
		default:
		}
		if late != nil {
			err = fmt.Errorf("%w of %s, and has not returned since", errLate, c.Timeout)
		} else {
			late, err = call(h.ctx, c.Timeout, c.Func)
		}
		if h.ctx.Err() != nil {
			return
		}
		h.record(c, err)
		if !h.pause(c.Interval*9/10 + rand.N(c.Interval/5+1)) {
			return
		}
	}
}

// call calls f and waits until it has returned or its time is over, whichever comes first. In the second case late is where it will say that
// it has returned. A panic of f is an error.
func call(ctx context.Context, timeout time.Duration, f func(context.Context) error) (late <-chan error, err error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	done := make(chan error, 1)
	go func() {
		defer cancel()
		err := errors.New("the goroutine of the check was ended")
		defer func() {
			if p := recover(); p != nil {
				err = errors.New(brief(fmt.Sprintf("panic: %v", p)))
			}
			done <- err
		}()
		if err = f(ctx); err != nil {
			// The text is made here, where a panic is caught: an error may be a nil pointer in an interface.
			err = errors.New(brief(err.Error()))
		}
	}()
	select {
	case err := <-done:
		return nil, err
	case <-ctx.Done():
	}
	select {
	case err := <-done: // it returned, which is what ended the context, or at the last moment
		return nil, err
	default:
		return done, fmt.Errorf("%w of %s", errLate, timeout)
	}
}

// longestReason is how much of a reason is kept, in bytes: the kubelet reads 10 KiB of an answer.
const longestReason = 1 << 10

// brief cuts a reason that is too long.
func brief(reason string) string {
	if len(reason) <= longestReason {
		return reason
	}
	return strings.ToValidUTF8(reason[:longestReason], "") + " ..."
}

// record takes a result.
func (h *Health) record(c *check, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	c.at = h.now()
	state, reason, needed := passing, "", c.Successes
	if err != nil {
		state, reason, needed = failing, err.Error(), c.Failures
	}
	switch {
	case c.fact.state == state:
		c.streak = 0
	case c.fact.state == unknown:
		c.streak = 0
	default:
		if c.streak++; c.streak < needed {
			return
		}
		c.streak = 0
	}
	if c.fact.set(state, reason, state == passing || c.Shared && !h.away) {
		h.dirty = true
	}
	h.update()
}

// Peers are the replicas of a service, as one of them sees them.
type Peers struct {
	Size  int // how many there should be, this one included
	Ready int // how many are ready: in an EndpointSlice, say, or in the Deployment's status
	Rank  int // which of them this one is, 0 to Size-1, by any order they agree on, such as that of their names
}

const (
	// A turn is how long a few replicas have to leave before the next ones may: long enough that the next ones see it. A readiness probe with
	// a period of 5 s and a threshold of 3 takes up to 17 s, and the endpoints 3 s more.
	turn = 20 * time.Second
	// Leaving is at the beginning of a turn only, so that the next one's count knows of it.
	leaving = 5 * time.Second
)

// quorum lets the process leave when a shared check fails and enough peers stay. It asks for peers while it may matter only.
func (h *Health) quorum() {
	var late <-chan error
	for h.pause(time.Second) {
		h.mu.Lock()
		wanted := false
		for _, c := range h.checks {
			wanted = wanted || c.Shared && c.fact.state != passing
		}
		wanted = wanted && h.state.Ready
		h.mu.Unlock()
		select {
		case <-late:
			late = nil
		default:
		}
		if !wanted || late != nil {
			continue
		}
		counted := make(chan Peers, 1)
		var err error
		late, err = call(h.ctx, 2*time.Second, func(ctx context.Context) error {
			p, err := h.options.Peers(ctx)
			counted <- p
			return err
		})
		if err != nil || !mayLeave(<-counted, h.options.MayLeave, time.Now()) {
			continue
		}
		h.mu.Lock()
		h.away = true // update takes it back when no shared check fails any more
		h.update()
		h.mu.Unlock()
	}
}

// mayLeave reports whether a replica may become unready now, so that never more than a share of all are. Replicas that decide at the same
// moment do not see each other. So they decide in turns, by rank and the clock: in a turn only as many may leave as may be away at all,
// less those who are, and the next turn sees them. It holds as far as their clocks agree to a few seconds.
func mayLeave(p Peers, share float64, now time.Time) bool {
	most := int(share*float64(p.Size) + 1e-9)
	if most <= 0 || p.Rank < 0 || p.Rank >= p.Size || now.UnixNano()%int64(turn) >= int64(leaving) {
		return false
	}
	turns := (p.Size + most - 1) / most
	gone := p.Size - p.Ready
	return p.Rank/most == int(now.UnixNano()/int64(turn))%turns && p.Rank%most < most-gone
}
