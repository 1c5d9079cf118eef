package probesim

import (
	"errors"
	"fmt"
	"math"
	"time"
)

// Never is an instant that does not come.
const Never = time.Duration(math.MaxInt64)

// Version is the minor version of Kubernetes 1.x, from [Oldest] to [Newest]. Zero means Newest.
type Version int

// The versions that were compared with the real kubelet.
const (
	Oldest Version = 33
	Newest Version = 36
)

func (v Version) String() string { return fmt.Sprintf("1.%d", int(v)) }

// startedSurvives says whether Started is inherited: by the replacement of a killed container, because it has the same name, and over a restart
// of the kubelet (kubelet_pods.go convertToAPIContainerStatuses, prober/worker.go; the gate ChangeContainerStatusOnKubeletRestart is off since 1.35).
func (v Version) startedSurvives() bool { return v >= 35 }

// retriesAtExpiry says whether a sync that met a back-off is repeated when that ends, and not after 10 s (pod_workers.go completeWork).
func (v Version) retriesAtExpiry() bool { return v >= 35 }

// workersFollowExit says whether workers end with a container whose exit code is not to be restarted, and not only with
// restart policy Never (prober/worker.go; the gate ContainerRestartRules is on since 1.35).
func (v Version) workersFollowExit() bool { return v >= 35 }

// relistsOnDemand says whether a sync that changed something has the pod looked at again at once (pleg/generic.go; the gate
// PLEGOnDemandRelist is on since 1.36).
func (v Version) relistsOnDemand() bool { return v >= 36 }

// sidecarStaysStarted says whether a new kubelet takes a sidecar that has started for one whose startup probe has passed (prober/worker.go doProbe).
func (v Version) sidecarStaysStarted() bool { return v >= 36 }

// Kind is the question that a probe asks.
type Kind uint8

// The kinds, in the order in which the kubelet makes their workers (prober/prober_manager.go AddPod).
const (
	Startup Kind = iota
	Readiness
	Liveness
)

func (k Kind) String() string { return [...]string{"startup", "readiness", "liveness"}[k] }

// Probe holds the numbers of a probe. Durations are whole seconds, as in the API.
type Probe struct {
	InitialDelay     time.Duration // 0 or more
	Period           time.Duration // 0 means 10 s
	Timeout          time.Duration // 0 means 1 s
	SuccessThreshold int           // 0 means 1
	FailureThreshold int           // 0 means 3
	Grace            time.Duration // terminationGracePeriodSeconds of a startup or liveness probe; 0 means the pod's

	// ByAddress is true for HTTP, TCP and gRPC: they ask the pod's address, where after a restart the new incarnation answers for the one that the worker
	// still believes in, for a moment. A command is run in an incarnation, and fails when that is gone (prober/prober.go runProbe).
	ByAddress bool
}

// WithDefaults returns the probe with what is zero as the API server sets it.
func (p Probe) WithDefaults() Probe {
	if p.Period == 0 {
		p.Period = 10 * time.Second
	}
	if p.Timeout == 0 {
		p.Timeout = time.Second
	}
	if p.SuccessThreshold == 0 {
		p.SuccessThreshold = 1
	}
	if p.FailureThreshold == 0 {
		p.FailureThreshold = 3
	}
	return p
}

// RestartPolicy is the pod's.
type RestartPolicy uint8

// The policies.
const (
	Always RestartPolicy = iota
	OnFailure
	NeverRestart
)

// Spec is what a manifest says about one container; nil probes are absent.
type Spec struct {
	Startup, Readiness, Liveness *Probe

	Grace   time.Duration // the pod's terminationGracePeriodSeconds; 0 means 30 s
	PreStop time.Duration // how long the preStop hook runs; 0 means there is none
	Restart RestartPolicy // the pod's
	Sidecar bool          // an init container with restartPolicy Always: started before what follows it, restarted whatever the policy
}

// Probes are the probes by kind; nil ones are absent.
func (s Spec) Probes() [3]*Probe {
	return [...]*Probe{Startup: s.Startup, Readiness: s.Readiness, Liveness: s.Liveness}
}

// Check says which number no API server would take (pkg/apis/core/validation validateProbe), nil when all are fit to be played. Zero is a default.
func (s Spec) Check() error {
	if s.Grace < 0 || s.PreStop < 0 {
		return errors.New("the time that a pod has to end is below 0")
	}
	for k, p := range s.Probes() {
		if p == nil {
			continue
		}
		kind := Kind(k)
		switch x := p.WithDefaults(); {
		case x.Period < second || x.Timeout < second || x.InitialDelay < 0 || x.Grace < 0:
			return fmt.Errorf("a time of the %s probe is too short: period and timeout have at least 1 s, delay and grace at least 0", kind)
		case x.FailureThreshold < 1 || x.SuccessThreshold < 1:
			return fmt.Errorf("a threshold of the %s probe is below 1", kind)
		case max(x.FailureThreshold, x.SuccessThreshold) > math.MaxInt32 || max(x.Period, x.Timeout, x.InitialDelay) > math.MaxInt32*second:
			return fmt.Errorf("a number of the %s probe is above %d, the largest of the API", kind, math.MaxInt32)
		case kind != Readiness && x.SuccessThreshold != 1:
			return fmt.Errorf("the successThreshold of the %s probe is %d, and has to be 1", kind, x.SuccessThreshold)
		case kind == Readiness && x.Grace != 0:
			return errors.New("a readiness probe ends nothing, so it has no grace")
		}
	}
	return nil
}

// Container is a container with the application that runs in it.
type Container struct {
	Spec
	App App
}

// Rand draws from [0,1); *rand.Rand of math/rand/v2 is one. Nil draws 0: no jitter.
type Rand interface{ Float64() float64 }

// Chooser decides ties: Choose returns which of n (at least 2) steps that are due at one instant comes first, from 0. The kubelet's goroutines run in
// any order then, so every choice gives a legal history. A nil Chooser takes the first.
type Chooser interface{ Choose(n int) int }

// Kubelet is the node around the pod.
type Kubelet struct {
	Version Version // 0 means Newest

	// Instant is a kubelet without latencies: it sees the runtime at once, syncs at once, retries when a back-off ends and
	// has no jitter. False is the real one, which looks once a second.
	Instant bool

	Uptime      time.Duration // how long it has been up when the pod comes; 0 means for long. Workers start late if that is less than their period
	RelistPhase time.Duration // part of a second at which it looks at the runtime; 0 is drawn from the Rand
	PollPhase   time.Duration // part of a second at which it looks for syncs to repeat; 0 is drawn from the Rand
	MaxBackOff  time.Duration // crashLoopBackOff.maxContainerRestartPeriod, 1 s to 300 s; 0 means 300 s
	Resync      time.Duration // syncFrequency: every so often it syncs a pod to which nothing happens; 0 means 60 s
	TimeoutLate time.Duration // how much later than its timeout a probe that hangs comes back

	// Create says how long an incarnation takes from the decision to start it until it runs: sandbox, image, runtime. The sync waits for it. Nil: no time.
	Create func(container, n int, at time.Duration) time.Duration `json:"-"`

	// Sweep is the part of a minute at which dead containers are removed, all but the newest of each name; 0: never. A container that is created and does
	// not run yet counts as dead then (kuberuntime/kuberuntime_gc.go evictableContainers): the one that it replaces is removed, and the next back-off finds nothing to
	// count from.
	Sweep time.Duration

	// Wake says how long it takes until the readiness worker hears that it is to ask out of turn. Nil: no time.
	Wake func() time.Duration `json:"-"`

	// Look says how long a kubelet that acted takes until it has looked at what came of it, where it does so at once (1.36). Nil: no time.
	Look func() time.Duration `json:"-"`

	Ties Chooser `json:"-"`
}

// Constants of the kubelet, with the file that has them.
const (
	relistPeriod   = time.Second          // kubelet.go genericPlegRelistPeriod
	pollPeriod     = time.Second          // kubelet.go syncLoop, syncTicker
	resyncPeriod   = 60 * time.Second     // apis/config/v1beta1/defaults.go SyncFrequency
	retryPeriod    = 10 * time.Second     // kubelet.go backOffPeriod
	requeueJitter  = 0.5                  // pod_workers.go workerResyncIntervalJitterFactor, workerBackOffPeriodJitterFactor
	backOffInitial = 10 * time.Second     // kubelet.go initialCrashLoopBackOff
	backOffMax     = 300 * time.Second    // kubelet.go MaxCrashLoopBackOff
	minGrace       = 2 * time.Second      // kuberuntime/kuberuntime_manager.go minimumGracePeriodInSeconds
	maxAttempts    = 3                    // prober/prober.go maxProbeRetries
	restartGrace   = 10 * time.Second     // prober/prober_manager.go kubeletRestartGracePeriod
	sweepPeriod    = time.Minute          // kubelet.go ContainerGCPeriod
	handoff        = time.Microsecond     // a sync takes at least this long, and so does what follows it; the real ones take milliseconds
	defaultGrace   = 30 * time.Second     // core/v1/types.go DefaultTerminationGracePeriodSeconds
	longUp         = 365 * 24 * time.Hour // "for long"
	second         = time.Second
)
