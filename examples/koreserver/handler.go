package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"time"
)

const cookie = "kore_session"

// answer is what requests get, as JSON.
type answer struct {
	Pod   string `json:"pod"`             // who answered
	Items *int64 `json:"items,omitempty"` // what is in the visitor's cart
	Error string `json:"error,omitempty"`
}

// handler answers requests:
//
//	GET  /            who answers
//	GET  /talk?for=D  the same, after D, as a long conversation would
//	POST /cart        one more item in the visitor's cart; GET says how many
//	GET  /health      with one truth only
func (s *server) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) { s.say(w, http.StatusOK, answer{}) })
	mux.HandleFunc("GET /talk", func(w http.ResponseWriter, r *http.Request) {
		d, err := time.ParseDuration(r.FormValue("for"))
		if err != nil || d < 0 || d > time.Minute {
			s.say(w, http.StatusBadRequest, answer{Error: "for is a time up to 1m, such as for=2s"})
			return
		}
		if wait(r.Context(), d) {
			s.say(w, http.StatusOK, answer{})
		}
	})
	mux.HandleFunc("GET /cart", func(w http.ResponseWriter, r *http.Request) { s.cart(w, r, 0) })
	mux.HandleFunc("POST /cart", func(w http.ResponseWriter, r *http.Request) { s.cart(w, r, 1) })
	if !s.config.three {
		mux.HandleFunc("GET /health", s.oneTruth)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.serving.Lock()
		//lint:ignore SA2001 a request only passes through, and cannot when a deadlock holds it
		s.serving.Unlock()
		mux.ServeHTTP(w, r)
	})
}

// cart adds to the visitor's cart and tells what is in it. A store that is gone costs the cart, not the conversation.
func (s *server) cart(w http.ResponseWriter, r *http.Request, add int64) {
	visitor := rand.Text()
	if c, err := r.Cookie(cookie); err == nil && c.Value != "" && len(c.Value) <= 64 {
		visitor = c.Value
	} else {
		http.SetCookie(w, &http.Cookie{Name: cookie, Value: visitor, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
	}
	items, err := s.stored(r.Context(), func(ctx context.Context) (int64, error) { return s.carts.add(ctx, visitor, add) })
	if err != nil {
		s.say(w, http.StatusServiceUnavailable, answer{Error: "carts cannot be reached: " + err.Error()})
		return
	}
	s.say(w, http.StatusOK, answer{Items: &items})
}

// stored asks the store, for a second at most.
func (s *server) stored(ctx context.Context, ask func(context.Context) (int64, error)) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	if !wait(ctx, time.Duration(s.late.Load())) {
		return 0, ctx.Err()
	}
	return ask(ctx)
}

// reachable reports whether the store answers.
func (s *server) reachable(ctx context.Context) error {
	_, err := s.stored(ctx, func(ctx context.Context) (int64, error) { return 0, s.carts.ping(ctx) })
	return err
}

// oneTruth is good only when all is well. It was written for a load balancer, which only stopped sending requests.
func (s *server) oneTruth(w http.ResponseWriter, r *http.Request) {
	if state, _ := s.health.State(); !state.Ready {
		http.Error(w, "not ready", http.StatusServiceUnavailable)
		return
	}
	if err := s.reachable(r.Context()); err != nil {
		http.Error(w, "sessions: "+err.Error(), http.StatusServiceUnavailable)
		return
	}
	_, _ = w.Write([]byte("ok\n"))
}

func (s *server) say(w http.ResponseWriter, code int, a answer) {
	a.Pod = s.name
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(a)
}
