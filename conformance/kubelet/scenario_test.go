package kubelet

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/fairway-k8s/fairway/internal/probesim"
)

// scenario is everything that a run depends on.
type scenario struct {
	seed    uint64
	kubelet probesim.Kubelet
	at      time.Duration // the pod's first sync
	end     time.Duration
	specs   []probesim.Spec
	app     chaos
	acts    []act
}

// act is something done from outside.
type act struct {
	at        time.Duration
	what      action
	container int
	code      int
}

type action string

const (
	crash          action = "crash"
	restartKubelet action = "restart-kubelet"
	deletePod      action = "delete"
)

// chaos is an application whose every answer is a function of the seed and the question, so that the kubelet and the model hear the same.
type chaos struct {
	Seed      uint64
	Boot      time.Duration // scale of the boot time
	Life      time.Duration // scale of the time until it exits by itself; 0 never
	Lock      time.Duration // scale of the age at which it stops answering; 0 never
	Fail      float64       // share of answers after boot that fail
	Error     float64       // share that cannot be judged
	Slow      float64       // share that take long
	Term      time.Duration // scale of the time from SIGTERM to exit
	Whole     bool          // exits come at whole seconds
	container int
}

func (c chaos) draw(what string, numbers ...int64) *rand.Rand {
	h := c.Seed
	mix := func(x uint64) { h = (h ^ x) * 0x9e3779b97f4a7c15; h ^= h >> 29 }
	for _, b := range []byte(what) {
		mix(uint64(b))
	}
	mix(uint64(c.container))
	for _, n := range numbers {
		mix(uint64(n))
	}
	return rand.New(rand.NewPCG(h, c.Seed))
}

func (c chaos) whole(d time.Duration) time.Duration {
	if c.Whole {
		return d.Round(time.Second)
	}
	return d
}

func scale(r *rand.Rand, d time.Duration) time.Duration {
	return time.Duration(r.ExpFloat64() * float64(d))
}

func (c chaos) Probe(k probesim.Kind, n int, age, at time.Duration) (probesim.Outcome, time.Duration) {
	r := c.draw("probe", int64(k), int64(n), int64(at))
	takes := time.Duration(1 + r.IntN(20_000_000))
	if r.Float64() < c.Slow {
		takes = time.Duration(r.IntN(15_000_000_000))
	}
	inc := c.draw("incarnation", int64(n))
	boot, lock := scale(inc, c.Boot), scale(inc, c.Lock)
	switch x := r.Float64(); {
	case c.Lock > 0 && age > boot+lock:
		return probesim.Failure, probesim.Never
	case x < c.Error:
		return probesim.Errored, takes
	case age < boot || x < c.Error+c.Fail:
		return probesim.Failure, takes
	}
	return probesim.Success, takes
}

func (c chaos) Run(n int, _ time.Duration) (time.Duration, int) {
	if c.Life == 0 {
		return probesim.Never, 0
	}
	r := c.draw("life", int64(n))
	return c.whole(scale(r, c.Life)) + 1, r.IntN(2)
}

func (c chaos) Stop(n int, at time.Duration) (time.Duration, int) {
	r := c.draw("stop", int64(n))
	return c.whole(scale(r, c.Term)), []int{0, 143}[r.IntN(2)]
}

func seconds(r *rand.Rand, xs ...time.Duration) time.Duration { return pick(r, xs...) * time.Second }

func pick[T any](r *rand.Rand, xs ...T) T { return xs[r.IntN(len(xs))] }

// late keeps the end of probes that time out off the grid of whole seconds, as it is in real life.
const late = 137 * time.Microsecond

func randomProbe(r *rand.Rand, k probesim.Kind) *probesim.Probe {
	p := &probesim.Probe{
		InitialDelay:     seconds(r, 0, 0, 0, 1, 3, 7, 15),
		Period:           seconds(r, 1, 2, 3, 5, 5, 10, 10, 20, 30),
		Timeout:          seconds(r, 1, 1, 1, 2, 3, 5, 12),
		SuccessThreshold: 1,
		FailureThreshold: pick(r, 1, 2, 3, 3, 5, 10, 30),
	}
	if k == probesim.Readiness {
		p.SuccessThreshold = pick(r, 1, 1, 2, 3)
	} else if r.IntN(4) == 0 {
		p.Grace = seconds(r, 1, 2, 5, 40)
	}
	return p
}

// random draws the scenario of a seed.
func random(seed uint64, instant bool) *scenario {
	r := rand.New(rand.NewPCG(seed, 36))
	s := time.Second
	maybe := func(p float64) bool { return r.Float64() < p }
	fraction := func() time.Duration { return time.Duration(1 + r.IntN(999_999_999)) }
	sc := &scenario{seed: seed, at: time.Duration(r.IntN(5))*s + fraction()}
	sc.end = sc.at + 15*time.Minute
	sc.kubelet = probesim.Kubelet{
		Version: version, Instant: instant, Uptime: 2 * time.Minute, TimeoutLate: late,
		RelistPhase: fraction(), PollPhase: fraction(),
		MaxBackOff: seconds(r, 1, 2, 10, 60, 300),
	}
	if maybe(0.2) {
		sc.at = sc.at.Round(s)
	}
	if maybe(0.1) {
		sc.kubelet.Uptime = seconds(r, 1, 7)
	}
	if !instant { // it starts at its phase of the second
		start := (sc.at-sc.kubelet.Uptime)/time.Second*time.Second + sc.kubelet.RelistPhase - 2*time.Second
		sc.kubelet.Uptime = sc.at - start
	}
	spec := probesim.Spec{Grace: seconds(r, 1, 2, 5, 30), Restart: pick(r, probesim.Always, probesim.Always, probesim.Always, probesim.OnFailure, probesim.NeverRestart)}
	if maybe(0.7) {
		spec.Startup = randomProbe(r, probesim.Startup)
	}
	if maybe(0.8) {
		spec.Readiness = randomProbe(r, probesim.Readiness)
	}
	if maybe(0.8) {
		spec.Liveness = randomProbe(r, probesim.Liveness)
	}
	if maybe(0.3) {
		spec.PreStop = seconds(r, 1, 3, 10, 40)
	}
	sc.specs = []probesim.Spec{spec}
	sc.app = chaos{Seed: seed, Boot: seconds(r, 0, 5, 20, 60), Fail: pick(r, 0, 0.01, 0.1, 0.4), Error: pick(r, 0, 0, 0.05), Slow: pick(r, 0, 0.05, 0.3),
		Term: seconds(r, 0, 0, 1, 10, 60), Life: seconds(r, 0, 0, 0, 30, 120), Lock: seconds(r, 0, 0, 60, 200), Whole: maybe(0.1)}
	for at := sc.at; maybe(0.4); {
		at += scale(r, 3*time.Minute)
		what := pick(r, crash, crash, restartKubelet)
		if maybe(0.1) {
			at = at.Round(s)
		}
		if at < sc.end {
			sc.acts = append(sc.acts, act{at: at, what: what, code: r.IntN(2)})
		}
	}
	return sc
}

func (sc *scenario) container(i int) probesim.Container {
	app := sc.app
	app.container = i
	return probesim.Container{Spec: sc.specs[i], App: app}
}

func (sc *scenario) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "seed %d: kubelet %+v, first sync %v\napp %+v\n", sc.seed, sc.kubelet, sc.at, sc.app)
	for i, s := range sc.specs {
		fmt.Fprintf(&b, "container %d: restart %d grace %v preStop %v sidecar %v\n", i, s.Restart, s.Grace, s.PreStop, s.Sidecar)
		for k, p := range []*probesim.Probe{s.Startup, s.Readiness, s.Liveness} {
			if p != nil {
				fmt.Fprintf(&b, "  %v %+v\n", probesim.Kind(k), *p)
			}
		}
	}
	fmt.Fprintf(&b, "acts %+v", sc.acts)
	return b.String()
}
