// Command sampleapp does what golden paths ask of a service, in each shape, and says what it sees of how it is run.
//
//	sampleapp MODE
//
// MODE is service, careless, worker, job or stateful; without it, the setting MODE says it. A setting is a variable of the environment,
// a file of that name below /etc/sample, or a line NAME=VALUE of a file there that ends in .env: paths differ in how they hand out
// configuration. All but a job open the health listener first, port 8081: /health/started, /health/ready and
// /health/live. A service and a stateful one answer on port 8080.
//
// Told to stop (SIGTERM) a service is not ready any more, asks its clients to close their connections, and ends when all requests are
// answered; a careless one ends at once. A worker takes no new job and ends the one it has.
package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	settingsDir = "/etc/sample"
	dataDir     = "/var/lib/sample" // of a stateful service: its claim
	scratchDir  = "/tmp"            // of a job: lost with the pod
	// beatLimit is how old the last sign of progress may be before /health/live says no; the golden path's heartbeat is a minute.
	beatLimit = time.Minute
	// closing is how long a service that was told to stop goes on taking requests, to say on each connection that it is the last one.
	closing = 2 * time.Second
)

// settings are how it behaves.
type settings struct {
	mode    string
	version string        // told to clients
	boot    time.Duration // how long a start takes
	job     time.Duration // how long a job takes
}

func main() {
	log.SetFlags(log.Ltime)
	s, err := read()
	if err != nil {
		log.Fatal(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	confinement, _ := json.Marshal(look())
	log.Printf("confinement %s", confinement)
	if err := s.run(ctx); err != nil {
		log.Fatal(err)
	}
}

// read reads the settings. Arguments win.
func read() (s settings, err error) {
	s.mode, s.version = setting("MODE"), setting("VERSION")
	job := setting("JOB")
	if len(os.Args) > 1 {
		s.mode = os.Args[1]
	}
	if len(os.Args) > 2 {
		job = os.Args[2]
	}
	for _, x := range []struct {
		to   *time.Duration
		text string
	}{{&s.boot, setting("BOOT")}, {&s.job, job}} {
		if *x.to, err = time.ParseDuration(cmp.Or(x.text, "0")); err != nil {
			return s, err
		}
	}
	return s, nil
}

// setting returns the value of a setting, "" when nothing is said.
func setting(name string) string {
	if value, ok := os.LookupEnv(name); ok {
		return value
	}
	if value, err := os.ReadFile(filepath.Join(settingsDir, name)); err == nil {
		return strings.TrimSpace(string(value))
	}
	files, _ := filepath.Glob(filepath.Join(settingsDir, "*.env"))
	for _, file := range files {
		text, _ := os.ReadFile(file)
		for line := range strings.Lines(string(text)) {
			if key, value, _ := strings.Cut(strings.TrimSpace(line), "="); key == name {
				return value
			}
		}
	}
	return ""
}

func (s settings) run(ctx context.Context) error {
	if s.mode == "job" {
		return s.runJob()
	}
	h := &health{}
	if err := h.listen(":8081"); err != nil {
		return err
	}
	time.Sleep(s.boot)
	switch s.mode {
	case "worker":
		return s.worker(ctx, h)
	case "careless":
		context.AfterFunc(ctx, func() { os.Exit(0) })
		fallthrough
	case "service":
		return s.service(ctx, h, http.NewServeMux())
	case "stateful":
		mux, err := keep(dataDir)
		if err != nil {
			return err
		}
		return s.service(ctx, h, mux)
	}
	return fmt.Errorf("mode %q: name service, careless, worker, job or stateful", s.mode)
}

// health answers the three questions of probes.
type health struct {
	started, ready atomic.Bool
	beat           atomic.Int64 // when there was progress last, in nanoseconds since 1970; 0 when nothing beats
}

func (h *health) listen(address string) error {
	answer := func(yes func() bool) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			if !yes() {
				w.WriteHeader(http.StatusServiceUnavailable)
			}
		}
	}
	mux := http.NewServeMux()
	mux.Handle("/health/started", answer(h.started.Load))
	mux.Handle("/health/ready", answer(h.ready.Load))
	mux.Handle("/health/live", answer(func() bool {
		beat := h.beat.Load()
		return beat == 0 || time.Since(time.Unix(0, beat)) < beatLimit
	}))
	l, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	go func() { log.Fatal(http.Serve(l, mux)) }()
	return nil
}

// answer is what a service says to a client.
type answer struct {
	Pod      string `json:"pod"`
	Version  string `json:"version"`
	Draining bool   `json:"draining"` // it was told to stop by the end of the request
}

// service answers requests until it is told to stop and the last one is answered.
func (s settings) service(ctx context.Context, h *health, mux *http.ServeMux) error {
	pod, err := os.Hostname()
	if err != nil {
		return err
	}
	var answered, open atomic.Int64
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { // for=5s is how long it takes
		if text := r.FormValue("for"); text != "" {
			d, err := time.ParseDuration(text)
			if err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
				return
			}
			time.Sleep(d)
		}
		reply(w, answer{Pod: pod, Version: s.version, Draining: ctx.Err() != nil})
	})
	mux.HandleFunc("/lookup", func(w http.ResponseWriter, r *http.Request) {
		addresses, err := net.DefaultResolver.LookupHost(r.Context(), r.FormValue("host"))
		if err != nil {
			http.Error(w, err.Error(), http.StatusNotFound)
			return
		}
		reply(w, addresses)
	})
	server := http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		open.Add(1)
		defer func() { open.Add(-1); answered.Add(1) }()
		if ctx.Err() != nil {
			w.Header().Set("Connection", "close")
		}
		mux.ServeHTTP(w, r)
	})}
	l, err := net.Listen("tcp", ":8080")
	if err != nil {
		return err
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(l) }()
	h.started.Store(true)
	h.ready.Store(true)
	log.Print("ready")
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	h.ready.Store(false)
	log.Printf("told to stop with %d requests open", open.Load())
	time.Sleep(closing)
	if err := server.Shutdown(context.Background()); err != nil {
		return err
	}
	log.Printf("stopped with %d requests open, after %d", open.Load(), answered.Load())
	return nil
}

// reply writes a value as JSON.
func reply(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // a client that went away is no fault of ours
}

// worker does one job after the other until it is told to stop.
func (s settings) worker(ctx context.Context, h *health) error {
	h.started.Store(true)
	for n := 1; ; n++ {
		log.Printf("job %d begins", n)
		for end := time.Now().Add(s.job); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
			h.beat.Store(time.Now().UnixNano()) // a long job notes its progress too
		}
		log.Printf("job %d ends", n)
		if ctx.Err() != nil {
			log.Printf("stopped after job %d", n)
			return nil
		}
	}
}

// runJob does one thing that needs a file, and ends.
func (s settings) runJob() error {
	log.Print("job begins")
	time.Sleep(s.job)
	if err := os.WriteFile(filepath.Join(scratchDir, "result"), []byte("42\n"), 0o600); err != nil {
		return err
	}
	log.Print("job ends")
	return nil
}

// keep serves a value that outlives the pod: PUT /value writes it, GET /value reads it, GET /boots says how many starts it has seen.
func keep(dir string) (*http.ServeMux, error) {
	value, boots := filepath.Join(dir, "value"), filepath.Join(dir, "boots")
	count := 0
	data, err := os.ReadFile(boots)
	if err == nil {
		count, err = strconv.Atoi(string(data))
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if err := write(boots, strconv.Itoa(count+1)); err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /boots", func(w http.ResponseWriter, _ *http.Request) { reply(w, count+1) })
	mux.HandleFunc("GET /value", func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, value) })
	mux.HandleFunc("PUT /value", func(w http.ResponseWriter, r *http.Request) {
		if err := write(value, r.FormValue("is")); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	})
	return mux, nil
}

// write writes a file whole and to disk.
func write(name, text string) error {
	f, err := os.Create(name + ".new")
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(name+".new", name)
}

// confinement is how a process is held in: what the golden paths' defaults of security mean on a node.
type confinement struct {
	UID          int      `json:"uid"`
	GID          int      `json:"gid"`
	Groups       []int    `json:"groups"`
	Capabilities string   `json:"capabilities"` // the bounding set, in hex
	NoNewPrivs   string   `json:"noNewPrivs"`   // 1: no program that it runs gets more rights
	Seccomp      string   `json:"seccomp"`      // 2: system calls are filtered
	RootWritable bool     `json:"rootWritable"`
	Token        bool     `json:"token"`        // it has a key to the Kubernetes API
	ServiceLinks []string `json:"serviceLinks"` // variables with addresses of Services, but that of the Kubernetes API
}

func look() confinement {
	c := confinement{UID: os.Getuid(), GID: os.Getgid(), ServiceLinks: []string{}}
	c.Groups, _ = os.Getgroups()
	status, _ := os.ReadFile("/proc/self/status")
	for line := range strings.Lines(string(status)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ":\t")
		switch key {
		case "CapBnd":
			c.Capabilities = value
		case "NoNewPrivs":
			c.NoNewPrivs = value
		case "Seccomp":
			c.Seccomp = value
		}
	}
	err := os.WriteFile("/written", nil, 0o600)
	c.RootWritable = !errors.Is(err, syscall.EROFS)
	_, err = os.Stat("/var/run/secrets/kubernetes.io/serviceaccount/token")
	c.Token = err == nil
	for _, variable := range os.Environ() {
		name, _, _ := strings.Cut(variable, "=")
		if strings.HasSuffix(name, "_SERVICE_HOST") && name != "KUBERNETES_SERVICE_HOST" {
			c.ServiceLinks = append(c.ServiceLinks, name)
		}
	}
	slices.Sort(c.ServiceLinks)
	return c
}
