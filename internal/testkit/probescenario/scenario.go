// Package probescenario draws and describes what happens to one pod: its probes, its application, its kubelet, and what is done to them from outside. The
// module conformance/kubelet plays scenarios on the unmodified kubelet and on the model, and the vectors in internal/probesim/testdata are scenarios that
// were played so.
package probescenario

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/fairway-k8s/fairway/internal/probesim"
)

// Scenario is everything that a run depends on.
type Scenario struct {
	Seed    uint64
	Kubelet probesim.Kubelet
	At      time.Duration // the pod's first sync; instants are since an origin that is a whole second
	End     time.Duration // the first instant that is not looked at
	Specs   []probesim.Spec
	App     App
	Acts    []Act // in order of time
}

// Act is something done from outside.
type Act struct {
	At        time.Duration
	What      Action
	Container int
	Code      int // of the exit
}

// Action is what an [Act] does.
type Action string

// The actions.
const (
	Crash          Action = "crash"           // the process exits with the act's code
	RestartKubelet Action = "restart-kubelet" // another kubelet takes over
)

// App is an application whose every answer is a function of the seed and the question, so that the kubelet and the model hear the same.
type App struct {
	Seed      uint64
	Boot      time.Duration // scale of the boot time
	Life      time.Duration // scale of the time until it exits by itself; 0 never
	Lock      time.Duration // scale of the age at which it stops answering; 0 never
	Fail      float64       // share of answers after boot that fail
	Error     float64       // share that cannot be judged
	Slow      float64       // share that take long
	Term      time.Duration // scale of the time from SIGTERM to exit
	Whole     bool          // exits come at whole seconds
	Fixed     *Fixed        // instead of all that
	container int
}

// Fixed is an application without chance. Of a list the n-th value counts for incarnation n, and the last for all that follow.
type Fixed struct {
	Boot    []time.Duration // age until which startup and readiness fail, and liveness unless LiveInBoot
	Lock    []time.Duration // age from which nothing is answered
	Exit    []time.Duration // age at which it exits with code 1
	Stop    time.Duration   // from SIGTERM to exit
	Latency time.Duration
	// LiveInBoot lets liveness pass while it boots.
	LiveInBoot bool
	Fails      []Window
	Errs       bool // no answer can be judged
}

// Window is a time in which one kind of probe fails.
type Window struct {
	Kind     probesim.Kind
	From, To time.Duration
}

// nth is the value of incarnation n, or none where the list is empty.
func nth(list []time.Duration, n int, none time.Duration) time.Duration {
	if len(list) == 0 {
		return none
	}
	return list[min(n, len(list)-1)]
}

func (f *Fixed) probe(k probesim.Kind, n int, age, at time.Duration) (probesim.Outcome, time.Duration) {
	if age >= nth(f.Lock, n, probesim.Never) {
		return probesim.Failure, probesim.Never
	}
	for _, w := range f.Fails {
		if k == w.Kind && at >= w.From && at < w.To {
			return probesim.Failure, f.Latency
		}
	}
	if f.Errs {
		return probesim.Errored, f.Latency
	}
	if age < nth(f.Boot, n, 0) && (k != probesim.Liveness || !f.LiveInBoot) {
		return probesim.Failure, f.Latency
	}
	return probesim.Success, f.Latency
}

// draw is the chance of one thing that the numbers tell from others of its kind.
func (a App) draw(what string, numbers ...int64) *rand.Rand {
	h := a.Seed
	for _, b := range []byte(what) {
		h = mix(h, uint64(b))
	}
	h = mix(h, uint64(a.container))
	for _, n := range numbers {
		h = mix(h, uint64(n))
	}
	return rand.New(rand.NewPCG(h, a.Seed))
}

// whole rounds d, where exits come at whole seconds.
func (a App) whole(d time.Duration) time.Duration {
	if a.Whole {
		return d.Round(time.Second)
	}
	return d
}

// scale draws from an exponential distribution with the mean d.
func scale(r *rand.Rand, d time.Duration) time.Duration {
	return time.Duration(r.ExpFloat64() * float64(d))
}

// Probe implements [probesim.App].
func (a App) Probe(k probesim.Kind, n int, age, at time.Duration) (probesim.Outcome, time.Duration) {
	if a.Fixed != nil {
		return a.Fixed.probe(k, n, age, at)
	}
	r := a.draw("probe", int64(k), int64(n), int64(at))
	takes := time.Duration(1 + r.IntN(20_000_000))
	if r.Float64() < a.Slow {
		takes = time.Duration(r.IntN(15_000_000_000))
	}
	inc := a.draw("incarnation", int64(n))
	boot, lock := scale(inc, a.Boot), scale(inc, a.Lock)
	switch x := r.Float64(); {
	case a.Lock > 0 && age > boot+lock:
		return probesim.Failure, probesim.Never
	case x < a.Error:
		return probesim.Errored, takes
	case age < boot || x < a.Error+a.Fail:
		return probesim.Failure, takes
	}
	return probesim.Success, takes
}

// Run implements [probesim.App].
func (a App) Run(n int, _ time.Duration) (time.Duration, int) {
	if a.Fixed != nil {
		return nth(a.Fixed.Exit, n, probesim.Never), 1
	}
	if a.Life == 0 {
		return probesim.Never, 0
	}
	r := a.draw("life", int64(n))
	return a.whole(scale(r, a.Life)) + 1, r.IntN(2)
}

// Stop implements [probesim.App].
func (a App) Stop(n int, at time.Duration) (time.Duration, int) {
	if a.Fixed != nil {
		return a.Fixed.Stop, 143
	}
	r := a.draw("stop", int64(n))
	return a.whole(scale(r, a.Term)), []int{0, 143}[r.IntN(2)]
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

// Random draws the scenario of a seed, for harness 1 or 2 (see conformance/kubelet).
func Random(seed uint64, version probesim.Version, instant bool) *Scenario {
	r := rand.New(rand.NewPCG(seed, 36))
	s := time.Second
	maybe := func(p float64) bool { return r.Float64() < p }
	fraction := func() time.Duration { return time.Duration(1 + r.IntN(999_999_999)) }
	sc := &Scenario{Seed: seed, At: time.Duration(r.IntN(5))*s + fraction()}
	sc.End = sc.At + 15*time.Minute
	sc.Kubelet = probesim.Kubelet{
		Version: version, Instant: instant, Uptime: 2 * time.Minute, TimeoutLate: late,
		RelistPhase: fraction(), PollPhase: fraction(),
		MaxBackOff: seconds(r, 1, 2, 10, 60, 300),
	}
	if maybe(0.2) {
		sc.At = sc.At.Round(s)
	}
	if maybe(0.1) {
		sc.Kubelet.Uptime = seconds(r, 1, 7)
	}
	if !instant { // it starts at its phase of the second
		start := (sc.At-sc.Kubelet.Uptime)/time.Second*time.Second + sc.Kubelet.RelistPhase - 2*time.Second
		sc.Kubelet.Uptime = sc.At - start
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
	sc.Specs = []probesim.Spec{spec}
	sc.App = App{Seed: seed, Boot: seconds(r, 0, 5, 20, 60), Fail: pick(r, 0, 0.01, 0.1, 0.4), Error: pick(r, 0, 0, 0.05, 0.4), Slow: pick(r, 0, 0.05, 0.3),
		Term: seconds(r, 0, 0, 1, 10, 60), Life: seconds(r, 0, 0, 0, 30, 120), Lock: seconds(r, 0, 0, 60, 200), Whole: maybe(0.1)}
	for at := sc.At; maybe(0.4); {
		at += scale(r, 3*time.Minute)
		what := pick(r, Crash, Crash, RestartKubelet)
		if maybe(0.1) {
			at = at.Round(s)
		}
		if at < sc.End {
			sc.Acts = append(sc.Acts, Act{At: at, What: what, Code: r.IntN(2)})
		}
	}
	return sc
}

// Container returns container i with its application.
func (sc *Scenario) Container(i int) probesim.Container {
	app := sc.App
	app.container = i
	return probesim.Container{Spec: sc.Specs[i], App: app}
}

func (sc *Scenario) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "seed %d: kubelet %+v, first sync %v\napp %+v\n", sc.Seed, sc.Kubelet, sc.At, sc.App)
	for i, s := range sc.Specs {
		fmt.Fprintf(&b, "container %d: restart %d grace %v preStop %v sidecar %v\n", i, s.Restart, s.Grace, s.PreStop, s.Sidecar)
		for k, p := range s.Probes() {
			if p != nil {
				fmt.Fprintf(&b, "  %v %+v\n", probesim.Kind(k), *p)
			}
		}
	}
	fmt.Fprintf(&b, "acts %+v", sc.Acts)
	return b.String()
}
