package health_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/fairway-k8s/fairway/health"
)

// A service from its start to its end.
func Example() {
	h := health.New(health.Options{Grace: 30 * time.Second})
	defer h.Close()
	if _, err := h.Listen(":8081"); err != nil { // before anything slow
		log.Print(err)
		return
	}
	h.Check(health.Check{Name: "disk", Func: func(context.Context) error {
		f, err := os.CreateTemp("", "probe")
		if err != nil {
			return err
		}
		return errors.Join(f.Close(), os.Remove(f.Name()))
	}})

	mux := http.NewServeMux()
	srv := &http.Server{Addr: ":8080", Handler: h.Server("requests", "http://127.0.0.1:8080/", 10*time.Second, mux)}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := h.Run(ctx, srv.ListenAndServe, srv.Shutdown); err != nil {
		log.Print(err)
	}
}

// A dependency that all replicas share is told, and no reason to leave.
func ExampleHealth_Check() {
	h := health.New(health.Options{Log: slog.New(slog.DiscardHandler)})
	defer h.Close()
	h.Started()
	asked := make(chan bool, 1)
	h.Check(health.Check{Name: "database", Shared: true, Func: func(context.Context) error {
		asked <- true
		return errors.New("connection refused")
	}})
	<-asked
	time.Sleep(10 * time.Millisecond)

	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/health/ready", nil))
	fmt.Println(w.Code, w.Body)
	// Output: 200 {"status":"UP","checks":[]}
}

func ExampleHealth_Loop() {
	h := health.New(health.Options{})
	defer h.Close()
	loop := h.Loop("flusher", 30*time.Second)
	go func() {
		for range time.Tick(time.Second) {
			// flush
			loop.Beat()
		}
	}()
}

func ExampleHealth_Work() {
	h := health.New(health.Options{})
	defer h.Close()
	work := h.Work("orders", time.Minute)
	orders := make(chan string)
	for range 8 {
		go func() {
			for o := range orders { // waiting for one is no reason to restart
				work.Do(func() { fmt.Println("ship", o) })
			}
		}()
	}
}

// At most 64 requests run, and others wait for a second at most.
func ExampleHealth_Limit() {
	h := health.New(health.Options{})
	defer h.Close()
	mux := http.NewServeMux()
	srv := &http.Server{Addr: ":8080"}
	srv.Handler = h.Limit(64, time.Second, h.Server("requests", "http://127.0.0.1:8080/", 10*time.Second, mux))
}

// Replicas may leave when the database is away for them, but never more than a quarter at once.
func ExampleOptions() {
	_ = health.New(health.Options{
		MayLeave: 0.25,
		Peers: func(ctx context.Context) (health.Peers, error) {
			// Count the endpoints of the service's EndpointSlices that are ready, and find this pod's place among them by name.
			return health.Peers{Size: 8, Ready: 8, Rank: 3}, nil
		},
	})
}
