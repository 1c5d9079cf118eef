package main

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fairway-k8s/fairway/health"
)

// server is the service in one process.
type server struct {
	config *config
	log    *slog.Logger
	carts  carts
	name   string // of the pod

	health *health.Health
	late   atomic.Int64 // nanoseconds by which the store is made slow

	// serving is held for a moment by every request: the one lock that a conversation engine always has. The request that the
	// service sends itself as a heartbeat takes it too, so that a deadlock is seen by liveness.
	serving sync.Mutex
}

func newServer(c *config, log *slog.Logger) (*server, error) {
	store, err := open(c.sessions)
	if err != nil {
		return nil, err
	}
	name, err := os.Hostname()
	if err != nil {
		return nil, err
	}
	drain := c.drain
	if drain == 0 {
		drain = -1 // none; 0 is what is usual
	}
	h := health.New(health.Options{Drain: drain, Grace: c.drain + c.longest + time.Second, Log: log})
	return &server{config: c, log: log, carts: store, name: name, health: h}, nil
}

// run boots and serves until ctx ends, then drains: it says that it is not ready, serves what still comes for a while, lets requests end,
// and returns nil.
func (s *server) run(ctx context.Context) error {
	defer s.health.Close()
	if s.config.three {
		// Before anything slow: live has to be true during the boot.
		addr, err := s.health.Listen(s.config.health)
		if err != nil {
			return err
		}
		s.log.Info("listening", "for", "truths", "address", addr)
		// A store that all replicas share: without any of them nobody would be served, and with them only carts are missing.
		s.health.Check(health.Check{Name: "carts", Shared: true, Interval: 5 * time.Second, Func: s.reachable})
	}
	if !s.boot(ctx) {
		s.log.Info("told to stop during the boot")
		return nil
	}
	l, err := net.Listen("tcp", s.config.listen)
	if err != nil {
		return err
	}
	s.log.Info("listening", "for", "requests", "address", l.Addr())
	srv := &http.Server{
		Handler:           s.health.Server("requests", "http://"+l.Addr().String()+"/", s.config.heartbeat, s.handler()),
		ReadHeaderTimeout: 10 * time.Second,
	}
	defer srv.Close()
	living, cancel := context.WithCancel(context.Background())
	defer cancel()
	s.begin(living)
	return s.health.Run(ctx, func() error { return srv.Serve(l) }, srv.Shutdown)
}

// phases of a boot, and what part of it each takes, in percent.
var phases = []struct {
	name    string
	percent time.Duration
}{
	{"warm cache", 40},
	{"plugins", 15},
	{"connection pools", 10},
	{"model warm-up", 35},
}

// boot boots, and reports false when it was told to stop meanwhile.
func (s *server) boot(ctx context.Context) bool {
	total := s.config.boot
	if s.config.faults.has(faultSlowBoot) {
		total *= 3
	}
	began := time.Now()
	for _, p := range phases {
		s.log.Info("boot", "phase", p.name, "takes", total*p.percent/100)
		if !wait(ctx, total*p.percent/100) {
			return false
		}
	}
	s.log.Info("booted", "took", time.Since(began).Round(time.Millisecond))
	return true
}
