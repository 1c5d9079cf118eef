package probeverify

import (
	"bufio"
	"errors"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/fairway-k8s/fairway/internal/problem"
)

// stalling listens and answers with no more than text, for ever.
func stalling(t *testing.T, text string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	t.Cleanup(func() { close(done); l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				_, _ = http.ReadRequest(bufio.NewReader(c))
				_, _ = c.Write([]byte(text))
				<-done
			}()
		}
	}()
	return "http://" + l.Addr().String() + "/health/"
}

// The time for everything is kept whatever the endpoints do, and what it did not suffice for is said.
func TestTimeIsKept(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"no answer": "",
		"no body":   "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			probes := map[Endpoint]Probe{}
			for _, e := range Endpoints {
				probes[e] = Probe{URL: stalling(t, text) + string(e), Period: time.Second, Timeout: 2 * time.Second, FailureThreshold: 3}
			}
			const budget = 3 * time.Second
			began := time.Now()
			r, err := Run(t.Context(), Options{Probes: probes, Budget: budget})
			if err != nil {
				t.Fatal(err)
			}
			if took := time.Since(began); took > budget+overtime+time.Second {
				t.Errorf("it took %s, want %s and %s at the most", took, budget, overtime)
			}
			late := 0
			for _, x := range r.Rows {
				if x.Verdict == NotChecked && strings.Contains(x.Why, "the time of 3 s was over") {
					late++
					if len(x.Cells)+len(x.Faults) > 0 {
						t.Errorf("%s was not checked, and has cells and faults", x.ID)
					}
				}
			}
			if late == 0 {
				t.Errorf("no row says that the time was over: %+v", r.Rows)
			}
		})
	}
}

// A command is verified on this machine, so a URL elsewhere is a mistake.
func TestCommandIsHere(t *testing.T) {
	for url, here := range map[string]bool{
		"http://example.com/health": false, "http://192.0.2.1:8081/": false, "http://localhost.example.com/": false,
		"http://127.0.0.1:8081/": true, "http://[::1]:8081/": true, "http://localhost/": true, "http://0.0.0.0:8081/": true,
	} {
		o := Options{Probes: map[Endpoint]Probe{Live: {URL: url}}, Command: []string{"true"}}
		err := o.check()
		if _, refused := errors.AsType[*problem.Problem](err); refused == here {
			t.Errorf("%s with a command: %v", url, err)
		}
		if o.Command = nil; o.check() != nil {
			t.Errorf("%s without a command: %v", url, o.check())
		}
	}
}
