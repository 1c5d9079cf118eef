package cli

import (
	"fmt"
	"sync"
	"time"

	"github.com/fairway-k8s/fairway/internal/report"
)

// Progress is one line of standard error, for terminals, that each call writes anew and that is gone in the end.

// line writes the line of progress in the place of the one before.
func (e Env) line(format string, args ...any) {
	fmt.Fprintf(e.Stderr, "\r\x1b[Kfairway: "+format, args...)
}

// noLine takes the line of progress away.
func (e Env) noLine() { fmt.Fprint(e.Stderr, "\r\x1b[K") }

// wait tells on a terminal what takes longer than a second. The function that it returns ends that.
func (e Env) wait(what string) func() {
	if !e.ErrTerminal {
		return func() {}
	}
	var mu sync.Mutex
	said, over := false, false
	timer := time.AfterFunc(time.Second, func() {
		mu.Lock()
		defer mu.Unlock()
		if !over {
			said = true
			e.line("%s", report.Clean(what))
		}
	})
	return func() {
		timer.Stop()
		mu.Lock()
		defer mu.Unlock()
		if over = true; said {
			e.noLine()
		}
	}
}

// listing shows how far a listing has come when it takes longer than a second. done ends that.
func (e Env) listing() (show func(kinds, of, objects int), done func()) {
	start := e.Now()
	var mu sync.Mutex
	last, shown := start, false
	return func(kinds, of, objects int) {
			mu.Lock()
			defer mu.Unlock()
			now := e.Now()
			if now.Sub(start) < time.Second || now.Sub(last) < 100*time.Millisecond {
				return
			}
			last, shown = now, true
			e.line("listed %d of %d kinds, %s", kinds, of, report.Count(objects, "object", "objects"))
		}, func() {
			if shown {
				e.noLine()
			}
		}
}
