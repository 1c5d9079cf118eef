package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	sundheit "github.com/AppsFlyer/go-sundheit"
	"github.com/AppsFlyer/go-sundheit/checks"
	sundheithttp "github.com/AppsFlyer/go-sundheit/http"
	"github.com/InVisionApp/go-health/v2"
	"github.com/InVisionApp/go-health/v2/handlers"
	invisionlog "github.com/InVisionApp/go-logger"
	alex "github.com/alexliesenfeld/health"
	fairway "github.com/fairway-k8s/fairway/health"
	hellofresh "github.com/hellofresh/health-go/v5"
	"github.com/heptiolabs/healthcheck"
)

const (
	interval = 500 * time.Millisecond
	timeout  = 2 * time.Second
)

// check is what a library is to call. It does not look at its context when it hangs.
type check func(context.Context) error

// library is one of the libraries in one of the ways in which it can be used.
type library struct {
	name string
	path string // to ask
	// make returns a handler with these checks, and how to end what runs in the background.
	make func(checks []check) (http.Handler, func())
}

func name(i int) string { return fmt.Sprint("check", i) }

var libraries = []library{
	{"fairway health", "/health/ready", func(cs []check) (http.Handler, func()) {
		h := fairway.New(fairway.Options{Log: slog.New(slog.DiscardHandler)})
		for i, c := range cs {
			h.Check(fairway.Check{Name: name(i), Interval: interval, Timeout: timeout, Func: c})
		}
		h.Started()
		return h, func() { _ = h.Close() }
	}},
	{"heptiolabs", "/ready", func(cs []check) (http.Handler, func()) {
		h := healthcheck.NewHandler()
		for i, c := range cs {
			h.AddReadinessCheck(name(i), func() error { return c(context.Background()) })
		}
		return h, func() {}
	}},
	{"heptiolabs, Timeout", "/ready", func(cs []check) (http.Handler, func()) {
		h := healthcheck.NewHandler()
		for i, c := range cs {
			h.AddReadinessCheck(name(i), healthcheck.Timeout(func() error { return c(context.Background()) }, timeout))
		}
		return h, func() {}
	}},
	{"heptiolabs, Async", "/ready", func(cs []check) (http.Handler, func()) {
		h := healthcheck.NewHandler()
		ctx, cancel := context.WithCancel(context.Background())
		for i, c := range cs {
			h.AddReadinessCheck(name(i), healthcheck.AsyncWithContext(ctx, func() error { return c(context.Background()) }, interval))
		}
		return h, cancel
	}},
	{"alexliesenfeld, periodic, global timeout", "/", func(cs []check) (http.Handler, func()) {
		options := []alex.CheckerOption{alex.WithTimeout(timeout)}
		for i, c := range cs {
			options = append(options, alex.WithPeriodicCheck(interval, 0, alex.Check{Name: name(i), Check: c}))
		}
		checker := alex.NewChecker(options...)
		return alex.NewHandler(checker), func() {} // Stop waits for checks that hang
	}},
	{"alexliesenfeld, periodic, timeout per check", "/", func(cs []check) (http.Handler, func()) {
		options := []alex.CheckerOption{}
		for i, c := range cs {
			options = append(options, alex.WithPeriodicCheck(interval, 0, alex.Check{Name: name(i), Check: c, Timeout: timeout}))
		}
		return alex.NewHandler(alex.NewChecker(options...)), func() {}
	}},
	{"alexliesenfeld, on request", "/", func(cs []check) (http.Handler, func()) {
		options := []alex.CheckerOption{alex.WithTimeout(timeout)}
		for i, c := range cs {
			options = append(options, alex.WithCheck(alex.Check{Name: name(i), Check: c}))
		}
		return alex.NewHandler(alex.NewChecker(options...)), func() {}
	}},
	{"hellofresh", "/", func(cs []check) (http.Handler, func()) {
		h, err := hellofresh.New()
		for i, c := range cs {
			if err == nil {
				err = h.Register(hellofresh.Config{Name: name(i), Timeout: timeout, Check: hellofresh.CheckFunc(c)})
			}
		}
		if err != nil {
			panic(err)
		}
		return h.Handler(), func() {}
	}},
	{"sundheit, ExecutionTimeout", "/", func(cs []check) (http.Handler, func()) {
		h := sundheit.New()
		for i, c := range cs {
			custom := &checks.CustomCheck{CheckName: name(i), CheckFunc: func(ctx context.Context) (any, error) { return nil, c(ctx) }}
			if err := h.RegisterCheck(custom, sundheit.ExecutionPeriod(interval), sundheit.ExecutionTimeout(timeout)); err != nil {
				panic(err)
			}
		}
		return sundheithttp.HandleHealthJSON(h), h.DeregisterAll
	}},
	{"InVision", "/", func(cs []check) (http.Handler, func()) {
		h := health.New()
		h.Logger = invisionlog.NewNoop()
		for i, c := range cs {
			if err := h.AddCheck(&health.Config{Name: name(i), Checker: invision(c), Interval: interval, Fatal: true}); err != nil {
				panic(err)
			}
		}
		if err := h.Start(); err != nil {
			panic(err)
		}
		return handlers.NewJSONHandlerFunc(h, nil), func() { _ = h.Stop() }
	}},
}

type invision check

func (c invision) Status() (any, error) { return nil, c(context.Background()) }

// discard is a ResponseWriter that costs nothing of its own.
type discard struct{ header http.Header }

func (d discard) Header() http.Header         { return d.header }
func (d discard) Write(b []byte) (int, error) { return len(b), nil }
func (d discard) WriteHeader(int)             {}
