package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// app is an application with one health URL, and a nasty one.
type app struct {
	*httptest.Server
	health atomic.Pointer[http.HandlerFunc]
	stuck  atomic.Bool // nothing is answered
	calls  atomic.Int64
	most   atomic.Int64 // calls at once
}

func newApp(t *testing.T) *app {
	a := &app{}
	a.set(ok)
	free := make(chan bool)
	var running atomic.Int64
	a.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if a.stuck.Load() {
			<-free
			return
		}
		if r.URL.Path != "/health" {
			http.NotFound(w, r)
			return
		}
		a.calls.Add(1)
		a.most.Store(max(a.most.Load(), running.Add(1)))
		defer running.Add(-1)
		(*a.health.Load())(w, r)
	}))
	t.Cleanup(func() { close(free); a.CloseClientConnections(); a.Close() })
	return a
}

func (a *app) set(f http.HandlerFunc) { a.health.Store(&f) }

func ok(http.ResponseWriter, *http.Request) {}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

// shim is a fairway-shim that runs in the test.
type shim struct {
	url   string
	stop  func()
	ended <-chan int
	mu    sync.Mutex
	log   bytes.Buffer
}

func start(t *testing.T, target string, args ...string) *shim {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	s, ended, at, read := &shim{stop: cancel}, make(chan int, 1), make(chan string, 1), make(chan bool)
	out, in := io.Pipe()
	env := func(name string) string { return map[string]string{"TOKEN": "secret"}[name] }
	go func() {
		args := append([]string{"--target=" + target, "--listen=127.0.0.1:0", "--every=20ms", "--timeout=700ms", "--budget=1s", "--reasons"}, args...)
		ended <- run(ctx, args, env, in)
		in.Close()
	}()
	go func() {
		defer close(read)
		address := regexp.MustCompile(`msg=listening address=(\S+)`)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			s.mu.Lock()
			fmt.Fprintln(&s.log, lines.Text())
			s.mu.Unlock()
			if m := address.FindStringSubmatch(lines.Text()); m != nil {
				at <- m[1]
			}
		}
	}()
	s.ended = ended
	select {
	case addr := <-at:
		s.url = "http://" + addr
	case <-time.After(10 * time.Second):
		t.Fatal("it does not listen")
	}
	t.Cleanup(func() { s.mu.Lock(); defer s.mu.Unlock(); t.Log("the shim's log:\n" + s.log.String()) })
	return s
}

// get asks once, and returns 0 when there is no answer.
func (s *shim) get(path string) (int, string) {
	client := &http.Client{Timeout: 3 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Get(s.url + path)
	if err != nil {
		return 0, err.Error()
	}
	defer res.Body.Close()
	body, _ := io.ReadAll(res.Body)
	return res.StatusCode, string(body)
}

func (s *shim) truths() string {
	var codes [3]int
	for i, path := range []string{"/health/started", "/health/ready", "/health/live"} {
		codes[i], _ = s.get(path)
	}
	return fmt.Sprint(codes[0], codes[1], codes[2])
}

// becomes waits until started, ready and live are as wanted.
func (s *shim) becomes(t *testing.T, when, want string) {
	t.Helper()
	var got string
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if got = s.truths(); got == want {
			return
		}
	}
	t.Fatalf("%s: started, ready, live are %s, want %s", when, got, want)
}

func (s *shim) stays(t *testing.T, when, want string, d time.Duration) {
	t.Helper()
	for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if got := s.truths(); got != want {
			t.Fatalf("%s: started, ready, live are %s, want %s", when, got, want)
		}
	}
}

func TestLife(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0") // a port that will be the application's
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	s := start(t, "http://"+addr+"/health")
	s.stays(t, "before the application listens", "503 503 200", 300*time.Millisecond)

	a := newApp(t)
	if l, err = net.Listen("tcp", addr); err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: a.Config.Handler}
	go srv.Serve(l)
	a.set(status(503))
	s.stays(t, "while it boots", "503 503 200", 300*time.Millisecond)
	a.set(ok)
	s.becomes(t, "after the boot", "200 200 200")
	a.set(status(500))
	s.becomes(t, "when a dependency is away", "200 503 200")
	s.stays(t, "for longer than the budget", "200 503 200", 1500*time.Millisecond)
	a.set(ok)
	s.becomes(t, "when it is back", "200 200 200")
	a.stuck.Store(true)
	s.becomes(t, "in a deadlock", "200 503 503")
	a.stuck.Store(false)
	s.becomes(t, "after it", "200 200 200")

	s.stop()
	s.becomes(t, "told to stop", "200 503 200")
	s.stays(t, "while the application runs", "200 503 200", 300*time.Millisecond)
	select {
	case code := <-s.ended:
		t.Fatalf("it ended with %d before the application", code)
	default:
	}
	srv.Close()
	select {
	case code := <-s.ended:
		if code != 0 {
			t.Errorf("exit code %d, want 0", code)
		}
	case <-time.After(5 * time.Second):
		t.Error("it has not ended 5 s after the application")
	}
}

// What the health URL does, whether it is a good answer, and what the shim says.
func TestNasty(t *testing.T) {
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		says   string // "" when it is good
	}{
		"204": {answer: status(204)},
		"with the header": {answer: func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") != "Bearer secret" {
				w.WriteHeader(401)
			}
		}},
		"a long body": {answer: func(w http.ResponseWriter, r *http.Request) {
			for range 1 << 10 {
				if _, err := w.Write(make([]byte, 64<<10)); err != nil {
					return
				}
			}
		}},
		"503 that stalls": {says: "503 Service Unavailable, and the body did not end", answer: func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(503)
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}},
		"200 that stalls": {says: "200 OK, and the body did not end", answer: func(w http.ResponseWriter, r *http.Request) {
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}},
		"silence":   {says: "no answer within 700ms", answer: func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }},
		"redirect":  {says: "302 Found to /login, which is not followed", answer: http.RedirectHandler("/login", http.StatusFound).ServeHTTP},
		"unchanged": {says: "304", answer: status(304)},
		"auth":      {says: "--header", answer: status(401)},
		"cut off": {says: "broke off", answer: func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "100")
			_, _ = w.Write([]byte("ten bytes!"))
		}},
		"headers without end": {says: "response headers exceeded", answer: func(w http.ResponseWriter, r *http.Request) {
			conn, _, err := w.(http.Hijacker).Hijack()
			for line := "HTTP/1.1 200 OK\r\n"; err == nil; line = "X: " + strings.Repeat("a", 16<<10) + "\r\n" {
				if _, err = io.WriteString(conn, line); strings.HasPrefix(line, "X") {
					time.Sleep(10 * time.Millisecond) // in the time that it has, much less than the 10 MiB that Go takes
				}
			}
		}},
		"no HTTP": {says: "malformed", answer: func(w http.ResponseWriter, r *http.Request) {
			conn, _, err := w.(http.Hijacker).Hijack()
			if err == nil {
				_, _ = conn.Write([]byte("220 mail.example ESMTP\r\n"))
				conn.Close()
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newApp(t)
			s := start(t, a.URL+"/health", "--header=Authorization=Bearer $TOKEN")
			s.becomes(t, "at first", "200 200 200")
			a.set(c.answer)
			if c.says == "" {
				time.Sleep(100 * time.Millisecond)
				s.stays(t, name, "200 200 200", 300*time.Millisecond)
				return
			}
			s.becomes(t, name, "200 503 200")
			s.stays(t, name, "200 503 200", 300*time.Millisecond)
			if _, body := s.get("/health/ready?verbose"); !strings.Contains(body, c.says) {
				t.Errorf("it says %s, want %q in it", body, c.says)
			}
			a.set(ok)
			s.becomes(t, "after "+name, "200 200 200")
		})
	}
}

// However many ask the shim, the application is asked at its own pace, once at a time.
func TestManyProbes(t *testing.T) {
	a := newApp(t)
	s := start(t, a.URL+"/health", "--every=200ms", "--timeout=30s", "--budget=1m")
	s.becomes(t, "at first", "200 200 200")
	before, began := a.calls.Load(), time.Now()
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() {
			for range 10 {
				if code, _ := s.get("/health/ready"); code != 200 {
					t.Errorf("%d, want 200", code)
				}
			}
		})
	}
	wg.Wait()
	calls, may := a.calls.Load()-before, int64(time.Since(began)/(180*time.Millisecond))+1
	if calls > may || a.most.Load() != 1 {
		t.Errorf("1000 probes in %s: %d calls, %d at once; want up to %d, and 1", time.Since(began), calls, a.most.Load(), may)
	}
}

func TestNotHTTP(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := start(t, a.URL+"/health", "--main=tcp://"+l.Addr().String())
	s.becomes(t, "while it accepts", "200 200 200")
	l.Close()
	s.becomes(t, "when the port is gone", "200 503 503")
}

func TestCommandLine(t *testing.T) {
	good := "--target=http://127.0.0.1:8080/health"
	for _, args := range [][]string{
		{}, {"--target=/health"}, {"--target=ftp://127.0.0.1/"}, {good, "--main=:8080"}, {good, "--main=tcp://127.0.0.1"}, {good, "--main=http://192.0.2.1/"},
		{good, "--main=udp://127.0.0.1:53"}, {good, "--budget=1ms"}, {good, "--timeout=0"}, {good, "--header=Authorization"}, {good, "--header=Authorization=$NONE"}, {good, "now"}, {good, "--listen=nowhere:99999"},
		{good, "--listen="}, {good, "--every=1ns"}, {good, "--every=-1s"}, {"--target=http://127.0.0.1:99999/health"}, {good, "--main=tcp://127.0.0.1:0"}, {good, "--header=X=a\nb"},
		{"--target=http://user:hunter2@127.0.0.1:x/"}, {good, "--main=udp://user:hunter2@127.0.0.1:53"}, {good, "--main=http://user:hunter2@192.0.2.1/"},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		var out strings.Builder
		if code := run(ctx, args, func(string) string { return "" }, &out); code == 0 || !strings.Contains(out.String(), "fairway-shim") || strings.Contains(out.String(), "hunter2") {
			t.Errorf("%q: exit code %d, said %q", args, code, out.String())
		}
	}
}

// A shim that asks itself would be content for ever, and would never end.
func TestAsksItself(t *testing.T) {
	for _, args := range [][]string{
		{"--target=http://localhost:%d/health/live"},
		{"--target=http://127.0.0.1:1/health", "--main=tcp://127.0.0.1:%d"},
		{"--target=http://[::1]:%d/health/live", "--main=tcp://127.0.0.1:1"},
	} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		port := l.Addr().(*net.TCPAddr).Port
		l.Close()
		all := []string{fmt.Sprintf("--listen=:%d", port)}
		for _, a := range args {
			if strings.Contains(a, "%d") {
				a = fmt.Sprintf(a, port)
			}
			all = append(all, a)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		var out strings.Builder
		if code := run(ctx, all, func(string) string { return "" }, &out); code != 1 || !strings.Contains(out.String(), "the shim would ask itself") {
			t.Errorf("%q: exit code %d, said %q", all, code, out.String())
		}
		cancel()
	}
}
