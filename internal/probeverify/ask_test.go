package probeverify

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"k8s.io/kubernetes/pkg/probe"
	kubelet "k8s.io/kubernetes/pkg/probe/http"
)

// A question is put as the kubelet puts it and its answer is taken as the kubelet takes it: both ask servers of every kind, and what arrives
// there and what comes of it has to be the same. The referee is k8s.io/kubernetes/pkg/probe/http of v1.36.3.
func TestAsksLikeTheKubelet(t *testing.T) {
	// What arrives, in the order in which it is asked: the kubelet's first.
	var mu sync.Mutex
	var arrived []string
	since := func(n int) []string {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(arrived[n:])
	}
	note := func(r *http.Request) {
		var b strings.Builder
		host, _, _ := net.SplitHostPort(r.Host)
		fmt.Fprintf(&b, "%s %s %s host=%s close=%v len=%d", r.Method, r.URL, r.Proto, host, r.Close, r.ContentLength)
		for _, k := range []string{"User-Agent", "Accept", "Accept-Encoding", "Connection", "X-One", "Referer"} {
			fmt.Fprintf(&b, " %s=%q", k, r.Header.Values(k))
		}
		mu.Lock()
		defer mu.Unlock()
		arrived = append(arrived, b.String())
	}
	stall := make(chan struct{})
	answer := func(code int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(code)
			_, _ = io.WriteString(w, body)
		}
	}
	to := func(code int, where string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", strings.ReplaceAll(where, "HOST", r.Host))
			w.WriteHeader(code)
		}
	}
	handlers := map[string]http.HandlerFunc{
		"/200": answer(200, "ok"), "/204": answer(204, ""), "/299": answer(299, "ok"), "/304": answer(304, ""), "/399": answer(399, "x"), "/400": answer(400, "x"),
		"/401": answer(401, "x"), "/500": answer(500, "x"), "/503": answer(503, "x"), "/999": answer(999, "x"),
		"/short": answer(200, strings.Repeat("x", maxBody-1)), "/exact": answer(200, strings.Repeat("x", maxBody)), "/long": answer(200, strings.Repeat("x", 1<<20)),
		"/long503": answer(503, strings.Repeat("x", 1<<20)),
		"/here":    to(302, "/200"), "/here503": to(301, "/503"), "/here307": to(307, "/204"), "/away": to(302, "http://other.invalid/200"), "/nowhere": to(302, ""),
		"/otherport": to(302, "http://127.0.0.1:1/200"), "/loop": to(302, "/loop"), "/hop": to(308, "//HOST/200"), "/strange": to(302, "ftp://127.0.0.1/200"),
		"/stall": func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(503)
			_ = http.NewResponseController(w).Flush()
			<-stall // not the end of the request: the end of an answer could overtake the timeout
		},
		"/stallfull": func(w http.ResponseWriter, r *http.Request) { // stalls after what the kubelet reads
			_, _ = io.WriteString(w, strings.Repeat("x", maxBody))
			_ = http.NewResponseController(w).Flush()
			<-stall // not the end of the request: the end of an answer could overtake the timeout
		},
		"/cut": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(w, "x")
		},
		"/silent": func(w http.ResponseWriter, r *http.Request) {
			<-stall // not the end of the request: the end of an answer could overtake the timeout
		},
		"/abort": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"/raw": func(w http.ResponseWriter, r *http.Request) { // as HTTP/1.0 ends: by closing
			c, rw, err := http.NewResponseController(w).Hijack()
			if err != nil {
				return
			}
			_, _ = rw.WriteString("HTTP/1.0 200 OK\r\n\r\nok")
			_ = rw.Flush()
			c.Close()
		},
		"/gzip": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = io.WriteString(w, "no gzip")
		},
		"/nonsense": func(w http.ResponseWriter, r *http.Request) {
			c, rw, err := http.NewResponseController(w).Hijack()
			if err != nil {
				return
			}
			_, _ = rw.WriteString("SSH-2.0-nonsense\r\n")
			_ = rw.Flush()
			c.Close()
		},
	}
	all := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		note(r)
		handlers[r.URL.Path](w, r)
	})
	plain, secure := httptest.NewServer(all), httptest.NewTLSServer(all)
	t.Cleanup(plain.Close)
	t.Cleanup(secure.Close)
	t.Cleanup(func() { close(stall) }) // before the servers, which wait for their handlers
	headers := []http.Header{nil, {"X-One": {"1", "2"}}, {"User-Agent": {"mine"}, "Accept": {""}}, {"Host": {"shop.example.com:80"}}, {"Accept": {"text/plain"}}}

	ask := func(t *testing.T, at string, h http.Header) {
		t.Helper()
		u, err := url.Parse(at)
		if err != nil {
			t.Fatal(err)
		}
		timeout := 10 * time.Second // enough for a busy machine
		if slices.Contains([]string{"/stall", "/stallfull", "/silent", "/unheard"}, u.Path) {
			timeout = 250 * time.Millisecond
		}
		req, err := kubelet.NewProbeRequest(u, h.Clone())
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("User-Agent", strings.Replace(req.Header.Get("User-Agent"), "kube-probe/.", "kube-probe/1.36", 1)) // a test has no version stamped in
		start := len(since(0))
		theirs, _, failed := kubelet.New(false).Probe(req, timeout)
		n := len(since(0))
		mine, err := newAsker(nil, false).ask(t.Context(), Probe{URL: at, Header: h, Timeout: timeout})
		if err != nil {
			t.Fatal(err)
		}
		verdict := map[bool]probe.Result{true: probe.Success, false: probe.Failure}[mine.Outcome.Passes()]
		if mine.Outcome == Warned {
			verdict = probe.Warning
		}
		if (failed != nil) != (mine.Outcome == Discarded) || failed == nil && verdict != theirs {
			t.Errorf("%s: the kubelet says %s (error: %v), we say %s: %+v", at, theirs, failed, verdict, mine)
		}
		if a, b := strings.Join(since(start)[:n-start], "\n"), strings.Join(since(n), "\n"); a != b {
			t.Errorf("%s %v: what arrives differs:\nkubelet %s\nwe      %s", at, h, a, b)
		}
	}
	for path := range handlers {
		t.Run(path[1:], func(t *testing.T) {
			for _, h := range headers {
				ask(t, plain.URL+path, h)
			}
			ask(t, secure.URL+path, nil)
		})
	}
	t.Run("no answer", func(t *testing.T) {
		l, err := net.Listen("tcp", "127.0.0.1:0") // nobody accepts
		if err != nil {
			t.Fatal(err)
		}
		ask(t, "http://"+l.Addr().String()+"/unheard", nil)
		l.Close()
		ask(t, "http://"+l.Addr().String()+"/200", nil)
		ask(t, "https://"+strings.TrimPrefix(plain.URL, "http://")+"/200", nil)
		ask(t, "http://"+strings.TrimPrefix(secure.URL, "https://")+"/200", nil)
	})
}

// A hundred answers with megabytes of headers, or of a redirect, do not fill the memory.
func TestAnswersAreBounded(t *testing.T) {
	long := strings.Repeat("a", 400<<10)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/headers" {
			for i := range 5 {
				w.Header().Set(fmt.Sprint("X-", i), long)
			}
			return
		}
		w.Header().Set("Location", "http://elsewhere.example/"+long)
		w.WriteHeader(http.StatusFound)
	}))
	defer s.Close()
	k := newAsker(nil, false)
	if a, err := k.ask(t.Context(), Probe{URL: s.URL + "/headers", Timeout: 5 * time.Second}); err != nil || a.Outcome != Refused {
		t.Errorf("2 MB of headers: %v, %v, want no answer", a, err)
	}
	a, err := k.ask(t.Context(), Probe{URL: s.URL + "/redirect", Timeout: 5 * time.Second})
	if err != nil || a.Outcome != Warned || len(a.Hops) != 1 || len(a.Hops[0]) > maxHop {
		t.Errorf("a long redirect: %v, %v, %d hops, want one of %d bytes at most", a, err, len(a.Hops), maxHop)
	}
}
