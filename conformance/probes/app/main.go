// Command app plays the behaviour of package act on a node, and writes down what it is asked.
//
//	app ACT        ACT is an act.Act in JSON
//	app ACT KIND   it is run in the container as a probe of the kind, 0 startup, 1 readiness, 2 liveness
//
// Every incarnation appends to the file /state/log, a line an event:
//
//	INSTANT INCARNATION start|term|exit
//	INSTANT INCARNATION call KIND
//
// where an instant is nanoseconds since 1970.
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/fairway-k8s/fairway/conformance/probes/act"
	"github.com/fairway-k8s/fairway/internal/probesim"
)

const record = "/state/log"

// firstPort is that of HTTP; those of TCP follow, one a kind.
const firstPort = 8080

func main() {
	if len(os.Args) < 2 || len(os.Args) > 3 {
		log.Fatal("usage: app ACT [KIND]")
	}
	var a act.Act
	if err := json.Unmarshal([]byte(os.Args[1]), &a); err != nil {
		log.Fatal("the act: ", err)
	}
	out, err := os.OpenFile(record, os.O_CREATE|os.O_APPEND|os.O_RDWR, 0o666)
	if err != nil {
		log.Fatal(err)
	}
	p := &player{act: a, out: out}
	starts := p.starts()
	if len(os.Args) == 3 {
		kind, err := strconv.Atoi(os.Args[2])
		if err != nil || kind < 0 || kind > 2 || len(starts) == 0 {
			log.Fatalf("no probe of the kind %q after %d starts", os.Args[2], len(starts))
		}
		p.n, p.began = len(starts)-1, starts[len(starts)-1]
		p.ask(probesim.Kind(kind))
		return
	}
	p.n = len(starts)
	p.play()
}

type player struct {
	act   act.Act
	out   *os.File
	n     int
	began time.Time
}

// write appends one line in one call, so that lines of several processes do not mix.
func (p *player) write(at time.Time, what string) {
	if _, err := fmt.Fprintf(p.out, "%d %d %s\n", at.UnixNano(), p.n, what); err != nil {
		log.Fatal(err)
	}
}

// starts are the instants at which the incarnations so far began.
func (p *player) starts() []time.Time {
	text, err := os.ReadFile(record)
	if err != nil {
		log.Fatal(err)
	}
	var all []time.Time
	for line := range strings.Lines(string(text)) {
		if f := strings.Fields(line); len(f) == 3 && f[2] == "start" {
			ns, err := strconv.ParseInt(f[0], 10, 64)
			if err != nil {
				log.Fatalf("%s: %v", record, err)
			}
			all = append(all, time.Unix(0, ns))
		}
	}
	return all
}

// called writes a question down and says how to answer it.
func (p *player) called(k probesim.Kind) act.Answer {
	now := time.Now()
	p.write(now, fmt.Sprintf("call %d", k))
	return p.act.At(k, p.n, now.Sub(p.began))
}

// ask is a probe over exec.
func (p *player) ask(k probesim.Kind) {
	switch p.called(k) {
	case act.Yes:
	case act.Hold:
		time.Sleep(time.Hour) // not an empty select: the runtime would end a program in which nothing can happen
	default:
		os.Exit(1)
	}
}

func (p *player) play() {
	web, err := net.Listen("tcp", fmt.Sprint(":", firstPort))
	if err != nil {
		log.Fatal(err)
	}
	p.began = time.Now()
	p.write(p.began, "start")
	for k, path := range [...]string{"/health/started", "/health/ready", "/health/live"} {
		http.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) { p.serve(w, r, probesim.Kind(k)) })
		if p.act.Over[k] == act.TCP {
			go p.listen(probesim.Kind(k))
		}
	}
	go func() { log.Fatal(http.Serve(web, nil)) }()
	term := make(chan os.Signal, 1)
	signal.Notify(term, syscall.SIGTERM)
	var exit <-chan time.Time
	if life := p.act.Life(p.n); life > 0 {
		exit = time.After(life)
	}
	select {
	case at := <-exit:
		p.write(at, "exit")
		os.Exit(1)
	case <-term:
		p.write(time.Now(), "term")
		time.Sleep(p.act.Stop)
		os.Exit(143)
	}
}

func (p *player) serve(w http.ResponseWriter, r *http.Request, k probesim.Kind) {
	switch p.called(k) {
	case act.Yes:
		w.WriteHeader(http.StatusOK)
	case act.No:
		w.WriteHeader(http.StatusServiceUnavailable)
	case act.Hold:
		<-r.Context().Done()
	case act.Stall:
		w.Header().Set("Content-Length", "100")
		w.WriteHeader(http.StatusServiceUnavailable)
		_ = http.NewResponseController(w).Flush() // a client that has gone needs no answer
		<-r.Context().Done()
	case act.Redirect:
		w.Header().Set("Location", "http://elsewhere.example/login")
		w.WriteHeader(http.StatusFound)
	case act.Deny:
		w.WriteHeader(http.StatusUnauthorized)
	}
}

// listen opens the port of a kind after boot, and accepts until the application locks up.
func (p *player) listen(k probesim.Kind) {
	time.Sleep(p.act.BootOf(p.n))
	l, err := net.Listen("tcp", fmt.Sprint(":", firstPort+1+int(k)))
	if err != nil {
		log.Fatal(err)
	}
	for p.act.At(k, p.n, time.Since(p.began)) == act.Yes {
		c, err := l.Accept()
		if err != nil {
			log.Fatal(err)
		}
		if p.act.At(k, p.n, time.Since(p.began)) == act.Yes { // it sees no other
			p.called(k)
			_ = c.Close()
		}
	}
	select {} // the port stays open
}
