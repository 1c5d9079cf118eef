package probeverify

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// served is what came of one ordinary request.
type served struct {
	sent time.Time
	took time.Duration
	code int
	err  error
}

func (s served) good() bool { return s.err == nil && s.code < 400 }

// request sends the first of the ordinary requests and reads its answer.
func (b *bench) request(ctx context.Context, via http.RoundTripper) served {
	return get(ctx, b.Load[0], via)
}

func get(ctx context.Context, url string, via http.RoundTripper) served {
	s := served{sent: time.Now()}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		s.err = err
		return s
	}
	res, err := via.RoundTrip(req)
	if err == nil {
		s.code = res.StatusCode
		_, err = io.Copy(io.Discard, res.Body)
		res.Body.Close()
	}
	s.took, s.err = time.Since(s.sent), err
	return s
}

// fetch reads a small text, "" when there is none.
func fetch(ctx context.Context, url string) string {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return ""
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return ""
	}
	defer res.Body.Close()
	text, _ := io.ReadAll(io.LimitReader(res.Body, 64<<10))
	return string(text)
}

// crowd keeps so many requests waiting, and each pauses before it is sent again.
type crowd struct {
	cancel context.CancelFunc
	wg     sync.WaitGroup
	mu     sync.Mutex
	all    []served
}

func crowdOf(ctx context.Context, n int, pause time.Duration, urls ...string) *crowd {
	ctx, cancel := context.WithCancel(ctx)
	c := &crowd{cancel: cancel}
	via := &http.Transport{MaxIdleConnsPerHost: n, DialContext: (&net.Dialer{Timeout: 5 * time.Second}).DialContext}
	for i := range n {
		c.wg.Go(func() {
			for ctx.Err() == nil {
				s := get(ctx, urls[i%len(urls)], via)
				if ctx.Err() != nil {
					return
				}
				c.mu.Lock()
				c.all = append(c.all, s)
				c.mu.Unlock()
				if p := pause; !s.good() {
					sleep(ctx, max(p, 50*time.Millisecond)) // who sheds must not be asked faster for it
				} else if p > 0 {
					sleep(ctx, p)
				}
			}
		})
	}
	context.AfterFunc(ctx, via.CloseIdleConnections)
	return c
}

func (c *crowd) stop() { c.cancel(); c.wg.Wait() }

// so returns what came of the requests so far.
func (c *crowd) so() []served {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.all)
}

// How many requests wait at once in the row overload: enough for any pool of workers, and twice as many until the application is full.
const (
	crowdFirst = 64
	crowdLast  = 512
)

// bound is the time in which live has to answer an overloaded application.
const bound = 100 * time.Millisecond

// overload sends more requests than the application has workers for.
func overload(ctx context.Context, b *bench, r *Row) error {
	if len(b.Load) == 0 {
		return notChecked("no ordinary request is named: --load URL, best one that takes a while")
	}
	if err := b.up(ctx); err != nil {
		return err
	}
	alone := b.request(ctx, http.DefaultTransport)
	if alone.err != nil {
		return notChecked("the request %s is not served: %s", b.Load[0], plain(alone.err))
	} else if !alone.good() {
		return notChecked("the request %s answers %d", b.Load[0], alone.code)
	}
	// Whoever asks is on the same machine: a listener of ours, asked as often, tells what of the wait is this machine's.
	control := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") }))
	defer control.Close()

	n, full := crowdFirst, false
	c := crowdOf(ctx, n, 0, b.Load[0])
	defer func() { c.stop() }()
	for {
		sleep(ctx, max(300*time.Millisecond, 3*alone.took/2))
		if full = crowded(c.so(), alone.took, n); full || n == crowdLast {
			break
		}
		c.stop()
		n *= 2
		c = crowdOf(ctx, n, 0, b.Load[0])
	}
	ours := &watch{history: map[Endpoint][]Answer{}}
	t0 := time.Now()
	w := b.watch(ctx, b.Times.Every)
	end := t0.Add(b.Times.Overload)
	for time.Now().Before(end) && ctx.Err() == nil {
		if a, err := b.asker.ask(ctx, Probe{URL: control.URL, Timeout: 5 * time.Second}); err == nil {
			ours.history[Live] = append(ours.history[Live], a)
		}
		sleep(ctx, b.Times.Every)
	}
	w.stop()
	all := c.so()
	c.stop()
	r.note("%d requests at once for %s, %s", n, brief(b.Times.Overload), fared(all, alone))
	if !full {
		r.note("it was never full: name a request that costs more, or takes longer")
	}
	machine := quantile(ours.history[Live], 0.5)
	const next = "a listener of its own for the endpoints, and answers that no worker has to make"
	for _, e := range Endpoints {
		p, ok := b.Probes[e]
		if !ok {
			continue
		}
		h := w.so(e)
		bad := wrong(h)
		q := quantile(h, 0.5)
		text := fmt.Sprintf("%s in %s", seen(h, t0), brief(q))
		var f *Fault
		switch {
		case e == Live && bad >= 0:
			f = &Fault{What: fmt.Sprintf("live answers %s under load", h[bad]), Fleet: b.episode(Live, h[bad], h[bad].At.Sub(t0), "it is overloaded", "; what each one did falls on the others"), Next: next}
		case e == Live && full && q > bound && q > 3*machine: // one that is not full is slow for another reason
			f = &Fault{What: fmt.Sprintf("live takes %s under load, %s of it are allowed", brief(q), brief(bound)),
				Fleet: fmt.Sprintf("with a little more load it takes longer than its timeout of %s, and pods are restarted when the rest can least do without", brief(p.Timeout)), Next: next}
		case e == Ready && late(h) >= 0:
			i := late(h)
			f = &Fault{What: fmt.Sprintf("ready answers %s under load: it waits in the same queue as requests", h[i]), Fleet: b.episode(Ready, h[i], h[i].At.Sub(t0), "it is overloaded", "; what each one did falls on the others"), Next: next}
		case e == Started && bad >= 0 && h[bad].Outcome == Bad:
			f = &Fault{What: fmt.Sprintf("started answers %s under load", h[bad]), Fleet: b.unstarted(), Next: "latch it: once true, true for the life of the process"}
		}
		want := map[Endpoint]string{Started: "200", Ready: "200 or 503, in time", Live: "200 within " + brief(bound)}[e]
		r.cell(e, want, text, f)
	}
	b.comeBack(ctx, r, "the load ended")
	return nil
}

// crowded reports whether requests wait or are turned away: the application has no more workers.
func crowded(all []served, alone time.Duration, n int) bool {
	if len(all) < n/2 {
		return true
	}
	late := 0
	for _, s := range all {
		if !s.good() || s.took > 3*alone+50*time.Millisecond {
			late++
		}
	}
	return late > len(all)/2
}

// fared says what came of requests.
func fared(all []served, alone served) string {
	if len(all) == 0 {
		return "none of them answered"
	}
	good := 0
	var took []time.Duration
	for _, s := range all {
		if s.good() {
			good++
			took = append(took, s.took)
		}
	}
	if good == 0 {
		return fmt.Sprintf("all %d turned away", len(all))
	}
	slices.Sort(took)
	text := fmt.Sprintf("half of them in %s (%s alone)", brief(took[len(took)/2]), brief(alone.took))
	if good < len(all) {
		text += fmt.Sprintf(", %d of %d turned away", len(all)-good, len(all))
	}
	return text
}

// quantile returns the time to the last byte that a share of answers did not exceed.
func quantile(h []Answer, share float64) time.Duration {
	if len(h) == 0 {
		return 0
	}
	took := make([]time.Duration, len(h))
	for i, a := range h {
		took[i] = a.Took
	}
	slices.Sort(took)
	return took[min(int(share*float64(len(took))), len(took)-1)]
}

// How many requests run when SIGTERM comes.
const inFlight = 16

// terminated sends SIGTERM while requests run and new ones come.
func terminated(ctx context.Context, b *bench, r *Row) error {
	if err := b.up(ctx); err != nil {
		return err
	}
	app := b.app
	loaded := len(b.Load) > 0
	if loaded {
		if s := b.request(ctx, http.DefaultTransport); s.err != nil || !s.good() {
			loaded = false
			r.note("the request %s is not served, so no requests ran", b.Load[0])
		}
	} else {
		r.note("no requests ran: --load URL names one")
	}

	w := b.watch(ctx, min(20*time.Millisecond, b.Times.Every))
	var mu sync.Mutex
	var early, late []served // sent before SIGTERM, and in the time in which proxies still send
	var wg sync.WaitGroup
	var flying atomic.Int64
	ctxLoad, enough := context.WithTimeout(ctx, b.Grace+5*time.Second)
	defer enough()
	shot := func(to *[]served) {
		wg.Go(func() {
			flying.Add(1)
			s := b.request(ctxLoad, &http.Transport{DisableKeepAlives: true})
			flying.Add(-1)
			mu.Lock()
			defer mu.Unlock()
			*to = append(*to, s)
		})
	}
	if loaded {
		for range inFlight {
			shot(&early)
		}
		sleep(ctx, 50*time.Millisecond)
	}
	running := flying.Load()
	t0 := time.Now()
	app.asked = true
	if err := send(app.pid, sigTerm); err != nil { // to the process alone, as a container runtime does
		w.stop()
		return notChecked("SIGTERM cannot be sent: %v", err)
	}
	spread := max(0, b.Times.Spread-b.PreStop)
	grace := max(2*time.Second, b.Grace-b.PreStop)
	for loaded && time.Since(t0) < spread && ctx.Err() == nil {
		shot(&late)
		sleep(ctx, 50*time.Millisecond)
	}
	ended := until(ctx, grace-time.Since(t0), func() bool { return !app.alive() })
	if ended {
		sleep(ctx, 50*time.Millisecond) // answers that are on their way
	} else {
		enough()
	}
	w.stop()
	wg.Wait()
	defer b.stopApp()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	took := time.Since(t0)
	if ended {
		took = app.at.Sub(t0)
		r.note("%s after %s", app.end1(), brief(took))
	}
	// The listener goes with the process, or a moment before.
	gone := t0.Add(took - 500*time.Millisecond)
	const nextDrain = "on SIGTERM: not ready at once, go on serving for the time that proxies need, let running requests end, then exit 0"
	for _, e := range Endpoints {
		p, ok := b.Probes[e]
		if !ok {
			continue
		}
		h := since(w.so(e), t0)
		for n := len(h); n > 0 && h[n-1].Outcome == Refused && !h[n-1].At.Before(gone); n = len(h) {
			h = h[:n-1]
		}
		var f *Fault
		var want string
		switch e {
		case Started:
			want = "200 until the end"
			if i := first(before(h, gone), func(a Answer) bool { return a.Outcome == Bad }); i >= 0 {
				f = &Fault{What: fmt.Sprintf("started answers %s while it drains", h[i]), Fleet: b.unstarted(), Next: "latch it: once true, true for the life of the process"}
			}
		case Ready:
			want = "503 within " + brief(p.Period)
			i := first(h, fails)
			if (i < 0 || h[i].At.Sub(t0) > p.Period) && took > p.Period || i >= 0 && h[i].Outcome == Refused && took > p.Period {
				f = &Fault{What: fmt.Sprintf("ready is still true %s after SIGTERM", brief(min(took, p.Period))), Fleet: "load balancers that ask the pod themselves go on sending to a pod that leaves", Next: nextDrain}
			} else if (i < 0 || h[i].Outcome != Bad) && took >= time.Second {
				f = &Fault{What: "ready never says that it drains", Fleet: "load balancers that ask the pod themselves go on sending to a pod that leaves", Next: nextDrain}
			}
		case Live:
			want = "200 until the end"
			if i := wrong(before(h, gone)); i >= 0 {
				f = &Fault{What: fmt.Sprintf("live answers %s while it drains", h[i]),
					Fleet: "the kubelet asks no more once a pod is deleted, but a container that is stopped for another reason, or whatever else asks, takes it for stuck",
					Next:  "live stays true until the process ends: it drains, it is not stuck"}
			}
		}
		r.cell(e, want, seen(h, t0), f)
	}
	if lost := lostOf(early); loaded && lost != "" {
		r.fault(fmt.Sprintf("of %d requests that ran when SIGTERM came %s", running, lost), "every rollout, scale-down and drained node costs users that many answers a pod", nextDrain)
	}
	if lost := lostOf(late); lost != "" {
		r.fault(fmt.Sprintf("of %d requests sent in the %s after SIGTERM %s", len(late), brief(spread), lost),
			"proxies hear that a pod leaves 1 to 3 s later: every rollout, scale-down and drained node costs users what is sent to it in between", nextDrain+"; or a preStop sleep (--prestop)")
	}
	switch code, signal := 0, ""; {
	case !ended:
		r.fault(fmt.Sprintf("it still runs %s after SIGTERM", brief(grace)), "every pod that leaves takes its whole grace period and is then killed with what it was doing: slow rollouts and drains", "handle SIGTERM in the process itself; a shell as first process does not pass it on (exec it)")
	default:
		if code, signal = endedBy(app.state); signal != "" {
			r.fault("it has no handler for SIGTERM: it "+app.end1(), "every rollout, scale-down and drained node cuts off what runs", nextDrain)
		} else if code != 0 {
			r.fault(fmt.Sprintf("it %s when it was told to stop", app.end1()), "pods that were stopped in order count as failed: Jobs are repeated, and alerts lose their meaning", "exit 0 when the drain is done")
		}
	}
	return nil
}

// end1 says how it ended, without what it printed.
func (p *process) end1() string {
	how, _, _ := strings.Cut(p.end(), "; it said")
	return how
}

// lostOf says how many requests got no good answer, and of what kind; "" when all did.
func lostOf(all []served) string {
	var lost int
	why := ""
	for _, s := range all {
		if s.good() {
			continue
		}
		lost++
		if why == "" {
			if why = fmt.Sprint(s.code); s.err != nil {
				why = plain(s.err)
			}
		}
	}
	if lost == 0 {
		return ""
	}
	return fmt.Sprintf("%d got no good answer (%s)", lost, why)
}
