package health

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// Drain says that the process leaves: it is not ready from now on, for good, and live stays what it is. Run calls it.
func (h *Health) Drain() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.draining.Swap(true) {
		return
	}
	h.drained, h.dirty = time.Now(), true
	h.update()
}

// Run says that the boot is over, serves until ctx ends, and drains:
//
//	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
//	defer stop()
//	err := h.Run(ctx, srv.ListenAndServe, srv.Shutdown)
//
// Drain is: ready is false at once; requests are still served for Options.Drain, because clients and proxies hear of it late; then shutdown is
// called, which stops listening and lets requests end. Its context ends a second before the grace period does, so that there is time
// to say so before SIGKILL. SIGTERM or an interrupt that comes during the drain ends the waiting, and the context of shutdown.
//
// The log says how long it took, and what part of the grace period that is. Run returns nil when all requests had ended, an error that
// wraps context.DeadlineExceeded when some had not in time, one that wraps context.Canceled when a second signal came first, and what
// serve returned when it ended by itself; http.ErrServerClosed is no error. The endpoints answer until Close, or the end of the process.
func (h *Health) Run(ctx context.Context, serve func() error, shutdown func(context.Context) error) error {
	served := make(chan error, 1)
	go func() { served <- serve() }()
	h.Started()
	select {
	case err := <-served:
		if err == nil || errors.Is(err, http.ErrServerClosed) {
			return nil
		}
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}

	began := time.Now()
	// From here on, so that the signal that ended ctx is not taken for a second one.
	again := make(chan os.Signal, 1)
	signal.Notify(again, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(again)
	h.Drain()
	h.sayNow(slog.LevelInfo, "draining", slog.Duration("for", h.options.Drain), slog.Duration("grace", h.options.Grace))

	end, cancel := context.WithDeadline(context.WithoutCancel(ctx), began.Add(max(h.options.Grace-time.Second, h.options.Drain, time.Second)))
	defer cancel()
	wait := time.NewTimer(h.options.Drain)
	defer wait.Stop()
	select {
	case <-wait.C:
	case s := <-again:
		cancel()
		h.sayNow(slog.LevelWarn, "told to stop again: no more waiting", slog.Any("signal", s))
	}
	done := make(chan struct{})
	defer close(done)
	go func() {
		select {
		case s := <-again:
			cancel()
			h.sayNow(slog.LevelWarn, "told to stop again: requests that run are given up", slog.Any("signal", s))
		case <-done:
		}
	}()
	err := shutdown(end)
	used := time.Since(began).Round(time.Millisecond)
	attrs := []slog.Attr{slog.Duration("took", used), slog.Duration("grace", h.options.Grace), slog.Int("percent", int(100*used/h.options.Grace))}
	if err != nil {
		h.sayNow(slog.LevelWarn, "not drained: requests still run", append(attrs, slog.Any("error", err))...)
		return fmt.Errorf("drain: requests still ran after %s of the %s grace period: %w", used, h.options.Grace, err)
	}
	h.sayNow(slog.LevelInfo, "drained", attrs...)
	return nil
}
