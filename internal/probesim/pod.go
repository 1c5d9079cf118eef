package probesim

import (
	"slices"
	"time"
)

// Pod is one pod on a kubelet. It is not safe for concurrent use. Once it has run for a while it allocates nothing more.
type Pod struct {
	kubelet    Kubelet
	chance     Rand
	containers []container
	now        time.Duration
	out        []Event // of the step that is done

	kubeletStart             time.Duration
	relistPhase, pollPhase   time.Duration
	maxBackOff               time.Duration
	stage                    stage
	pending                  bool          // another sync was asked for during one
	lastSync                 time.Duration // end of the last sync
	listed                   time.Duration // last relist of all pods; -Never before the first
	known                    time.Duration // newest instant of which the kubelet knows the runtime's state (container/cache.go)
	lookAt                   time.Duration // when this pod is looked at on demand
	requeueAt                time.Duration // earliest instant at which the queue repeats the sync
	changed                  bool          // the runtime has changed since it was looked at
	sandbox, sandboxSeen     bool          // the pod's sandbox exists; the relist has seen it
	published                bool          // the status manager has a status
	ready                    bool          // the pod's Ready condition
	over, ended              bool          // phase Succeeded or Failed, as worked out and as published
	gone                     bool          // stopped for good
	deleting, bornDeleted    bool          // deletion was asked for; it was when this kubelet began
	deletedAt, deletionGrace time.Duration

	// of the sync that runs
	creating  int           // index of the container that is being created
	createdAt time.Duration // when it runs; Never: none is
	decidedAt time.Duration // when its creation began
	acted     bool          // it changed something in the runtime
	killPod   bool          // it keeps nothing and starts nothing
	retryAt   time.Duration // when the first back-off that it met ends; Never: it met none
	finishAt  time.Duration // when it is done
	start     []bool        // by container: to be started
	kills     []doomed      // still to come

	changes int // incarnations that the relist found changed, on their way to the sync loop
	updates []told
	due     []step // what may be done at the instant of the step, in a fixed order

	scanned  bool // nextAt and nextStep hold
	nextAt   time.Duration
	nextStep step
}

// doomed is a container to be killed.
type doomed struct {
	container int
	why       Kind
}

// told is a changed result on its way to the sync loop.
type told struct {
	container int
	kind      Kind
	id        int
	value     cached
}

// NewPod returns a pod that the kubelet sees first at the instant at. Instants are durations since an origin that is a whole second of the wall clock.
// The containers are in the order of their start, sidecars first.
func NewPod(k Kubelet, chance Rand, at time.Duration, containers ...Container) *Pod {
	if k.Version == 0 {
		k.Version = Newest
	}
	p := &Pod{
		kubelet: k, chance: chance, now: at,
		kubeletStart: at - k.Uptime, maxBackOff: k.MaxBackOff, relistPhase: k.RelistPhase, pollPhase: k.PollPhase,
		containers: make([]container, len(containers)), start: make([]bool, len(containers)),
	}
	if k.Uptime == 0 {
		p.kubeletStart = at - longUp
	}
	if p.kubelet.Resync == 0 {
		p.kubelet.Resync = resyncPeriod
	}
	if p.maxBackOff == 0 {
		p.maxBackOff = backOffMax
	}
	if p.relistPhase == 0 {
		p.relistPhase = time.Duration(p.draw() * float64(relistPeriod))
	}
	if p.pollPhase == 0 {
		p.pollPhase = time.Duration(p.draw() * float64(pollPeriod))
	}
	for i, c := range containers {
		p.containers[i] = container{Container: c, exit: Never}
	}
	p.boot(at)
	return p
}

// CopyFrom makes p a copy of o that goes on independently of it. The applications, the chance and the chooser of ties are those of o.
func (p *Pod) CopyFrom(o *Pod) {
	old := *p
	*p = *o
	p.containers = append(old.containers[:0], o.containers...)
	p.start = append(old.start[:0], o.start...)
	p.kills = append(old.kills[:0], o.kills...)
	p.updates = append(old.updates[:0], o.updates...)
	p.due = old.due
	p.out = nil
}

// boot is a kubelet that knows nothing yet and is told of the pod.
func (p *Pod) boot(at time.Duration) {
	p.stage, p.pending, p.published = called, false, false
	p.lastSync, p.listed, p.known = -Never, at, at
	p.lookAt, p.requeueAt, p.createdAt = Never, Never, Never
	p.updates, p.changes = p.updates[:0], 0
}

func (p *Pod) draw() float64 {
	if p.chance == nil {
		return 0
	}
	return p.chance.Float64()
}

func (p *Pod) emit(e Event) {
	e.At = p.now
	p.out = append(p.out, e)
}

// Ready says whether the pod's Ready condition is true, as the kubelet publishes it.
func (p *Pod) Ready() bool { return p.ready && !p.gone }

// Started says whether the status of the container says so.
func (p *Pod) Started(container int) bool { return p.containers[container].status.started }

// Running returns the incarnation of the container that runs, counted from 0, or false.
func (p *Pod) Running(container int) (incarnation int, ok bool) {
	c := &p.containers[container]
	return c.cur.id - 1, c.cur.running
}

// Restarts returns how many times the container was started again.
func (p *Pod) Restarts(container int) int { return max(p.containers[container].cur.id-1, 0) }

// Over says whether the pod has ended: deleted and stopped, or all containers exited for good.
func (p *Pod) Over() bool { return p.gone }

// Now returns the instant up to which the pod was stepped.
func (p *Pod) Now() time.Duration { return p.now }

// Step does the next thing, at the instant [Pod.Next], and appends what happened to buf. Several steps may be due at one instant; each is one call.
func (p *Pod) Step(buf []Event) []Event {
	at, s := p.next()
	if p.kubelet.Ties != nil {
		at, s = p.scan(true)
	}
	if at == Never {
		return buf
	}
	p.enter(at, buf)
	p.do(s)
	buf, p.out = p.out, nil
	return buf
}

// Next returns the instant at which the pod wants to be stepped next, [Never] if nothing will happen by itself.
func (p *Pod) Next() time.Duration {
	at, _ := p.next()
	return at
}

// next is scan, remembered until something is done.
func (p *Pod) next() (time.Duration, step) {
	if !p.scanned {
		p.nextAt, p.nextStep = p.scan(false)
		p.scanned = true
	}
	return p.nextAt, p.nextStep
}

// enter begins something that is done at the instant at.
func (p *Pod) enter(at time.Duration, buf []Event) {
	// Relists in which nothing changed are not stepped through, but they happened.
	if at > p.now && p.listed != -Never {
		p.listed = max(p.listed, floorTo(at-1, p.relistPhase, relistPeriod))
		p.known = max(p.known, p.listed)
	}
	p.now, p.out, p.scanned = at, buf, false
}

// Run steps the pod until nothing is due before the instant end, and appends what happened to buf.
func (p *Pod) Run(end time.Duration, buf []Event) []Event {
	for p.Next() < end {
		buf = p.Step(buf)
	}
	return buf
}

// Crash lets the running process of the container exit with the code at the instant at, which must not be later than Next.
func (p *Pod) Crash(at time.Duration, container, code int, buf []Event) []Event {
	c := &p.containers[container]
	if !c.cur.running {
		return buf
	}
	p.enter(at, buf)
	if p.mayList(at) && p.kubelet.Ties.Choose(2) == 1 { // a relist of this instant came before
		p.listed = at
		p.relist()
	}
	c.exit, c.code = at, code
	p.exits(container)
	buf, p.out = p.out, nil
	return buf
}

// Delete asks for the pod's deletion at the instant at, which must not be later than Next, with the grace period.
func (p *Pod) Delete(at, grace time.Duration, buf []Event) []Event {
	p.enter(at, buf)
	if !p.deleting {
		p.deleting, p.deletedAt, p.deletionGrace = true, at, grace
		p.dispatch()
	}
	buf, p.out = p.out, nil
	return buf
}

// RestartKubelet lets a new kubelet take over at the instant at, which must not be later than Next. Containers go on; what the old one
// remembered is lost, but for the pod's published status.
func (p *Pod) RestartKubelet(at time.Duration) {
	p.enter(at, nil)
	p.kubeletStart = at
	p.bornDeleted = p.deleting
	for i := range p.containers {
		c := &p.containers[i]
		for k := range c.workers {
			c.workers[k] = worker{}
		}
		c.seen, c.seenDead, c.backOff, c.kill = record{}, record{}, backOff{}, stopping{}
	}
	p.kills = p.kills[:0]
	p.relistPhase, p.pollPhase = at%second, at%second
	p.boot(at)
	p.listed, p.known, p.changed, p.sandboxSeen = -Never, -Never, true, false
}

type op uint8

const (
	opHook op = iota
	opExit
	opCreated
	opLook
	opRelist
	opKilled
	opChange
	opUpdate
	opPoll
	opSync
	opWorker
)

// step is something that is due.
type step struct {
	op        op
	container int
	arg       int // kind of a worker, index of an update
	way       int // of a worker's select, see ways
}

// scan finds the instant of the next step and, if it is to be taken, which of those due then.
func (p *Pod) scan(take bool) (time.Duration, step) {
	at, first := Never, step{}
	ties := take && p.kubelet.Ties != nil
	p.due = p.due[:0]
	consider := func(t time.Duration, s step) {
		t = max(t, p.now)
		if t < at {
			at, first = t, s
			p.due = p.due[:0]
		}
		if ties && t == at && t != Never {
			p.due = append(p.due, s)
		}
	}
	for i := range p.containers {
		c := &p.containers[i]
		if c.kill.on {
			consider(c.kill.preEnd, step{op: opHook, container: i})
			if c.kill.returns {
				consider(p.now, step{op: opKilled, container: i})
			}
		}
		if c.cur.running {
			consider(c.exit, step{op: opExit, container: i})
		}
	}
	consider(p.createdAt, step{op: opCreated})
	if !p.gone {
		consider(p.lookAt, step{op: opLook})
		if !p.kubelet.Instant && (p.changed || p.stage == awaiting && !p.fresh()) {
			consider(p.nextRelist(), step{op: opRelist})
		}
		if p.changes > 0 {
			consider(p.now, step{op: opChange})
		}
		for i := range p.updates {
			consider(p.now, step{op: opUpdate, arg: i})
			if !ties {
				break
			}
		}
		consider(p.nextPoll(), step{op: opPoll})
		switch p.stage {
		case awaiting:
			if p.kubelet.Instant || p.fresh() {
				consider(p.now, step{op: opSync})
			}
		case called, publishing, watching, acting:
			consider(p.now, step{op: opSync})
		case finishing:
			consider(p.finishAt, step{op: opSync})
		}
	}
	for i := range p.containers {
		for k := range p.containers[i].workers {
			w := &p.containers[i].workers[k]
			t := w.due(p.now)
			if t > at {
				continue
			}
			consider(t, step{op: opWorker, container: i, arg: k})
			if ties {
				for way := 1; way < w.ways(t); way++ {
					consider(t, step{op: opWorker, container: i, arg: k, way: way})
				}
			}
		}
	}
	if ties && p.mayList(at) && !slices.Contains(p.due, step{op: opRelist}) {
		p.due = append(p.due, step{op: opRelist}) // it sees nothing new now, and will not look again at this instant
	}
	if ties && len(p.due) > 1 && !p.allQuiet() {
		first = p.due[p.kubelet.Ties.Choose(len(p.due))]
	}
	return at, first
}

// allQuiet says whether all that is due are workers that will tell nobody of anything: then their order makes no difference.
func (p *Pod) allQuiet() bool {
	for i, s := range p.due {
		if s.op != opWorker || !p.quiet(s) || i > 0 && p.due[i-1].container == s.container && p.due[i-1].arg == s.arg {
			return false
		}
	}
	return true
}

// quiet says whether a worker's step leaves its result as it is.
func (p *Pod) quiet(s step) bool {
	c := &p.containers[s.container]
	w := &c.workers[s.arg]
	if w.phase != probing {
		return w.phase == waiting && w.id == c.status.id && c.status.running
	}
	if w.outcome == Errored {
		return true
	}
	_, value, enough := w.judge()
	return !enough || w.has && w.cache == value
}

// mayList says whether there is a relist at the instant that may come before or after the rest.
func (p *Pod) mayList(at time.Duration) bool {
	return p.kubelet.Ties != nil && !p.gone && !p.kubelet.Instant && p.listed < at && at == ceilTo(at, p.relistPhase, relistPeriod)
}

func (p *Pod) nextRelist() time.Duration {
	t := ceilTo(p.now, p.relistPhase, relistPeriod)
	if t <= p.listed {
		t += relistPeriod
	}
	return t
}

func (p *Pod) nextPoll() time.Duration {
	if p.requeueAt == Never || p.kubelet.Instant {
		return p.requeueAt
	}
	return ceilTo(p.requeueAt+1, p.pollPhase, pollPeriod) // work_queue.go GetWork: strictly after
}

// floorTo and ceilTo return the nearest instant of the grid of the period with the phase that is not later, or not earlier, than t.
func floorTo(t, phase, period time.Duration) time.Duration {
	d := (t - phase) % period
	if d < 0 {
		d += period
	}
	return t - d
}

func ceilTo(t, phase, period time.Duration) time.Duration {
	f := floorTo(t, phase, period)
	if f < t {
		f += period
	}
	return f
}

func (p *Pod) do(s step) {
	switch s.op {
	case opHook:
		p.terminate(s.container)
	case opExit:
		p.exits(s.container)
	case opCreated:
		p.created()
	case opLook:
		p.lookAt = Never
		p.relist()
	case opRelist:
		p.listed = p.now
		p.relist()
	case opKilled:
		p.stopped(s.container)
	case opChange:
		p.changes--
		p.dispatch()
	case opUpdate:
		p.receive(s.arg)
	case opPoll:
		p.requeueAt = Never
		p.dispatch()
	case opSync:
		switch p.stage {
		case called:
			p.stage = awaiting
		case awaiting:
			p.syncStatus()
		case publishing:
			p.syncPublish()
		case watching:
			p.syncWatch()
		case acting:
			p.syncAct()
		case finishing:
			p.finishSync()
		}
	case opWorker:
		p.stepWorker(s.container, Kind(s.arg), s.way)
	}
}
