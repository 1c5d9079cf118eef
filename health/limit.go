package health

import (
	"math"
	"net/http"
	"strconv"
	"time"
)

// Limit returns a handler that lets so many requests run at once. Others wait, in the order in which they came, for so long at most; then
// they are refused with 503 and Retry-After. Without it an overload makes every request wait longer than its client does, so that all the
// work is for nobody, and goes on after its cause has gone. It belongs around what Server returns, or within:
//
//	srv.Handler = h.Limit(64, time.Second, h.Server("requests", self, budget, mux))
//
// Requests for the health endpoints and those of Server to itself are not limited. It panics when running is not positive.
func (h *Health) Limit(running int, wait time.Duration, handler http.Handler) http.Handler {
	if running <= 0 {
		panic("health: a limit of no requests at once")
	}
	slots := make(chan struct{}, running)
	retry := strconv.Itoa(int(max(1, math.Ceil(wait.Seconds()))))
	enter := func(r *http.Request) bool {
		select {
		case slots <- struct{}{}:
			return true
		default:
		}
		if wait <= 0 {
			return false
		}
		timer := time.NewTimer(wait)
		defer timer.Stop()
		select {
		case slots <- struct{}{}:
			return true
		case <-timer.C:
		case <-r.Context().Done(): // nobody waits for the answer
		}
		return false
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == livePath || r.URL.Path == readyPath || r.URL.Path == startedPath || r.Header.Get(tokenHeader) == h.token:
			handler.ServeHTTP(w, r)
		case enter(r):
			defer func() { <-slots }()
			handler.ServeHTTP(w, r)
		default:
			w.Header().Set("Retry-After", retry)
			http.Error(w, "overloaded: try again later", http.StatusServiceUnavailable)
		}
	})
}
