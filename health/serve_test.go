//go:build unix

package health_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
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

func TestMain(m *testing.M) {
	if os.Getenv("HEALTH_TEST_SERVICE") != "" {
		service()
		return
	}
	os.Exit(m.Run())
}

// probe asks once over a connection of its own, as kubelet does, and returns the status; 0 when there is no answer.
func probe(url string) int {
	client := http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Get(url)
	if err != nil {
		return 0
	}
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, response.Body)
	return response.StatusCode
}

func truths(base string) string {
	return fmt.Sprint(probe(base+"/health/started"), probe(base+"/health/ready"), probe(base+"/health/live"))
}

// becomes waits until started, ready and live are as wanted, and returns how long it took.
func becomes(t *testing.T, when, base, want string) time.Duration {
	t.Helper()
	var got string
	began := time.Now()
	for ; time.Since(began) < 20*time.Second; time.Sleep(5 * time.Millisecond) {
		if got = truths(base); got == want {
			return time.Since(began)
		}
	}
	t.Fatalf("%s: started, ready, live are %s, want %s", when, got, want)
	return 0
}

// listen starts an isolated listener and returns its URL.
func listen(t *testing.T, h *health.Health) string {
	t.Helper()
	addr, err := h.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.Close() })
	return "http://" + addr.String()
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// A server that is gone, and one whose requests all hang, are seen by live although the listener of the endpoints is well.
func TestServer(t *testing.T) {
	for _, limited := range []bool{false, true} {
		t.Run(fmt.Sprint("limited=", limited), func(t *testing.T) {
			h := health.New(health.Options{Log: quiet()})
			side := listen(t, h)
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			var lock sync.Mutex
			const budget = time.Second
			handler := http.Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
				lock.Lock()
				defer lock.Unlock()
			}))
			if limited { // the worse order: what is refused passes Server too
				handler = h.Limit(2, 10*time.Millisecond, handler)
			}
			srv := &http.Server{Handler: h.Server("requests", "http://"+l.Addr().String()+"/", budget, handler)}
			defer srv.Close()
			h.Started()
			time.Sleep(100 * time.Millisecond)
			if got := truths(side); got != "200 503 200" {
				t.Errorf("before it serves: started, ready, live are %s, want 200 503 200", got)
			}
			go srv.Serve(l)
			becomes(t, "when it serves", side, "200 200 200")
			time.Sleep(2 * budget)
			if got := truths(side); got != "200 200 200" {
				t.Errorf("when nobody asks anything: started, ready, live are %s", got)
			}

			lock.Lock()
			stop := make(chan bool)
			var load sync.WaitGroup
			for range 4 { // clients that give up and come again
				load.Go(func() {
					client := http.Client{Timeout: 50 * time.Millisecond}
					for {
						select {
						case <-stop:
							return
						default:
						}
						if response, err := client.Get("http://" + l.Addr().String() + "/"); err == nil {
							response.Body.Close()
						}
					}
				})
			}
			if took := becomes(t, "in a deadlock", side, "200 503 503"); took < budget/2 || took > 3*budget {
				t.Errorf("a deadlock was seen after %s, want about %s", took, budget)
			}
			lock.Unlock()
			becomes(t, "after the deadlock", side, "200 200 200")
			close(stop)
			load.Wait()
			srv.Close()
			becomes(t, "when the server is gone", side, "200 503 503")
		})
	}
}

// 10,000 probes, 100 at once, while a check hangs for ever: as many goroutines after them as before, and during them no more than connections need.
func TestGoroutines(t *testing.T) {
	h := health.New(health.Options{Log: quiet()})
	side := listen(t, h)
	free := make(chan bool)
	defer close(free)
	for i := range 10 {
		h.Check(health.Check{Name: fmt.Sprint("check", i), Interval: 10 * time.Millisecond, Timeout: 10 * time.Millisecond, Func: func(context.Context) error {
			if i == 0 {
				<-free
			}
			return nil
		}})
	}
	h.Started()
	becomes(t, "when the check hangs", side, "200 503 200")
	settled := func() int {
		least := runtime.NumGoroutine()
		for range 100 { // checks that run are goroutines too, and connections take a moment to end
			time.Sleep(5 * time.Millisecond)
			least = min(least, runtime.NumGoroutine())
		}
		return least
	}
	before := settled()
	var asked atomic.Int64
	var probes sync.WaitGroup
	client := http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 100}}
	most := 0
	for range 100 {
		probes.Go(func() {
			for asked.Add(1) <= 10_000 {
				response, err := client.Get(side + "/health/ready?verbose")
				if err != nil {
					t.Error(err)
					return
				}
				_, _ = io.Copy(io.Discard, response.Body)
				response.Body.Close()
				if response.StatusCode != 503 {
					t.Errorf("%s, want 503", response.Status)
				}
			}
		})
	}
	done := make(chan bool)
	go func() { probes.Wait(); close(done) }()
	for {
		most = max(most, runtime.NumGoroutine())
		select {
		case <-done:
		case <-time.After(time.Millisecond):
			continue
		}
		break
	}
	client.CloseIdleConnections()
	after := settled()
	t.Logf("goroutines: %d before, %d at most, %d after", before, most, after)
	// A client has its own goroutine, two for its connection, and one for the server's end; the rest are dials on their way.
	if most > before+6*100+10 || after > before {
		t.Errorf("goroutines: %d before, %d at most, %d after", before, most, after)
	}
}

// Connections that send nothing, or a byte now and then, cost little however many there are, and do not keep a probe from its answer.
func TestCrowd(t *testing.T) {
	h := health.New(health.Options{Log: quiet()})
	side := listen(t, h)
	h.Started()
	becomes(t, "at first", side, "200 200 200")
	before, most := runtime.NumGoroutine(), 0
	var open []net.Conn
	defer func() {
		for _, c := range open {
			c.Close()
		}
	}()
	for i := range 2000 {
		c, err := net.Dial("tcp", strings.TrimPrefix(side, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		open = append(open, c)
		if i%2 == 0 { // the other half is silent
			_, _ = io.WriteString(c, "GET /health/live HTTP/1.1\r\nX: ")
		}
		if i%100 == 0 {
			most = max(most, runtime.NumGoroutine())
			if got := probe(side + "/health/live"); got != 200 {
				t.Errorf("with %d connections open, live is %d", i+1, got)
			}
		}
	}
	if most > before+400 {
		t.Errorf("goroutines: %d before, %d with 2000 connections; want 256 more, and some that are on their way", before, most)
	}
}

// Requests that no kubelet makes get an answer too, or the end of their connection, and none of them is an answer by mistake.
func TestOddRequests(t *testing.T) {
	h := health.New(health.Options{Log: quiet()})
	addr := strings.TrimPrefix(listen(t, h), "http://")
	h.Started()
	becomes(t, "at first", "http://"+addr, "200 200 200")
	const brief = `{"status":"UP","checks":[]}`
	for _, c := range []struct{ name, request, status, body string }{
		{"HTTP/1.0", "GET /health/live HTTP/1.0\r\n\r\n", "200 OK", brief},
		{"HEAD", "HEAD /health/live HTTP/1.1\r\nHost: x\r\n\r\n", "200 OK", ""},
		{"absolute form", "GET http://other.example/health/live HTTP/1.1\r\nHost: x\r\n\r\n", "200 OK", brief},
		{"encoded", "GET /health/%6Cive HTTP/1.1\r\nHost: x\r\n\r\n", "200 OK", brief},
		{"verbose twice", "GET /health/started?verbose&verbose=1 HTTP/1.1\r\nHost: x\r\n\r\n", "200 OK", brief},
		{"a query that is none", "GET /health/live?%zz;;&=&verbos HTTP/1.1\r\nHost: x\r\n\r\n", "200 OK", brief},
		{"GET with a body", "GET /health/live HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc", "200 OK", brief},
		{"GET with a body that never comes", "GET /health/live HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n", "200 OK", brief},
		{"two requests", "GET /health/live HTTP/1.1\r\nHost: x\r\n\r\nGET /health/ready HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "200 OK", brief},
		{"POST", "POST /health/live HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc", "405 Method Not Allowed", "only read"},
		{"OPTIONS *", "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", "404 Not Found", "three questions"},
		{"CONNECT", "CONNECT /health/live HTTP/1.1\r\nHost: x\r\n\r\n", "405 Method Not Allowed", ""},
		{"CONNECT elsewhere", "CONNECT 192.0.2.1:443 HTTP/1.1\r\nHost: x\r\n\r\n", "404 Not Found", ""},
		{"another path", "GET /health HTTP/1.1\r\nHost: x\r\n\r\n", "404 Not Found", "three questions"},
		{"a path with dots", "GET /a/../health/live HTTP/1.1\r\nHost: x\r\n\r\n", "404 Not Found", "three questions"},
		{"a long path", "GET /" + strings.Repeat("a", 1<<20) + " HTTP/1.1\r\nHost: x\r\n\r\n", "431 Request Header Fields Too Large", ""},
		{"large headers", "GET /health/live HTTP/1.1\r\nHost: x\r\nX: " + strings.Repeat("a", 1<<20) + "\r\n\r\n", "431 Request Header Fields Too Large", ""},
		{"no HTTP", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", "400 Bad Request", ""},
		{"no host", "GET /health/live HTTP/1.1\r\n\r\n", "400 Bad Request", ""},
		{"two lengths", "GET /health/live HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc", "400 Bad Request", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			conn, err := net.Dial("tcp", addr)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
			go func() { _, _ = io.WriteString(conn, c.request) }()
			method, _, _ := strings.Cut(c.request, " ")
			response, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(response.Body)
			if !strings.HasPrefix(response.Status, c.status) || !strings.Contains(string(body), c.body) || c.body == "" && c.status == "200 OK" && len(body) > 0 {
				t.Errorf("%s %q, %v; want %s and %q", response.Status, body, err, c.status, c.body)
			}
		})
	}
}

// 10,000 requests on real sockets, with the end of a replica among them. As in a cluster, clients hear late that it is not ready: they
// go on for a while, over old connections and new ones, until a new replica has all of them.
func TestDrainLosesNothing(t *testing.T) {
	for _, keepAlive := range []bool{true, false} {
		t.Run(fmt.Sprint("keepalive=", keepAlive), func(t *testing.T) {
			t.Parallel()
			const requests, clients, heard = 10_000, 50, 300 * time.Millisecond
			type replica struct {
				h         *health.Health
				side, url string
				answered  atomic.Int64
				stop      context.CancelFunc
				ended     chan error
				log       bytes.Buffer
			}
			start := func() *replica {
				r := &replica{ended: make(chan error, 1)}
				r.h = health.New(health.Options{Log: slog.New(slog.NewTextHandler(&r.log, nil))})
				r.side = listen(t, r.h)
				l, err := net.Listen("tcp", "127.0.0.1:0")
				if err != nil {
					t.Fatal(err)
				}
				r.url = "http://" + l.Addr().String() + "/"
				srv := &http.Server{Handler: r.h.Server("requests", r.url, 10*time.Second, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					time.Sleep(2 * time.Millisecond)
					r.answered.Add(1)
					_, _ = w.Write([]byte("ok"))
				}))}
				var ctx context.Context
				ctx, r.stop = context.WithCancel(t.Context())
				go func() { r.ended <- r.h.Run(ctx, func() error { return srv.Serve(l) }, srv.Shutdown) }()
				becomes(t, "at first", r.side, "200 200 200")
				return r
			}
			old, next := start(), start()
			var target atomic.Pointer[replica]
			target.Store(old)
			go func() { // the endpoints of the service
				for probe(old.side+"/health/ready") == 200 {
					time.Sleep(20 * time.Millisecond)
				}
				time.Sleep(heard)
				target.Store(next)
			}()
			var sent, lost atomic.Int64
			client := http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: clients, DisableKeepAlives: !keepAlive}}
			defer client.CloseIdleConnections()
			var all sync.WaitGroup
			for range clients {
				all.Go(func() {
					for {
						n := sent.Add(1)
						if n > requests {
							return
						}
						if n == requests/4 {
							old.stop() // SIGTERM
						}
						// A request with a body, which net/http does not repeat by itself when a connection was closed.
						response, err := client.Post(target.Load().url, "text/plain", strings.NewReader("x"))
						if err != nil {
							lost.Add(1)
							t.Error(err)
							continue
						}
						if _, err := io.Copy(io.Discard, response.Body); err != nil || response.StatusCode != 200 {
							lost.Add(1)
							t.Error(response.Status, err)
						}
						response.Body.Close()
					}
				})
			}
			all.Wait()
			if err := <-old.ended; err != nil {
				t.Error(err)
			}
			t.Logf("%d requests, %d lost; %d were answered by the replica that ended, %d by the next", requests, lost.Load(), old.answered.Load(), next.answered.Load())
			if old.answered.Load() <= requests/4 || next.answered.Load() == 0 {
				t.Error("the end did not come in the middle")
			}
			if got := truths(old.side); got != "200 503 200" {
				t.Errorf("after the drain: started, ready, live are %s, want 200 503 200", got)
			}
			old.h.Close()
			if log := old.log.String(); !strings.Contains(log, "msg=drained took=") || !strings.Contains(log, "grace=30s percent=") {
				t.Errorf("the log does not say what part of the grace period was used:\n%s", log)
			}
			next.stop()
			<-next.ended
		})
	}
}

// Requests that do not end in time are told of, and a second signal ends the waiting.
func TestDrainThatFails(t *testing.T) {
	for _, signal := range []bool{false, true} {
		t.Run(fmt.Sprint("signal=", signal), func(t *testing.T) {
			o := health.Options{Log: quiet(), Drain: time.Millisecond, Grace: 1500 * time.Millisecond}
			want := context.DeadlineExceeded
			if signal {
				o.Drain, o.Grace, want = time.Hour, 2*time.Hour, context.Canceled
			}
			h := health.New(o)
			side := listen(t, h)
			ctx, stop := context.WithCancel(t.Context())
			ended := make(chan error, 1)
			serving, served := make(chan bool), make(chan bool)
			go func() {
				ended <- h.Run(ctx, func() error { close(serving); <-served; return http.ErrServerClosed }, func(ctx context.Context) error {
					<-ctx.Done()
					return ctx.Err()
				})
			}()
			defer close(served)
			<-serving
			becomes(t, "at first", side, "200 200 200")
			stop()
			becomes(t, "told to stop", side, "200 503 200")
			if signal {
				time.Sleep(50 * time.Millisecond)
				if err := syscall.Kill(os.Getpid(), syscall.SIGTERM); err != nil {
					t.Fatal(err)
				}
			}
			select {
			case err := <-ended:
				if !errors.Is(err, want) {
					t.Errorf("%v, want %v", err, want)
				}
			case <-time.After(10 * time.Second):
				t.Error("it has not ended")
			}
		})
	}
}

// blocked is a log on a pipe that nobody reads.
type blocked struct{ slog.Handler }

func (blocked) Enabled(context.Context, slog.Level) bool { return true }
func (b blocked) Handle(ctx context.Context, _ slog.Record) error {
	<-ctx.Done() // which is never
	return nil
}

func TestLogThatBlocks(t *testing.T) {
	h := health.New(health.Options{Drain: time.Millisecond, Log: slog.New(blocked{slog.DiscardHandler})})
	side := listen(t, h)
	ctx, stop := context.WithCancel(t.Context())
	loop := h.Loop("loop", 200*time.Millisecond)
	served, ended := make(chan bool), make(chan error, 1)
	go func() {
		ended <- h.Run(ctx, func() error { <-served; return nil }, func(context.Context) error { close(served); return nil })
	}()
	becomes(t, "when the loop stands still", side, "200 503 503")
	for range 3 {
		loop.Beat()
		becomes(t, "after a beat", side, "200 200 200")
		becomes(t, "when it stands still again", side, "200 503 503")
	}
	stop()
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Error("it has not ended")
	}
}

func TestRunThatCannotServe(t *testing.T) {
	h := health.New(health.Options{Log: quiet()})
	defer h.Close()
	in := errors.New("in use")
	if err := h.Run(t.Context(), func() error { return in }, nil); !errors.Is(err, in) {
		t.Errorf("%v, want %v", err, in)
	}
	if _, err := h.Listen("256.0.0.1:80"); err == nil {
		t.Error("it listens on 256.0.0.1")
	}
}

// In an overload some requests are refused at once and the others are answered in time; probes are not limited, nor is the heartbeat.
func TestLimit(t *testing.T) {
	h := health.New(health.Options{Log: quiet()})
	mux := http.NewServeMux()
	mux.Handle("/health/", h)
	var running, most atomic.Int64
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		n := running.Add(1)
		defer running.Add(-1)
		for old := most.Load(); n > old && !most.CompareAndSwap(old, n); old = most.Load() {
		}
		time.Sleep(20 * time.Millisecond)
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	base := "http://" + l.Addr().String()
	srv := &http.Server{Handler: h.Limit(4, 100*time.Millisecond, mux)}
	defer srv.Close()
	defer h.Close()
	go srv.Serve(l)
	h.Started()
	codes := map[int]int{}
	var mu sync.Mutex
	var all sync.WaitGroup
	for range 100 {
		all.Go(func() {
			client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
			response, err := client.Get(base + "/")
			if err != nil {
				t.Error(err)
				return
			}
			response.Body.Close()
			if response.StatusCode == 503 && response.Header.Get("Retry-After") != "1" {
				t.Errorf("Retry-After is %q, want 1", response.Header.Get("Retry-After"))
			}
			mu.Lock()
			defer mu.Unlock()
			codes[response.StatusCode]++
		})
	}
	for range 20 {
		if got := truths(base); got != "200 200 200" {
			t.Errorf("in an overload: started, ready, live are %s", got)
		}
	}
	all.Wait()
	if most.Load() != 4 || codes[200] < 4 || codes[503] == 0 || codes[200]+codes[503] != 100 {
		t.Errorf("%v, %d at once at most; want 4 at once, and both 200 and 503", codes, most.Load())
	}
	if got := probe(base + "/"); got != 200 {
		t.Errorf("after the overload: %d, want 200", got)
	}
}

// service is a service for tests that stop or starve a process. Its lock is held for ever when it is asked for /deadlock.
func service() {
	h := health.New(health.Options{})
	addr, err := h.Listen("127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	var lock sync.Mutex
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(http.ResponseWriter, *http.Request) { lock.Lock(); defer lock.Unlock() })
	mux.HandleFunc("/deadlock", func(http.ResponseWriter, *http.Request) { lock.Lock() })
	url := "http://" + l.Addr().String() + "/"
	loop := h.Loop("loop", 2*time.Second)
	work := func(rounds int) (n int) {
		for ; n < rounds; n++ {
			_ = sha256.Sum256(make([]byte, 1<<10))
		}
		return n
	}
	rounds := 0
	for began := time.Now(); time.Since(began) < 200*time.Millisecond; {
		rounds += work(10)
	}
	go func() {
		for { // 200 ms of a CPU that is its own; seconds of a twentieth that it has to share
			work(rounds)
			loop.Beat()
			time.Sleep(100 * time.Millisecond)
		}
	}()
	// As much as it can get: what a starved service wants to do.
	if os.Getenv("HEALTH_TEST_SERVICE") == "busy" {
		for range runtime.GOMAXPROCS(0) {
			go func() {
				for n := 0; ; n++ {
					if n%1000 == 0 {
						runtime.Gosched()
					}
				}
			}()
		}
	}
	fmt.Printf("http://%s %s\n", addr, url)
	srv := &http.Server{Handler: h.Server("requests", url, 2*time.Second, mux)}
	_ = h.Run(context.Background(), func() error { return srv.Serve(l) }, srv.Shutdown)
}

// start starts service in a process of its own.
func start(t *testing.T, kind string) (cmd *exec.Cmd, side, url string) {
	t.Helper()
	cmd = exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "HEALTH_TEST_SERVICE="+kind)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	if _, err := fmt.Fscan(out, &side, &url); err != nil {
		t.Fatal(err)
	}
	becomes(t, "at first", side, "200 200 200")
	return cmd, side, url
}

// A process that was stopped for five times its budgets is alive when it goes on, at once and later; one in a deadlock is not.
func TestStopped(t *testing.T) {
	t.Parallel()
	cmd, side, url := start(t, "idle")
	if err := cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	time.Sleep(10 * time.Second)
	if err := cmd.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(3 * time.Second); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		if got := probe(side + "/health/live"); got != 200 {
			t.Fatalf("after it went on, live is %d", got)
		}
	}
	becomes(t, "after it went on", side, "200 200 200")
	probe(url + "deadlock")
	took := becomes(t, "in a deadlock", side, "200 503 503")
	t.Logf("a deadlock was seen %s after it began, with a budget of 2s", took.Round(time.Millisecond))
	if took > 15*time.Second { // on a busy machine it is starved as well
		t.Errorf("a deadlock was seen %s after it began, with a budget of 2s", took)
	}
}

// twentieth makes a cgroup, and returns the files to write for a twentieth of a CPU, version 2 or 1.
func twentieth(t *testing.T) (group string, quota map[string]string) {
	t.Helper()
	name := fmt.Sprintf("health-test-%d", os.Getpid())
	for _, v := range []struct {
		root, file string
		quota      map[string]string
	}{
		{"/sys/fs/cgroup", "cpu.max", map[string]string{"cpu.max": "5000 100000"}},
		{"/sys/fs/cgroup/cpu", "cpu.cfs_quota_us", map[string]string{"cpu.cfs_period_us": "100000", "cpu.cfs_quota_us": "5000"}},
	} {
		group := filepath.Join(v.root, name)
		if err := os.Mkdir(group, 0o755); err != nil {
			continue
		}
		t.Cleanup(func() { _ = os.Remove(group) })
		if _, err := os.Stat(filepath.Join(group, v.file)); err == nil {
			return group, v.quota
		}
	}
	t.Skip("no cgroup with a CPU quota can be made: that takes root and Linux")
	return "", nil
}

// A process that wants all CPUs and gets a twentieth of one is alive.
func TestThrottled(t *testing.T) {
	t.Parallel()
	group, quota := twentieth(t)
	cmd, side, _ := start(t, "busy")
	defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait(); time.Sleep(100 * time.Millisecond) }() // before the cgroup is removed
	for file, text := range quota {
		if err := os.WriteFile(filepath.Join(group, file), []byte(text), 0); err != nil {
			t.Skipf("the cgroup takes no quota: %v", err)
		}
	}
	if err := os.WriteFile(filepath.Join(group, "cgroup.procs"), []byte(strconv.Itoa(cmd.Process.Pid)), 0); err != nil {
		t.Fatal(err)
	}
	asked, late := 0, 0
	for end := time.Now().Add(12 * time.Second); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		asked++
		switch got := probe(side + "/health/live"); got {
		case 200:
		case 0:
			late++
		default:
			t.Fatalf("at 5 %% of a CPU, live is %d", got)
		}
	}
	stat, _ := os.ReadFile(filepath.Join(group, "cpu.stat"))
	t.Logf("%d probes in 12 s, %d without an answer within 10 s; %s", asked, late, strings.Join(strings.Fields(string(stat)), " "))
	if asked == late || !bytes.Contains(stat, []byte("nr_throttled")) || bytes.Contains(stat, []byte("nr_throttled 0\n")) {
		t.Error("it was not starved")
	}
}
