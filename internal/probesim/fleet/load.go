package fleet

import (
	"time"

	"github.com/fairway-k8s/fairway/internal/probesim"
)

// traffic is the requests of a run: tries that come now, those that will be made again, and how they ended. Amounts are in seconds of one pod's
// capacity.
type traffic struct {
	offered, good         float64 // of the measured time
	lastOffered, lastGood float64 // of the last minutes
	again                 [][MaxRetries + 1]float64
	slot                  int
	wastedAfter           int // slots from a try that is in vain until it is made again
	refusedAfter          int
	rateOffered, rateGood float64 // of this tick, for samples
	waitedMost            time.Duration
	zero                  time.Duration // without an endpoint
	seenEndpoint, open    bool
}

func (f *fleet) openTraffic() {
	t := &f.traffic
	t.refusedAfter = max(int(f.s.Load.RetryAfter/tick), 1)
	t.wastedAfter = t.refusedAfter + int(f.s.Load.Timeout/tick)
	t.again = make([][MaxRetries + 1]float64, t.wastedAfter+1)
}

// fails counts tries that came to nothing: after that many slots they come again, if that was not the last try.
func (f *fleet) fails(try int, amount float64, slots int) {
	if try < f.s.Load.Retries && amount > 0 {
		t := &f.traffic
		t.again[(t.slot+slots)%len(t.again)][try+1] += amount
	}
}

// tickLoad lets the requests of one tick come, and the queues change.
func (f *fleet) tickLoad(now time.Duration) {
	t, load := &f.traffic, &f.s.Load
	dt := tick.Seconds()
	endpoints := f.endpoints[:0]
	for _, p := range f.pods {
		if p.endpoint {
			endpoints = append(endpoints, p)
		}
	}
	if len(endpoints) == 0 { // kube-proxy falls back to what terminates and still serves
		for _, p := range f.pods {
			if p.deleting && p.ready && p.running {
				endpoints = append(endpoints, p)
			}
		}
	}
	f.endpoints = endpoints
	if len(endpoints) > 0 {
		t.seenEndpoint = true
	} else if t.seenEndpoint && f.measured(now) {
		t.zero += tick
	}

	var tries [MaxRetries + 1]float64
	tries, t.again[t.slot] = t.again[t.slot], tries
	first := load.Utilization * float64(f.s.Replicas) * dt * f.surge
	// Traffic is moved to what is there: one pod does not have to carry what is meant for all.
	if t.open = t.open || f.measured(now) && (f.s.Fault.Kind != Start || len(endpoints) >= f.desired); !t.open {
		first = 0
	}
	tries[0] = first
	total := first
	repeated := 0.0
	for _, a := range tries[1:] {
		repeated += a
	}
	if load.RetryBudget > 0 && repeated > load.RetryBudget*first {
		cut := load.RetryBudget * first / repeated
		for i := range tries[1:] {
			tries[i+1] *= cut
		}
		repeated *= cut
	}
	total += repeated
	good, refused, wasted := 0.0, 0.0, 0.0
	t.waitedMost = 0
	if len(endpoints) == 0 {
		refused = total
	}
	a := total / float64(max(len(endpoints), 1))
	patience := load.Timeout - f.service()
	for _, p := range endpoints {
		switch {
		case p.lost: // packets go nowhere
			wasted += a
			continue
		case !p.listens(now):
			refused += a
			continue
		}
		c, wait := p.factor(), p.wait()
		taken := a
		if load.Admission > 0 {
			taken = min(a, max(load.Admission.Seconds()*c-p.queue, 0)+c*dt)
			refused += a - taken
		}
		switch {
		case wait < patience && !f.depDown:
			good += taken
		case wait < patience:
			refused += taken
		default:
			wasted += taken
		}
		p.busy += (min(p.queue+taken, c*dt)/dt - p.busy) * dt / scaleEvery.Seconds()
		p.queue = max(p.queue+taken-c*dt, 0)
		t.waitedMost = max(t.waitedMost, wait)
	}
	if load.Retries > 0 && refused+wasted > 0 { // every pod gets the same mix of tries
		for i, x := range tries {
			f.fails(i, x*refused/total, t.refusedAfter)
			f.fails(i, x*wasted/total, t.wastedAfter)
		}
	}
	// A pod that gets no requests works its queue off.
	for _, p := range f.pods {
		if !p.endpoint && p.queue > 0 {
			p.queue = max(p.queue-p.factor()*dt, 0)
		}
	}
	t.slot = (t.slot + 1) % len(t.again)
	t.rateOffered, t.rateGood = first/dt, good/dt
	if f.measured(now) {
		t.offered += first
		t.good += good
		if now-f.settle > f.s.For-lastWindow {
			t.lastOffered += first
			t.lastGood += good
		}
	}
}

// drops counts what a process held in its queue when it exited: those clients get no answer.
func (f *fleet) drops(p *pod, at time.Duration) {
	held := p.queue
	if w := p.wait(); w == probesim.Never {
		held = 0 // they were not counted as answered
	} else if w > f.s.Load.Timeout && p.queue > 0 {
		held *= float64(f.s.Load.Timeout) / float64(w)
	}
	p.queue = 0
	if f.depDown || held == 0 {
		return
	}
	f.fails(0, held, f.traffic.refusedAfter)
	if f.measured(at) {
		f.traffic.good -= held
		if at-f.settle > f.s.For-lastWindow {
			f.traffic.lastGood -= held
		}
	}
}
