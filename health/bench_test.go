//go:build unix

package health

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"syscall"
	"testing"
	"time"
)

// discard is a ResponseWriter that costs nothing of its own.
type discard struct{ header http.Header }

func (d discard) Header() http.Header         { return d.header }
func (d discard) Write(b []byte) (int, error) { return len(b), nil }
func (d discard) WriteHeader(int)             {}

func BenchmarkAnswer(b *testing.B) {
	for _, target := range []string{"/health/ready", "/health/live", "/health/ready?verbose"} {
		b.Run(target, func(b *testing.B) {
			h := New(Options{Log: slog.New(slog.DiscardHandler)})
			defer h.Close()
			for i := range 10 {
				h.Check(Check{Name: fmt.Sprint("check", i), Func: good})
			}
			h.Started()
			r := httptest.NewRequest(http.MethodGet, target, nil)
			w := discard{http.Header{}}
			b.ReportAllocs()
			before := cpu()
			for b.Loop() {
				h.ServeHTTP(w, r)
			}
			b.ReportMetric(float64(cpu()-before)/float64(b.N), "cpu-ns/op")
		})
	}
}

// cpu is the CPU time of this process, which a busy machine does not make longer than it is.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
