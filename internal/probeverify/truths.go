package probeverify

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/fairway-k8s/fairway/internal/problem"
)

// checks are all rows, in the order in which they are done: one start serves as many of them as possible.
var checks = append([]check{
	{id: "booting", title: "booting", kind: Truth, process: true, run: booting, cost: func(t Times) time.Duration { return 5 * time.Second }},
	{id: "healthy", title: "healthy", kind: Truth, run: healthy, cost: func(t Times) time.Duration { return t.Healthy }},
	{id: "dependency-down", title: "dependency down", kind: Truth, process: true, each: true, run: away(down), cost: func(t Times) time.Duration { return t.Fault + 2*time.Second }},
	{id: "dependency-hung", title: "dependency hung", kind: Truth, process: true, each: true, run: away(hung), cost: func(t Times) time.Duration { return t.Fault + 5*time.Second }},
	{id: "dependency-slow", title: "dependency slow", kind: Truth, process: true, each: true, run: away(slow), cost: func(t Times) time.Duration { return t.Fault + 5*time.Second }},
	{id: "overload", title: "overload", kind: Truth, run: overload, process: true, cost: func(t Times) time.Duration { return t.Overload + 5*time.Second }},
	{id: "cpu-starved", title: "CPU starved to 5 %", kind: Truth, process: true, run: starved, cost: func(t Times) time.Duration { return t.Starve + 2*time.Second }},
	{id: "stopped", title: "stopped and continued", kind: Truth, process: true, run: stopped, cost: func(t Times) time.Duration { return t.Stop + 5*time.Second }},
}, append(traps, []check{
	{id: "sigterm", title: "SIGTERM under load", kind: Truth, process: true, run: terminated, cost: func(t Times) time.Duration { return 12 * time.Second }},
	{id: "deadlock", title: "deadlock of the serving path", kind: Truth, process: true, run: deadlocked, cost: func(t Times) time.Duration { return t.Deadlock / 2 }},
}...)...)

// booting starts the application and asks from the first millisecond on until it is healthy.
func booting(ctx context.Context, b *bench, r *Row) error {
	b.stopApp()
	if err := b.start(nil); err != nil {
		return err
	}
	app, t0 := b.app, b.app.started
	ctxBoot, over := context.WithCancel(ctx)
	defer over()
	if b.SlowBoot {
		r.note("the boot ran for a fifth of the time, by SIGSTOP and SIGCONT")
		go func() { _ = app.pulse(ctxBoot, 20*time.Millisecond, 100*time.Millisecond) }()
	}
	serves := b.firstServed(ctxBoot)
	w := b.watch(ctx, min(20*time.Millisecond, b.Times.Every))
	good := until(ctx, b.Times.Boot, func() bool {
		for e := range b.Probes {
			if a, ok := w.last(e); !ok || fails(a) {
				return !app.alive()
			}
		}
		return len(b.Load) == 0 || !serves().IsZero() || !app.alive()
	})
	over()
	_ = app.group(sigCont)
	sleep(ctx, 300*time.Millisecond) // started stays true
	w.stop()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if !app.alive() {
		b.dead = notChecked("it does not run: it %s", app.end())
		return b.dead
	}
	// Until something listens there is no answer to judge, if that comes soon.
	listening := func(e Endpoint) []Answer {
		h := w.so(e)
		if i := first(h, func(a Answer) bool { return a.Outcome != Refused }); i > 0 && h[i].At.Sub(t0) <= b.Times.Listen {
			return h[i:]
		}
		return h
	}
	started, ready, live := listening(Started), listening(Ready), listening(Live)
	if !good {
		b.dead = notChecked("it did not become healthy within %s", brief(b.Times.Boot))
		r.note("not healthy within %s", brief(b.Times.Boot))
		if len(b.Load) > 0 && serves().IsZero() {
			r.note("the request %s was never served", b.Load[0])
		}
	}
	// The boot is over when requests are served; without a request to send, when the application says so last.
	booted, known := serves(), len(b.Load) > 0 && !serves().IsZero()
	for _, h := range [][]Answer{started, ready} {
		if i := first(h, passes); !known && i >= 0 && h[i].At.After(booted) {
			booted = h[i].At
		}
	}
	if booted.IsZero() {
		booted = time.Now()
	}
	b.boot = booted.Sub(t0)
	r.note("the boot took %s", brief(b.boot))
	// Questions that were asked at the same time may be answered on either side of the end of the boot.
	const slack = 250 * time.Millisecond
	early := func(h []Answer) *Answer {
		if i := first(h, passes); i >= 0 && h[i].At.Add(slack).Before(booted) {
			return &h[i]
		}
		return nil
	}
	if _, ok := b.Probes[Started]; ok {
		want, f := "503, then 200 for good", (*Fault)(nil)
		i := first(started, passes)
		switch {
		case i < 0:
			f = &Fault{What: "started never came true", Fleet: b.always(Started, Answer{Outcome: Bad}), Next: "answer 200 once the boot is over"}
		case known && early(started) != nil:
			f = &Fault{What: fmt.Sprintf("started says so %s before the first request is served", brief(booted.Sub(started[i].At))),
				Fleet: "ready and live are asked of containers that still boot, and what these answer then takes effect", Next: "answer 503 until requests can be served"}
		case first(started[i:], func(a Answer) bool { return a.Outcome == Bad }) >= 0:
			f = &Fault{What: "started was true and then false again", Fleet: b.unstarted(), Next: "latch it: once true, true for the life of the process"}
		}
		r.cell(Started, want, seen(started, t0), f)
	}
	if _, ok := b.Probes[Ready]; ok {
		var f *Fault
		i, k := first(ready, passes), first(started, passes)
		switch {
		case known && early(ready) != nil:
			f = &Fault{What: fmt.Sprintf("ready says so %s before the first request is served", brief(booted.Sub(ready[i].At))),
				Fleet: "requests are sent to pods that still boot: errors with every rollout and every restart", Next: "ready is false until started is true"}
		case i >= 0 && k >= 0 && ready[i].At.Add(slack).Before(started[k].At):
			f = &Fault{What: "ready was true before started", Fleet: "requests are sent to pods that still boot, as soon as nothing asks started first", Next: "ready is false until started is true"}
		case i < 0:
			f = &Fault{What: "ready never came true", Fleet: "no pod ever joins the Service, and a rollout hangs until its deadline", Next: "look at what ready waits for"}
		}
		r.cell(Ready, "503, then 200", seen(ready, t0), f)
	}
	if p, ok := b.Probes[Live]; ok {
		var f *Fault
		i := first(live, func(a Answer) bool { return a.Outcome != Refused })
		if booted.Sub(t0) < b.Times.Listen && (i < 0 || !live[i].At.Before(booted)) {
			// Nothing answered before the boot was over, and that was soon enough.
			if !known && first(started, fails) < 0 || len(before(live, booted)) < 3 {
				return notChecked("the boot took %s, too short to ask: --slow-boot, or start it with a longer one", brief(booted.Sub(t0)))
			}
			r.cell(Live, "200", seen(live, t0)+" (a boot that short tells nothing)", nil)
			return nil
		}
		bad := first(live, func(a Answer) bool { return a.Outcome == Bad || a.Outcome == Discarded })
		switch {
		case i < 0 || live[i].At.Sub(t0) > b.Times.Listen && !live[i].At.Before(booted.Add(-slack)):
			f = &Fault{What: fmt.Sprintf("nothing answers live for the %s of the boot", brief(booted.Sub(t0))),
				Fleet: fmt.Sprintf("when a kubelet restarts, or one of 1.35 or later restarts the container, live is asked during the boot: it is killed after %s, and so is each that follows", p.window(0)),
				Next:  "open the listener of the endpoints before the boot; live is true while it boots"}
		case live[i].At.Sub(t0) > b.Times.Listen:
			f = &Fault{What: fmt.Sprintf("live is answered after %s only", brief(live[i].At.Sub(t0))), Fleet: "a boot that is asked for live in that time counts as stuck",
				Next: "open the listener of the endpoints first, or allow for it with --listen-within"}
		case bad >= 0:
			f = &Fault{What: "live answers " + live[bad].String() + " while it boots", Fleet: fmt.Sprintf("the startup probe does not shield it when a kubelet restarts, nor after a liveness kill since 1.35: the boot is cut off after %s, and so is each that follows", p.window(p.attemptOf(live[bad]))),
				Next: "live is true while it boots"}
		}
		r.cell(Live, "200", seen(live, t0), f)
	}
	return nil
}

// firstServed sends ordinary requests until one is answered well. The function that it returns says when that one was sent, zero before.
func (b *bench) firstServed(ctx context.Context) func() time.Time {
	if len(b.Load) == 0 {
		return func() time.Time { return time.Time{} }
	}
	served := make(chan time.Time, 1)
	ctx, stop := context.WithCancel(ctx)
	go func() {
		defer stop()
		waiting := make(chan struct{}, atOnce)
		good := make(chan time.Time, 1)
		for {
			select {
			case waiting <- struct{}{}:
				go func() {
					defer func() { <-waiting }()
					if s := b.request(ctx, http.DefaultTransport); s.good() {
						select {
						case good <- s.sent:
						default:
						}
					}
				}()
			default:
			}
			select {
			case t := <-good:
				served <- t
				return
			case <-ctx.Done():
				return
			case <-time.After(50 * time.Millisecond):
			}
		}
	}()
	var when time.Time
	return func() time.Time {
		select {
		case when = <-served:
		default:
		}
		return when
	}
}

// steady judges an endpoint that had to be true all the time. An answer that fails breaks; the fault says what and to what effect.
func steady(h []Answer, fault func(Answer) *Fault) *Fault {
	if i := wrong(h); i >= 0 {
		return fault(h[i])
	}
	return nil
}

// healthy asks for a while without any fault.
func healthy(ctx context.Context, b *bench, r *Row) error {
	if err := b.up(ctx); err != nil {
		return b.neverHealthy(ctx, r, err)
	}
	t0 := time.Now()
	w := b.watch(ctx, b.Times.Every)
	sleep(ctx, b.Times.Healthy)
	w.stop()
	b.allTrue(w, r, t0)
	return b.oneURL(r)
}

// neverHealthy says which endpoints are not true although nothing is wrong. What does not even run is not checked.
func (b *bench) neverHealthy(ctx context.Context, r *Row, why error) error {
	if _, ok := errors.AsType[unknown](why); !ok || len(b.Command) > 0 && (b.app == nil || !b.app.alive()) {
		return why
	}
	answers, err := b.askAll(func(p Probe) (Answer, error) { return b.asker.run(ctx, p) })
	if err != nil {
		return err
	}
	if ctx.Err() == nil {
		b.plain = answers
	}
	for _, e := range Endpoints {
		p, ok := b.Probes[e]
		if !ok {
			continue
		}
		a := answers[e]
		var f *Fault
		if fails(a) {
			f = &Fault{What: fmt.Sprintf("%s answers %s with nothing wrong", e, saidOf(a)), Next: "call it with curl -v " + p.URL}
			f.Fleet = b.always(e, a)
		}
		r.cell(e, "200", a.String(), f)
	}
	if len(r.Faults) == 0 {
		return why
	}
	return b.oneURL(r)
}

// saidOf is an answer with the reason for there being none.
func saidOf(a Answer) string {
	if a.Detail != "" && a.Outcome != TimedOut {
		return a.String() + " (" + a.Detail + ")"
	}
	return a.String()
}

// allTrue judges a stretch in which all endpoints had to be true.
func (b *bench) allTrue(w *watch, r *Row, t0 time.Time) {
	for _, e := range Endpoints {
		if _, ok := b.Probes[e]; !ok {
			continue
		}
		h := w.so(e)
		bad := 0
		for _, a := range h {
			if fails(a) {
				bad++
			}
		}
		r.cell(e, "200", seen(h, t0), steady(h, func(a Answer) *Fault {
			f := &Fault{What: fmt.Sprintf("%s answers %s with nothing wrong, %d times of %d", e, saidOf(a), bad, len(h)), Next: "find out what it asks: with nothing wrong it is true"}
			if f.Fleet = b.chance(e, float64(bad)/float64(len(h))); bad == len(h) {
				f.Fleet = b.always(e, a)
			}
			return f
		}))
	}
}

// oneURL finds questions that have the same answer by construction.
func (b *bench) oneURL(r *Row) error {
	same := map[string][]string{}
	for _, e := range Endpoints {
		if p, ok := b.Probes[e]; ok {
			same[p.URL] = append(same[p.URL], string(e))
		}
	}
	for _, e := range Endpoints {
		if p, ok := b.Probes[e]; ok && len(same[p.URL]) > 1 && same[p.URL][0] == string(e) {
			r.fault(strings.Join(same[p.URL], " and ")+" ask the same URL", "whatever makes a pod leave the Service restarts it as well, or kills it while it boots: the cascade of the story",
				"three endpoints with three meanings: /health/started, /health/ready, /health/live")
		}
	}
	return nil
}

// away returns the row in which a dependency is down, hung or slow.
func away(m mode) func(context.Context, *bench, *Row) error {
	return func(ctx context.Context, b *bench, r *Row) error {
		if err := b.up(ctx); err != nil {
			return err
		}
		p := b.subject
		if len(b.Load) > 0 { // people go on sending requests, and what these do while they wait shows too
			defer crowdOf(ctx, fewRequests, 100*time.Millisecond, b.Load...).stop()
		}
		if err := b.connected(ctx, p); err != nil {
			return err
		}
		state := map[mode]string{down: "is down", hung: "accepts and never answers", slow: fmt.Sprintf("answers %s late", brief(b.Times.Slow))}[m]
		trouble := p.Name + " " + map[mode]string{down: "is down", hung: "hangs", slow: "is slow"}[m]
		before, held := b.gauge(ctx), p.held.Load()
		if err := p.set(m); err != nil {
			return err
		}
		t0 := time.Now()
		w := b.watch(ctx, b.Times.Every)
		sleep(ctx, b.Times.Fault)
		w.stop()
		after, holds := b.gauge(ctx), p.held.Load()
		lasted := time.Since(t0)
		if err := p.set(passing); err != nil {
			return notChecked("the way to %s cannot be opened again: %v", p.Name, err)
		}
		r.note("for %s", brief(lasted))
		asked := 0
		for _, e := range Endpoints {
			q, ok := b.Probes[e]
			if !ok {
				continue
			}
			h := w.so(e)
			asked += len(h)
			switch e {
			case Started:
				r.cell(e, "200", seen(h, t0), steady(h, func(a Answer) *Fault {
					return &Fault{What: fmt.Sprintf("started answers %s while %s %s", a, p.Name, state), Fleet: b.unstarted(), Next: "latch it: once true, true for the life of the process"}
				}))
			case Live:
				r.cell(e, "200", seen(h, t0), steady(h, func(a Answer) *Fault {
					return &Fault{What: fmt.Sprintf("live answers %s while %s %s: it asks for %s", a, p.Name, state, p.Name), Fleet: b.episode(e, a, a.At.Sub(t0), trouble),
						Next: "live asks whether the process moves, by heartbeats of its own work; no restart brings " + p.Name + " back"}
				}))
			case Ready:
				b.readyAway(r, h, t0, m, state, trouble, q)
			}
		}
		if grown := max(after.fds-before.fds, int(holds-held)); grown > asked/4 && grown > 10 {
			r.fault(fmt.Sprintf("%d questions left %d connections or files open", asked, grown), "each probe leaves something behind until the process runs out of files or memory",
				"one check in the background, one at a time, with a deadline; endpoints answer what it found last")
		} else if grown := after.routines - before.routines; grown > asked/4 && grown > 10 {
			r.fault(fmt.Sprintf("%d questions left %d goroutines behind", asked, grown), "each probe leaves a goroutine behind until the process runs out of memory",
				"one check in the background, one at a time, with a deadline; endpoints answer what it found last")
		}
		if !until(ctx, b.Times.Recover, func() bool { return b.healthy1(ctx) }) && ctx.Err() == nil && b.app.alive() && !r.broke(Ready) {
			r.fault(fmt.Sprintf("it is not well again %s after %s came back", brief(b.Times.Recover), p.Name), "pods stay out of the Service until somebody restarts them", "a check goes on asking, and one good answer or a few make it true again")
			b.stopApp()
		}
		return nil
	}
}

// fewRequests come at once while a dependency is away.
const fewRequests = 4

// connected makes sure that the application uses a dependency: what it does not use can fail as it likes.
func (b *bench) connected(ctx context.Context, p *proxy) error {
	if until(ctx, time.Second, func() bool { return p.conns.Load() > 0 }) {
		return nil
	}
	return notChecked("it never connected to %s: give it the address {%s} or the variable %s, and name a request that needs it with --load", p.Name, p.Name, p.Name)
}

// broke reports whether an endpoint has a fault already.
func (r *Row) broke(e Endpoint) bool {
	for _, f := range r.Faults {
		if f.Endpoint == e {
			return true
		}
	}
	return false
}

// readyAway judges ready while a dependency is away.
func (b *bench) readyAway(r *Row, h []Answer, t0 time.Time, m mode, state, trouble string, p Probe) {
	d := b.subject
	bad, tardy := wrong(h), late(h)
	want := map[Class]string{Local: "503", Shared: "200", Undecided: "any, in time"}[d.Class]
	if d.Class == Local && m == slow {
		want = "any, in time" // how slow is too slow is the application's to say
	}
	var f *Fault
	switch {
	case tardy >= 0:
		f = &Fault{What: fmt.Sprintf("ready does not answer within %s while %s %s: it asks %s when it is asked", brief(p.Timeout), d.Name, state, d.Name),
			Fleet: b.episode(Ready, h[tardy], h[tardy].At.Sub(t0), trouble), Next: "check " + d.Name + " in the background with a deadline, and answer at once what was found last"}
	case want == "503" && bad < 0:
		f = &Fault{What: fmt.Sprintf("ready stays true for %s while %s %s", brief(b.Times.Fault), d.Name, state),
			Fleet: "requests go on being sent to a pod that cannot serve them",
			Next:  "check " + d.Name + " in the background; what was not confirmed for three intervals is no longer true"}
	case want == "503" && passes(h[len(h)-1]):
		f = &Fault{What: fmt.Sprintf("ready came back while %s still %s", d.Name, state), Fleet: "the pod joins and leaves the Service again and again", Next: "true takes a check that passed"}
	case d.Class == Shared && bad >= 0:
		f = &Fault{What: fmt.Sprintf("ready answers %s while %s, which all pods share, %s", h[bad], d.Name, state), Fleet: b.episode(Ready, h[bad], h[bad].At.Sub(t0), trouble),
			Next: "stay ready and answer degraded, or bound how many pods may leave at once; --dependency " + d.Name + "=... without ,shared when all shall leave"}
	}
	r.cell(Ready, want, seen(h, t0), f)
}

// healthy1 asks every endpoint once.
func (b *bench) healthy1(ctx context.Context) bool {
	answers, err := b.askAll(func(p Probe) (Answer, error) { return b.asker.ask(ctx, p) })
	for _, a := range answers {
		if fails(a) {
			return false
		}
	}
	return err == nil
}

// counts is what an application holds: open files and goroutines, 0 where unknown.
type counts struct{ fds, routines int }

var goroutineProfile = regexp.MustCompile(`goroutine profile: total (\d+)`)

// gauge counts what the application holds now.
func (b *bench) gauge(ctx context.Context) (c counts) {
	if files, err := os.ReadDir(filepath.Join("/proc", strconv.Itoa(b.app.pid), "fd")); err == nil {
		c.fds = len(files)
	}
	if b.Goroutines != "" {
		if m := goroutineProfile.FindStringSubmatch(fetch(ctx, b.Goroutines)); m != nil {
			c.routines, _ = strconv.Atoi(m[1])
		}
	}
	return c
}

// starved gives the application a twentieth of one CPU.
func starved(ctx context.Context, b *bench, r *Row) error {
	if err := b.up(ctx); err != nil {
		return err
	}
	lift, err := b.throttled(ctx, r)
	if err != nil {
		return err
	}
	t0 := time.Now()
	w := b.watch(ctx, max(b.Times.Every, 250*time.Millisecond)) // twelve questions a second are work too
	sleep(ctx, b.Times.Starve)
	w.stop()
	lift()
	r.note("for %s", brief(b.Times.Starve))
	const next = "the answer needs no work, takes no lock, and is not made of what starves; a watchdog credits its own lateness to every heartbeat"
	for _, e := range Endpoints {
		p, ok := b.Probes[e]
		if !ok {
			continue
		}
		h := w.so(e)
		bad, tardy := wrong(h), late(h)
		var f *Fault
		switch {
		case e == Ready && tardy >= 0 && h[len(h)-1].Outcome == TimedOut:
			f = &Fault{What: fmt.Sprintf("ready does not answer within %s on little CPU", brief(p.Timeout)), Fleet: b.episode(e, h[tardy], h[tardy].At.Sub(t0), "its node is busy"), Next: next}
		case e == Live && bad >= 0:
			f = &Fault{What: fmt.Sprintf("live answers %s on little CPU", h[bad]), Fleet: b.episode(e, h[bad], h[bad].At.Sub(t0), "its node is busy", "; each boot makes it busier"), Next: next}
		case e == Started && bad >= 0 && h[bad].Outcome == Bad:
			f = &Fault{What: fmt.Sprintf("started answers %s on little CPU", h[bad]), Fleet: b.unstarted(), Next: "latch it: once true, true for the life of the process"}
		}
		want := "200"
		if e == Ready {
			want = "any, in time"
		}
		r.cell(e, want, seen(h, t0), f)
	}
	b.comeBack(ctx, r, "the CPU came back")
	return nil
}

// comeBack waits for the application to be well again after a fault.
func (b *bench) comeBack(ctx context.Context, r *Row, after string) {
	if until(ctx, b.Times.Recover, func() bool { return b.healthy1(ctx) || !b.app.alive() }) || ctx.Err() != nil {
		return
	}
	r.fault(fmt.Sprintf("it is not well again %s after %s", brief(b.Times.Recover), after), "pods stay out of the Service, or are restarted, after the trouble is over", "look at what it waits for")
	b.stopApp()
}

// throttled takes CPU away: by a control group, or where that cannot be done by stopping and continuing, which the row says. The function that
// it returns gives it back.
func (b *bench) throttled(ctx context.Context, r *Row) (lift func(), err error) {
	const percent = 5
	t, err := starve(b.app.pid, percent)
	if err == nil {
		return t.lift, nil
	}
	why := "needs root and Linux's control groups"
	if os.Geteuid() == 0 {
		why = plainPath(err)
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan error, 1)
	app := b.app
	go func() { done <- app.pulse(ctx, percent*time.Millisecond, 100*time.Millisecond) }()
	select {
	case err := <-done:
		cancel()
		return nil, notChecked("CPU cannot be taken away: %s, and signals do not work: %v", why, err)
	case <-time.After(200 * time.Millisecond):
	}
	r.Title = "CPU starved, by signals"
	r.note("approximated by SIGSTOP and SIGCONT, %d ms of every 100: a limit of CPU %s", percent, why)
	return func() { cancel(); <-done }, nil
}

// stopped stops the application for a while, as a node that hangs or a live migration does.
func stopped(ctx context.Context, b *bench, r *Row) error {
	if err := b.up(ctx); err != nil {
		return err
	}
	if err := b.app.group(sigStop); err != nil {
		return notChecked("it cannot be stopped: %v", err)
	}
	sleep(ctx, b.Times.Stop)
	// Questions that came a moment before are answered first. A false alarm lasts until the next beat, so they come often.
	w := b.watch(ctx, min(10*time.Millisecond, b.Times.Every))
	sleep(ctx, 50*time.Millisecond)
	t0 := time.Now()
	if err := b.app.group(sigCont); err != nil {
		return notChecked("it cannot be continued: %v", err)
	}
	sleep(ctx, 2*time.Second)
	until(ctx, b.Times.Recover, func() bool { a, ok := w.last(Ready); _, asked := b.Probes[Ready]; return !asked || ok && passes(a) })
	w.stop()
	r.note("for %s", brief(b.Times.Stop))
	for _, e := range Endpoints {
		if _, ok := b.Probes[e]; !ok {
			continue
		}
		h := w.so(e)
		for len(h) > 0 && h[0].At.Before(t0) && h[0].Outcome != Bad { // it could not answer
			h = h[1:]
		}
		bad := wrong(h)
		var f *Fault
		switch {
		case e == Ready && (len(h) == 0 || fails(h[len(h)-1])):
			f = &Fault{What: fmt.Sprintf("ready is not true again %s after it was continued", brief(b.Times.Recover)), Fleet: "pods stay out of the Service after the trouble is over", Next: "true takes a check that passed, and checks go on"}
		case e == Live && bad >= 0:
			f = &Fault{What: fmt.Sprintf("live answers %s after it was stopped for %s: it takes lost time for a deadlock", h[bad], brief(b.Times.Stop)),
				Fleet: fmt.Sprintf("a node that was paused or starved comes back, and live is false on all its pods at once; with %s that last, they are restarted", count(b.Probes[Live].FailureThreshold, "such answer", "such answers")),
				Next:  "a watchdog measures its own lateness and credits it to every heartbeat"}
		case e == Started && bad >= 0:
			f = &Fault{What: fmt.Sprintf("started answers %s after it was stopped", h[bad]), Fleet: b.unstarted(), Next: "latch it: once true, true for the life of the process"}
		}
		want := "200"
		if e == Ready {
			want = "200 in the end"
		}
		r.cell(e, want, seen(h, t0), f)
	}
	return nil
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

func plainPath(err error) string {
	var p *os.PathError
	if errors.As(err, &p) {
		return fmt.Sprintf("cannot be set (%s: %v)", p.Path, p.Err)
	}
	return err.Error()
}

// deadlocked locks the serving path up and waits for live and ready to say so.
func deadlocked(ctx context.Context, b *bench, r *Row) error {
	switch {
	case b.Deadlock == "":
		return notChecked("nothing is named that locks it up: --deadlock URL, a signal such as USR1, or arguments such as --fault=deadlock")
	case strings.HasPrefix(b.Deadlock, "-"):
		b.stopApp()
		if err := b.start(strings.Fields(b.Deadlock)); err != nil {
			return err
		}
		if err := b.healthy(ctx); err != nil {
			b.stopApp()
			return err
		}
	default:
		if err := b.up(ctx); err != nil {
			return err
		}
		if err := b.lock(ctx); err != nil {
			return err
		}
	}
	defer b.stopApp() // nothing else brings it back
	t0 := time.Now()
	w := b.watch(ctx, b.Times.Every)
	noticed := func(e Endpoint) bool {
		if _, ok := b.Probes[e]; !ok {
			return true
		}
		a, ok := w.last(e)
		return ok && fails(a)
	}
	until(ctx, b.Times.Deadlock, func() bool { return noticed(Live) && noticed(Ready) || !b.app.alive() })
	sleep(ctx, 300*time.Millisecond)
	w.stop()
	for _, e := range Endpoints {
		if _, ok := b.Probes[e]; !ok {
			continue
		}
		h := w.so(e)
		var f *Fault
		lasts := len(h) > 0 && h[len(h)-1].Outcome.Fails()
		switch {
		case e == Live && !lasts:
			f = &Fault{What: fmt.Sprintf("live does not notice within %s that nothing is served any more", brief(b.Times.Deadlock)), Fleet: "a pod that is stuck stays stuck until somebody is called: each takes its share of requests and answers none",
				Next: "live is made of heartbeats of the real serving path, and false when they stop"}
		case e == Ready && !lasts:
			f = &Fault{What: fmt.Sprintf("ready stays true for %s although nothing is served", brief(b.Times.Deadlock)), Fleet: "requests go on being sent to a pod that answers none, until live restarts it",
				Next: "ready needs the same heartbeats as live"}
		case e == Started:
			if i := first(h, func(a Answer) bool { return a.Outcome == Bad }); i >= 0 {
				f = &Fault{What: fmt.Sprintf("started answers %s when the serving path is stuck", h[i]), Fleet: b.unstarted(), Next: "latch it: once true, true for the life of the process"}
			}
		}
		want := "503 within " + brief(b.Times.Deadlock)
		if e == Started {
			want = "200"
		}
		r.cell(e, want, seen(h, t0), f)
	}
	return nil
}

// lock locks the application up through its hook.
func (b *bench) lock(ctx context.Context) error {
	if s, ok := signalNamed(b.Deadlock); ok {
		if err := send(b.app.pid, s); err != nil {
			return notChecked("the signal %s cannot be sent: %v", b.Deadlock, err)
		}
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, b.Deadlock, nil)
	if err != nil {
		return &problem.Problem{What: fmt.Sprintf("%q locks nothing up", b.Deadlock), Next: "name a URL, a signal (HUP, USR1, USR2, QUIT), or arguments that begin with -", Err: err}
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		if timedOut(err) { // it locked itself up
			return nil
		}
		return notChecked("the hook %s: %v", b.Deadlock, plain(err))
	}
	defer res.Body.Close()
	if res.StatusCode >= 400 {
		return notChecked("the hook %s answers %s", b.Deadlock, res.Status)
	}
	return nil
}
