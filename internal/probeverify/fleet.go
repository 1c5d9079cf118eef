package probeverify

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/fairway-k8s/fairway/internal/probesim"
)

// reached is when a threshold is reached after answers begin to fail, at the earliest and at the latest; attempt is how long one takes. The first
// failure comes up to a period late, and the last one takes its time.
func (p Probe) reached(attempt time.Duration) (from, to time.Duration) {
	cadence := max(p.Period, attempt)
	from = time.Duration(p.FailureThreshold-1)*cadence + attempt
	return from, from + p.Period
}

// window writes the same as people say it: "45 to 65 s".
func (p Probe) window(attempt time.Duration) string {
	from, to := p.reached(attempt)
	return strings.TrimSuffix(brief(from), " s") + " to " + brief(to)
}

// attemptOf is how long an attempt takes that fails like this answer.
func (p Probe) attemptOf(a Answer) time.Duration {
	if a.Outcome == TimedOut {
		return p.Timeout
	}
	return 0
}

// forgotten says what an answer without its end does to a fleet: the kubelet takes it for no answer at all.
var forgotten = map[Endpoint]string{
	Started: "the kubelet forgets an answer without its end: the container never counts as started, and nothing ever ends it for that",
	Ready:   "the kubelet forgets an answer without its end: the pod stays what it was, in the Service or out of it, whatever happens",
	Live:    "the kubelet forgets an answer without its end: a pod that is stuck for good is never restarted",
}

// always says what a fleet is like whose endpoint answers like this all the time.
func (b *bench) always(e Endpoint, a Answer) string {
	p := b.Probes[e]
	switch {
	case a.Outcome == Discarded:
		return forgotten[e]
	case e == Ready:
		return "no pod ever becomes ready: nobody is served, and a rollout hangs until its deadline"
	case e == Live:
		return fmt.Sprintf("every container is restarted after %s, again and again: CrashLoopBackOff", p.window(p.attemptOf(a)))
	}
	return fmt.Sprintf("no container ever counts as started: each is killed after %s, again and again", p.window(p.attemptOf(a)))
}

// unstarted says what it does when started is taken back.
func (b *bench) unstarted() string {
	return fmt.Sprintf("a kubelet before 1.35 that is restarted meanwhile asks again, and kills the container after %s", b.Probes[Started].window(0))
}

// chance says what it does when some answers fail without a reason, a share of them.
func (b *bench) chance(e Endpoint, share float64) string {
	p := b.Probes[e]
	f := float64(p.FailureThreshold)
	// The mean wait for a run of f failures, in questions: (share^-f - 1) / (1 - share).
	mean := time.Duration(math.MaxInt64)
	if n := (math.Pow(share, -f) - 1) / (1 - share); share < 1 && n*p.Period.Seconds() < 1e9 {
		mean = time.Duration(n * float64(p.Period))
	} else if share >= 1 {
		mean = time.Duration(f) * p.Period
	}
	what := map[Endpoint]string{Started: "the boot takes longer", Ready: "takes a pod out of the Service", Live: "restarts a pod"}[e]
	if e == Started || mean > 365*24*time.Hour {
		return fmt.Sprintf("about %.0f of 100 answers are wrong; it is luck when %d in a row are", max(1, 100*share), p.FailureThreshold)
	}
	return fmt.Sprintf("%d wrong answers in a row are chance then, which %s about every %s, each pod by itself", p.FailureThreshold, what, long(mean))
}

// outage is how long the trouble lasts that fleets are simulated in: longer than any row, as real ones are.
const outage = 5 * time.Minute

// fleetSize is how many pods a fleet has that nobody described.
const fleetSize = 10

// episode simulates a fleet through trouble in which an endpoint fails like an answer that came so long after it began, and says what happens.
// What else is to be said of that follows, if anything.
func (b *bench) episode(e Endpoint, a Answer, after time.Duration, trouble string, more ...string) string {
	if a.Outcome == Discarded {
		return forgotten[e]
	}
	if e == Started {
		return b.unstarted()
	}
	n := b.Replicas
	if n < 1 {
		n = fleetSize
	}
	c := &course{bench: b, endpoint: e, takes: b.Probes[e].attemptOf(a), from: (10*time.Minute + after).Round(time.Second), boot: b.boot.Round(time.Second)}
	c.to = 10*time.Minute + outage
	r := c.run(n)
	head := fmt.Sprintf("when %s for %s", trouble, long(outage))
	who, are, leave := fmt.Sprintf("%d of %d pods", r.killed, n), "are", "leave"
	if e == Ready {
		who = fmt.Sprintf("%d of %d pods", r.left, n)
	}
	if n == 1 {
		who, are, leave = "the only pod", "is", "leaves"
	}
	if e == Ready {
		return fmt.Sprintf("%s, %s %s the Service, the first after %s; for %s none is left", head, who, leave, long(r.first), long(r.none)) + strings.Join(more, "")
	}
	text := fmt.Sprintf("%s, %s %s restarted, %d times in all, the first after %s", head, who, are, r.restarts, long(r.first))
	if r.none > 0 {
		text += fmt.Sprintf("; for %s none is ready", long(r.none))
	}
	text += strings.Join(more, "")
	if from, _ := b.Probes[e].reached(c.takes); from+after > time.Second {
		text += fmt.Sprintf(". Below %s nothing happens", long(from+after))
	}
	return text
}

// course is a fleet whose pods came at different times, and the trouble that it gets into. It is the application of each pod.
type course struct {
	*bench
	endpoint Endpoint
	takes    time.Duration // an answer that fails
	from, to time.Duration // in which it fails
	boot     time.Duration
}

// result is what came of it.
type result struct {
	killed, left, restarts int
	first                  time.Duration // from the beginning of the trouble
	none                   time.Duration // nobody was ready
}

// kinds are the kubelet's names of the questions.
var kinds = map[Endpoint]probesim.Kind{Started: probesim.Startup, Ready: probesim.Readiness, Live: probesim.Liveness}

// Probe is part of probesim.App.
func (c *course) Probe(k probesim.Kind, _ int, age, at time.Duration) (probesim.Outcome, time.Duration) {
	switch {
	case age < c.boot && k != probesim.Liveness:
		return probesim.Failure, 0
	case k == kinds[c.endpoint] && at >= c.from && at < c.to:
		return probesim.Failure, c.takes
	}
	return probesim.Success, time.Millisecond
}

// Run is part of probesim.App.
func (c *course) Run(int, time.Duration) (time.Duration, int) { return probesim.Never, 0 }

// Stop is part of probesim.App.
func (c *course) Stop(int, time.Duration) (time.Duration, int) { return time.Second, 0 }

// run simulates n pods on the newest kubelet. Chance has a fixed seed: the same trouble has the same sentence.
func (c *course) run(n int) result {
	probe := func(e Endpoint) *probesim.Probe {
		p, ok := c.Probes[e]
		if !ok {
			return nil
		}
		return &probesim.Probe{Period: p.Period, Timeout: p.Timeout, FailureThreshold: p.FailureThreshold}
	}
	spec := probesim.Spec{Startup: probe(Started), Readiness: probe(Ready), Liveness: probe(Live), Grace: c.Grace, PreStop: c.PreStop}
	r := result{first: probesim.Never}
	begin := c.from.Truncate(10 * time.Minute)
	ready := make([]bool, n)
	type change struct {
		at  time.Duration
		pod int
		on  bool
	}
	var changes []change
	for i := range n {
		chance := rand.New(rand.NewPCG(1, uint64(i)))
		pod := probesim.NewPod(probesim.Kubelet{}, chance, time.Duration(chance.Int64N(int64(2*time.Minute))), probesim.Container{Spec: spec, App: c})
		killed, left := false, false
		for _, e := range pod.Run(c.to, nil) {
			switch {
			case e.Type == probesim.ReadyChanged:
				changes = append(changes, change{e.At, i, e.On})
				if !e.On && e.At > begin {
					left = true
				}
			case e.Type == probesim.Killing:
				killed = true
				r.restarts++
			}
			if e.At > begin && (e.Type == probesim.Killing || c.endpoint == Ready && e.Type == probesim.ReadyChanged && !e.On) {
				r.first = min(r.first, e.At-begin)
			}
		}
		if killed {
			r.killed++
		}
		if left {
			r.left++
		}
	}
	slices.SortFunc(changes, func(a, b change) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.pod, b.pod)) })
	up, since := 0, time.Duration(-1)
	for _, x := range changes {
		if x.on == ready[x.pod] {
			continue
		}
		if ready[x.pod] = x.on; x.on {
			up++
		} else {
			up--
		}
		switch {
		case up == 0:
			since = x.at
		case up == 1 && x.on && since >= 0:
			r.none += x.at - since
			since = -1
		}
	}
	if since >= 0 {
		r.none += c.to - since
	}
	return r
}

// long writes a time of minutes as people say it: 45 s, 4 min, 3 min 20 s, 2 h.
func long(d time.Duration) string {
	d = d.Round(time.Second)
	switch {
	case d < 2*time.Minute:
		return fmt.Sprintf("%.0f s", d.Seconds())
	case d >= 2*time.Hour:
		return fmt.Sprintf("%.0f h", d.Hours())
	case d%time.Minute == 0 || d >= 10*time.Minute:
		return fmt.Sprintf("%.0f min", d.Minutes())
	}
	return fmt.Sprintf("%d min %d s", d/time.Minute, d%time.Minute/time.Second)
}
