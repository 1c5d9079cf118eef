package probeplan

import (
	"slices"
	"sync"
	"time"

	"github.com/fairway-k8s/fairway/internal/boottime"
	"github.com/fairway-k8s/fairway/internal/probesim"
	"github.com/fairway-k8s/fairway/internal/probesim/fleet"
)

// Played is what came of one fault in many runs of a simulated fleet.
type Played struct {
	Fault string
	// Cascades are the runs in which probes killed containers of more pods than the fault struck.
	Cascades fleet.Share
}

// faults are the single faults that are played, with how many pods each strikes where it is not Load.Out. The last strikes none: where requests wait
// for a dependency, they take a second longer for two minutes, and no pod is better for being restarted.
var faults = []fleet.Fault{
	{Kind: fleet.Crash}, {Kind: fleet.Deadlock, Pods: 1}, {Kind: fleet.Starved, Pods: 1}, {Kind: fleet.NodeLost}, {Kind: fleet.NewRevision}, {Kind: fleet.KubeletAgain},
	{Kind: fleet.SlowDep},
}

// Play plays each fault so many times against a fleet with these probes. It needs to know how many pods there are; where nobody knows how busy they
// are, they are as busy as those that are left by the fault can bear. Endpoints that do not share the workers of requests answer as the three truths do.
func Play(q Question, p Probes, runs int) (out []Played, utilisation float64) {
	n, gone := q.Load.Pods, max(q.Load.Out, 1)
	if n <= gone {
		return nil, 0
	}
	if utilisation = q.Load.Utilisation; utilisation == 0 {
		utilisation = float64(n-gone) / float64(n)
	}
	s := fleet.Scenario{
		Spec: probesim.Spec{Startup: p.Startup, Readiness: p.Readiness, Liveness: p.Liveness}, Health: fleet.ThreeTruths(), Boot: Drawn{q.Boots},
		Replicas: n, Load: fleet.Load{Utilization: utilisation}, For: 20 * time.Minute,
	}
	if q.Shared {
		s.Health = fleet.OneHealth(false)
	}
	var plays []fleet.Scenario
	for _, f := range faults {
		if f.Kind == fleet.Crash {
			f.Pods = gone
		}
		x := s.WithFault(f)
		if x.Check() != nil { // more pods than can be simulated, or nowhere else to go
			continue
		}
		plays = append(plays, x)
	}
	out = make([]Played, len(plays))
	var all sync.WaitGroup
	for i, x := range plays {
		all.Go(func() {
			extra := 0
			for seed := range runs {
				if spreads(x, uint64(seed+1)) {
					extra++
				}
			}
			out[i] = Played{x.Fault.Kind.String(), fleet.ShareOf(extra, runs)}
		})
	}
	all.Wait()
	return out, utilisation
}

// spreads plays a scenario once and says whether probes killed containers of more pods than the fault struck. That those are killed, even
// needlessly, is no cascade.
func spreads(s fleet.Scenario, seed uint64) bool {
	var trace fleet.Trace
	s.Run(seed, &trace)
	struck := 0
	switch s.Fault.Kind {
	case fleet.Crash, fleet.Deadlock, fleet.Starved, fleet.KubeletAgain:
		struck = s.Fault.Pods
	}
	killed := 0
	for _, row := range trace.Rows {
		if slices.ContainsFunc(row.Marks, func(m fleet.Mark) bool { return m.Kill }) {
			killed++
		}
	}
	return killed > struck
}

// Drawn are the boots of a sample, for a fleet.
type Drawn struct{ *boottime.Sample }

// Quantile implements [fleet.Boot].
func (b Drawn) Quantile(p float64) time.Duration {
	return time.Duration(b.Sample.Time(p) * float64(time.Second))
}
