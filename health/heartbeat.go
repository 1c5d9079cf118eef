package health

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"sync/atomic"
	"time"
)

// heart is what live is made of: something that must beat. All heartbeats are one, and differ in what makes them beat.
type heart struct {
	h       *Health
	fact    fact // under h.mu
	budget  time.Duration
	silence string // says what has not happened

	always   bool         // beats are due also while nothing runs
	last     atomic.Int64 // beat, in the process's own time
	running  atomic.Int64 // pieces of work
	asked    bool         // it is an HTTP server that is asked over its listener,
	answered atomic.Bool  // and this says that it has answered
}

// age is for how long a beat has been due.
func (b *heart) age(now time.Duration) time.Duration {
	if !b.always && b.running.Load() == 0 {
		return 0
	}
	return now - time.Duration(b.last.Load())
}

func (b *heart) beat() { b.last.Store(b.h.clock.Load()) }

func (h *Health) heart(name string, budget time.Duration, b *heart) *heart {
	if budget < 100*time.Millisecond {
		panic(fmt.Sprintf("health: the budget of %s is %s: a process may stand still for 100 ms without being stuck", name, budget))
	}
	b.h, b.budget, b.fact = h, min(budget, never), fact{name: name, state: beating, since: time.Now(), up: true}
	b.beat()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.claim(name)
	h.hearts = append(h.hearts, b)
	h.dirty = true
	h.update()
	select {
	case h.wake <- struct{}{}:
	default:
	}
	return b
}

// Loop is the heartbeat of a loop that comes round whether or not there is something to do, as one with a ticker or a poll with a time
// limit does.
type Loop struct{ b *heart }

// Loop adds the heartbeat of a loop. Live is false when no Beat comes for the budget, at least 100 ms, after the boot. Give it several times
// what one round may take. It panics when the name is taken.
func (h *Health) Loop(name string, budget time.Duration) *Loop {
	return &Loop{h.heart(name, budget, &heart{silence: "has not come round", always: true})}
}

// Beat is called once a round, by the loop itself: a timer beside it would beat for a loop that is stuck. It takes no lock.
func (l *Loop) Beat() { l.b.beat() }

// Work is the heartbeat of a pool of workers, or of a consumer that waits for messages.
type Work struct{ b *heart }

// Work adds the heartbeat of work that comes when it comes. Live is false when some runs and none has ended for the budget, at least
// 100 ms, after the boot; give it several times what the longest piece may take. It panics when the name is taken.
func (h *Health) Work(name string, budget time.Duration) *Work {
	return &Work{h.heart(name, budget, &heart{silence: "runs and nothing of it has ended"})}
}

// Do runs a piece of work in the caller's goroutine:
//
//	for m := range messages {
//		work.Do(func() { handle(m) })
//	}
func (w *Work) Do(f func()) {
	if w.b.running.Add(1) == 1 {
		w.b.beat()
	}
	defer func() {
		w.b.beat()
		w.b.running.Add(-1)
	}()
	f()
}

// Server adds the heartbeat of an HTTP server and returns the handler that the server is to have in place of handler. Every request that
// handler has answered is a beat. When there was none for a quarter of the budget, the server is asked for self over a connection of its
// own, as a client would, and any answer is a beat, whatever its status. So live sees both a listener that is gone and requests that all
// wait for one lock, and neither sees how long a single request takes nor minds that nobody asks anything. Live is false when there was no
// beat for the budget, at least 100 ms, after the boot; ready is false until the first answer.
//
// Self is the URL of something cheap that takes the way of a real request, on this machine, such as http://127.0.0.1:8080/, and asks no other
// service: if it waited for a database for longer than the budget, live would be false while the database is away. A path that is not
// there, 404 behind all middleware, is good. Certificates are not verified. The request has User-Agent fairway-health.
//
// An answer with Retry-After to anybody but itself is no beat, as it tells of work that was refused; Limit gives such, and lets the request for self
// pass. A limiter of your own should do so too, by its User-Agent: what it refuses says nothing of the work behind it, and a deadlock there is not seen.
// During the drain answers have Connection: close, so that no request comes over a connection that is about to go.
//
// It panics when the name is taken, or self is not on this machine: what another machine answers is no heartbeat of this process.
func (h *Health) Server(name, self string, budget time.Duration, handler http.Handler) http.Handler {
	request, err := http.NewRequestWithContext(h.ctx, http.MethodGet, self, nil)
	if err == nil {
		err = here(request.URL)
	}
	if err != nil {
		panic("health: " + name + ": " + err.Error())
	}
	request.Header.Set("User-Agent", "fairway-health")
	request.Header.Set(tokenHeader, h.token)
	b := h.heart(name, budget, &heart{silence: "has answered nothing", always: true, asked: true})
	h.quiet.Go(func() { b.keepAsking(request) })
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if h.draining.Load() {
			w.Header().Set("Connection", "close")
		}
		defer func() {
			if w.Header().Get("Retry-After") == "" {
				b.beat()
			}
		}()
		handler.ServeHTTP(w, r)
	})
}

// tokenHeader carries Health.token, which nobody else knows.
const tokenHeader = "Fairway-Heartbeat"

// here reports whether a URL leads to this machine.
func here(u *url.URL) error {
	if u.Scheme != "http" && u.Scheme != "https" {
		return fmt.Errorf("%s is no URL of an HTTP server: write http://127.0.0.1:PORT/", u)
	}
	if u.Hostname() == "localhost" {
		return nil
	}
	ip, err := netip.ParseAddr(u.Hostname())
	if err == nil && (ip.IsLoopback() || ip.IsUnspecified()) {
		return nil
	}
	if err == nil {
		own, _ := net.InterfaceAddrs()
		for _, a := range own {
			if p, err := netip.ParsePrefix(a.String()); err == nil && p.Addr() == ip.Unmap() {
				return nil
			}
		}
	}
	return fmt.Errorf("%s is not on this machine: write http://127.0.0.1:PORT/", u.Host)
}

// keepAsking asks a server when it has not answered anybody for a while.
func (b *heart) keepAsking(request *http.Request) {
	h := b.h
	client := http.Client{
		// A deadlock holds the request. One at a time may hang there, and after twice the budget there is nothing left to learn from it.
		Timeout:       2 * b.budget,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true},
			MaxResponseHeaderBytes: 64 << 10}, // the status is all that is wanted
	}
	for {
		state, changed := h.State()
		if state.Started {
			break
		}
		select {
		case <-changed:
		case <-h.ctx.Done():
			return
		}
	}
	for !h.draining.Load() {
		soon := b.budget / 4
		if !b.answered.Load() || b.age(h.now()) >= soon {
			if response, err := client.Do(request); err == nil {
				response.Body.Close()
				b.beat()
				if !b.answered.Swap(true) {
					h.mu.Lock()
					h.dirty = true
					h.update()
					h.mu.Unlock()
				}
			}
		}
		if !b.answered.Load() {
			soon = min(soon, 50*time.Millisecond) // the process waits to be ready
		}
		if !h.pause(soon) {
			return
		}
	}
}
