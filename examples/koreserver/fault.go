package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"
)

// The faults, each a way in which a real service went wrong.
const (
	faultSlowBoot = "slow-boot" // a cold cache: the boot takes three times as long
	faultDeadlock = "deadlock"  // the serving path holds a lock for ever: connections are accepted, nothing is answered
	faultLeak     = "leak"      // 8 MiB more each second, until the kernel ends it
	faultSlowDB   = "slow-db"   // the store of sessions answers 5 s late
	faultCrash    = "crash"     // the process ends with exit code 3

	faultNames = "slow-boot, deadlock, leak, slow-db, crash"
)

// faults are the faults that were asked for and how long after the boot they begin. It is a flag.Value.
type faults map[string]time.Duration

func (f faults) String() string { return strings.Join(slices.Sorted(maps.Keys(f)), ",") }

func (f faults) Set(text string) error {
	for one := range strings.SplitSeq(text, ",") {
		name, after, given := strings.Cut(one, "@")
		if !slices.Contains(strings.Split(faultNames, ", "), name) {
			return fmt.Errorf("there is no fault %q; there are %s", name, faultNames)
		}
		var delay time.Duration
		if given {
			var err error
			if delay, err = time.ParseDuration(after); err != nil || delay < 0 {
				return fmt.Errorf("%q is no time after which %s begins: write %s@30s", after, name, name)
			}
		}
		f[name] = delay
	}
	return nil
}

// has reports whether a fault was asked for; when it begins is another question.
func (f faults) has(name string) bool { _, ok := f[name]; return ok }

// begin starts the faults that begin after the boot, when the service has been ready: a fault is something that was well before. They go
// on until ctx ends.
func (s *server) begin(ctx context.Context) {
	for name, delay := range s.config.faults {
		switch name {
		case faultDeadlock, faultLeak, faultSlowDB, faultCrash:
			go func() {
				if !s.ready(ctx) || !wait(ctx, delay) {
					return
				}
				s.log.Warn("fault begins", "fault", name)
				s.fail(ctx, name)
			}()
		}
	}
}

// ready waits until the service is ready, and reports false when ctx ended first.
func (s *server) ready(ctx context.Context) bool {
	for {
		state, changed := s.health.State()
		if state.Ready {
			return true
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return false
		}
	}
}

func (s *server) fail(ctx context.Context, name string) {
	switch name {
	case faultDeadlock:
		s.serving.Lock()
		<-ctx.Done()
		s.serving.Unlock() // so that a test can end it; a real one ends with SIGKILL
	case faultLeak:
		for kept := [][]byte{}; wait(ctx, time.Second); {
			page := make([]byte, 8<<20)
			for i := 0; i < len(page); i += 4096 {
				page[i] = 1 // memory counts once it is written to
			}
			kept = append(kept, page)
			s.log.Warn("leak", "MiB", 8*len(kept))
		}
	case faultSlowDB:
		s.late.Store(int64(5 * time.Second))
	case faultCrash:
		os.Exit(3)
	}
}

// wait waits, and reports false when ctx ended first.
func wait(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
