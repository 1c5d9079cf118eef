package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// server is the service in one process.
type server struct {
	config *config
	log    *slog.Logger
	carts  carts
	name   string // of the pod

	booted   atomic.Bool  // for good
	draining atomic.Bool  // for good
	late     atomic.Int64 // nanoseconds by which the store is made slow
	beat     atomic.Int64 // when the serving path last moved, in Unix nanoseconds

	// serving is held for a moment by every request: the one lock that a conversation engine always has. The heartbeat takes it too, so
	// that a deadlock of requests is seen by liveness.
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
	return &server{config: c, log: log, carts: store, name: name}, nil
}

// run boots and serves until ctx ends, then drains: it says that it is not ready, serves what still comes for a while, lets requests end,
// and returns nil.
func (s *server) run(ctx context.Context) error {
	failed := make(chan error, 2)
	serve := func(what, addr string, h http.Handler) (*http.Server, error) {
		l, err := net.Listen("tcp", addr)
		if err != nil {
			return nil, err
		}
		s.log.Info("listening", "for", what, "address", l.Addr())
		srv := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
		go func() {
			if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
				failed <- err
			}
		}()
		return srv, nil
	}
	// Before anything slow: live has to be true during the boot, because a kubelet that was restarted asks for it then
	// (https://github.com/kubernetes/kubernetes/issues/142305).
	if s.config.three {
		side, err := serve("truths", s.config.health, s.truths())
		if err != nil {
			return err
		}
		defer side.Close()
	}
	if !s.boot(ctx) {
		s.log.Info("told to stop during the boot")
		return nil
	}
	s.beat.Store(time.Now().UnixNano())
	main, err := serve("requests", s.config.listen, s.handler())
	if err != nil {
		return err
	}
	defer main.Close()
	s.booted.Store(true)

	living, cancel := context.WithCancel(context.Background())
	defer cancel()
	go s.pulse(living)
	s.begin(living)

	select {
	case err := <-failed:
		return fmt.Errorf("stopped serving: %w", err)
	case <-ctx.Done():
	}
	began := time.Now()
	s.draining.Store(true)
	s.log.Info("draining", "for", s.config.drain)
	time.Sleep(s.config.drain)
	end, cancelEnd := context.WithTimeout(context.Background(), s.config.longest)
	defer cancelEnd()
	if err := main.Shutdown(end); err != nil {
		return fmt.Errorf("requests were still running %s after the drain: %w", s.config.longest, err)
	}
	s.log.Info("drained", "took", time.Since(began).Round(time.Millisecond))
	return nil
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

// pulse beats while the serving path moves.
func (s *server) pulse(ctx context.Context) {
	for wait(ctx, s.config.heartbeat/10) {
		s.serving.Lock()
		s.beat.Store(time.Now().UnixNano())
		s.serving.Unlock()
	}
}
