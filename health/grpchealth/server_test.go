package grpchealth_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"github.com/fairway-k8s/fairway/health"
	"github.com/fairway-k8s/fairway/health/grpchealth"
)

// serve is a health that is told over gRPC until the test ends, and a client of it.
func serve(t *testing.T) (*health.Health, healthpb.HealthClient) {
	t.Helper()
	h := health.New(health.Options{Log: slog.New(slog.DiscardHandler)})
	t.Cleanup(func() { h.Close() })
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := grpc.NewServer()
	healthpb.RegisterHealthServer(s, grpchealth.Server(h))
	go s.Serve(l)
	t.Cleanup(s.Stop)
	conn, err := grpc.NewClient(l.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return h, healthpb.NewHealthClient(conn)
}

func TestServer(t *testing.T) {
	h, client := serve(t)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()

	watches := map[string]healthpb.Health_WatchClient{}
	for _, name := range []string{"", "started", "ready", "live", "other"} {
		w, err := client.Watch(ctx, &healthpb.HealthCheckRequest{Service: name})
		if err != nil {
			t.Fatal(err)
		}
		watches[name] = w
	}
	watched := func(when, name, want string) {
		t.Helper()
		if r, err := watches[name].Recv(); err != nil || r.Status.String() != want {
			t.Errorf("%s, the watch of %q says %v, %v; want %s", when, name, r.GetStatus(), err, want)
		}
	}
	check := func(when, want string) {
		t.Helper()
		var got [4]string
		list, err := client.List(ctx, &healthpb.HealthListRequest{})
		if err != nil || len(list.Statuses) != len(got) {
			t.Fatalf("%s: %v, %v", when, list, err)
		}
		for i, name := range []string{"", "started", "ready", "live"} {
			r, err := client.Check(ctx, &healthpb.HealthCheckRequest{Service: name})
			if err != nil {
				t.Fatal(err)
			}
			got[i] = r.Status.String()
			if listed := list.Statuses[name].GetStatus(); listed != r.Status {
				t.Errorf("%s: %q is %s, and listed as %s", when, name, r.Status, listed)
			}
		}
		if fmt.Sprint(got) != want {
			t.Errorf("%s: all, started, ready, live are %s, want %s", when, got, want)
		}
	}
	check("while it boots", "[NOT_SERVING NOT_SERVING NOT_SERVING SERVING]")
	for name, want := range map[string]string{"": "NOT_SERVING", "started": "NOT_SERVING", "ready": "NOT_SERVING", "live": "SERVING", "other": "SERVICE_UNKNOWN"} {
		watched("while it boots", name, want)
	}
	h.Started()
	for _, name := range []string{"", "started", "ready"} {
		watched("after the boot", name, "SERVING")
	}
	check("after the boot", "[SERVING SERVING SERVING SERVING]")
	h.Drain()
	watched("in the drain", "ready", "NOT_SERVING")
	check("in the drain", "[NOT_SERVING SERVING NOT_SERVING SERVING]")
	if _, err := client.Check(ctx, &healthpb.HealthCheckRequest{Service: "other"}); status.Code(err) != codes.NotFound {
		t.Errorf("a service that is not there: %v, want NotFound", err)
	}
}

// A thousand watches cost nothing once their clients have left, and a name without end is not sent back.
func TestOddClients(t *testing.T) {
	h, client := serve(t)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()

	for _, name := range []string{strings.Repeat("a", 1<<20), strings.Repeat("\u00e9\x00", 1<<18), "ready\r\nlive", "READY", "/health/ready"} {
		_, err := client.Check(ctx, &healthpb.HealthCheckRequest{Service: name})
		if got := status.Convert(err); got.Code() != codes.NotFound || len(got.Message()) > 500 {
			t.Errorf("a name of %d bytes: %s with %d bytes, want NotFound and a short one: %.200s", len(name), got.Code(), len(got.Message()), got.Message())
		}
	}
	before := runtime.NumGoroutine()
	watching, leave := context.WithCancel(ctx)
	for range 1000 {
		w, err := client.Watch(watching, &healthpb.HealthCheckRequest{Service: "ready"})
		if err == nil {
			_, err = w.Recv()
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	h.Started() // all are told
	leave()
	after := 0
	for range 500 {
		if after = runtime.NumGoroutine(); after <= before+5 {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if after > before+5 {
		t.Errorf("goroutines: %d before the watches, %d after them", before, after)
	}
	if r, err := client.Check(ctx, &healthpb.HealthCheckRequest{Service: "ready"}); err != nil || r.Status != healthpb.HealthCheckResponse_SERVING {
		t.Errorf("after the watches: %v, %v", r, err)
	}
}
