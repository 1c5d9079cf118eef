package fleet

import (
	"fmt"
	"time"

	"github.com/fairway-k8s/fairway/internal/probesim"
)

// Run is what came of one seed. Times are -1 when what they measure did not happen; see each.
type Run struct {
	Seed uint64
	// Boots are starts of a process that came to an end, good or bad: KilledBoots of them were killed by a probe before the process could serve.
	Boots, KilledBoots int
	// Restarts are restarts of containers, Extra those beyond what the fault itself demands.
	Restarts, Extra int
	// ToReady are the times from the creation of pods to their first Ready; NeverReady pods were not Ready when the run, or their life, ended.
	ToReady    []time.Duration
	NeverReady int
	// Zero is how long there was no endpoint, after there was one.
	Zero time.Duration
	// Killed is the time from a deadlock to the decision to kill, Out from the beginning of a fault to the moment when the last pod that it struck got no more
	// requests.
	Killed, Out time.Duration
	// Settled is the time from the beginning of the fault until all wanted pods were Ready for good.
	Settled time.Duration
	// Rolled is how long the rollout took, Drained how long the node's drain.
	Rolled, Drained time.Duration
	// Goodput is the share of requests answered in time from the beginning of the fault on, Last that of the last five minutes; 1 without requests.
	Goodput, Last float64
	// Recovered says that nearly all requests of the last five minutes were answered.
	Recovered bool
}

// fleet is a run that goes on.
type fleet struct {
	s      Scenario
	seed   uint64
	now    time.Duration
	settle time.Duration // before the scenario's beginning: warm pods become Ready
	trace  *Trace
	result Run

	pods    []*pod // that are not over
	created uint64
	chance  random // of delays on the way to endpoints
	buf     []probesim.Event

	depDown  bool
	depExtra time.Duration
	work     float64 // share of the capacity that the dependency leaves
	surge    float64
	struck   bool
	mended   bool

	traffic   traffic
	endpoints []*pod

	desired, newSpec, oldSpec, revision int
	dirty                               bool
	availableAt                         time.Duration
	mine                                []*pod
	rolled                              time.Duration
	drained                             time.Duration
	drainAt                             time.Duration
	cordoned                            int // node, -1 none
	lostAt                              time.Duration
	lostNode                            int
	notReadyTold, evicted, kubeletDone  bool
	unsettled                           time.Duration // last instant at which not all pods were Ready
	scaleAt                             time.Duration
	recent                              []int
	usages                              []usage
}

// Constants around the kubelet.
const (
	propagateLeast = 1 * time.Second   // readiness to the last proxy: status, EndpointSlice, kube-proxy's minimal sync period
	propagateMost  = 3 * time.Second   // at usual sizes
	nodeGrace      = 50 * time.Second  // nodelifecycle: node-monitor-grace-period
	tolerated      = 300 * time.Second // plugin/pkg/admission/defaulttolerationseconds
	evictionRetry  = 5 * time.Second   // kubectl drain
)

// Run plays the scenario with a seed. The trace may be nil. The scenario has to pass [Scenario.Check].
func (s Scenario) Run(seed uint64, trace *Trace) Run {
	f := &fleet{s: s.withDefaults(), seed: seed, trace: trace, chance: newRandom(seed, 0), cordoned: -1, lostNode: -1, work: 1, surge: 1, dirty: true}
	f.result = Run{Seed: seed, Killed: -1, Out: -1, Settled: -1, Rolled: -1, Drained: -1}
	f.settle = f.settling()
	f.desired = f.s.Replicas
	f.openTraffic()
	if f.s.Fault.Kind != Start {
		f.newSpec = f.desired
		for i := range f.desired {
			// They were created at different times, so their probes are not in step.
			f.create(time.Duration(f.chance.Float64()*float64(settleSpread)), 0, i)
		}
	}
	end := f.settle + f.s.For
	for now := tick; now <= end; now += tick {
		f.now = now
		for i := 0; i < len(f.pods); i++ {
			if p := f.pods[i]; p.next < now && !p.lost {
				f.advance(p, now)
			}
		}
		f.clear()
		f.strike(now)
		for _, p := range f.pods {
			if p.changeAt <= now {
				p.endpoint, p.changeAt = p.changeTo, probesim.Never
				f.outOf(p, now)
			}
		}
		f.tickLoad(now)
		if f.measured(now) || f.s.Fault.Kind != Start {
			f.control(now)
		}
		f.watch(now)
	}
	return f.close(end)
}

const settleSpread = 20 * time.Second

// settling is how long warm pods need until all are Ready.
func (f *fleet) settling() time.Duration {
	if f.s.Fault.Kind == Start {
		return 0
	}
	d := settleSpread + 10*time.Second
	for _, p := range [...]*probesim.Probe{f.s.Spec.Startup, f.s.Spec.Readiness} {
		if p != nil {
			x := p.WithDefaults()
			d += x.InitialDelay + time.Duration(x.SuccessThreshold+1)*x.Period
		}
	}
	return d
}

// warm says whether the pod was there, and had booted, before the scenario began.
func (f *fleet) warm(p *pod) bool { return f.s.Fault.Kind != Start && p.created < settleSpread }

// measured says whether the instant counts.
func (f *fleet) measured(now time.Duration) bool { return now > f.settle }

// faultAt is the instant of the fault.
func (f *fleet) faultAt() time.Duration { return f.settle + f.s.Fault.At }

// create makes a pod, on the node that has fewest.
func (f *fleet) create(at time.Duration, revision, ordinal int) {
	f.created++
	p := &pod{f: f, chance: newRandom(f.seed, 2*f.created), boots: newRandom(f.seed, 2*f.created+1), ordinal: ordinal, revision: revision, created: at,
		cpu: 1, changeAt: probesim.Never, node: f.place()}
	name := fmt.Sprintf("pod %d", f.created)
	if f.s.Ordered {
		name = fmt.Sprintf("pod %d", ordinal)
	}
	if revision > 0 {
		name += " new"
	}
	f.traceRow(p, name)
	p.sim = probesim.NewPod(probesim.Kubelet{Version: f.s.Version, Create: p.take}, &p.chance, at, probesim.Container{Spec: f.s.Spec, App: p})
	p.next = at
	f.pods = append(f.pods, p)
	f.note(p, at)
}

func (f *fleet) place() int {
	best, fewest := 0, len(f.pods)+1
	for n := range f.s.Nodes {
		if n == f.cordoned || n == f.lostNode {
			continue
		}
		count := 0
		for _, p := range f.pods {
			if p.node == n && !p.deleting {
				count++
			}
		}
		if count < fewest {
			best, fewest = n, count
		}
	}
	return best
}

// delete asks for the deletion of a pod.
func (f *fleet) delete(p *pod, now time.Duration) {
	if p.deleting {
		return
	}
	p.deleting = true
	f.dirty = true
	f.propagate(p, now, false)
	if p.lost {
		f.over(p)
		return
	}
	f.handle(p, p.sim.Delete(now, f.s.Spec.Grace, f.buf[:0]))
	p.next = p.sim.Next()
	f.note(p, now)
}

// propagate lets who sends requests learn that the pod is an endpoint, or is none any more.
func (f *fleet) propagate(p *pod, now time.Duration, on bool) {
	if p.changeAt == probesim.Never && p.endpoint == on {
		return
	}
	p.changeTo = on
	p.changeAt = now + propagateLeast + time.Duration(f.chance.Float64()*float64(propagateMost-propagateLeast))
}

// advance steps the pod until nothing is due before the instant.
func (f *fleet) advance(p *pod, until time.Duration) {
	for p.next < until {
		f.handle(p, p.sim.Step(f.buf[:0]))
		if p.next = p.sim.Next(); p.over {
			return
		}
	}
}

func (f *fleet) handle(p *pod, events []probesim.Event) {
	f.buf = events
	for i := range events {
		e := &events[i]
		switch e.Type {
		case probesim.ContainerStarted:
			if e.Incarnation > 0 {
				f.result.Restarts++
			}
		case probesim.ContainerExited:
			if e.Incarnation == p.n-1 {
				p.exits(e.At)
			}
		case probesim.ProbeEnded:
			if e.Outcome == probesim.Failure {
				f.mark(p, Mark{At: e.At, Kind: e.Kind, Boot: p.booting(e.Incarnation, e.At)})
			}
			continue
		case probesim.Killing:
			boot := p.booting(e.Incarnation, e.At)
			if boot {
				f.result.Boots++
				f.result.KilledBoots++
			}
			if e.Incarnation == p.hungN-1 && f.result.Killed < 0 {
				f.result.Killed = e.At - f.faultAt()
			}
			f.mark(p, Mark{At: e.At, Kill: true, Boot: boot, Kind: e.Kind})
		case probesim.ReadyChanged:
			f.dirty = true
			if p.ready = e.On; e.On {
				p.readySince = e.At
				if !p.everReady {
					p.everReady = true
					if p.created >= f.settle {
						f.result.ToReady = append(f.result.ToReady, e.At-p.created)
					}
				}
			}
			if !p.deleting {
				f.propagate(p, e.At, e.On)
			}
		case probesim.PodEnded:
			f.over(p)
		default:
			continue
		}
		f.note(p, e.At)
	}
	if p.row != nil && p.running { // boots end without an event
		f.note(p, p.sim.Now())
	}
}

func (f *fleet) over(p *pod) {
	p.over, p.running, p.endpoint, p.changeAt = true, false, false, probesim.Never
	f.dirty = true
	if !p.everReady && p.created >= f.settle {
		f.result.NeverReady++
	}
	f.note(p, f.now)
}

// clear forgets the pods that are over.
func (f *fleet) clear() {
	kept := f.pods[:0]
	for _, p := range f.pods {
		if !p.over {
			kept = append(kept, p)
		}
	}
	f.pods = kept
}

// outOf takes notice of a struck pod that gets no more requests.
func (f *fleet) outOf(p *pod, now time.Duration) {
	if !p.hit || p.endpoint || !f.struck {
		return
	}
	for _, q := range f.pods {
		if q.hit && q.endpoint {
			return
		}
	}
	if f.result.Out < 0 {
		f.result.Out = now - f.faultAt()
	}
}

// watch records the tick.
func (f *fleet) watch(now time.Duration) {
	if !f.measured(now) {
		return
	}
	ready, there := 0, 0
	for _, p := range f.pods {
		if !p.lost {
			there++
		}
		if p.ready && !p.deleting {
			ready++
		}
	}
	if ready < f.desired || there > f.desired {
		f.unsettled = now
	}
	if t := f.trace; t != nil {
		for _, p := range f.pods {
			f.note(p, now)
		}
		if (now-f.settle)%sampleEvery == 0 {
			t.Samples = append(t.Samples, Sample{now - f.settle, len(f.endpoints), f.traffic.rateOffered, f.traffic.rateGood, f.traffic.waitedMost})
		}
	}
}

func (f *fleet) close(end time.Duration) Run {
	r := &f.result
	for _, p := range f.pods {
		if !p.everReady && p.created >= f.settle {
			r.NeverReady++
		}
		if p.running && end >= p.bootEnd && p.began >= f.settle {
			r.Boots++
		}
	}
	r.Extra = max(r.Restarts-f.s.demanded(), 0)
	r.Zero = f.traffic.zero
	r.Goodput, r.Last = share(f.traffic.good, f.traffic.offered), share(f.traffic.lastGood, f.traffic.lastOffered)
	ready := 0
	for _, p := range f.pods {
		if p.ready && !p.deleting {
			ready++
		}
	}
	if ready >= f.desired && f.struck {
		r.Settled = max(f.unsettled-f.faultAt(), 0)
	}
	if f.rolled > 0 {
		r.Rolled = f.rolled - f.faultAt()
	}
	if f.drained > 0 {
		r.Drained = f.drained - f.faultAt()
	}
	r.Recovered = r.Last >= recoveredFrom
	if f.s.Load.Utilization == 0 || f.s.Fault.Kind == Start { // where no requests came, the pods have to say it
		r.Recovered = r.Recovered && ready >= f.desired
	}
	if f.trace != nil {
		f.trace.finish(f.s.For)
	}
	return *r
}

// share is a of b; what was never asked for was not missed.
func share(a, b float64) float64 {
	if b == 0 {
		return 1
	}
	return min(max(a/b, 0), 1)
}
