package health

import (
	"encoding/json"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
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
// listener is bounded: 8 KiB of headers, and seconds to send them. It fails when the address cannot be had.
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
		ErrorLog:          slog.NewLogLogger(h.options.Log.Handler(), slog.LevelDebug),
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
