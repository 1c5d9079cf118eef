package health

import (
	"encoding/json"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// The endpoints, as MicroProfile Health has them.
const (
	startedPath = "/health/started"
	readyPath   = "/health/ready"
	livePath    = "/health/live"
)

// answers are all that can be answered until something changes.
type answers struct {
	state                State
	started, ready, live answer
	changed              chan struct{} // closed when there are newer ones
}

type answer struct {
	code           int
	brief, verbose body
}

// body is a body and its headers, so that a request sets them without allocating.
type body struct {
	text                         []byte
	length, contentType, noCache []string
}

// ServeHTTP answers the three endpoints and nothing else: 404 for other paths, 405 for other methods than GET and HEAD. Listen gives them a
// listener of their own.
func (h *Health) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	all := h.answers.Load()
	var a *answer
	switch r.URL.Path {
	case readyPath:
		a = &all.ready
	case livePath:
		a = &all.live
	case startedPath:
		a = &all.started
	default:
		http.Error(w, "three questions are answered: "+startedPath+", "+readyPath+" and "+livePath, http.StatusNotFound)
		return
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "health is only read: GET or HEAD", http.StatusMethodNotAllowed)
		return
	}
	b := &a.brief
	if q := r.URL.RawQuery; q == "verbose" || q != "" && r.URL.Query().Has("verbose") {
		b = &a.verbose
	}
	header := w.Header()
	header["Content-Length"] = b.length
	header["Content-Type"] = b.contentType
	header["Cache-Control"] = b.noCache
	w.WriteHeader(a.code)
	if r.Method == http.MethodGet {
		_, _ = w.Write(b.text)
	}
}

// Listen answers the three endpoints on an address such as ":8081", from now until Close, and returns the address that it has got. The
// listener is bounded: 8 KiB of headers, seconds to send them, and 256 connections; for one more, the oldest is closed. It fails when the
// address cannot be had.
func (h *Health) Listen(addr string) (net.Addr, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, err
	}
	s := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 2 * time.Second,
		ReadTimeout:       5 * time.Second,
		WriteTimeout:      5 * time.Second,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    8 << 10,
		ConnState:         atMost(mostConnections),
		ErrorLog:          slog.NewLogLogger(h.options.Log.Handler(), slog.LevelDebug),

		DisableGeneralOptionsHandler: true, // nothing but the three endpoints is answered
	}
	h.mu.Lock()
	h.servers = append(h.servers, s)
	h.mu.Unlock()
	h.quiet.Go(func() { _ = s.Serve(l) }) // it ends with Close only: Serve waits out temporary errors
	if h.ctx.Err() != nil {
		_ = s.Close()
	}
	return l.Addr(), nil
}

// mostConnections is how many connections a listener holds open, each for 20 to 40 KiB: 10 MiB at the most, and no file descriptors that the
// service itself needs. It is more than the kubelets, meshes and scrapers that ask one pod at once.
const mostConnections = 256

// leastStay is how long a connection may stay at least. An answer takes microseconds, but a starved process comes to it late. 256 in 50 ms are
// 5,000 a second; when more come, they wait in the kernel's queue, of 4,096, for less than a second, which is the shortest timeout of a probe.
const leastStay = 50 * time.Millisecond

// atMost closes the oldest connection when there is one more than most: it waits for nothing, or takes its time to ask. So a probe is answered
// however many such there are. A listener that let nobody in any more would have the kubelet kill the process.
func atMost(most int) func(net.Conn, http.ConnState) {
	type guest struct {
		net.Conn
		since time.Time
	}
	var mu sync.Mutex
	var open []guest // in the order in which they came
	return func(c net.Conn, state http.ConnState) {
		mu.Lock()
		defer mu.Unlock()
		switch state {
		case http.StateNew: // the listener waits
			for len(open) == most {
				if early := leastStay - time.Since(open[0].since); early > 0 {
					mu.Unlock()
					time.Sleep(early)
					mu.Lock()
					continue
				}
				_ = open[0].Close()
				open = slices.Delete(open, 0, 1)
			}
			open = append(open, guest{c, time.Now()})
		case http.StateClosed:
			open = slices.DeleteFunc(open, func(g guest) bool { return g.Conn == c })
		}
	}
}

// render makes the answers of what is known now, and says in the log which truths have changed and why. The caller holds mu.
func (h *Health) render() {
	old := h.answers.Load()
	live, ready := []*fact{}, []*fact{}
	if !h.state.Started {
		live = append(live, &h.boot)
		ready = append(ready, &fact{name: "boot", state: booting, since: h.boot.since})
	}
	if h.draining.Load() {
		ready = append(ready, &fact{name: "drain", state: draining, since: h.drained})
	}
	for _, b := range h.hearts {
		live = append(live, &b.fact)
		f := b.fact
		if h.state.Started && b.asked && !b.answered.Load() {
			f.state, f.up, f.reason = unknown, false, "no request was answered yet"
		}
		ready = append(ready, &f)
	}
	for _, c := range h.checks {
		f := c.fact
		if c.fact.up && f.state != passing {
			f.state = degraded
		}
		h.tellOf(c, f, old != nil && old.state.Ready != h.state.Ready)
		ready = append(ready, &f)
	}
	started := []*fact{}
	if !h.state.Started {
		started = ready[:1]
	}
	h.dirty = false
	h.answers.Store(&answers{
		state:   h.state,
		started: h.answer(h.state.Started, started),
		ready:   h.answer(h.state.Ready, ready),
		live:    h.answer(h.state.Live, live),
		changed: make(chan struct{}),
	})
	if old == nil {
		return
	}
	close(old.changed)
	for _, q := range []struct {
		name     string
		was, now bool
		facts    []*fact
	}{{"started", old.state.Started, h.state.Started, nil}, {"ready", old.state.Ready, h.state.Ready, ready}, {"live", old.state.Live, h.state.Live, live}} {
		if q.was == q.now {
			continue
		}
		level, because := slog.LevelInfo, []string{}
		for _, f := range q.facts {
			if !q.now && !f.up {
				because = append(because, strings.TrimSuffix(f.name+" "+f.state+": "+f.reason, ": "))
			}
		}
		attrs := []slog.Attr{slog.Bool(q.name, q.now)}
		if len(because) > 0 {
			level = slog.LevelWarn
			attrs = append(attrs, slog.String("because", strings.Join(because, "; ")))
		}
		h.say(note{level: level, text: "health", attrs: attrs})
	}
}

// tellOf says in the log that a check has changed where no truth does: one that is shared leaves the process ready, and of two that fail the second
// changes nothing. That all is well from the beginning is not said.
func (h *Health) tellOf(c *check, f fact, truth bool) {
	was, now := c.told, c.fact.state
	if was == now || was == "" && now == unknown {
		return
	}
	c.told = now
	if truth || was == "" && now == passing {
		return
	}
	level, attrs := slog.LevelInfo, []slog.Attr{slog.String("check", f.name), slog.String("state", f.state)}
	if now != passing {
		level, attrs = slog.LevelWarn, append(attrs, slog.String("because", f.reason))
	}
	h.say(note{level: level, text: "health", attrs: attrs})
}

func (h *Health) answer(up bool, facts []*fact) answer {
	type check struct {
		Name   string            `json:"name"`
		Status string            `json:"status"`
		Data   map[string]string `json:"data"`
	}
	status := func(up bool) string {
		if up {
			return "UP"
		}
		return "DOWN"
	}
	render := func(checks []check) body {
		text, err := json.Marshal(struct {
			Status string  `json:"status"`
			Checks []check `json:"checks"`
		}{status(up), checks})
		if err != nil {
			panic(err) // strings only
		}
		return body{text, []string{strconv.Itoa(len(text))}, []string{"application/json"}, []string{"no-store"}}
	}
	checks := []check{}
	a := answer{code: http.StatusServiceUnavailable, brief: render(checks)}
	if up {
		a.code = http.StatusOK
	}
	for _, f := range facts {
		c := check{f.name, status(f.up), map[string]string{"state": f.state, "since": f.since.UTC().Format(time.RFC3339)}}
		switch {
		case f.reason == "":
		case h.options.Reasons:
			c.Data["reason"] = f.reason
		default:
			c.Data["reason"] = "withheld"
		}
		checks = append(checks, c)
	}
	a.verbose = render(checks)
	return a
}
