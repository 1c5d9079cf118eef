package probeplan

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/fairway-k8s/fairway/internal/boottime"
	"github.com/fairway-k8s/fairway/internal/probesim"
)

// Space is the largest period, threshold and timeout that are looked at, from 1 each.
type Space struct{ Period, Failures, Timeout int }

// Whole is the space that the search covers.
var Whole = Space{30, 60, 10}

// Question is what a plan is made for.
type Question struct {
	Boots *boottime.Sample

	// NoReadiness and NoLiveness leave a probe out: nobody knows what it would ask.
	NoReadiness, NoLiveness bool
	// Command says which kinds run a command in the container.
	Command [3]bool
	// Shared says that liveness is answered by the workers that answer requests, so that load can fail it.
	Shared bool
	Load   Load

	Space Space // zero means Whole
}

// Load is what is known of the load of a workload.
type Load struct {
	Pods int // 0 when unknown
	Out  int // how many of them a single fault takes away: a crash, a node
	// Utilisation is the share of its capacity that is used while all pods are there, 0 to 1; 0 when unknown.
	Utilisation float64
}

// Limits that a plan keeps.
const (
	MaxKilled  = 1e-4 // P(a boot is killed)
	MaxCascade = 1e-3 // P(the fault of Load leads to further kills)
)

// Verdict says how well a limit is kept.
type Verdict string

// Verdicts.
const (
	Proved  Verdict = "proved"  // whatever the distribution
	Likely  Verdict = "likely"  // when the longest boots follow the tail
	Unknown Verdict = "unknown" // the data cannot tell
	Broken  Verdict = "broken"  // it is not kept
)

// Probes are the numbers of the three probes; nil ones are left out.
type Probes struct{ Startup, Readiness, Liveness *probesim.Probe }

// Plan is the answer.
type Plan struct {
	Probes
	// Budget is what the startup probe grants for sure, Needed what was asked of it, and Reason why, in seconds.
	Budget, Needed float64
	Reason         string
	Killed         boottime.Over
	KilledVerdict  Verdict
	Cascade        Cascade
}

// Impossible says why there is no plan.
type Impossible struct {
	Kind probesim.Kind
	// Why is the rule that the last candidates broke, Need what would be needed.
	Why, Need string
}

func (e *Impossible) Error() string {
	return fmt.Sprintf("no %s probe keeps the rules: %s", e.Kind, e.Why)
}

// numbers are a candidate's periodSeconds, failureThreshold and timeoutSeconds.
type numbers struct{ p, f, t int }

func (n numbers) probe() *probesim.Probe {
	return &probesim.Probe{Period: time.Duration(n.p) * time.Second, FailureThreshold: n.f, Timeout: time.Duration(n.t) * time.Second, SuccessThreshold: 1}
}

// latency is twice the mean time in seconds from a fault to the verdict on an endpoint that hangs from then on: the fault comes anywhere within a
// period, and the last attempt waits for its timeout.
func (n numbers) latency() int { return (2*n.f-1)*n.p + 2*n.t }

// byLatency orders candidates: soonest on the mean, then at the latest, then with the fewest calls, then with the shortest timeout.
func byLatency(a, b numbers) int {
	for _, d := range [...]int{a.latency() - b.latency(), a.f*a.p + a.t - b.f*b.p - b.t, b.p - a.p, a.t - b.t} {
		if d != 0 {
			return d
		}
	}
	return a.f - b.f
}

// Search returns the plan with the lowest detection latency of all that keep the rules: of a process that is stuck first, of one that is to get no
// requests next, of a boot that never ends last. The error is an [*Impossible].
func Search(q Question) (*Plan, error) {
	if q.Space == (Space{}) {
		q.Space = Whole
	}
	plan := &Plan{}
	plan.Needed, plan.Reason = needed(q.Boots)
	s, err := q.candidates(probesim.Startup, plan.Needed)
	if err != nil {
		return nil, err
	}
	r, err := q.candidates(probesim.Readiness, 0)
	if err != nil {
		return nil, err
	}
	l, err := q.candidates(probesim.Liveness, 0)
	if err != nil {
		return nil, err
	}
	// What the rules for pairs ask of startup is its period alone, and of readiness its period and its product: among those equal in
	// that, only the soonest can be in the answer.
	s = soonest(s, func(n numbers) [2]int { return [2]int{n.p, 0} })
	r = soonest(r, func(n numbers) [2]int { return [2]int{n.p, n.p * n.f} })
	known := back{}
	for _, live := range l {
		at := slices.IndexFunc(s, func(start numbers) bool { return q.gate(live, start) && q.outlasts(live, start, known) })
		if at < 0 {
			continue
		}
		// No rule joins startup with readiness, so the first of each is the best of all.
		if ready := slices.IndexFunc(r, func(ready numbers) bool { return q.calm(live, ready) }); ready >= 0 {
			q.fill(plan, s[at], r[ready], live)
			return plan, nil
		}
	}
	return nil, &Impossible{probesim.Liveness, "none is patient enough for the load and the boot together", "a listener of its own for the health endpoints, or more pods"}
}

// soonest keeps the first of those with the same key.
func soonest(all []numbers, key func(numbers) [2]int) []numbers {
	seen := map[[2]int]bool{}
	return slices.DeleteFunc(all, func(n numbers) bool {
		k := key(n)
		defer func() { seen[k] = true }()
		return seen[k]
	})
}

// candidates lists what the rules for one probe allow, in order.
func (q *Question) candidates(k probesim.Kind, budget float64) ([]numbers, error) {
	if k == probesim.Readiness && q.NoReadiness || k == probesim.Liveness && q.NoLiveness {
		return []numbers{{}}, nil
	}
	rules := rulesOf(k, q.Command[k], budget)
	last := 0
	var all []numbers
	for p := 1; p <= q.Space.Period; p++ {
		for f := 1; f <= q.Space.Failures; f++ {
		next:
			for t := 1; t <= q.Space.Timeout; t++ {
				n := numbers{p, f, t}
				for i, r := range rules {
					if !r.keeps(n) {
						last = max(last, i)
						continue next
					}
				}
				all = append(all, n)
			}
		}
	}
	if len(all) == 0 {
		need := rules[last].text
		if k == probesim.Startup && !math.IsInf(budget, 0) {
			need = fmt.Sprintf("a budget of %.0f s", budget)
		}
		return nil, &Impossible{k, rules[last].text, need}
	}
	slices.SortFunc(all, byLatency)
	return all, nil
}

func (q *Question) fill(plan *Plan, start, ready, live numbers) {
	plan.Startup = start.probe()
	if !q.NoReadiness {
		plan.Readiness = ready.probe()
	}
	if !q.NoLiveness {
		plan.Liveness = live.probe()
	}
	plan.Cascade = q.cascade(live, start)
	plan.Budget = float64((start.f - 1) * start.p)
	plan.Killed = Killed(q.Boots, *plan.Startup)
	plan.KilledVerdict = verdict(plan.Killed, MaxKilled)
}

// Grant makes the plan one of another startup probe, of which only the budget is known, in seconds.
func (p *Plan) Grant(s *boottime.Sample, budget float64) {
	p.Budget, p.Killed = budget, s.Over(budget, 0)
	p.KilledVerdict = verdict(p.Killed, MaxKilled)
}

// verdict says how well a share is known to be below a limit.
func verdict(o boottime.Over, limit float64) Verdict {
	switch {
	case o.Sure.To < limit:
		return Proved
	case o.Sure.From > limit:
		return Broken
	case o.Tail.To < limit:
		return Likely
	}
	return Unknown
}

// Window is when the probe gives a container up that never answers: at the earliest after from seconds, and then evenly within width. The grid of
// the probes begins with the pod and not with the container, so that the first attempt comes anywhere within a period; the kubelet compares the initial
// delay with a start that is cut to whole seconds, which may take one off.
func Window(p probesim.Probe) (from, width float64) {
	p = p.WithDefaults()
	return max(p.InitialDelay-time.Second, 0).Seconds() + float64(p.FailureThreshold-1)*p.Period.Seconds(), p.Period.Seconds()
}

// Killed is the share of boots that a probe kills.
func Killed(s *boottime.Sample, p probesim.Probe) boottime.Over { return s.Over(Window(p)) }
