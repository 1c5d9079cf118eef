package fleet

import (
	"math"
	"time"

	"github.com/fairway-k8s/fairway/internal/probesim"
)

// phases is how many positions of a boot in the tick grid the closed forms look at.
const phases = 64

// KillShare is the share of boots that the container's probes kill, by arithmetic: the grid of ticks lies anywhere, and the boot has to end before the
// tick that would be one failure too many. It knows no leaks of the startup probe (a kubelet that restarts, a started state that is inherited); runs do.
// InBoot says that liveness passes while the process boots.
func KillShare(s probesim.Spec, b Boot, inBoot bool) float64 {
	probe := s.Startup
	if probe == nil {
		if probe = s.Liveness; probe == nil || inBoot {
			return 0
		}
	}
	p := probe.WithDefaults()
	sum := 0.0
	for i := range phases {
		at := time.Duration((float64(i) + 0.5) / phases * float64(p.Period))
		sum += longer(b, max(p.InitialDelay-time.Second, 0)+at+time.Duration(p.FailureThreshold-1)*p.Period)
	}
	return sum / phases
}

// Overload is what follows, by arithmetic, when k of n pods are gone at a utilisation.
type Overload struct {
	Utilization float64       // of those that are left
	FailsAt     time.Duration // when probes that wait in the queue begin to fail; Never
	KillFrom    time.Duration // when the first of them is killed: between these two
	KillTo      time.Duration
	Return      time.Duration // when the missing pods are back; Never when the probes kill most boots
	Runaway     bool          // the others are killed before the missing ones are back
}

// propagation is the mean time from readiness to requests.
const propagation = (propagateLeast + propagateMost) / 2

// After judges the scenario's workload without k of its pods. Runs have the details: retries, admission, probes that fail for another reason.
func (s Scenario) After(k int) Overload {
	s = s.withDefaults()
	n := s.Replicas
	o := Overload{Utilization: math.Inf(1), FailsAt: probesim.Never, KillFrom: probesim.Never, KillTo: probesim.Never, Return: s.returns()}
	if k < n {
		o.Utilization = s.Load.Utilization * float64(n) / float64(n-k)
	}
	l := s.Spec.Liveness
	if o.Utilization <= 1 || l == nil || !s.Health.Liveness.Shared || k >= n {
		return o
	}
	p := l.WithDefaults()
	over := o.Utilization - 1
	o.FailsAt = time.Duration(float64(p.Timeout) / over)
	o.KillFrom = o.FailsAt + time.Duration(p.FailureThreshold-1)*p.Period
	o.KillTo = o.FailsAt + time.Duration(p.FailureThreshold)*p.Period + p.Timeout
	o.Runaway = o.KillFrom < o.Return
	return o
}

// returns is when a crashed pod gets requests again: the boot that most do not exceed, a period of its startup probe, and the way to the endpoints.
func (s Scenario) returns() time.Duration {
	if KillShare(s.Spec, s.Boot, s.Health.Liveness.InBoot) > 0.5 {
		return probesim.Never
	}
	d := s.Boot.Quantile(0.5) + propagation
	for _, p := range [...]*probesim.Probe{s.Spec.Startup, s.Spec.Readiness} {
		if p != nil {
			return d + p.WithDefaults().Period
		}
	}
	return d
}

// MaxUtilization is rho_max(k): the highest utilisation, in hundredths, at which the loss of k pods does not run away, by the arithmetic of
// [Scenario.After]. Queue is the one at which the others can carry all requests without a queue that grows.
func (s Scenario) MaxUtilization(k int) (most, queue float64) {
	s = s.withDefaults()
	if k >= s.Replicas {
		return 0, 0
	}
	queue = float64(s.Replicas-k) / float64(s.Replicas)
	for i := 100; i > 0; i-- {
		s.Load.Utilization = float64(i) / 100
		if !s.After(k).Runaway {
			return s.Load.Utilization, queue
		}
	}
	return 0, queue
}
