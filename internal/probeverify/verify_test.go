package probeverify

import (
	"context"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fairway-k8s/fairway/internal/testkit/probesample"
)

// The test binary is the application too.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "sample" {
		os.Exit(probesample.Main(os.Args[2:]))
	}
	os.Exit(m.Run())
}

// sample returns options that verify the sample with a mistake, in times short enough for a test.
func sample(t *testing.T, mistake string) Options {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	pong := func() string {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { l.Close() })
		go probesample.Pong(l)
		return l.Addr().String()
	}
	main, side := freePort(t), freePort(t)
	at := func(e Endpoint) Probe {
		return Probe{URL: fmt.Sprintf("http://localhost:%d/health/%s", side, e), Period: time.Second, Timeout: time.Second, FailureThreshold: 3}
	}
	return Options{
		Probes: map[Endpoint]Probe{Started: at(Started), Ready: at(Ready), Live: at(Live)},
		Command: []string{self, "sample", "-listen", fmt.Sprintf(":%d", main), "-health", fmt.Sprintf(":%d", side), "-boot", "1500ms",
			"-db", "{DB}", "-disk", "{DISK}", "-mistake", mistake},
		Env:          os.Environ(),
		Dependencies: []Dependency{{"DB", pong(), Shared}, {"DISK", pong(), Local}},
		Load:         fmt.Sprintf("http://localhost:%d/", main),
		Deadlock:     fmt.Sprintf("http://localhost:%d/deadlock", side),
		Grace:        4 * time.Second,
		Times: Times{Boot: 10 * time.Second, Listen: time.Second, Healthy: time.Second, Fault: 3 * time.Second, Slow: 2 * time.Second, Recover: 3 * time.Second,
			Overload: 2 * time.Second, Starve: 4 * time.Second, Stop: 2 * time.Second, Deadlock: 3 * time.Second, Spread: time.Second, Every: 20 * time.Millisecond},
	}
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func verify(t *testing.T, o Options) *Report {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	r, err := Run(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// text shows a report in a failure.
func text(r *Report) string {
	var b strings.Builder
	for _, x := range r.Rows {
		fmt.Fprintf(&b, "%-12s %-16s %s %s %s (%s)\n", x.Verdict, x.ID, x.Subject, x.Why, x.Note, brief(x.Took))
		for _, c := range x.Cells {
			fmt.Fprintf(&b, "    %-8s want %s, seen %s\n", c.Endpoint, c.Want, c.Seen)
		}
		for _, f := range x.Faults {
			fmt.Fprintf(&b, "    ! %s\n      fleet: %s\n      next: %s\n", f.What, f.Fleet, f.Next)
		}
	}
	return b.String()
}

// The sample without a mistake gets through every row.
func TestCorrect(t *testing.T) {
	r := verify(t, sample(t, ""))
	for _, x := range r.Rows {
		if x.Verdict == Breaks || x.Verdict == NotChecked && !slices.Contains([]string{"loopback", "ipv6"}, x.ID) {
			t.Errorf("%s %s is %s", x.ID, x.Subject, x.Verdict)
		}
	}
	t.Log("\n" + text(r))
}

// Each mistake is found in its row.
func TestMistakes(t *testing.T) {
	for _, m := range probesample.Mistakes {
		t.Run(m.Name, func(t *testing.T) {
			o := sample(t, m.Name)
			o.Only = []string{m.Row}
			r := verify(t, o)
			if r.Count(Breaks) == 0 {
				t.Errorf("%s: not found in row %s\n%s", m.What, m.Row, text(r))
			} else {
				t.Log("\n" + text(r))
			}
		})
	}
}
