package probesim

import "time"

// Outcome is the end of one probe.
type Outcome uint8

// The outcomes.
const (
	Success Outcome = iota
	Failure
	// Errored is a probe that could not be judged: the kubelet tries three times and then throws the result away. A body that stalls behind any status is
	// one, and a port name that the container does not have.
	Errored
)

func (o Outcome) String() string { return [...]string{"success", "failure", "errored"}[o] }

// App is the application in a container. It is asked in order of time, and only while its process runs: a probe of a container that has exited
// fails at once, and one that is under way when it exits fails then.
type App interface {
	// Probe answers a probe of kind k that begins at the instant at, when incarnation n has been up for age. An answer that takes as long as the
	// probe's timeout or longer is a failure at the timeout.
	Probe(k Kind, n int, age, at time.Duration) (Outcome, time.Duration)

	// Run begins incarnation n at the instant at; it exits by itself after life (Never: it does not) with the exit code.
	Run(n int, at time.Duration) (life time.Duration, code int)

	// Stop sends SIGTERM to incarnation n; it needs that long to exit with the code. What takes longer than the grace period is killed.
	Stop(n int, at time.Duration) (takes time.Duration, code int)
}

// Service is an App that boots, answers and may lock up.
type Service struct {
	Boot       func(n int) time.Duration // nil boots in no time
	Latency    time.Duration             // of every answer
	LiveInBoot bool                      // liveness passes while it boots
	Locks      func(n int) time.Duration // age at which it stops answering readiness and liveness; nil never
	Exits      func(n int) time.Duration // age at which it exits with code 1; nil never
	StopTime   time.Duration             // from SIGTERM to exit
}

// Probe implements [App]: startup and readiness pass after boot, liveness too unless LiveInBoot, and nothing answers once it is locked.
func (s *Service) Probe(k Kind, n int, age, _ time.Duration) (Outcome, time.Duration) {
	switch {
	case s.Locks != nil && age >= s.Locks(n):
		return Failure, Never
	case s.Boot != nil && age < s.Boot(n) && (k != Liveness || !s.LiveInBoot):
		return Failure, s.Latency
	}
	return Success, s.Latency
}

// Run implements [App].
func (s *Service) Run(n int, _ time.Duration) (time.Duration, int) {
	if s.Exits == nil {
		return Never, 0
	}
	return s.Exits(n), 1
}

// Stop implements [App].
func (s *Service) Stop(int, time.Duration) (time.Duration, int) { return s.StopTime, 143 }
