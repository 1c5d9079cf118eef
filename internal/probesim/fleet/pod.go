package fleet

import (
	"time"

	"github.com/fairway-k8s/fairway/internal/probesim"
)

// pod is a pod of the fleet and the application in it.
type pod struct {
	f        *fleet
	sim      *probesim.Pod
	chance   random // of the kubelet
	boots    random // of the application
	next     time.Duration
	ordinal  int
	revision int
	node     int
	created  time.Duration
	lost     bool // its node is: nothing happens to it any more
	deleting bool
	over     bool

	ready      bool
	readySince time.Duration
	everReady  bool
	endpoint   bool          // gets requests
	changeAt   time.Duration // when endpoint becomes what it is to be; Never: it is
	changeTo   bool

	running    bool
	stopping   bool // SIGTERM was sent
	locked     bool // its workers stand still
	bootEnd    time.Duration
	began      time.Duration // of the incarnation
	cpu        float64       // share of a CPU's full speed
	queue      float64       // seconds of its full capacity
	busy       float64       // share of the capacity in use, over a quarter of a minute
	hit        bool          // by the fault
	n          int           // incarnations so far
	bootBefore time.Duration // bootEnd of the incarnation before
	hungN      int           // incarnation that the fault has locked, counted from 1

	row *Row // of the trace
}

// factor is the pod's present capacity as a share of its full one.
func (p *pod) factor() float64 {
	if p.locked {
		return 0
	}
	return p.cpu * p.f.work
}

// wait is how long a request that comes now waits for a worker.
func (p *pod) wait() time.Duration {
	c := p.factor()
	if c == 0 {
		return probesim.Never
	}
	return time.Duration(p.queue / c * float64(time.Second))
}

// listens says whether the process accepts requests at the instant.
func (p *pod) listens(at time.Duration) bool { return p.running && !p.lost && at >= p.bootEnd }

// service is a worker's time for one request.
func (f *fleet) service() time.Duration { return time.Duration(float64(f.s.Load.Service) / f.work) }

// Probe implements [probesim.App].
func (p *pod) Probe(k probesim.Kind, _ int, _, at time.Duration) (probesim.Outcome, time.Duration) {
	path := [...]*Path{&p.f.s.Health.Startup, &p.f.s.Health.Readiness, &p.f.s.Health.Liveness}[k]
	latency := time.Duration(float64(path.Latency) / p.cpu)
	if at < p.bootEnd {
		if path.InBoot && k == probesim.Liveness {
			return probesim.Success, latency
		}
		return probesim.Failure, 0 // nothing listens yet
	}
	wait := p.wait()
	if path.Shared {
		if wait == probesim.Never {
			return probesim.Failure, probesim.Never
		}
		if a := p.f.s.Load.Admission; a > 0 && wait > a {
			return probesim.Failure, latency // refused like any request
		}
		latency += wait + time.Duration(float64(p.f.s.Load.Service)/p.cpu)
	}
	if p.locked && path.Heartbeat || path.ShedAbove > 0 && wait > path.ShedAbove {
		return probesim.Failure, latency
	}
	if path.Deep {
		if p.f.depDown {
			return probesim.Failure, latency
		}
		latency += p.f.depExtra
	}
	return probesim.Success, latency
}

// take is how long the runtime needs until a process runs: the sandbox and the container of a new pod, of images that are there; less for a restart.
func (p *pod) take(_, n int, _ time.Duration) time.Duration {
	least, most := 1.0, 3.0
	if n > 0 {
		least, most = 0.2, 1.0
	}
	return time.Duration((least + p.boots.Float64()*(most-least)) * float64(time.Second))
}

// Run implements [probesim.App].
func (p *pod) Run(n int, at time.Duration) (time.Duration, int) {
	boot := p.f.s.Boot.Quantile(p.boots.Float64())
	if p.f.warm(p) && n == 0 {
		boot = 0
	}
	p.exits(at)
	p.n, p.bootBefore = n+1, p.bootEnd
	p.running, p.locked, p.queue, p.began, p.stopping = true, false, 0, at, false
	p.bootEnd = at + time.Duration(float64(boot)/p.cpu)
	return probesim.Never, 0
}

// exits is the end of the process, if there is one. The kubelet may start the next one in the same step, so events tell of it too late.
func (p *pod) exits(at time.Duration) {
	if !p.running {
		return
	}
	p.f.drops(p, at)
	if at >= p.bootEnd && p.began >= p.f.settle {
		p.f.result.Boots++
	}
	p.running, p.stopping = false, false
}

// booting says whether an incarnation could not yet serve at an instant.
func (p *pod) booting(incarnation int, at time.Duration) bool {
	if incarnation == p.n-1 {
		return at < p.bootEnd
	}
	return at < p.bootBefore
}

// Stop implements [probesim.App]: a process whose workers stand still does not hear SIGTERM, one that boots exits at once, and one that serves goes on for
// the drain.
func (p *pod) Stop(_ int, at time.Duration) (time.Duration, int) {
	p.stopping = true
	switch {
	case p.locked:
		return probesim.Never, 137
	case at < p.bootEnd:
		return 0, 143
	}
	return p.f.s.Health.Drain, 143
}

// throttle gives the pod another share of the CPU.
func (p *pod) throttle(now time.Duration, cpu float64) {
	if now < p.bootEnd {
		p.bootEnd = now + time.Duration(float64(p.bootEnd-now)*p.cpu/cpu)
	}
	p.cpu = cpu
}

// available says whether the pod has been Ready for the time.
func (p *pod) available(now, minReady time.Duration) bool {
	return p.ready && !p.deleting && now-p.readySince >= minReady
}

// state is what the trace shows of the pod.
func (p *pod) state(now time.Duration) State {
	switch {
	case p.lost:
		return Lost
	case p.over:
		return Gone
	case !p.running && p.n == 0:
		return Coming
	case !p.running:
		return Waiting
	case p.stopping || p.deleting:
		return Stopping
	case now < p.bootEnd:
		return Booting
	case p.locked:
		return Hung
	case !p.ready:
		return NotReady
	}
	return Serving
}
