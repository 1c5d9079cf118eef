package kubelet

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/kubernetes/pkg/probe"
	grpcprobe "k8s.io/kubernetes/pkg/probe/grpc"
	httpprobe "k8s.io/kubernetes/pkg/probe/http"
	tcpprobe "k8s.io/kubernetes/pkg/probe/tcp"

	"github.com/fairway-k8s/fairway/internal/probesim"
)

// outcome is what the prober makes of a handler's answer (prober/prober.go probe): a warning is a success, and an error is none of both.
func outcome(r probe.Result, err error) probesim.Outcome {
	switch {
	case err != nil:
		return probesim.Errored
	case r == probe.Success || r == probe.Warning:
		return probesim.Success
	}
	return probesim.Failure
}

func port(t *testing.T, address string) int {
	t.Helper()
	_, p, err := net.SplitHostPort(strings.TrimPrefix(address, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(p)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func get(t *testing.T, port int, path string, timeout time.Duration) (probesim.Outcome, probe.Result, time.Duration) {
	t.Helper()
	action := &v1.HTTPGetAction{Path: path, Port: intstr.FromInt32(int32(port)), Scheme: v1.URISchemeHTTP}
	req, err := httpprobe.NewRequestForHTTPGetAction(action, &v1.Container{}, "127.0.0.1", "probe")
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	r, _, err := httpprobe.New(false).Probe(req, timeout)
	return outcome(r, err), r, time.Since(start)
}

// Which HTTP answers pass, fail, or cannot be judged.
func TestHTTP(t *testing.T) {
	stop := make(chan struct{})
	var connections atomic.Int32
	var agent, accept atomic.Value
	mux := http.NewServeMux()
	mux.HandleFunc("/status/{code}", func(w http.ResponseWriter, r *http.Request) {
		agent.Store(r.UserAgent())
		accept.Store(r.Header.Get("Accept"))
		code, _ := strconv.Atoi(r.PathValue("code"))
		w.WriteHeader(code)
	})
	mux.HandleFunc("/foreign", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://login.example/", http.StatusFound)
	})
	mux.HandleFunc("/local/{code}", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/status/"+r.PathValue("code"), http.StatusFound)
	})
	mux.HandleFunc("/loop", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/loop", http.StatusFound) })
	mux.HandleFunc("/big", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, strings.Repeat("x", 1<<20)) })
	mux.HandleFunc("/stalled/{code}", func(w http.ResponseWriter, r *http.Request) {
		code, _ := strconv.Atoi(r.PathValue("code"))
		w.WriteHeader(code)
		w.(http.Flusher).Flush()
		<-stop
	})
	mux.HandleFunc("/hung", func(http.ResponseWriter, *http.Request) { <-stop })
	server := httptest.NewUnstartedServer(mux)
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			connections.Add(1)
		}
	}
	server.Start()
	p := port(t, server.URL)
	for _, test := range []struct {
		path string
		want probesim.Outcome
	}{
		{"/status/200", probesim.Success}, {"/status/204", probesim.Success}, {"/status/304", probesim.Success}, {"/status/399", probesim.Success},
		{"/status/400", probesim.Failure}, {"/status/401", probesim.Failure}, {"/status/404", probesim.Failure}, {"/status/500", probesim.Failure}, {"/status/503", probesim.Failure},
		{"/foreign", probesim.Success}, {"/local/200", probesim.Success}, {"/local/503", probesim.Failure}, {"/loop", probesim.Failure},
		{"/big", probesim.Success}, {"/hung", probesim.Failure}, {"/stalled/200", probesim.Errored}, {"/stalled/503", probesim.Errored},
	} {
		if got, _, _ := get(t, p, test.path, 500*time.Millisecond); got != test.want {
			t.Errorf("%s: got %v, want %v", test.path, got, test.want)
		}
	}
	if _, r, _ := get(t, p, "/foreign", time.Second); r != probe.Warning {
		t.Errorf("redirect to another host: got %v, want a warning", r)
	}
	if got := agent.Load().(string); !strings.HasPrefix(got, "kube-probe/") {
		t.Errorf("user agent %q", got)
	}
	if got := accept.Load(); got != "*/*" {
		t.Errorf("accept %q", got)
	}
	before := connections.Load()
	for range 3 {
		get(t, p, "/status/200", time.Second)
	}
	if got := connections.Load() - before; got != 3 {
		t.Errorf("3 probes made %d connections: each has its own", got)
	}
	close(stop)
	server.Close()
	if got, _, took := get(t, p, "/status/200", 5*time.Second); got != probesim.Failure || took > time.Second {
		t.Errorf("nobody listens: got %v after %v, want a failure at once", got, took)
	}
}

// A listener that never accepts passes: the kernel completes the handshake. So a deadlock cannot be seen with TCP.
func TestTCP(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := port(t, l.Addr().String())
	r, _, err := tcpprobe.New().Probe("127.0.0.1", p, time.Second)
	if got := outcome(r, err); got != probesim.Success {
		t.Errorf("nobody accepts: got %v, want success", got)
	}
	l.Close()
	start := time.Now()
	r, _, err = tcpprobe.New().Probe("127.0.0.1", p, 5*time.Second)
	if got := outcome(r, err); got != probesim.Failure || time.Since(start) > time.Second {
		t.Errorf("nobody listens: got %v after %v, want a failure at once", got, time.Since(start))
	}
}

// gRPC takes the whole timeout to fail where nobody listens; that is part of every budget.
func TestGRPC(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := port(t, l.Addr().String())
	h := health.NewServer()
	h.SetServingStatus("", healthpb.HealthCheckResponse_SERVING)
	h.SetServingStatus("sick", healthpb.HealthCheckResponse_NOT_SERVING)
	server := grpc.NewServer()
	healthpb.RegisterHealthServer(server, h)
	go server.Serve(l)
	for service, want := range map[string]probesim.Outcome{"": probesim.Success, "sick": probesim.Failure, "unknown": probesim.Failure} {
		r, _, err := grpcprobe.New().Probe("127.0.0.1", service, p, 2*time.Second)
		if got := outcome(r, err); got != want {
			t.Errorf("service %q: got %v, want %v", service, got, want)
		}
	}
	server.Stop()
	const timeout = 700 * time.Millisecond
	start := time.Now()
	r, _, err := grpcprobe.New().Probe("127.0.0.1", "", p, timeout)
	if got, took := outcome(r, err), time.Since(start); got != probesim.Failure || took < timeout {
		t.Errorf("nobody listens: got %v after %v, want a failure after the whole timeout of %v", got, took, timeout)
	}
}
