package health

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// bubble runs a test of a Health in virtual time.
func bubble(t *testing.T, o Options, f func(t *testing.T, h *Health)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		o.Log = slog.New(slog.DiscardHandler)
		h := New(o)
		defer h.Close()
		f(t, h)
	})
}

// after lets virtual time pass and returns the status of started, ready and live.
func after(h *Health, d time.Duration) string {
	time.Sleep(d)
	synctest.Wait()
	return truths(h)
}

func truths(h http.Handler) string {
	return fmt.Sprint(get(h, "/health/started").Code, get(h, "/health/ready").Code, get(h, "/health/live").Code)
}

func get(h http.Handler, target string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, target, nil))
	return w
}

// want compares the three truths.
func want(t *testing.T, when, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s: started, ready, live are %s, want %s", when, got, want)
	}
}

func good(context.Context) error { return nil }

func TestBoot(t *testing.T) {
	bubble(t, Options{Boot: time.Minute}, func(t *testing.T, h *Health) {
		h.Loop("loop", time.Second) // is not asked for before the start
		want(t, "while it boots", after(h, 59*time.Second), "503 503 200")
		want(t, "when the boot takes too long", after(h, 2*time.Second), "503 503 503")
		h.Started()
		want(t, "after the boot", truths(h), "200 200 200")
		h.Started()
		want(t, "when the loop stands still", after(h, 1200*time.Millisecond), "200 503 503")
	})
}

func TestLoop(t *testing.T) {
	bubble(t, Options{}, func(t *testing.T, h *Health) {
		loop := h.Loop("loop", 10*time.Second)
		h.Started()
		for range 10 {
			time.Sleep(9 * time.Second)
			loop.Beat()
		}
		want(t, "with a beat within the budget", truths(h), "200 200 200")
		want(t, "at the budget", after(h, 10*time.Second), "200 200 200")
		want(t, "a tenth after the budget", after(h, time.Second), "200 503 503")
		loop.Beat()
		want(t, "after another beat", after(h, time.Second), "200 200 200")
	})
}

func TestWork(t *testing.T) {
	bubble(t, Options{}, func(t *testing.T, h *Health) {
		work := h.Work("jobs", 10*time.Second)
		h.Started()
		want(t, "without work", after(h, time.Hour), "200 200 200")
		free := make(chan bool)
		defer close(free)
		for range 3 {
			go work.Do(func() { <-free })
		}
		for range 5 {
			time.Sleep(9 * time.Second)
			free <- true
			go work.Do(func() { <-free })
		}
		want(t, "while some work ends", truths(h), "200 200 200")
		want(t, "when none ends", after(h, 11*time.Second), "200 503 503")
		func() {
			defer func() { _ = recover() }()
			work.Do(func() { panic("a panic is an end") })
		}()
		want(t, "after some has ended", after(h, time.Second), "200 200 200")
	})
}

// A process that does not run for a while is not stuck: the watchdog's own lateness is no silence of anybody.
func TestStarved(t *testing.T) {
	bubble(t, Options{Boot: 30 * time.Second}, func(t *testing.T, h *Health) {
		h.end() // its own watchdog, to be woken by hand
		loop := h.Loop("loop", 2*time.Second)
		sleep := fine
		wake := func(n int, late time.Duration) {
			for range n {
				sleep = h.woken(sleep+late, sleep)
			}
		}
		wake(10, time.Minute)
		want(t, "a boot of 10 min that could hardly run", truths(h), "503 503 200")
		h.Started()
		for range 10 {
			loop.Beat()
			wake(1, 10*time.Second)
			want(t, "stopped for 10 s", truths(h), "200 200 200")
		}
		// A twentieth of a CPU: 5 ms of every 100. The loop takes 20 times as long, a budget and a half, and is given three times as much.
		loop.Beat()
		for range 30 {
			wake(1, 100*time.Millisecond-sleep)
		}
		want(t, "throttled", truths(h), "200 200 200")
		loop.Beat()
		wake(1000, 0)
		want(t, "stuck", truths(h), "200 503 503")
	})
}

func TestCheck(t *testing.T) {
	bubble(t, Options{}, func(t *testing.T, h *Health) {
		var bad atomic.Bool
		h.Check(Check{Name: "disk", Interval: 10 * time.Second, Failures: 2, Successes: 2, Func: func(context.Context) error {
			if bad.Load() {
				return errors.New("read-only")
			}
			return nil
		}})
		h.Started()
		want(t, "after the first result", after(h, time.Millisecond), "200 200 200")
		bad.Store(true)
		want(t, "after one failure", after(h, 11*time.Second), "200 200 200")
		want(t, "after two", after(h, 11*time.Second), "200 503 200")
		bad.Store(false)
		want(t, "after one success", after(h, 11*time.Second), "200 503 200")
		want(t, "after two", after(h, 11*time.Second), "200 200 200")
	})
}

func TestCheckThatGoesWrong(t *testing.T) {
	for name, wrong := range map[string]func(context.Context) error{
		"error":  func(context.Context) error { return errors.New("no") },
		"panic":  func(context.Context) error { panic("no") },
		"goexit": func(context.Context) error { runtime.Goexit(); return nil },
		"slow":   func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() },
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, Options{}, func(t *testing.T, h *Health) {
				h.Started()
				h.Check(Check{Name: "disk", Func: wrong})
				want(t, "the first result counts at once", after(h, 2*time.Second), "200 503 200")
			})
		})
	}
}

// A check that passes once and then hangs, whatever its context says: the table of docs/benchmarks.md has what other libraries do.
func TestCheckThatHangs(t *testing.T) {
	for _, shared := range []bool{false, true} {
		bubble(t, Options{}, func(t *testing.T, h *Health) {
			free := make(chan bool)
			var calls atomic.Int64
			h.Started()
			h.Check(Check{Name: "store", Shared: shared, Interval: 10 * time.Second, Timeout: time.Second, Func: func(context.Context) error {
				if calls.Add(1) > 1 {
					<-free
				}
				return nil
			}})
			want(t, "while it passes", after(h, time.Second), "200 200 200")
			state, out := "failing", "200 503 200"
			if shared {
				state, out = "degraded", "200 200 200"
			}
			want(t, "after it has hung for two intervals and a timeout", after(h, 23*time.Second), out)
			if got := verbose(t, h, "/health/ready")["store"]; got != state {
				t.Errorf("the check is %q, want %q", got, state)
			}
			before := runtime.NumGoroutine()
			time.Sleep(time.Hour)
			if n := runtime.NumGoroutine(); n > before || calls.Load() != 2 {
				t.Errorf("after an hour there are %d goroutines and %d calls, want %d at most and 2", n, calls.Load(), before)
			}
			close(free)
			want(t, "after it has come back", after(h, 11*time.Second), "200 200 200")
		})
	}
}

// A result that is not renewed is not believed.
func TestStale(t *testing.T) {
	bubble(t, Options{}, func(t *testing.T, h *Health) {
		h.Started()
		h.Check(Check{Name: "disk", Func: good, Interval: 10 * time.Second, Timeout: time.Second})
		synctest.Wait()
		h.mu.Lock()
		h.checks[0].Interval = time.Second // the next result comes in 9 s at the earliest
		h.mu.Unlock()
		want(t, "before three intervals and a timeout", after(h, 3900*time.Millisecond), "200 200 200")
		want(t, "after them", after(h, 400*time.Millisecond), "200 503 200")
		if got := verbose(t, h, "/health/ready")["disk"]; got != "unknown" {
			t.Errorf("a stale check is %q, want unknown", got)
		}
		want(t, "after a new result", after(h, 7*time.Second), "200 200 200")
	})
}

// verbose returns the state of every check in a verbose answer.
func verbose(t *testing.T, h http.Handler, path string) map[string]string {
	t.Helper()
	var a struct {
		Status string
		Checks []struct {
			Name, Status string
			Data         struct{ State, Since, Reason string }
		}
	}
	w := get(h, path+"?verbose")
	if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil {
		t.Fatalf("%s: %v: %s", path, err, w.Body)
	}
	up, states := true, map[string]string{}
	for _, c := range a.Checks {
		states[c.Name] = c.Data.State
		up = up && c.Status == "UP"
		if c.Data.Since == "" {
			t.Errorf("%s does not say since when it is %s", c.Name, c.Data.State)
		}
	}
	// As MicroProfile has it: the whole is up when every part is.
	if up != (a.Status == "UP") || up != (w.Code == 200) {
		t.Errorf("%s is %d %s with %s", path, w.Code, a.Status, w.Body)
	}
	return states
}

func TestVerbose(t *testing.T) {
	for _, reasons := range []bool{false, true} {
		bubble(t, Options{Reasons: reasons}, func(t *testing.T, h *Health) {
			if got := fmt.Sprint(verbose(t, h, "/health/started"), verbose(t, h, "/health/live"), verbose(t, h, "/health/ready")); got != "map[boot:booting] map[boot:booting] map[boot:booting]" {
				t.Errorf("while it boots: %s", got)
			}
			h.Started()
			h.Loop("loop", time.Hour)
			h.Check(Check{Name: "disk", Func: good})
			h.Check(Check{Name: "database", Shared: true, Func: func(context.Context) error { return errors.New("db-7.internal refuses") }})
			synctest.Wait()
			if got := fmt.Sprint(verbose(t, h, "/health/started"), verbose(t, h, "/health/live"), verbose(t, h, "/health/ready")); got != "map[] map[loop:beating] map[database:degraded disk:passing loop:beating]" {
				t.Errorf("after the boot: %s", got)
			}
			if got := get(h, "/health/ready?verbose").Body.String(); strings.Contains(got, "db-7") != reasons {
				t.Errorf("with Reasons %v it answers %s", reasons, got)
			}
		})
	}
}

func TestAnswers(t *testing.T) {
	h := New(Options{})
	defer h.Close()
	for _, method := range []string{"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"} {
		for target, code := range map[string]int{"/health/live": 200, "/health/ready": 503, "/health/started?verbose=true&x=1": 503, "/health": 404, "/health/": 404, "/": 404, "/health//live": 404} {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequest(method, target, nil))
			if method != "GET" && method != "HEAD" && code != 404 {
				if w.Code != 405 || w.Header().Get("Allow") != "GET, HEAD" {
					t.Errorf("%s %s: %d, Allow %q", method, target, w.Code, w.Header().Get("Allow"))
				}
				continue
			}
			if w.Code != code {
				t.Errorf("%s %s: %d, want %d", method, target, w.Code, code)
			}
			if code == 404 {
				continue
			}
			length := fmt.Sprint(w.Body.Len())
			if method == "HEAD" {
				length = fmt.Sprint(get(h, target).Body.Len())
				if w.Body.Len() > 0 {
					t.Errorf("HEAD %s has a body", target)
				}
			}
			for k, v := range map[string]string{"Content-Length": length, "Cache-Control": "no-store", "Content-Type": "application/json"} {
				if got := w.Header().Get(k); got != v {
					t.Errorf("%s %s: %s is %q, want %q", method, target, k, got, v)
				}
			}
		}
	}
}

func TestState(t *testing.T) {
	bubble(t, Options{}, func(t *testing.T, h *Health) {
		s, changed := h.State()
		if s != (State{Live: true}) {
			t.Errorf("while it boots: %+v", s)
		}
		select {
		case <-changed:
			t.Error("it has changed by itself")
		default:
		}
		h.Started()
		<-changed
		if s, _ = h.State(); s != (State{true, true, true}) {
			t.Errorf("after the boot: %+v", s)
		}
	})
}

func TestNames(t *testing.T) {
	h := New(Options{})
	defer h.Close()
	h.Loop("taken", time.Second)
	for name, f := range map[string]func(){
		"taken":         func() { h.Check(Check{Name: "taken", Func: good}) },
		"taken by":      func() { h.Work("taken", time.Second) },
		"no name":       func() { h.Loop("", time.Second) },
		"no function":   func() { h.Check(Check{Name: "check"}) },
		"short budget":  func() { h.Loop("short", time.Millisecond) },
		"another host":  func() { h.Server("server", "http://192.0.2.1/", time.Second, http.NotFoundHandler()) },
		"a name":        func() { h.Server("server", "http://database:5432/", time.Second, http.NotFoundHandler()) },
		"not HTTP":      func() { h.Server("server", "tcp://127.0.0.1:80", time.Second, http.NotFoundHandler()) },
		"not a URL":     func() { h.Server("server", "http://%", time.Second, http.NotFoundHandler()) },
		"limit of none": func() { h.Limit(0, time.Second, http.NotFoundHandler()) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: it did not panic", name)
				}
			}()
			f()
		}()
	}
}

// Replicas whose shared check fails never leave in greater number than they may, and as many as may do.
func TestPeers(t *testing.T) {
	for _, c := range []struct {
		size  int
		share float64
		want  int
	}{{10, 0.25, 2}, {10, 0.5, 5}, {3, 0.25, 0}, {3, 0.34, 1}, {7, 1, 7}, {4, 0, 0}, {20, 0.15, 3}} {
		synctest.Test(t, func(t *testing.T) {
			var bad atomic.Bool
			var ready atomic.Int64 // as the others see it: late
			ready.Store(int64(c.size))
			var all []*Health
			for rank := range c.size {
				h := New(Options{MayLeave: c.share, Log: slog.New(slog.DiscardHandler), Peers: func(context.Context) (Peers, error) {
					return Peers{Size: c.size, Ready: int(ready.Load()), Rank: rank}, nil
				}})
				defer h.Close()
				h.Check(Check{Name: "database", Shared: true, Interval: time.Second, Func: func(context.Context) error {
					if bad.Load() {
						return errors.New("away")
					}
					return nil
				}})
				h.Started()
				all = append(all, h)
			}
			count := func() (n int) {
				for _, h := range all {
					if s, _ := h.State(); s.Ready {
						n++
					}
				}
				return n
			}
			time.Sleep(10 * time.Second)
			if n := count(); n != c.size {
				t.Fatalf("%d of %d are ready at first", n, c.size)
			}
			bad.Store(true)
			least := c.size
			for range 400 {
				n := count()
				least = min(least, n)
				go func() { time.Sleep(14 * time.Second); ready.Store(int64(n)) }()
				time.Sleep(time.Second)
			}
			if away := c.size - least; away != c.want {
				t.Errorf("%d replicas, a share of %v: %d were away at once, want %d", c.size, c.share, away, c.want)
			}
			bad.Store(false)
			time.Sleep(20 * time.Second)
			if n := count(); n != c.size {
				t.Errorf("%d of %d are ready in the end", n, c.size)
			}
		})
	}
}

// A function that counts peers and hangs, fails or panics leaves the process as it is: ready.
func TestPeersUnknown(t *testing.T) {
	for name, f := range map[string]func(context.Context) (Peers, error){
		"fails":  func(context.Context) (Peers, error) { return Peers{Size: 9, Ready: 9}, errors.New("forbidden") },
		"panics": func(context.Context) (Peers, error) { panic("no") },
		"hangs":  func(context.Context) (Peers, error) { time.Sleep(time.Hour); return Peers{Size: 9, Ready: 9}, nil },
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, Options{Peers: f, MayLeave: 1}, func(t *testing.T, h *Health) {
				h.Started()
				h.Check(Check{Name: "database", Shared: true, Func: func(context.Context) error { return errors.New("away") }})
				want(t, "when peers are not known", after(h, 50*time.Minute), "200 200 200")
				h.end()
				time.Sleep(time.Hour) // what hangs returns
			})
		})
	}
}

// noError is an error whose nil pointer is none, as a function returns it that declares its result with the type.
type noError struct{ text string }

func (e *noError) Error() string { return e.text }

func TestErrorsThatBite(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"nil pointer": {(*noError)(nil), "panic: runtime error: invalid memory address or nil pointer dereference"},
		"quotes":      {errors.New("a \"b\"\n</script>\x00\xff"), "a \"b\"\n</script>\x00\ufffd"},
		"long":        {errors.New(strings.Repeat("\u00e9", 5<<20)), strings.Repeat("\u00e9", longestReason/2) + " ..."},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, Options{Reasons: true}, func(t *testing.T, h *Health) {
				h.Check(Check{Name: "\"disk\"\r\nX: y", Func: func(context.Context) error { return c.err }})
				h.Started()
				want(t, "failed", after(h, time.Second), "200 503 200")
				var got struct {
					Checks []struct {
						Name string
						Data map[string]string
					}
				}
				if err := json.Unmarshal(get(h, "/health/ready?verbose").Body.Bytes(), &got); err != nil {
					t.Fatal(err)
				}
				if len(got.Checks) != 1 || got.Checks[0].Name != "\"disk\"\r\nX: y" || got.Checks[0].Data["reason"] != c.want {
					t.Errorf("got %.200q, want %.200q", got, c.want)
				}
			})
		})
	}
}

// The longest Duration is how people write "never".
func TestNever(t *testing.T) {
	const never = time.Duration(math.MaxInt64)
	bubble(t, Options{Boot: never}, func(t *testing.T, h *Health) {
		h.Loop("loop", never)
		var calls atomic.Int64
		h.Check(Check{Name: "once", Interval: never, Timeout: never, Func: func(context.Context) error { calls.Add(1); return nil }})
		want(t, "boots", after(h, time.Hour), "503 503 200")
		h.Started()
		want(t, "runs", after(h, time.Hour), "200 200 200")
		if n := calls.Load(); n != 1 {
			t.Errorf("the check was called %d times, want once", n)
		}
	})
}
