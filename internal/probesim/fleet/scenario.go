package fleet

import (
	"fmt"
	"time"

	"github.com/fairway-k8s/fairway/internal/probesim"
)

// Scenario is a workload, the requests that come to it, and what happens. Zero values are those of Kubernetes, or of an idle service that boots
// in no time; see each field.
type Scenario struct {
	Version probesim.Version // 0 means the newest
	Spec    probesim.Spec    // the container with the probes
	Health  Health
	Boot    Boot // nil boots in no time

	Replicas int // 0 means 1
	Ordered  bool
	Rollout  Rollout
	Budget   *Budget     // disruption budget; nil: none
	Scaler   *Autoscaler // nil: none
	Nodes    int         // pods are spread over them; 0 means one for each pod

	Load  Load
	Fault Fault
	For   time.Duration // from the beginning to the end; 0 means 35 minutes
}

// Path is how one endpoint answers.
type Path struct {
	Shared    bool          // it waits in the queue behind the requests, and hangs when the workers do
	Deep      bool          // it asks the dependency
	Heartbeat bool          // it fails when the workers make no progress; a shared one hangs then anyway
	InBoot    bool          // it passes while the process boots; of liveness only
	ShedAbove time.Duration // it fails while a request would wait longer than that; 0 never
	Latency   time.Duration // of an answer with all the CPU; 0 means 2 ms
}

// Health is how the three endpoints answer.
type Health struct {
	Startup, Readiness, Liveness Path
	// Drain is how long the process goes on serving after SIGTERM.
	Drain time.Duration
}

// OneHealth is one endpoint of the application itself in all three probes. Deep says that it asks the dependency too.
func OneHealth(deep bool) Health {
	p := Path{Shared: true, Deep: deep}
	return Health{Startup: p, Readiness: p, Liveness: p}
}

// ThreeTruths are the endpoints of the SDK: a listener of their own, liveness by heartbeats and true while booting, readiness that stays true when
// the dependency that all pods share is down.
func ThreeTruths() Health {
	return Health{Readiness: Path{Heartbeat: true}, Liveness: Path{Heartbeat: true, InBoot: true}, Drain: 5 * time.Second}
}

// Load is what clients ask.
type Load struct {
	Utilization float64       // offered requests as a share of the capacity of all wanted pods; 0: no requests
	Service     time.Duration // a worker's time for a request; 0 means 100 ms
	Timeout     time.Duration // the client's patience; 0 means 10 s
	Admission   time.Duration // a request that would wait longer is refused at once; 0: all are taken
	Retries     int           // further tries after a failed one, at most 5
	RetryAfter  time.Duration // 0 means 1 s
	// RetryBudget bounds retries to a share of the first tries, as good clients do; 0 does not.
	RetryBudget float64
}

// FaultKind is what happens.
type FaultKind uint8

// The faults.
const (
	None         FaultKind = iota
	Start                  // the workload is applied for the first time; without it all pods are there and have booted
	Crash                  // processes of Pods pods exit
	Deadlock               // workers of Pods pods stop; their processes ignore SIGTERM
	SlowDep                // the dependency needs Extra longer, for For
	DepDown                // the dependency refuses, for For
	Starved                // Pods pods get the share Share of their CPU, for For
	NodeLost               // a node is gone for good
	NodeDrained            // a node is drained
	NewRevision            // a new revision is rolled out
	KubeletAgain           // a process exits, and while it boots the kubelet of its node is restarted
	Surge                  // Share times as many requests come, for For
)

// FaultNames are the names of the faults, in the order of their kinds.
var FaultNames = []string{"none", "start", "crash", "deadlock", "dependency-slow", "dependency-down", "cpu-starved", "node-lost", "drain", "rollout", "kubelet-restart", "surge"}

func (k FaultKind) String() string { return FaultNames[k] }

// Fault is the one thing that happens to the fleet.
type Fault struct {
	Kind  FaultKind
	Pods  int           // 0 means 1
	At    time.Duration // 0 means 5 minutes, and the beginning for Start
	For   time.Duration // 0 means 2 minutes
	Extra time.Duration // of SlowDep; 0 means 1 s
	Share float64       // of Starved, 0 means 0.05; of Surge, 0 means 2
}

// What a scenario may have at the most: its pods, nodes too, and further tries of a request.
const (
	MaxPods    = 1000
	MaxRetries = 5
)

const (
	tick          = 250 * time.Millisecond
	defaultFor    = 35 * time.Minute
	defaultAt     = 5 * time.Minute
	lastWindow    = 5 * time.Minute // in which recovery is judged
	recoveredFrom = 0.95            // share of requests
	maxFor        = 24 * time.Hour
)

// withDefaults returns the scenario with what is zero as the fields say.
func (s Scenario) withDefaults() Scenario {
	set := func(d *time.Duration, value time.Duration) {
		if *d == 0 {
			*d = value
		}
	}
	if s.Version == 0 {
		s.Version = probesim.Newest
	}
	if s.Boot == nil {
		s.Boot = Lognormal{}
	}
	s.Replicas = max(s.Replicas, 1)
	if s.Nodes == 0 {
		s.Nodes = s.Replicas
	}
	set(&s.Spec.Grace, 30*time.Second)
	for _, p := range [...]*Path{&s.Health.Startup, &s.Health.Readiness, &s.Health.Liveness} {
		set(&p.Latency, 2*time.Millisecond)
	}
	set(&s.Load.Service, 100*time.Millisecond)
	set(&s.Load.Timeout, 10*time.Second)
	set(&s.Load.RetryAfter, time.Second)
	set(&s.For, defaultFor)
	if s.Fault.Kind != Start {
		set(&s.Fault.At, defaultAt)
	}
	set(&s.Fault.For, 2*time.Minute)
	set(&s.Fault.Extra, time.Second)
	s.Fault.Pods = max(s.Fault.Pods, 1)
	if s.Fault.Kind == KubeletAgain {
		s.Fault.Pods = 1
	}
	if s.Fault.Share == 0 {
		s.Fault.Share = 0.05
		if s.Fault.Kind == Surge {
			s.Fault.Share = 2
		}
	}
	s.Rollout = s.Rollout.withDefaults()
	return s
}

// Check says what is wrong with the scenario, nil when it can be run.
func (s Scenario) Check() error {
	d := s.withDefaults()
	switch {
	case d.Version < probesim.Oldest || d.Version > probesim.Newest:
		return fmt.Errorf("version %v of Kubernetes is not modelled, only %v to %v", d.Version, probesim.Oldest, probesim.Newest)
	case s.Replicas < 0:
		return fmt.Errorf("%d replicas are less than none", s.Replicas)
	case d.Replicas > MaxPods:
		return fmt.Errorf("%d replicas are more than the %d that can be simulated", d.Replicas, MaxPods)
	case d.For < lastWindow || d.For > maxFor:
		return fmt.Errorf("a run of %v is not between %v and %v", d.For, lastWindow, maxFor)
	case d.Fault.Kind > Surge:
		return fmt.Errorf("there is no fault %d", d.Fault.Kind)
	case d.Fault.At < 0 || d.Fault.Kind != None && d.Fault.At >= d.For:
		return fmt.Errorf("the fault comes after %v, and the run ends after %v", d.Fault.At, d.For)
	case d.Fault.Pods > d.Replicas:
		return fmt.Errorf("the fault strikes %d pods, and there are %d", d.Fault.Pods, d.Replicas)
	case d.Fault.Kind == Starved && (d.Fault.Share <= 0 || d.Fault.Share > 1):
		return fmt.Errorf("%v is no share of a CPU: it has to be above 0 and at most 1", d.Fault.Share)
	case d.Load.Utilization < 0 || d.Load.Utilization > 100:
		return fmt.Errorf("a utilisation of %v is not between 0 and 100", d.Load.Utilization)
	case d.Load.Retries < 0 || d.Load.Retries > MaxRetries:
		return fmt.Errorf("%d retries are not between 0 and %d", d.Load.Retries, MaxRetries)
	case d.Load.Service < 0 || d.Load.Timeout < 0 || d.Load.Admission < 0 || d.Load.RetryAfter < 0:
		return fmt.Errorf("a time of the requests is below 0")
	case d.Load.RetryBudget < 0:
		return fmt.Errorf("a retry budget of %v is below 0", d.Load.RetryBudget)
	case d.Nodes < 0:
		return fmt.Errorf("%d nodes are too few", d.Nodes)
	case d.Nodes > MaxPods:
		return fmt.Errorf("%d nodes are more than the %d that can be simulated", d.Nodes, MaxPods)
	case (d.Fault.Kind == NodeLost || d.Fault.Kind == NodeDrained) && d.Nodes < 2:
		return fmt.Errorf("with one node there is nowhere to go: name more nodes")
	}
	if o, ok := d.Boot.(Observed); ok && len(o) == 0 {
		return fmt.Errorf("there is no observed boot time")
	}
	if err := d.Spec.Check(); err != nil {
		return err
	}
	if d.Fault.Kind != Start && d.Spec.Readiness != nil {
		// In float64, because the API's largest numbers overflow a Duration.
		r := d.Spec.Readiness.WithDefaults()
		if t := r.InitialDelay.Seconds() + float64(r.SuccessThreshold)*r.Period.Seconds(); t > maxFor.Seconds() {
			return fmt.Errorf("a pod is Ready %.0f s after its boot at the earliest, and a run has %v at most: only the fault start can be simulated", t, maxFor)
		}
	}
	return s.checkControllers()
}

// checkControllers says what of the controllers no API server would take, and what is too large.
func (s Scenario) checkControllers() error {
	r := s.Rollout
	amounts := []*Amount{r.MaxSurge, r.MaxUnavailable}
	if s.Budget != nil {
		amounts = append(amounts, s.Budget.MinAvailable, s.Budget.MaxUnavailable)
	}
	for _, a := range amounts {
		if a != nil && a.Number < 0 {
			return fmt.Errorf("%d pods of a rollout or a disruption budget are less than none", a.Number)
		}
	}
	a := s.Scaler
	switch {
	case r.MinReady < 0 || r.Partition < 0:
		return fmt.Errorf("minReadySeconds or the partition is below 0")
	case a == nil:
		return nil
	case a.Min < 0 || a.Max < 1 || a.Max < a.Min:
		return fmt.Errorf("an autoscaler from %d to %d pods has nothing to choose from", a.Min, a.Max)
	case a.Max > MaxPods:
		return fmt.Errorf("the autoscaler's %d pods are more than the %d that can be simulated", a.Max, MaxPods)
	case !(a.Target > 0):
		return fmt.Errorf("an autoscaler cannot aim at a utilisation of %v", a.Target)
	}
	return nil
}

// demanded is how many restarts the fault itself causes.
func (s Scenario) demanded() int {
	switch s.Fault.Kind {
	case Crash, Deadlock, KubeletAgain:
		return s.Fault.Pods
	}
	return 0
}

// WithFault returns the scenario with the fault, and everything that is zero as its field says.
func (s Scenario) WithFault(f Fault) Scenario {
	s.Fault = f
	return s.withDefaults()
}
