package probeverify

import (
	"context"
	"flag"
	"fmt"
	"net"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fairway-k8s/fairway/internal/testkit/probesample"
)

// The test binary is the application too.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "sample" {
		os.Exit(probesample.Main(os.Args[2:]))
	}
	if len(os.Args) > 3 && os.Args[1] == "verify" {
		verifyForever(os.Args[2], os.Args[3])
		return
	}
	_ = flag.Set("test.parallel", "6") // they wait most of the time
	os.Exit(m.Run())
}

// verifyForever runs one row that lasts, for a test that kills this process.
func verifyForever(row, port string) {
	self, _ := os.Executable()
	url := "http://localhost:" + port + "/health/"
	_, _ = Run(context.Background(), Options{Only: []string{row}, Command: []string{self, "sample", "-listen", ":0", "-health", ":" + port},
		Probes: map[Endpoint]Probe{Live: {URL: url + "live", Timeout: time.Second, Period: time.Second, FailureThreshold: 3}}, Times: Times{Stop: time.Minute, Starve: time.Minute}})
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
		Command: []string{self, "sample", "-listen", fmt.Sprintf(":%d", main), "-health", fmt.Sprintf(":%d", side), "-boot", "50ms",
			"-db", "{DB}", "-disk", "{DISK}", "-mistake", mistake},
		Env:          os.Environ(),
		Dependencies: []Dependency{{"DB", pong(), Shared}, {"DISK", pong(), Local}},
		Load:         []string{fmt.Sprintf("http://localhost:%d/", main)},
		Deadlock:     fmt.Sprintf("http://localhost:%d/deadlock", side),
		Grace:        4 * time.Second,
		Times: Times{Boot: 10 * time.Second, Listen: time.Second, Healthy: time.Second, Fault: 2 * time.Second, Slow: 1500 * time.Millisecond, Recover: 3 * time.Second,
			Overload: 1500 * time.Millisecond, Starve: 3 * time.Second, Stop: 2 * time.Second, Deadlock: 3 * time.Second, Spread: time.Second, Every: 20 * time.Millisecond},
	}
}

// ports are given out below those that systems take for outgoing connections, which could take one before the sample does.
var ports atomic.Int32

func freePort(t *testing.T) int {
	t.Helper()
	for range 1000 {
		port := 15000 + (os.Getpid()*97+int(ports.Add(1)))%15000
		if l, err := net.Listen("tcp", fmt.Sprintf(":%d", port)); err == nil {
			l.Close()
			return port
		}
	}
	t.Fatal("no port is free")
	return 0
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

// slowBoot makes the sample boot long enough to be asked.
func slowBoot(o *Options) { o.Command = append(o.Command, "-boot", "1500ms") }

// The sample without a mistake gets through every row.
func TestCorrect(t *testing.T) {
	for _, row := range Rows() {
		t.Run(row.ID, func(t *testing.T) {
			t.Parallel()
			o := sample(t, "")
			if o.Only = []string{row.ID}; row.ID == "booting" {
				slowBoot(&o)
			}
			r := verify(t, o)
			for _, x := range r.Rows {
				switch x.Verdict {
				case Breaks:
					t.Errorf("%s %s breaks\n%s", x.ID, x.Subject, text(r))
				case NotChecked:
					if row.ID != "loopback" && row.ID != "ipv6" { // the machine has it or not
						t.Errorf("%s %s is not checked\n%s", x.ID, x.Subject, text(r))
					}
				}
			}
			t.Log("\n" + text(r))
		})
	}
}

// Each mistake is found in its row.
func TestMistakes(t *testing.T) {
	for _, m := range probesample.Mistakes {
		t.Run(m.Name, func(t *testing.T) {
			t.Parallel()
			o := sample(t, m.Name)
			if o.Only = []string{m.Row}; m.Row == "booting" {
				slowBoot(&o)
			}
			if m.Row == "cpu-starved" && os.Geteuid() != 0 {
				t.Log("CPU is taken away by signals: not root")
			}
			r := verify(t, o)
			for _, x := range r.Rows {
				if x.Verdict == NotChecked && (m.Row == "loopback" || m.Row == "ipv6") {
					t.Skip(x.Why)
				}
			}
			if r.Count(Breaks) == 0 {
				t.Errorf("%s: not found in row %s\n%s", m.What, m.Row, text(r))
			}
			t.Log("\n" + text(r))
		})
	}
}
