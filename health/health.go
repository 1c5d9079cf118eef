package health

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// Options are what a Health may be told. The zero value is good for most services.
type Options struct {
	// Boot is how long the boot may take; after that live is false until the boot is over. 0 means 10 minutes. It should be longer than the
	// startup probe's budget, which is the first to act; this one is for the times when the kubelet has forgotten about the startup.
	Boot time.Duration

	// Drain is how long requests are still served after the process was told to stop, until nobody sends it any more. 0 means 5 s;
	// a negative time means none. Removing an endpoint everywhere typically takes 1-3 s.
	Drain time.Duration

	// Grace is how much time there is from SIGTERM to SIGKILL: terminationGracePeriodSeconds, less what a preStop hook takes. 0 means 30 s.
	Grace time.Duration

	// Peers counts the replicas of this service. With it, and with MayLeave, replicas become unready when a shared check fails, but never
	// so many that more than that share is away. Without, they stay ready. It is called while a shared check fails, every few seconds, with a
	// deadline of 2 s; while it fails, the process stays ready.
	Peers func(context.Context) (Peers, error)

	// MayLeave is the share of all replicas that may be unready at once, 0 to 1. It is rounded down: a quarter of three is none.
	MayLeave float64

	// Reasons shows in verbose answers why checks fail. Without, they are in the log only.
	Reasons bool

	// Log gets a record when a truth or a check changes, with the reason, and at the drain. Nil means slog.Default(). A handler that blocks holds nothing up.
	Log *slog.Logger
}

// State is the three truths at one moment.
type State struct{ Started, Ready, Live bool }

// Health tells three truths about this process. Its methods may be called from many goroutines.
type Health struct {
	options  Options
	answers  atomic.Pointer[answers]
	draining atomic.Bool
	clock    atomic.Int64 // nanoseconds in which this process could run, since New
	token    string       // by which requests to itself are known

	ctx   context.Context // of everything that runs in the background
	end   context.CancelFunc
	quiet sync.WaitGroup // waits for it, but for checks that do not return
	wake  chan struct{}  // tells the watchdog that there is a shorter budget
	notes chan note      // on the way to the log
	told  chan struct{}  // closed when no more is handed to it

	mu      sync.Mutex // of what follows
	state   State
	boot    fact // during the boot: is it in time?
	checks  []*check
	hearts  []*heart
	servers []*http.Server
	away    bool      // unready because of a shared check
	dirty   bool      // something that answers tell has changed
	drained time.Time // when the drain began
}

// New returns a Health that is not started, not ready and live. Close ends what it runs in the background.
func New(o Options) *Health {
	for d, usual := range map[*time.Duration]time.Duration{&o.Boot: 10 * time.Minute, &o.Drain: 5 * time.Second, &o.Grace: 30 * time.Second} {
		if *d == 0 {
			*d = usual
		}
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	h := &Health{options: o, token: rand.Text(), wake: make(chan struct{}, 1), notes: make(chan note, 64), told: make(chan struct{}), state: State{Live: true}}
	h.ctx, h.end = context.WithCancel(context.Background())
	h.boot = fact{name: "boot", state: booting, since: time.Now(), up: true}
	h.render()
	h.quiet.Go(h.watch)
	go h.tell()
	if o.Peers != nil {
		h.quiet.Go(h.quorum)
	}
	return h
}

// Close ends the checks and listeners. It does not wait for a function of a check that does not return, nor for a log that blocks. The
// answers stay as they are.
func (h *Health) Close() error {
	h.end()
	h.mu.Lock()
	servers := h.servers
	h.mu.Unlock()
	var errs []error
	for _, s := range servers {
		errs = append(errs, s.Close())
	}
	h.quiet.Wait()
	select {
	case <-h.told:
	case <-time.After(500 * time.Millisecond): // the log blocks
	}
	return errors.Join(errs...)
}

// Started says that the boot is over. It is so for good, and further calls do nothing. Call it when the process listens for requests.
func (h *Health) Started() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.state.Started {
		return
	}
	h.state.Started, h.dirty = true, true
	for _, b := range h.hearts {
		b.beat() // budgets begin now
	}
	h.update()
}

// State returns the three truths, and a channel that is closed when they change or may have.
func (h *Health) State() (State, <-chan struct{}) {
	a := h.answers.Load()
	return a.state, a.changed
}

// The states of what an answer is made of.
const (
	booting  = "booting"
	failing  = "failing"
	unknown  = "unknown" // no result yet, or a stale one
	passing  = "passing"
	degraded = "degraded" // fails, but the process stays ready
	beating  = "beating"
	stuck    = "stuck"
	draining = "draining"
)

// fact is one of the things that an answer is made of.
type fact struct {
	name, state string
	since       time.Time // since when it has this state
	reason      string
	up          bool // what it adds to the answer
}

// set changes a fact, and reports whether that changes what is told. That a reason alone is another one does not move since.
func (f *fact) set(state, reason string, up bool) bool {
	if f.state == state && f.up == up && f.reason == reason {
		return false
	}
	if f.state != state {
		f.since = time.Now()
	}
	f.state, f.reason, f.up = state, reason, up
	return true
}

// now is the process's own time: it stands still while the process does.
func (h *Health) now() time.Duration { return time.Duration(h.clock.Load()) }

const (
	coarse = 200 * time.Millisecond // how often the watchdog looks while all is well
	fine   = 10 * time.Millisecond  // while a heartbeat has used half its budget: a throttled process runs for a few of every 100 ms
)

// watch is the watchdog.
func (h *Health) watch() {
	sleep := fine
	timer := time.NewTimer(sleep)
	defer timer.Stop()
	for last := time.Now(); ; {
		select {
		case <-h.ctx.Done():
			return
		case <-h.wake:
		case <-timer.C:
		}
		now := time.Now()
		sleep = h.woken(now.Sub(last), sleep)
		last = now
		timer.Reset(sleep)
	}
}

// woken moves the process's own time on after a sleep, by no more than the watchdog meant to sleep: what is beyond is time in which the
// process could not run. It returns for how long to sleep next.
func (h *Health) woken(slept, meant time.Duration) time.Duration {
	if slept > meant+meant/4 { // timers are a little late always
		slept = meant
	}
	h.clock.Add(int64(slept))
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.update()
}

// update judges everything anew, renders the answers when something has changed, and returns for how long the watchdog may sleep. The
// caller holds mu.
func (h *Health) update() time.Duration {
	now, sleep, live := h.now(), coarse, h.state.Live
	set := func(f *fact, state, reason string, up bool) {
		if f.set(state, reason, up) {
			h.dirty = true
		}
	}
	switch {
	case h.draining.Load(): // the grace period bounds it now
	case !h.state.Started:
		if live = now < h.options.Boot; !live {
			set(&h.boot, stuck, fmt.Sprintf("the boot is not over after %s", h.options.Boot), false)
		}
	default:
		live = true
		for _, b := range h.hearts {
			// A beat is as old as the watchdog's last look, up to one too old.
			age, look := b.age(now), min(max(b.budget/20, fine), coarse)
			if age > b.budget+look {
				live = false
				set(&b.fact, stuck, fmt.Sprintf("%s for %s", b.silence, b.budget), false)
			} else {
				set(&b.fact, beating, "", true)
			}
			sleep = min(sleep, look)
			if age > b.budget/2 {
				sleep = fine
			}
		}
	}

	ready, shared := h.state.Started && live && !h.draining.Load(), false
	for _, b := range h.hearts {
		ready = ready && (!b.asked || b.answered.Load())
	}
	for _, c := range h.checks {
		if c.fact.state != unknown && now-c.at > 3*c.Interval+c.Timeout {
			set(&c.fact, unknown, fmt.Sprintf("no result for three intervals of %s", c.Interval), false)
		}
		if down := c.fact.state != passing; c.Shared {
			shared = shared || down
		} else {
			ready = ready && !down
		}
	}
	h.away = h.away && shared
	for _, c := range h.checks {
		// What a shared check is to the answer: a reason to leave, or not.
		if up := c.fact.state == passing || c.Shared && !h.away; up != c.fact.up {
			c.fact.up, h.dirty = up, true
		}
	}
	ready = ready && !h.away

	if h.dirty || live != h.state.Live || ready != h.state.Ready {
		h.state.Live, h.state.Ready = live, ready
		h.render()
	}
	return sleep
}

// note is a record for the log.
type note struct {
	level slog.Level
	text  string
	attrs []slog.Attr
	told  chan<- struct{} // closed when the log has it; may be nil
}

// say hands a record to the log. When the log does not keep up, records are lost rather than the watchdog held.
func (h *Health) say(n note) {
	select {
	case h.notes <- n:
	default:
	}
}

// sayNow is say for a process that may end next: it waits for the log, but not for one that blocks.
func (h *Health) sayNow(level slog.Level, text string, attrs ...slog.Attr) {
	told := make(chan struct{})
	h.say(note{level, text, attrs, told})
	select {
	case <-told:
	case <-h.ctx.Done():
	case <-time.After(500 * time.Millisecond):
	}
}

func (h *Health) tell() {
	defer close(h.told)
	for {
		select {
		case <-h.ctx.Done():
			return
		case n := <-h.notes:
			h.options.Log.LogAttrs(context.WithoutCancel(h.ctx), n.level, n.text, n.attrs...)
			if n.told != nil {
				close(n.told)
			}
		}
	}
}

// pause waits, and reports false when the Health was closed meanwhile.
func (h *Health) pause(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-h.ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
