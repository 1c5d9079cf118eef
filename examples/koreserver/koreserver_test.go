package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// programs is the folder of koreserver and its store, built once for the tests that need processes.
var programs string

func TestMain(m *testing.M) {
	code, err := func() (int, error) {
		var err error
		if programs, err = os.MkdirTemp("", "koreserver"); err != nil {
			return 0, err
		}
		defer os.RemoveAll(programs)
		if out, err := exec.Command("go", "build", "-o", programs, ".", "./sessionstore").CombinedOutput(); err != nil {
			return 0, fmt.Errorf("go build: %w: %s", err, out)
		}
		return m.Run(), nil
	}()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// process is a koreserver that runs in the test, on the loopback interface.
type process struct {
	truths, requests <-chan string // the addresses, once it listens
	stop             func()        // SIGTERM
	ended            <-chan int    // its exit code
}

func start(t *testing.T, args ...string) *process {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	out, in := io.Pipe()
	truths, requests, ended := make(chan string, 1), make(chan string, 1), make(chan int, 1)
	go func() {
		args := append([]string{"--listen=127.0.0.1:0", "--health=127.0.0.1:0", "--drain=200ms", "--heartbeat=500ms"}, args...)
		ended <- run(ctx, args, in)
		in.Close()
	}()
	read := make(chan bool)
	go func() {
		defer close(read)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			for mark, to := range map[string]chan string{"for=truths address=": truths, "for=requests address=": requests} {
				if _, addr, ok := strings.Cut(lines.Text(), mark); ok {
					to <- addr
				}
			}
		}
	}()
	t.Cleanup(func() { cancel(); <-read })
	return &process{truths: truths, requests: requests, stop: cancel, ended: ended}
}

// within receives what must come in time.
func within[T any](t *testing.T, what string, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(10 * time.Second):
		t.Fatalf("%s did not come within 10 s", what)
		panic("not reached")
	}
}

// get asks once, over a connection of its own as kubelet does, and returns the status; 0 when there is no answer.
func get(t *testing.T, addr, path string) int {
	t.Helper()
	client := &http.Client{Timeout: 3 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Get("http://" + addr + path)
	if err != nil {
		return 0
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, res.Body)
	return res.StatusCode
}

// eventually waits until an address answers with a status.
func eventually(t *testing.T, addr, path string, want int) {
	t.Helper()
	var got int
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if got = get(t, addr, path); got == want {
			return
		}
	}
	t.Fatalf("%s answers %d, want %d", path, got, want)
}

func truths(t *testing.T, addr string) string {
	t.Helper()
	return fmt.Sprint(get(t, addr, "/health/started"), get(t, addr, "/health/ready"), get(t, addr, "/health/live"))
}

func TestThreeTruths(t *testing.T) {
	p := start(t, "--boot=600ms", "--truths=three")
	addr := within(t, "the listener for truths", p.truths)
	if got := truths(t, addr); got != "503 503 200" {
		t.Errorf("started, ready, live while it boots: %s, want 503 503 200", got)
	}
	select {
	case at := <-p.requests:
		t.Errorf("it listens for requests on %s before the boot is over", at)
	default:
	}
	requests := within(t, "the listener for requests", p.requests)
	eventually(t, addr, "/health/ready", 200) // a moment after started: the server has to have answered first
	if got := truths(t, addr); got != "200 200 200" {
		t.Errorf("started, ready, live after the boot: %s, want 200 200 200", got)
	}
	if got := get(t, requests, "/health"); got != 404 {
		t.Errorf("/health answers %d, want 404: there are three truths", got)
	}

	slow := make(chan int, 1)
	go func() { slow <- get(t, requests, "/talk?for=500ms") }()
	time.Sleep(100 * time.Millisecond)
	p.stop()
	eventually(t, addr, "/health/ready", 503)
	if got := get(t, addr, "/health/live"); got != 200 {
		t.Errorf("live while it drains: %d, want 200", got)
	}
	if got := get(t, requests, "/"); got != 200 {
		t.Errorf("a request while it drains: %d, want 200", got)
	}
	if got := within(t, "the long request", slow); got != 200 {
		t.Errorf("a request that ran at SIGTERM: %d, want 200", got)
	}
	if code := within(t, "the end", p.ended); code != 0 {
		t.Errorf("exit code %d, want 0", code)
	}
}

func TestOneTruth(t *testing.T) {
	store, addr := stand(t)
	p := start(t, "--boot=100ms", "--sessions=redis://"+addr)
	requests := within(t, "the listener for requests", p.requests)
	eventually(t, requests, "/health", 200)
	store()
	eventually(t, requests, "/health", 503)
	if got := get(t, requests, "/"); got != 200 {
		t.Errorf("a request that needs no store: %d, want 200", got)
	}
}

func TestStoreThatIsGone(t *testing.T) {
	store, addr := stand(t)
	p := start(t, "--boot=0s", "--truths=three", "--sessions=redis://"+addr)
	side, requests := within(t, "the listener for truths", p.truths), within(t, "the listener for requests", p.requests)
	eventually(t, side, "/health/ready", 200)
	store()
	eventually(t, requests, "/cart", 503)
	if got := truths(t, side); got != "200 200 200" {
		t.Errorf("started, ready, live without the store: %s, want 200 200 200", got)
	}
}

func TestToldToStopDuringTheBoot(t *testing.T) {
	p := start(t, "--boot=1h", "--truths=three")
	within(t, "the listener for truths", p.truths)
	p.stop()
	if code := within(t, "the end", p.ended); code != 0 {
		t.Errorf("exit code %d, want 0", code)
	}
}

func TestDeadlock(t *testing.T) {
	p := start(t, "--boot=0s", "--truths=three", "--fault=deadlock@300ms", "--longest=100ms") // what waits for the lock never ends
	side := within(t, "the listener for truths", p.truths)
	eventually(t, side, "/health/live", 200)
	eventually(t, side, "/health/live", 503)
	if got := truths(t, side); got != "200 503 503" {
		t.Errorf("started, ready, live in a deadlock: %s, want 200 503 503", got)
	}
}

func TestSlowDB(t *testing.T) {
	_, addr := stand(t)
	p := start(t, "--boot=0s", "--sessions=redis://"+addr, "--fault=slow-db")
	eventually(t, within(t, "the listener for requests", p.requests), "/health", 503)
}

func TestSlowBoot(t *testing.T) {
	began := time.Now()
	p := start(t, "--boot=200ms", "--fault=slow-boot")
	within(t, "the listener for requests", p.requests)
	if took := time.Since(began); took < 600*time.Millisecond {
		t.Errorf("a slow boot of 200 ms took %s, want 600 ms", took)
	}
}

func TestCrash(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), filepath.Join(programs, "koreserver"), "--boot=0s", "--listen=127.0.0.1:0", "--fault=crash@100ms").CombinedOutput()
	if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() != 3 {
		t.Errorf("%v, want exit code 3: %s", err, out)
	}
}

// Two replicas keep one visitor's cart in two memories, or in one store.
func TestCarts(t *testing.T) {
	_, addr := stand(t)
	stores := map[string]string{"memory": "memory", "stand-in": "redis://" + addr}
	if real := realRedis(t); real != "" {
		stores["Redis"] = "redis://" + real
	}
	for name, sessions := range stores {
		t.Run(name, func(t *testing.T) {
			var replicas []string
			for range 2 {
				replicas = append(replicas, within(t, "the listener for requests", start(t, "--boot=0s", "--sessions="+sessions).requests))
			}
			var last int64
			var mine *http.Cookie
			for i := range 6 {
				req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+replicas[i%2]+"/cart", nil)
				if mine != nil {
					req.AddCookie(mine)
				}
				res, err := http.DefaultClient.Do(req)
				if err != nil {
					t.Fatal(err)
				}
				var a answer
				if err := json.NewDecoder(res.Body).Decode(&a); err != nil || a.Items == nil {
					t.Fatalf("%s: %+v, %v", res.Status, a, err)
				}
				res.Body.Close()
				for _, c := range res.Cookies() {
					mine = c
				}
				last = *a.Items
			}
			want := int64(6)
			if name == "memory" {
				want = 3 // the other three are in the other process
			}
			if last != want {
				t.Errorf("after 6 items the cart has %d, want %d", last, want)
			}
		})
	}
}

func TestCommandLine(t *testing.T) {
	for _, args := range [][]string{
		{"--truths=two"}, {"--fault=gremlin"}, {"--fault=leak@soon"}, {"--sessions=redis://:6379"}, {"--sessions=mongodb://db:1"}, {"--boot=-1s"}, {"now"},
	} {
		var out strings.Builder
		if code := run(t.Context(), append(args, "--listen=127.0.0.1:0"), &out); code == 0 || out.Len() == 0 {
			t.Errorf("%q: exit code %d, said %q", args, code, out.String())
		}
	}
}

// stand starts the stand-in for Redis in a process of its own, as the story does, and returns how to end it.
func stand(t *testing.T) (stop func(), addr string) {
	t.Helper()
	addr = free(t)
	return background(t, addr, filepath.Join(programs, "sessionstore"), "--listen="+addr), addr
}

// realRedis starts the redis-server of this machine, and returns "" when it has none.
func realRedis(t *testing.T) string {
	t.Helper()
	program, err := exec.LookPath("redis-server")
	if err != nil {
		t.Log("no redis-server on this machine: only the stand-in is asked")
		return ""
	}
	addr := free(t)
	_, port, _ := net.SplitHostPort(addr)
	background(t, addr, program, "--port", port, "--bind", "127.0.0.1", "--save", "", "--dir", t.TempDir())
	return addr
}

func free(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func background(t *testing.T, addr, program string, args ...string) (stop func()) {
	t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := false
	stop = func() {
		if !ended {
			ended = true
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
	}
	t.Cleanup(stop)
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if conn, err := net.Dial("tcp", addr); err == nil {
			conn.Close()
			return stop
		}
	}
	t.Fatalf("%s does not listen on %s", program, addr)
	return nil
}
