// Healthlibs makes two tables of docs/benchmarks.md: what Go's health libraries answer when a check hangs, and what an answer costs. Each
// library is what its module is, in the ways its documentation offers.
//
//	go run .         both
//	go run . hung    the first, in about a minute
//	go run . cost    the second
//
// It is a module of its own: nothing else needs those libraries.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/fairway-k8s/fairway/health"
)

// patience is for how long an answer is waited for.
const patience = 10 * time.Second

func main() {
	log.SetOutput(io.Discard) // of libraries
	var err error
	switch what := strings.Join(os.Args[1:], " "); {
	case what == "":
		if err = hung(); err == nil {
			fmt.Println()
			cost()
		}
	case what == "hung":
		err = hung()
	case what == "cost":
		cost()
	case len(os.Args) == 3 && os.Args[1] == "row":
		var i int
		if i, err = strconv.Atoi(os.Args[2]); err == nil {
			row(libraries[i])
		}
	default:
		fmt.Fprintln(os.Stderr, "usage: go run . [hung|cost]")
		os.Exit(2)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "healthlibs:", err)
		os.Exit(1)
	}
}

// reply is an answer, or none within patience.
type reply struct {
	code int // 0 when there was none
	took time.Duration
}

func (r reply) String() string {
	if r.code == 0 {
		return "no answer"
	}
	return fmt.Sprintf("%d after %.1f s", r.code, r.took.Seconds())
}

// ask asks a handler so many times at once and returns the worst reply. The goroutines of calls that are not answered stay.
func ask(h http.Handler, path string, times int) (worst reply) {
	replies := make(chan reply, times)
	for range times {
		go func() {
			began := time.Now()
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
			replies <- reply{w.Code, time.Since(began)}
		}()
	}
	over := time.After(patience)
	for range times {
		select {
		case r := <-replies:
			if r.took >= worst.took {
				worst = r
			}
		case <-over:
			return reply{}
		}
	}
	return worst
}

// hung prints what each library answers when one check of one hangs and does not look at its context. Each is in a process of its own, so
// that goroutines can be counted, and all are at once, as they mostly wait.
func hung() error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	rows := make([]string, len(libraries))
	var wait sync.WaitGroup
	errs := make([]error, len(libraries))
	for i, l := range libraries {
		wait.Go(func() {
			out, err := exec.Command(self, "row", fmt.Sprint(i)).Output()
			rows[i] = string(out)
			if err != nil {
				errs[i] = fmt.Errorf("%s: %w", l.name, err)
			}
		})
	}
	wait.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	fmt.Printf("| library | before the first result | hung from the first, 3 calls at once | goroutines left by them, by 10 | passed, then hung for %s |\n|---|---|---|---|---|\n", hanging)
	fmt.Print(strings.Join(rows, ""))
	return nil
}

// hanging is for how long a check has hung when the answer should be another one.
const hanging = 2*timeout + 4*interval

// row prints the row of one library.
func row(l library) {
	free := make(chan bool)
	h, _ := l.make([]check{func(context.Context) error { <-free; return nil }})
	first := ask(h, l.path, 1)

	time.Sleep(hanging)
	before := runtime.NumGoroutine()
	three := ask(h, l.path, 3)
	time.Sleep(timeout + interval)
	left := runtime.NumGoroutine() - before
	for range 7 {
		go h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, l.path, nil))
	}
	time.Sleep(8 * timeout) // some answer one after the other
	leftByTen := runtime.NumGoroutine() - before

	var calls atomic.Int64
	h, _ = l.make([]check{func(context.Context) error {
		if calls.Add(1) > 1 {
			<-free
		}
		return nil
	}})
	for end := time.Now().Add(timeout); time.Now().Before(end) && ask(h, l.path, 1).code != 200; {
		time.Sleep(10 * time.Millisecond)
	}
	time.Sleep(hanging)
	later := ask(h, l.path, 1)
	fmt.Printf("| %s | %s | %s | %d, %d | %s |\n", l.name, first, three, left, leftByTen, later)
}

// cost prints what an answer costs, with 10 checks that pass.
func cost() {
	fmt.Println("| handler | CPU ns | B | allocations | body, B |\n|---|---|---|---|---|")
	for _, l := range libraries {
		checks := make([]check, 10)
		for i := range checks {
			checks[i] = func(context.Context) error { return nil }
		}
		h, stop := l.make(checks)
		time.Sleep(3 * interval)
		r := httptest.NewRequest(http.MethodGet, l.path, nil)
		recorder := httptest.NewRecorder()
		h.ServeHTTP(recorder, r)
		if recorder.Code != 200 {
			fmt.Printf("| %s | answers %d | | | |\n", l.name, recorder.Code)
			continue
		}
		w := discard{http.Header{}}
		best := cheapest(func(b *testing.B) {
			for b.Loop() {
				h.ServeHTTP(w, r)
			}
		})
		stop()
		fmt.Printf("| %s | %d | %d | %d | %d |\n", l.name, best.cpu.Nanoseconds(), best.bytes, best.allocs, recorder.Body.Len())
	}
	probe()
}

// probe is the whole of an answer, as kubelet asks for it.
func probe() {
	h := health.New(health.Options{Log: slog.New(slog.DiscardHandler)})
	defer h.Close()
	addr, err := h.Listen("127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	best := cheapest(func(b *testing.B) {
		for b.Loop() {
			response, err := client.Get("http://" + addr.String() + "/health/live")
			if err != nil {
				b.Fatal(err)
			}
			_, _ = io.Copy(io.Discard, response.Body)
			response.Body.Close()
		}
	})
	fmt.Printf("| a whole probe of fairway health: new connection, loopback, both ends | %d | %d | %d | |\n", best.cpu.Nanoseconds(), best.bytes, best.allocs)
}

// result is what an answer costs. CPU time, as other work on the machine makes that hardly longer.
type result struct {
	cpu           time.Duration
	bytes, allocs int64
}

// cheapest is the cheapest of four runs.
func cheapest(f func(*testing.B)) (best result) {
	for n := range 4 {
		var used time.Duration
		r := testing.Benchmark(func(b *testing.B) {
			b.ReportAllocs()
			before := cpu()
			f(b)
			used = cpu() - before
		})
		one := result{used / time.Duration(r.N), r.AllocedBytesPerOp(), r.AllocsPerOp()}
		if n == 0 || one.cpu < best.cpu {
			best = one
		}
	}
	return best
}

// cpu is the CPU time of this process.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
