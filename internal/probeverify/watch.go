package probeverify

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// atOnce bounds the questions that wait for an answer, of one endpoint: a hanging endpoint must not eat the ports of this machine.
const atOnce = 50

// A watch asks all endpoints again and again, each question on its own, so that a late answer delays none.
type watch struct {
	cancel context.CancelFunc
	wg     sync.WaitGroup

	mu      sync.Mutex
	history map[Endpoint][]Answer
}

// watch begins to ask, at once and then every so often.
func (b *bench) watch(all context.Context, every time.Duration) *watch {
	ctx, cancel := context.WithCancel(all)
	w := &watch{cancel: cancel, history: map[Endpoint][]Answer{}}
	for _, e := range Endpoints {
		p, ok := b.Probes[e]
		if !ok {
			continue
		}
		w.wg.Go(func() {
			waiting := make(chan struct{}, atOnce)
			tick := time.NewTicker(every)
			defer tick.Stop()
			for {
				select {
				case waiting <- struct{}{}:
					w.wg.Go(func() {
						defer func() { <-waiting }()
						a, err := b.asker.ask(all, p)
						if err != nil || all.Err() != nil { // everything ends, which is no answer
							return
						}
						w.mu.Lock()
						defer w.mu.Unlock()
						w.history[e] = append(w.history[e], a)
					})
				default:
				}
				select {
				case <-ctx.Done():
					return
				case <-tick.C:
				}
			}
		})
	}
	return w
}

// so returns the answers so far, in the order of the questions.
func (w *watch) so(e Endpoint) []Answer {
	w.mu.Lock()
	defer w.mu.Unlock()
	h := slices.Clone(w.history[e])
	slices.SortFunc(h, func(a, b Answer) int { return a.At.Compare(b.At) })
	return h
}

// last returns the newest answer, if there is one.
func (w *watch) last(e Endpoint) (Answer, bool) {
	h := w.so(e)
	if len(h) == 0 {
		return Answer{}, false
	}
	return h[len(h)-1], true
}

// stop asks no more and waits for the answers to what was asked, for a timeout at most. It may be called again.
func (w *watch) stop() {
	w.cancel()
	w.wg.Wait()
}

// until waits until cond holds, for at most d. It reports whether it came to hold.
func until(ctx context.Context, d time.Duration, cond func() bool) bool {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	for !cond() {
		if !sleep(ctx, 10*time.Millisecond) {
			return cond()
		}
	}
	return true
}

// sleep waits, and reports false when ctx ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// span is a stretch of equal answers.
type span struct {
	what string
	n    int
	from time.Time
}

func spans(h []Answer) (all []span) {
	for _, a := range h {
		if n := len(all); n > 0 && all[n-1].what == a.String() {
			all[n-1].n++
		} else {
			all = append(all, span{a.String(), 1, a.At})
		}
	}
	return all
}

// seen says in a few words what was answered since a moment: "200", "503, after 2.1 s 200", "200 (38), timeout (2)".
func seen(h []Answer, since time.Time) string {
	all := spans(h)
	switch {
	case len(all) == 0:
		return "not asked"
	case len(all) == 1:
		return all[0].what
	case len(all) <= 3:
		words := []string{all[0].what}
		for _, s := range all[1:] {
			words = append(words, fmt.Sprintf("after %s %s", brief(s.from.Sub(since)), s.what))
		}
		return strings.Join(words, ", ")
	}
	count := map[string]int{}
	var kinds []string
	for _, s := range all {
		if count[s.what] == 0 {
			kinds = append(kinds, s.what)
		}
		count[s.what] += s.n
	}
	slices.SortStableFunc(kinds, func(a, b string) int { return cmp.Compare(count[b], count[a]) })
	for i, k := range kinds {
		kinds[i] = fmt.Sprintf("%s (%d)", k, count[k])
	}
	return strings.Join(kinds, ", ")
}

// brief writes a time as people say it: 20 ms, 2.1 s, 45 s.
func brief(d time.Duration) string {
	switch {
	case d < 995*time.Millisecond:
		return fmt.Sprintf("%d ms", d.Round(time.Millisecond).Milliseconds())
	case d < 10*time.Second && d%time.Second != 0:
		return strings.TrimSuffix(fmt.Sprintf("%.1f", d.Seconds()), ".0") + " s"
	}
	return fmt.Sprintf("%.0f s", d.Seconds())
}

// since drops the answers to questions that were asked before a moment.
func since(h []Answer, t time.Time) []Answer {
	return slices.DeleteFunc(slices.Clone(h), func(a Answer) bool { return a.At.Before(t) })
}

// before keeps the answers to questions that were asked before a moment.
func before(h []Answer, t time.Time) []Answer {
	return slices.DeleteFunc(slices.Clone(h), func(a Answer) bool { return !a.At.Before(t) })
}

// first returns the index of the first answer for which is holds, -1 when there is none.
func first(h []Answer, is func(Answer) bool) int { return slices.IndexFunc(h, is) }

// patience is how many of a hundred answers may come too late before that is the application's fault: machines stall for a moment too, and no
// threshold is reached by one late answer.
const patience = 5

// wrong returns the index of the first answer that fails, -1 when none does. Answers that come too late count if they are many.
func wrong(h []Answer) int {
	tardy := late(h)
	return first(h, func(a Answer) bool {
		return fails(a) && (tardy >= 0 || a.Outcome != TimedOut && a.Outcome != Discarded)
	})
}

// late returns the index of the first answer that came too late or without its end, -1 when few did.
func late(h []Answer) int {
	is := func(a Answer) bool { return a.Outcome == TimedOut || a.Outcome == Discarded }
	n := 0
	for _, a := range h {
		if is(a) {
			n++
		}
	}
	if 100*n <= patience*len(h) {
		return -1
	}
	return first(h, is)
}

func passes(a Answer) bool { return a.Outcome.Passes() }
func fails(a Answer) bool  { return !a.Outcome.Passes() }
