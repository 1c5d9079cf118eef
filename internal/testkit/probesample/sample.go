// Package probesample is a service whose health endpoints are right, and that can be told to make any of the mistakes that people make. It is
// what fairway probe verify is tested with: a test binary runs itself as the sample.
//
//	sample -listen :8080 -health :8081 -boot 2s -db HOST:PORT -disk HOST:PORT -mistake live-asks-db
//
// # Words
//
//	db       a service that all replicas share; without it the sample stays ready
//	disk     a resource of its own; without it it is not ready
//	mistake  one thing done wrong, see Mistakes; all else stays right
package probesample

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/signal"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// A Mistake is one thing done wrong.
type Mistake struct {
	Name string
	Row  string // the row of fairway probe verify that has to find it
	What string
}

// Mistakes are all mistakes that the sample can make.
var Mistakes = []Mistake{
	{"live-after-boot", "booting", "the listener of the endpoints opens when the boot is over"},
	{"live-false-at-boot", "booting", "live is 503 while it boots"},
	{"started-at-once", "booting", "started is true before the boot is over"},
	{"ready-at-once", "booting", "ready is true before the boot is over"},
	{"flaps", "healthy", "ready is 503 every seventh time"},
	{"live-asks-db", "dependency-down", "live is false while the database is away"},
	{"started-asks-db", "dependency-down", "started is false while the database is away"},
	{"leaves-for-db", "dependency-down", "ready is false while the database, which all share, is away"},
	{"ignores-disk", "dependency-down", "ready stays true without the disk"},
	{"never-recovers", "dependency-down", "ready stays false for ever once the disk was away"},
	{"never-stale", "dependency-hung", "a check that hangs leaves the last good result in force"},
	{"leaks", "dependency-hung", "each question for ready opens a connection and forgets it when it hangs"},
	{"waits-for-db", "dependency-slow", "ready asks the database when it is asked, without a deadline"},
	{"live-in-pool", "overload", "live waits for a worker like any request"},
	{"live-works", "cpu-starved", "live costs 100 ms of CPU"},
	{"wall-clock", "stopped", "heartbeats are compared with the wall clock"},
	{"no-heartbeat", "deadlock", "live is always true"},
	{"ready-in-deadlock", "deadlock", "ready does not look at the serving path"},
	{"no-handler", "sigterm", "SIGTERM ends the process at once"},
	{"exit-code", "sigterm", "the process exits with 1 when it was told to stop"},
	{"no-drain", "sigterm", "new requests are refused from the moment of SIGTERM"},
	{"ready-in-drain", "sigterm", "ready stays true while it drains"},
	{"live-false-in-drain", "sigterm", "live is false while it drains"},
	{"deaf", "sigterm", "SIGTERM is ignored"},
	{"serial", "last-byte", "one question is answered at a time, each in 40 ms"},
	{"stalls", "whole-body", "headers are sent and the body never ends"},
	{"cuts", "whole-body", "the body is shorter than Content-Length says"},
	{"other-host", "redirect", "ready is sent on to another host"},
	{"login", "redirect", "ready is sent on to a login page that answers 200"},
	{"password", "auth", "endpoints want a password"},
	{"page", "big-body", "ready answers with a page of 64 KiB"},
	{"no-close", "keep-alive", "connections that are to be closed get 400"},
	{"one-host", "host", "names other than localhost get 400"},
	{"speaks-tls", "tls", "the port of the endpoints speaks TLS"},
	{"loopback-only", "loopback", "endpoints listen on the loopback address"},
	{"ipv4-only", "ipv6", "endpoints do not listen on IPv6"},
	{"passes-on", "fan-out", "each question for ready is passed on to the database"},
}

// What the correct sample does, small enough for tests.
const (
	workers    = 8
	beatEvery  = 50 * time.Millisecond
	beatsLost  = 12 // of the watchdog's ticks without a beat: dead
	checkEvery = 100 * time.Millisecond
	checkTime  = 800 * time.Millisecond
	stale      = 1500 * time.Millisecond
	drain      = 1200 * time.Millisecond
)

type sample struct {
	mistake string
	db      *resource
	disk    *resource
	work    time.Duration // what a request takes

	booted, draining atomic.Bool
	lost             atomic.Int64  // ticks of the watchdog since the last beat
	beat             atomic.Int64  // when the last one was, by the wall clock in nanoseconds
	asked            atomic.Int64  // how often for ready
	serving          sync.Mutex    // what a deadlock holds
	one              sync.Mutex    // held by the question that is answered, where they are answered one at a time
	pool             chan struct{} // of workers: full when all are at work
}

// Main runs the sample until SIGTERM and returns its exit code.
func Main(args []string) int {
	s := &sample{pool: make(chan struct{}, workers)}
	flags := flag.NewFlagSet("sample", flag.ContinueOnError)
	listen := flags.String("listen", ":8080", "where requests are answered")
	health := flags.String("health", ":8081", "where the three questions are")
	boot := flags.Duration("boot", 0, "how long a boot takes")
	db := flags.String("db", "", "address of the database")
	disk := flags.String("disk", "", "address of the disk")
	flags.DurationVar(&s.work, "work", 300*time.Millisecond, "what a request takes")
	flags.StringVar(&s.mistake, "mistake", "", "what is done wrong")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	if s.mistake != "" && !slices.ContainsFunc(Mistakes, func(m Mistake) bool { return m.Name == s.mistake }) {
		fmt.Fprintf(os.Stderr, "sample: there is no mistake %q\n", s.mistake)
		return 2
	}
	term := make(chan os.Signal, 1)
	switch s.mistake {
	case "no-handler":
	case "deaf":
		signal.Ignore(syscall.SIGTERM)
	default:
		signal.Notify(term, syscall.SIGTERM)
	}
	s.db, s.disk = s.resource(*db), s.resource(*disk)
	if err := s.run(*listen, *health, *boot, term); err != nil {
		fmt.Fprintln(os.Stderr, "sample:", err)
		return 1
	}
	if s.is("exit-code") {
		return 1
	}
	return 0
}

func (s *sample) is(mistake string) bool { return s.mistake == mistake }

func (s *sample) run(listen, health string, boot time.Duration, term <-chan os.Signal) error {
	open := func() error {
		network := "tcp"
		_, port, err := net.SplitHostPort(health)
		switch {
		case err != nil:
			return err
		case s.is("loopback-only"):
			health = net.JoinHostPort("localhost", port)
		case s.is("ipv4-only"):
			network = "tcp4"
		}
		l, err := net.Listen(network, health)
		if err != nil {
			return err
		}
		if s.is("speaks-tls") {
			config, err := certificate()
			if err != nil {
				return err
			}
			l = tls.NewListener(l, config)
		}
		go func() { _ = http.Serve(l, s.endpoints()) }() //nolint:gosec // the sample ends before a slow client matters
		return nil
	}
	if !s.is("live-after-boot") {
		if err := open(); err != nil {
			return err
		}
	}
	select {
	case <-time.After(boot):
	case <-term:
		return nil
	}
	for _, r := range []*resource{s.db, s.disk} {
		if r != nil {
			r.check()
			go r.watch()
		}
	}
	s.beat.Store(time.Now().UnixNano())
	go s.pulse()
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: http.HandlerFunc(s.request), ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(l) }()
	s.booted.Store(true)
	if s.is("live-after-boot") {
		if err := open(); err != nil {
			return err
		}
	}
	<-term
	s.draining.Store(true)
	if !s.is("no-drain") {
		time.Sleep(drain)
	}
	end, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	err = server.Shutdown(end)
	if s.is("no-drain") {
		time.Sleep(drain)
	}
	return err
}

// request is an ordinary request: it takes a worker for a while.
func (s *sample) request(w http.ResponseWriter, r *http.Request) {
	s.serving.Lock()
	//lint:ignore SA2001 a request only passes through, and cannot when a deadlock holds it
	s.serving.Unlock()
	s.pool <- struct{}{}
	defer func() { <-s.pool }()
	time.Sleep(s.work)
	fmt.Fprintln(w, "served")
}

// pulse beats while the serving path moves, and counts how often it should have.
func (s *sample) pulse() {
	go func() {
		for {
			time.Sleep(beatEvery)
			if s.is("wall-clock") { // a beat that takes several steps is late for as long after a pause
				for range 5 {
					time.Sleep(beatEvery)
				}
			}
			s.serving.Lock()
			s.lost.Store(0)
			s.beat.Store(time.Now().UnixNano())
			s.serving.Unlock()
		}
	}()
	for {
		time.Sleep(beatEvery) // in a process that does not run, nothing is lost either
		s.lost.Add(1)
	}
}

// moves says whether the serving path does.
func (s *sample) moves() bool {
	if s.is("wall-clock") {
		return time.Since(time.Unix(0, s.beat.Load())) < beatsLost*beatEvery
	}
	return s.lost.Load() < beatsLost
}

func (s *sample) started() bool {
	return s.booted.Load() && !(s.is("started-asks-db") && !s.db.good()) || s.is("started-at-once")
}

func (s *sample) ready() bool {
	switch {
	case s.is("ready-at-once") && !s.booted.Load():
		return true
	case s.is("flaps") && s.asked.Add(1)%7 == 0:
		return false
	case s.is("waits-for-db"), s.is("passes-on"):
		if s.booted.Load() && !s.db.ask(10*time.Second) {
			return false
		}
	case s.is("leaks"):
		done := make(chan bool, 1)
		go func() { done <- s.disk.ask(time.Hour) }()
		select {
		case ok := <-done:
			if !ok {
				return false
			}
		case <-time.After(checkTime):
			return false
		}
	}
	return s.booted.Load() && (!s.draining.Load() || s.is("ready-in-drain")) && (s.moves() || s.is("ready-in-deadlock")) &&
		(s.disk.good() || s.is("ignores-disk")) && !(s.is("never-recovers") && s.disk.wasAway()) && !(s.is("leaves-for-db") && !s.db.good())
}

func (s *sample) live() bool {
	switch {
	case s.is("no-heartbeat"):
		return true
	case s.is("live-false-at-boot") && !s.booted.Load(), s.is("live-false-in-drain") && s.draining.Load(), s.is("live-asks-db") && s.booted.Load() && !s.db.good():
		return false
	case s.is("live-in-pool") && s.booted.Load():
		s.pool <- struct{}{}
		defer func() { <-s.pool }()
	case s.is("live-works"):
		burn(100 * time.Millisecond)
	}
	return !s.booted.Load() || s.moves()
}

// burn takes so much CPU on an idle machine, and more time on a busy one.
func burn(d time.Duration) {
	const perMillisecond = 750_000 // steps of the loop, about
	x := uint64(1)
	for range perMillisecond * d.Milliseconds() {
		x = x*6364136223846793005 + 1442695040888963407
	}
	sink.Store(x)
}

var sink atomic.Uint64

func (s *sample) endpoints() http.Handler {
	mux := http.NewServeMux()
	for name, is := range map[string]func() bool{"started": s.started, "ready": s.ready, "live": s.live} {
		mux.HandleFunc("GET /health/"+name, func(w http.ResponseWriter, r *http.Request) { s.tell(w, r, name, is) })
	}
	mux.HandleFunc("GET /login", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "who are you") })
	mux.HandleFunc("POST /deadlock", func(w http.ResponseWriter, _ *http.Request) {
		s.serving.Lock() // for ever
		fmt.Fprintln(w, "locked")
	})
	return mux
}

// tell answers one question.
func (s *sample) tell(w http.ResponseWriter, r *http.Request, name string, is func() bool) {
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		host = r.Host
	}
	ip := net.ParseIP(host)
	switch {
	case s.is("password") && r.Header.Get("Authorization") == "":
		http.Error(w, "who are you", http.StatusUnauthorized)
		return
	case s.is("one-host") && host != "localhost" && (ip == nil || !ip.IsLoopback()):
		http.Error(w, "no such host here", http.StatusBadRequest)
		return
	case s.is("no-close") && r.Close:
		http.Error(w, "stay", http.StatusBadRequest)
		return
	case s.is("other-host") && name == "ready":
		http.Redirect(w, r, "http://login.example.com/", http.StatusFound)
		return
	case s.is("login") && name == "ready":
		http.Redirect(w, r, "/login", http.StatusFound)
		return
	case s.is("serial"):
		s.one.Lock()
		time.Sleep(40 * time.Millisecond)
		s.one.Unlock()
	}
	code, text := http.StatusServiceUnavailable, "false\n"
	if is() {
		code, text = http.StatusOK, "true\n"
	}
	switch {
	case s.is("stalls"):
		w.WriteHeader(code)
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
		return
	case s.is("cuts"):
		w.Header().Set("Content-Length", "100")
	case s.is("page") && name == "ready":
		text = strings.Repeat("all is well. ", 5000)
	}
	w.WriteHeader(code)
	_, _ = io.WriteString(w, text)
}

// resource is a dependency, checked in the background: one check at a time, with a deadline; what is not confirmed is false after a while.
type resource struct {
	addr       string
	neverStale bool
	at         atomic.Int64 // when the last good check was, by the wall clock in nanoseconds
	bad        atomic.Bool  // the last check failed
	away       atomic.Bool  // any check failed
}

func (s *sample) resource(addr string) *resource {
	if addr == "" {
		return nil
	}
	return &resource{addr: addr, neverStale: s.is("never-stale")}
}

func (r *resource) watch() {
	for {
		time.Sleep(checkEvery)
		r.check()
	}
}

func (r *resource) check() {
	deadline := checkTime
	if r.neverStale {
		deadline = time.Hour
	}
	ok := r.ask(deadline)
	if r.bad.Store(!ok); ok {
		r.at.Store(time.Now().UnixNano())
	} else {
		r.away.Store(true)
	}
}

func (r *resource) good() bool {
	return r == nil || !r.bad.Load() && (r.neverStale || time.Since(time.Unix(0, r.at.Load())) < stale)
}

func (r *resource) wasAway() bool { return r != nil && r.away.Load() }

// ask sends a line and waits for one.
func (r *resource) ask(deadline time.Duration) bool {
	if r == nil {
		return true
	}
	c, err := net.DialTimeout("tcp", r.addr, deadline)
	if err != nil {
		return false
	}
	defer c.Close()
	if c.SetDeadline(time.Now().Add(deadline)) != nil {
		return false
	}
	if _, err := io.WriteString(c, "ping\n"); err != nil {
		return false
	}
	line, err := bufio.NewReader(c).ReadString('\n')
	return err == nil && line == "pong\n"
}

// Pong is a dependency: it answers lines until the listener is closed.
func Pong(l net.Listener) {
	for {
		c, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		} else if err != nil {
			continue
		}
		go func() {
			defer c.Close()
			for lines := bufio.NewScanner(c); lines.Scan(); {
				if _, err := io.WriteString(c, "pong\n"); err != nil {
					return
				}
			}
		}()
	}
}

// certificate is one that this process signed itself.
func certificate() (*tls.Config, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"localhost"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, nil
}
