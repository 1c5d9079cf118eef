package health

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// TestLogOfChecks: a check that fails without changing a truth is in the log, with its reason, once; one that changes ready is told by that record.
func TestLogOfChecks(t *testing.T) {
	for _, shared := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			var log bytes.Buffer
			h := New(Options{Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
				if a.Key == slog.TimeKey {
					return slog.Attr{}
				}
				return a
			}}))})
			var down atomic.Bool
			h.Check(Check{Name: "database", Shared: shared, Func: func(context.Context) error {
				if down.Load() {
					return errors.New("connection refused")
				}
				return nil
			}})
			time.Sleep(time.Second)
			h.Started()
			time.Sleep(time.Second)
			for _, is := range []bool{true, false} {
				down.Store(is)
				time.Sleep(2 * time.Minute)
			}
			h.Close()
			want := "level=INFO msg=health started=true\nlevel=INFO msg=health ready=true\n"
			if shared {
				want += "level=WARN msg=health check=database state=degraded because=\"connection refused\"\nlevel=INFO msg=health check=database state=passing\n"
			} else {
				want += "level=WARN msg=health ready=false because=\"database failing: connection refused\"\nlevel=INFO msg=health ready=true\n"
			}
			if got := log.String(); strings.TrimSpace(got) != strings.TrimSpace(want) {
				t.Errorf("shared %v: the log has\n%swant\n%s", shared, got, want)
			}
		})
	}
}
