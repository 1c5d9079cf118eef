package probeverify

import (
	"math"
	"math/rand/v2"
	"regexp"
	"testing"
	"time"

	"github.com/fairway-k8s/fairway/internal/probesim"
)

func fleetBench(boot time.Duration) *bench {
	return &bench{Options: Options{Probes: Defaults, Replicas: 10}, boot: boot}
}

// What a simulated fleet does agrees with the arithmetic of thresholds: the first kill comes between (f-1)p + t and fp + t after answers begin to
// fail, and a second or two later at most.
func TestFleetMeetsTheWindow(t *testing.T) {
	b := fleetBench(45 * time.Second)
	for _, e := range []Endpoint{Ready, Live} {
		for _, o := range []Outcome{Bad, TimedOut} {
			a := Answer{Outcome: o, Code: 503}
			from, to := b.Probes[e].reached(b.Probes[e].attemptOf(a))
			for _, after := range []time.Duration{0, 30 * time.Second} {
				c := &course{bench: b, endpoint: e, takes: b.Probes[e].attemptOf(a), from: 10*time.Minute + after, to: 10*time.Minute + outage, boot: b.boot}
				r := c.run(10)
				if r.first < from+after-time.Second || r.first > to+after+3*time.Second {
					t.Errorf("%s %s after %s: first after %s, want %s to %s", e, a, after, r.first, from+after, to+after)
				}
				if e == Live && (r.killed != 10 || r.left != 10 || r.none == 0) || e == Ready && (r.killed != 0 || r.left != 10 || r.none < 3*time.Minute) {
					t.Errorf("%s %s: %+v", e, a, r)
				}
			}
		}
	}
	// Answers that pass do nothing.
	c := &course{bench: b, endpoint: Live, from: time.Hour, to: 10*time.Minute + outage, boot: b.boot}
	if r := c.run(10); r != (result{first: probesim.Never}) {
		t.Errorf("without trouble: %+v", r)
	}
}

// The same trouble has the same sentence, and it holds the figures.
func TestEpisode(t *testing.T) {
	b := fleetBench(45 * time.Second)
	for _, c := range []struct {
		e    Endpoint
		a    Answer
		want string
	}{
		{Live, Answer{Outcome: Bad, Code: 503}, `^when DB is down for 5 min, 10 of 10 pods are restarted, \d\d times in all, the first after 4\d s(; for .* none is ready)?\. Below 42 s nothing happens$`},
		{Ready, Answer{Outcome: TimedOut}, `^when DB is down for 5 min, 10 of 10 pods leave the Service, the first after 1\d s; for 4 min \d+ s none is left$`},
		{Live, Answer{Outcome: Discarded}, `^the kubelet forgets .* never restarted$`},
		{Started, Answer{Outcome: Bad}, `^a kubelet before 1\.35 that is restarted meanwhile asks again, and kills the container after 290 to 300 s$`},
	} {
		got := b.episode(c.e, c.a, 2*time.Second, "DB is down")
		if !regexp.MustCompile(c.want).MatchString(got) || got != b.episode(c.e, c.a, 2*time.Second, "DB is down") {
			t.Errorf("%s %s: %q, want %s", c.e, c.a, got, c.want)
		}
	}
}

// The mean wait for a run of failures is what drawing says.
func TestChance(t *testing.T) {
	const share, f, draws = 0.3, 3, 200_000
	rnd := rand.New(rand.NewPCG(1, 2))
	runs, row := 0, 0
	for range draws {
		if rnd.Float64() >= share {
			row = 0
		} else if row++; row == f {
			runs, row = runs+1, 0
		}
	}
	want := (math.Pow(share, -f) - 1) / (1 - share)
	if got := float64(draws) / float64(runs); math.Abs(got-want)/want > 0.05 {
		t.Errorf("a run of %d every %.1f questions, the formula says %.1f", f, got, want)
	}
	b := fleetBench(0)
	if got, want := b.chance(Ready, share), "3 wrong answers in a row are chance then, which takes a pod out of the Service about every 4 min 17 s, each pod by itself"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestLong(t *testing.T) {
	for d, want := range map[time.Duration]string{45 * time.Second: "45 s", 100 * time.Second: "100 s", 4 * time.Minute: "4 min", 200 * time.Second: "3 min 20 s", 1000 * time.Second: "17 min", 5 * time.Hour: "5 h"} {
		if got := long(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}

func BenchmarkEpisode(b *testing.B) {
	x := fleetBench(45 * time.Second)
	for b.Loop() {
		x.episode(Live, Answer{Outcome: Bad}, 0, "DB is down")
	}
}
