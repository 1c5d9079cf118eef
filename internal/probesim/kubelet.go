package probesim

import "time"

// record is one incarnation in the container runtime.
type record struct {
	id         int // incarnation+1; 0: there is none
	running    bool
	startedAt  time.Duration
	finishedAt time.Duration
	code       int
}

// status is what the status manager holds about a container (status/status_manager.go). Workers read nothing else.
type status struct {
	id                  int
	running, terminated bool
	startedAt           time.Duration // cut to whole seconds, as the API has it
	code                int
	started             bool
	known               bool // started has been set
	ready               bool
}

// stopping is one call of killContainer (kuberuntime/kuberuntime_container.go).
type stopping struct {
	on      bool
	preEnd  time.Duration // when the preStop hook ends; Never once SIGTERM was sent
	grace   time.Duration // left for the process after it
	returns bool          // the process has exited
}

// container is one container: the runtime's truth, the kubelet's views of it, its workers.
type container struct {
	Container

	cur  record        // newest incarnation
	dead record        // newest exited one before it
	exit time.Duration // when cur exits, if nothing happens before; Never: it does not
	code int           // with which

	seen, seenDead record // as of the last relist
	view, viewDead record // as of the beginning of the sync, which does not look again

	status      status    // as published
	computed    status    // worked out by a sync and not yet published
	workers     [3]worker // by kind
	kill        stopping
	everStarted bool // a sidecar that has started once lets the others go on for ever
	backOff     backOff
}

// exited returns the newest exited incarnation that the sync saw at its beginning, before any kill (kuberuntime_manager.go doBackOff).
func (c *container) exited() *record {
	if c.view.id != 0 && !c.view.running {
		return &c.view
	}
	return &c.viewDead
}

// stage is what the pod's own goroutine in the kubelet does (pod_workers.go podWorkerLoop).
type stage uint8

const (
	idle       stage = iota
	called           // a sync was asked for, and its goroutine has not yet taken notice
	awaiting         // it waits until the cache of the runtime's state is newer than the last sync
	publishing       // the status is worked out
	watching         // the status is published
	acting           // the workers are there
	killing          // the sync is blocked by a kill
	starting         // the sync is blocked by a container that is being created
	finishing        // it is done but for the accounts
	ending           // the pod's deletion stops all containers
)

// tell queues a changed result for the sync loop (results/results_manager.go Updates).
func (p *Pod) tell(ci int, k Kind, id int, value cached) {
	p.updates = append(p.updates, told{ci, k, id, value})
}

// receive is one turn of the sync loop for a result (kubelet.go syncLoopIteration).
func (p *Pod) receive(i int) {
	u := p.updates[i]
	p.updates = append(p.updates[:i], p.updates[i+1:]...)
	s := &p.containers[u.container].status
	switch u.kind {
	case Liveness:
		if u.value != failed {
			return
		}
	case Readiness: // status_manager.go SetContainerReadiness
		if s.id == u.id {
			s.ready = u.value == passed
			p.publishReady()
		}
	case Startup: // status_manager.go SetContainerStartup
		if s.id == u.id {
			p.setStarted(u.container, u.value == passed)
		}
	}
	p.dispatch()
}

func (p *Pod) setStarted(ci int, on bool) {
	s := &p.containers[ci].status
	if !s.known || s.started != on {
		s.known, s.started = true, on
		p.emit(Event{Type: StartedChanged, Container: ci, Incarnation: s.id - 1, On: on})
	}
}

// publishReady works out the pod's Ready condition: all containers, sidecars too, are ready.
func (p *Pod) publishReady() {
	ready := true
	for i := range p.containers {
		ready = ready && p.containers[i].status.ready
	}
	if ready != p.ready {
		p.ready = ready
		p.emit(Event{Type: ReadyChanged, On: ready})
	}
}

// dispatch asks for a sync (pod_workers.go UpdatePod): what comes during one is remembered once.
func (p *Pod) dispatch() {
	if p.gone {
		return
	}
	switch p.stage {
	case idle:
		p.stage = called
	case called:
	default:
		p.pending = true
	}
}

// fresh says whether what is known of the runtime is newer than the last sync (container/cache.go GetNewerThan).
func (p *Pod) fresh() bool { return p.known > p.lastSync }

// relist is pleg/generic.go Relist (or relistPod): the view is renewed, and every changed incarnation will ask for a sync.
func (p *Pod) relist() {
	if p.sandbox && !p.sandboxSeen { // to it, the sandbox is a container
		p.sandboxSeen = true
		p.changes++
	}
	for i := range p.containers {
		c := &p.containers[i]
		for _, r := range [...]*record{&c.cur, &c.dead} {
			if r.id == 0 {
				continue
			}
			switch {
			case r.id == c.seen.id && r.running == c.seen.running:
			case r.id == c.seenDead.id:
			default:
				p.changes++
			}
		}
		c.seen, c.seenDead = c.cur, c.dead
	}
	p.changed = false
	p.known = p.now
}

// look takes the view of the runtime without waiting for a relist.
func (p *Pod) look() {
	for i := range p.containers {
		c := &p.containers[i]
		c.seen, c.seenDead = c.cur, c.dead
	}
	p.changed = false
}

// syncStatus is the first part of kubelet.go SyncPod: kubelet_pods.go generateAPIPodStatus with prober_manager.go UpdatePodStatus.
func (p *Pod) syncStatus() {
	if p.kubelet.Instant {
		p.look()
	}
	over := !p.deleting
	for i := range p.containers {
		c := &p.containers[i]
		c.view, c.viewDead = c.seen, c.seenDead
		over = over && c.view.id != 0 && !c.view.running && !c.again(c.view.code)
	}
	p.over = p.over || over
	for i := range p.containers {
		c := &p.containers[i]
		old, r := c.status, c.view
		s := status{id: r.id, running: r.running, terminated: r.id != 0 && !r.running, code: r.code, known: true}
		if r.running {
			s.startedAt = r.startedAt / second * second
		}
		inherited := p.kubelet.Version.startedSurvives() && r.running && old.known && old.started
		s.started = p.containerStarted(c, &s, inherited)
		if s.started {
			s.ready = p.containerReady(c, &s)
		}
		c.computed = s
	}
	p.stage = publishing
}

// again says whether the exited container is to run again.
func (c *container) again(code int) bool { return c.Sidecar || c.Restart.again(code) }

// containerStarted is prober_manager.go isContainerStarted.
func (p *Pod) containerStarted(c *container, s *status, inherited bool) bool {
	if !s.running {
		return false
	}
	w := &c.workers[Startup]
	if value, ok := w.result(s.id); ok {
		return value == passed
	}
	return inherited || w.phase == absent
}

// containerReady is the second half of prober_manager.go UpdatePodStatus, with its manual trigger.
func (p *Pod) containerReady(c *container, s *status) bool {
	w := &c.workers[Readiness]
	value, known := w.result(s.id)
	if value == passed && known {
		return true
	}
	ready := w.phase == absent
	if !ready && !w.trigger {
		w.trigger, w.hearsAt = true, p.now
		if p.kubelet.Wake != nil {
			w.hearsAt += p.kubelet.Wake()
		}
	}
	if p.kubelet.Version.startedSurvives() && c.view.startedAt < p.kubeletStart-restartGrace { // setReadyStateOnKubeletRestart
		if !known {
			ready = true
		}
		if c.Readiness != nil && !p.ready {
			ready = false
		}
	}
	return ready
}

// syncPublish is status_manager.go SetPodStatus.
func (p *Pod) syncPublish() {
	for i := range p.containers {
		c := &p.containers[i]
		started := c.computed.started
		c.computed.started, c.computed.known = c.status.started, c.status.known
		c.status = c.computed
		if started || c.status.known || c.status.id != 0 {
			p.setStarted(i, started)
		}
	}
	p.published, p.ended = true, p.over
	p.publishReady()
	p.stage = watching
}

// syncWatch makes the workers, or turns to the pod's end.
func (p *Pod) syncWatch() {
	if p.deleting || p.ended {
		p.syncEnd()
		return
	}
	p.addWorkers()
	p.stage = acting
}

// syncAct is the rest of SyncPod: kuberuntime_manager.go computePodActions and the kills.
func (p *Pod) syncAct() {
	p.acted, p.retryAt = false, Never
	kept, starts := 0, 0
	for i := range p.containers {
		c := &p.containers[i]
		p.start[i] = false
		if !p.mayRun(i) {
			break
		}
		if !c.view.running {
			if p.start[i] = c.view.id == 0 || c.again(c.view.code); p.start[i] {
				starts++
			}
			continue
		}
		why, kill := Liveness, false
		if v, ok := c.workers[Liveness].result(c.view.id); ok && v == failed {
			kill = true
		} else if v, ok := c.workers[Startup].result(c.view.id); ok && v == failed {
			why, kill = Startup, true
		}
		if !kill {
			kept++
			continue
		}
		if p.start[i] = c.Sidecar || c.Restart != NeverRestart; p.start[i] {
			starts++
		}
		p.kills = append(p.kills, doomed{i, why})
	}
	// With nothing to keep and nothing to start the whole pod is killed, and the probe's own grace period does not count (changes.KillPod).
	p.killPod = kept == 0 && starts == 0
	p.stage = killing
	p.killNext()
}

// mayRun says whether the container's turn has come: every sidecar before it runs and has started (kuberuntime_container.go computeInitContainerActions).
func (p *Pod) mayRun(ci int) bool {
	for i := range ci {
		c := &p.containers[i]
		if !c.Sidecar || c.everStarted {
			continue
		}
		if !c.view.running {
			return false
		}
		if v, _ := c.workers[Startup].result(c.view.id); c.Startup != nil && v != passed {
			return false
		}
		c.everStarted = true
	}
	return true
}

// addWorkers is prober_manager.go AddPod: it stops at the first worker that is there already.
func (p *Pod) addWorkers() {
	for i := range p.containers {
		c := &p.containers[i]
		for k, probe := range c.Probes() {
			if probe == nil {
				continue
			}
			if c.workers[k].phase != absent {
				return
			}
			p.startWorker(c, Kind(k), probe)
		}
	}
}

// killNext begins the next kill of the sync, or goes on to the starts when there is none left.
func (p *Pod) killNext() {
	if len(p.kills) == 0 {
		p.startAll()
		return
	}
	n := 0
	if p.kubelet.Ties != nil && len(p.kills) > 1 {
		n = p.kubelet.Ties.Choose(len(p.kills)) // the kubelet ranges over a map
	}
	d := p.kills[n]
	p.kills = append(p.kills[:n], p.kills[n+1:]...)
	p.acted = true
	c := &p.containers[d.container]
	p.emit(Event{Type: Killing, Container: d.container, Incarnation: c.view.id - 1, Kind: d.why})
	grace := c.grace()
	if probe := c.Probes()[d.why]; probe.Grace > 0 && !p.killPod {
		grace = probe.Grace
	}
	p.stop(d.container, grace)
}

func (c *container) grace() time.Duration {
	if c.Grace == 0 {
		return defaultGrace
	}
	return c.Grace
}

// stop is kuberuntime_container.go killContainer: the hook runs first and uses up whole seconds of the grace period.
func (p *Pod) stop(ci int, grace time.Duration) {
	c := &p.containers[ci]
	hook := time.Duration(0)
	if grace > 0 {
		hook = min(c.PreStop, grace)
	}
	c.kill = stopping{on: true, preEnd: p.now + hook, grace: max(grace-hook/second*second, minGrace)}
	if hook == 0 {
		p.terminate(ci)
	}
}

// terminate sends SIGTERM, and SIGKILL at the end of the grace period.
func (p *Pod) terminate(ci int) {
	c := &p.containers[ci]
	c.kill.preEnd = Never
	if !c.cur.running {
		c.kill.returns = true
		return
	}
	takes, code := c.App.Stop(c.cur.id-1, p.now)
	if takes >= c.kill.grace {
		takes, code = c.kill.grace, 137
	}
	if at := p.now + max(takes, 0); at < c.exit {
		c.exit, c.code = at, code
	}
	if c.exit <= p.now {
		p.exits(ci)
	}
}

// exits is the end of the process.
func (p *Pod) exits(ci int) {
	c := &p.containers[ci]
	c.cur.running, c.cur.finishedAt, c.cur.code = false, p.now, c.code
	c.exit = Never
	p.changed = true
	p.emit(Event{Type: ContainerExited, Container: ci, Incarnation: c.cur.id - 1, Code: c.code})
	for k := range c.workers {
		w := &c.workers[k]
		if w.phase == probing && w.answers == c.cur.id && w.at > p.now { // its connection is cut
			w.outcome, w.at = Failure, p.now
		}
	}
	if p.kubelet.Instant {
		p.dispatch()
	}
	c.kill.returns = c.kill.on && c.kill.preEnd == Never
}

// stopped is the return of killContainer.
func (p *Pod) stopped(ci int) {
	p.containers[ci].kill = stopping{}
	switch p.stage {
	case killing:
		p.killNext()
	case ending:
		p.endStep()
	}
}

// startAll starts what is to run, unless back-off forbids it (kuberuntime_manager.go SyncPod, doBackOff).
func (p *Pod) startAll() {
	for i := range p.containers {
		if !p.start[i] {
			continue
		}
		p.start[i] = false
		c := &p.containers[i]
		if last := c.exited(); last.id != 0 {
			if c.backOff.refuses(last.finishedAt, p.now, p.maxBackOff) {
				until := last.finishedAt + c.backOff.wait
				p.retryAt = min(p.retryAt, until)
				p.emit(Event{Type: BackingOff, Container: i, Incarnation: c.cur.id - 1, Until: until})
				continue
			}
			c.backOff.next(last.finishedAt, p.now, p.maxBackOff)
		}
		if p.kubelet.Create != nil {
			p.decidedAt = p.now
			p.creating, p.createdAt, p.stage = i, p.now+max(p.kubelet.Create(i, c.cur.id, p.now), 0), starting
			return
		}
		if p.begin(i) {
			break
		}
	}
	p.acts()
}

// acts is the end of what a sync does to containers; the accounts follow.
func (p *Pod) acts() {
	p.stage, p.finishAt = finishing, p.now
	if !p.kubelet.Instant {
		p.finishAt += handoff
	}
}

// created goes on with the sync when a container has been created.
func (p *Pod) created() {
	p.createdAt = Never
	wait := p.begin(p.creating)
	if p.kubelet.Sweep > 0 && floorTo(p.now, p.kubelet.Sweep, sweepPeriod) > p.decidedAt {
		p.containers[p.creating].dead = record{}
	}
	if wait {
		p.acts()
		return
	}
	p.startAll()
}

// begin is a new incarnation. It says whether what follows the container must wait until it has started.
func (p *Pod) begin(ci int) (wait bool) {
	c := &p.containers[ci]
	if c.cur.id != 0 {
		c.dead = c.cur
	}
	c.cur = record{id: c.cur.id + 1, running: true, startedAt: p.now}
	p.acted, p.changed, p.sandbox = true, true, true
	p.emit(Event{Type: ContainerStarted, Container: ci, Incarnation: c.cur.id - 1})
	life, code := c.App.Run(c.cur.id-1, p.now)
	c.exit, c.code = Never, code
	if life < Never-p.now {
		c.exit = p.now + max(life, 0)
	}
	if p.kubelet.Instant {
		p.dispatch()
	}
	return c.Sidecar && !c.everStarted
}

// finishSync is pod_workers.go completeWork.
func (p *Pod) finishSync() {
	p.lastSync = p.now
	p.emit(Event{Type: Synced})
	v := p.kubelet.Version
	switch {
	case p.kubelet.Instant:
		p.requeueAt = p.retryAt
	case p.retryAt == Never:
		p.requeueAt = p.now + jitter(p.kubelet.Resync, p.draw())
	case v.retriesAtExpiry():
		p.requeueAt = p.now + jitter(min(max(p.retryAt-p.now, 0), p.kubelet.Resync), p.draw())
	default:
		p.requeueAt = p.now + jitter(retryPeriod, p.draw())
	}
	if v.relistsOnDemand() && p.acted && p.retryAt == Never && !p.kubelet.Instant {
		p.lookAt = p.now + handoff
		if p.kubelet.Look != nil {
			p.lookAt += p.kubelet.Look()
		}
	}
	p.stage = idle
	if p.pending {
		p.pending, p.stage = false, called
	}
}

func jitter(d time.Duration, draw float64) time.Duration {
	return d + time.Duration(draw*requeueJitter*float64(d)) // apimachinery wait.Jitter
}

// syncEnd stops a pod that is deleted or over (kubelet.go SyncTerminatingPod).
func (p *Pod) syncEnd() {
	p.stage = ending
	for i := range p.containers {
		c := &p.containers[i]
		if !c.Sidecar {
			c.workers[Liveness].stopped, c.workers[Startup].stopped = true, true
		}
		if c.cur.running && !c.Sidecar {
			p.stop(i, p.deletionGrace)
		}
	}
	p.endStep()
}

// endStep goes on with the end of a pod once what runs first has stopped: sidecars last, in reverse order, each in what is left of the grace period.
func (p *Pod) endStep() {
	for i := len(p.containers) - 1; i >= 0; i-- {
		c := &p.containers[i]
		if c.kill.on {
			return
		}
		if c.Sidecar && c.cur.running {
			for j := range p.containers {
				if p.containers[j].kill.on {
					return
				}
			}
			p.stop(i, max(p.deletionGrace-(p.now-p.deletedAt)/second*second, 0))
			return
		}
	}
	for i := range p.containers {
		for k := range p.containers[i].workers {
			p.containers[i].workers[k].stopped = true
		}
	}
	p.gone, p.stage, p.requeueAt = true, idle, Never
	p.emit(Event{Type: PodEnded})
}
