package probesim

import "time"

// cached is a value of the result cache.
type cached uint8

const (
	unknown cached = iota
	failed
	passed
)

// initial values per kind (prober/worker.go newWorker).
var initial = [3]cached{Startup: unknown, Readiness: failed, Liveness: passed}

func (c cached) outcome() Outcome {
	return [...]Outcome{unknown: Errored, failed: Failure, passed: Success}[c]
}

type phase uint8

const (
	absent   phase = iota // no goroutine
	created               // about to run
	sleeping              // before the ticker is made, after a restart of the kubelet
	waiting               // in the select of stop, tick and manual trigger
	probing
)

// worker is one goroutine of the prober (prober/worker.go, struct worker). All its fields but id's cache belong to the worker and not to the
// incarnation: the run of equal results is carried over to the next incarnation.
type worker struct {
	kind  Kind
	probe Probe
	phase phase

	at      time.Duration // sleeping: when it wakes; probing: when the attempt ends
	tick    time.Duration // next tick of the grid; earlier than now: one tick is pending
	stopped bool          // a stop is pending
	trigger bool          // a manual trigger is pending
	hearsAt time.Duration // when the worker hears of it
	outcome Outcome       // probing: of the attempt
	attempt int           // probing: attempts that were made
	begun   time.Duration // probing: when the first attempt began
	asked   int           // probing: id of the incarnation that the worker means
	answers int           // probing: id of the one that answers
	id      int           // incarnation+1 it has adopted; 0 none
	last    Outcome       // last result; Success before the first, as in the kubelet, where run 0 makes it harmless
	run     int           // how many times in a row
	onHold  bool
	has     bool // the cache holds a result for id
	cache   cached
}

// result returns the cached result for the incarnation with the id (results.Manager Get).
func (w *worker) result(id int) (cached, bool) {
	if w.id == id && w.has {
		return w.cache, true
	}
	return unknown, false
}

// startWorker is newWorker.
func (p *Pod) startWorker(c *container, k Kind, probe *Probe) {
	c.workers[k] = worker{kind: k, probe: probe.WithDefaults(), phase: created, at: p.now}
}

// runWorker is the beginning of run: the tick grid is anchored where the sleep ends.
func (p *Pod) runWorker(ci int, w *worker) {
	if w.phase == created && w.probe.Period > p.now-p.kubeletStart {
		w.phase, w.at = sleeping, p.now+time.Duration(p.draw()*float64(w.probe.Period))
		return
	}
	w.tick = p.now + w.probe.Period
	p.doProbe(ci, w)
}

// due returns when the worker has something to do next.
func (w *worker) due(now time.Duration) time.Duration {
	switch w.phase {
	case created, sleeping, probing:
		return w.at
	case waiting:
		switch {
		case w.stopped:
			return now
		case w.trigger:
			return max(min(w.tick, w.hearsAt), now)
		}
		return max(w.tick, now)
	}
	return Never
}

// hears says whether a manual trigger has come to the worker.
func (w *worker) hears(now time.Duration) bool { return w.trigger && w.hearsAt <= now }

// ways returns in how many ways a waiting worker's select can go on now: it takes what is pending in any order.
func (w *worker) ways(now time.Duration) int {
	if w.phase != waiting {
		return 1
	}
	n := 0
	for _, ready := range [...]bool{w.tick <= now, w.hears(now), w.stopped} {
		if ready {
			n++
		}
	}
	return n
}

// stepWorker lets the worker do what is due; way selects among the pending (tick, trigger, stop) from 0.
func (p *Pod) stepWorker(ci int, k Kind, way int) {
	c := &p.containers[ci]
	w := &c.workers[k]
	switch w.phase {
	case created, sleeping:
		p.runWorker(ci, w)
	case probing:
		p.attemptEnds(ci, w)
	case waiting:
		if w.tick <= p.now {
			if way == 0 {
				// The next tick is the first of the grid that lies ahead (runtime/time.go unlockAndRun).
				w.tick += w.probe.Period * (1 + (p.now-w.tick)/w.probe.Period)
				p.doProbe(ci, w)
				return
			}
			way--
		}
		if w.hears(p.now) {
			if way == 0 {
				w.trigger = false
				w.tick = p.now + w.probe.Period // Ticker.Reset, which also drops a pending tick
				p.doProbe(ci, w)
				return
			}
		}
		p.endWorker(w)
	}
}

func (p *Pod) endWorker(w *worker) {
	w.phase, w.has, w.stopped, w.trigger = absent, false, false, false
}

// doProbe is prober/worker.go doProbe up to the question itself; the numbers are those of the specification's table.
func (p *Pod) doProbe(ci int, w *worker) {
	c := &p.containers[ci]
	w.phase = waiting
	if !p.published { // 1
		return
	}
	if p.ended { // 2
		p.endWorker(w)
		return
	}
	s := &c.status
	if s.id == 0 { // 3
		return
	}
	if w.id != s.id { // 4
		w.id, w.has = s.id, false
		old := p.kubelet.Version.startedSurvives() && s.running && s.startedAt < p.kubeletStart-restartGrace
		if p.kubelet.Version.sidecarStaysStarted() && c.Sidecar && w.kind == Startup && s.started {
			p.setResult(ci, w, passed)
		}
		if !old {
			p.setResult(ci, w, initial[w.kind])
		}
		w.onHold = false
	}
	if w.onHold { // 5
		return
	}
	if !s.running { // 6
		p.setResult(ci, w, failed)
		if !p.keepsWorker(c) {
			p.endWorker(w)
		}
		return
	}
	if p.bornDeleted && w.kind != Readiness { // 7
		p.setResult(ci, w, passed)
		p.endWorker(w)
		return
	}
	if (p.now-s.startedAt)/second < w.probe.InitialDelay/second { // 8
		return
	}
	if s.started == (w.kind == Startup) { // 9, 10
		return
	}
	w.attempt, w.begun, w.asked = 0, p.now, s.id
	p.beginAttempt(ci, w)
}

// keepsWorker is the answer to "will the container of this status run again" (prober/worker.go, rule 6).
func (p *Pod) keepsWorker(c *container) bool {
	if !c.status.terminated || c.Sidecar {
		return true
	}
	if p.kubelet.Version.workersFollowExit() {
		return c.Restart.again(c.status.code)
	}
	return c.Restart != NeverRestart
}

// beginAttempt asks the application (prober/prober.go runProbeWithRetries). What has exited refuses.
func (p *Pod) beginAttempt(ci int, w *worker) {
	c := &p.containers[ci]
	w.phase, w.attempt = probing, w.attempt+1
	p.emit(Event{Type: ProbeStarted, Container: ci, Incarnation: w.asked - 1, Kind: w.kind})
	w.answers = w.asked
	if w.probe.ByAddress {
		w.answers = c.cur.id
	}
	if c.cur.id != w.answers || !c.cur.running {
		w.outcome, w.at = Failure, p.now
		return
	}
	var takes time.Duration
	w.outcome, takes = c.App.Probe(w.kind, w.answers-1, p.now-c.cur.startedAt, p.now)
	if takes >= w.probe.Timeout {
		w.outcome, takes = Failure, w.probe.Timeout+p.kubelet.TimeoutLate
	}
	w.at = p.now + max(takes, 0)
}

// attemptEnds is what follows the question: rules 11 to 14.
func (p *Pod) attemptEnds(ci int, w *worker) {
	if w.outcome == Errored && w.attempt < maxAttempts {
		p.beginAttempt(ci, w)
		return
	}
	w.phase = waiting
	p.emit(Event{Type: ProbeEnded, Container: ci, Incarnation: w.asked - 1, Kind: w.kind, Outcome: w.outcome})
	if w.outcome == Errored { // 11
		return
	}
	run, value, enough := w.judge()
	w.last, w.run = w.outcome, run // 12
	if !enough {                   // 13
		return
	}
	p.setResult(ci, w, value) // 14
	if w.kind == Startup || w.kind == Liveness && value == failed {
		w.onHold, w.run = true, 0
	}
}

// judge says, of a success or failure that has just ended, how many of its like there are in a row, which value they speak for, and whether they are enough.
func (w *worker) judge() (run int, value cached, enough bool) {
	value, threshold := passed, w.probe.SuccessThreshold
	if w.outcome == Failure {
		value, threshold = failed, w.probe.FailureThreshold
	}
	run = 1
	if w.last == w.outcome {
		run += w.run
	}
	return run, value, run >= threshold
}

// setResult is results.Manager Set: only what is new or different is told to the kubelet.
func (p *Pod) setResult(ci int, w *worker, value cached) {
	if w.has && w.cache == value {
		return
	}
	w.has, w.cache = true, value
	p.emit(Event{Type: ResultChanged, Container: ci, Incarnation: w.id - 1, Kind: w.kind, Outcome: value.outcome()})
	p.tell(ci, w.kind, w.id, value)
}
