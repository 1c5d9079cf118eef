// Package act is what an application does when it is probed, as one value: the program conformance/probes/app plays it on a real node, and
// [App] plays it to the simulator.
//
// Lists are by incarnation of the container, counted from 0; the last element stands for all that follow, and an empty list for zeros.
package act

import (
	"time"

	"github.com/fairway-k8s/fairway/internal/probesim"
)

// Act is the behaviour. The zero Act answers yes, at once and for ever.
type Act struct {
	Boot       []time.Duration // until then it says no
	LiveInBoot bool            // but not to liveness
	Locks      []time.Duration // age from which it holds every question; 0 never
	Exits      []time.Duration // age at which it exits with code 1; 0 never
	Stop       time.Duration   // from SIGTERM to its end; it answers until then
	Says       [3]Answer       // by kind, in place of Yes
	Over       [3]Way          // by kind, how it is asked
}

// Way is how a probe comes to the application.
type Way uint8

// The ways.
const (
	HTTP Way = iota // GET /health/started, /health/ready, /health/live
	TCP             // a port for each kind, which listens when the answer is Yes for the first time
	Exec            // the program itself, run in the container
)

// Answer is what the application does with a question.
type Answer uint8

// The answers. All but Yes and No are of HTTP; a lock holds the other ways too.
const (
	Yes      Answer = iota
	No              // 503
	Hold            // nothing comes back
	Stall           // 503, and then nothing of the body it promises
	Redirect        // 302 to another host
	Deny            // 401
)

// At is the answer to a question of kind k when incarnation n has been up for age.
func (a *Act) At(k probesim.Kind, n int, age time.Duration) Answer {
	switch locks := pick(a.Locks, n); {
	case locks > 0 && age >= locks:
		return Hold
	case age < pick(a.Boot, n) && (k != probesim.Liveness || !a.LiveInBoot):
		return No
	}
	return a.Says[k]
}

// Life is the age at which incarnation n exits by itself, or 0.
func (a *Act) Life(n int) time.Duration { return pick(a.Exits, n) }

// BootOf is how long incarnation n boots.
func (a *Act) BootOf(n int) time.Duration { return pick(a.Boot, n) }

func pick(list []time.Duration, n int) time.Duration {
	if len(list) == 0 {
		return 0
	}
	return list[min(n, len(list)-1)]
}

// App plays an Act to the simulator. It implements [probesim.App].
type App struct {
	Act     Act
	Timeout [3]time.Duration // of the probes, which a stalled body takes whole

	// Deaf is how long incarnation n runs before it listens and writes down that it has started: its ages are counted from then.
	Deaf func(n int) time.Duration

	// Called is told of every question that the application on the node can see: not of a connection that the kernel refuses, or accepts
	// for a program that does not.
	Called func(k probesim.Kind, n int, at time.Duration)
}

// Probe implements [probesim.App].
func (a *App) Probe(k probesim.Kind, n int, age, at time.Duration) (probesim.Outcome, time.Duration) {
	if age -= a.Deaf(n); age < 0 {
		return probesim.Failure, 0
	}
	answer := a.Act.At(k, n, age)
	tcp := a.Act.Over[k] == TCP
	if !tcp || answer == Yes {
		a.Called(k, n, at)
	}
	switch {
	case answer == Yes || answer == Redirect || tcp && answer == Hold:
		return probesim.Success, 0
	case answer == Hold:
		return probesim.Failure, probesim.Never
	case answer == Stall:
		return probesim.Errored, a.Timeout[k] - 1
	}
	return probesim.Failure, 0
}

// Run implements [probesim.App].
func (a *App) Run(n int, _ time.Duration) (time.Duration, int) {
	if life := a.Act.Life(n); life > 0 {
		return a.Deaf(n) + life, 1
	}
	return probesim.Never, 0
}

// Stop implements [probesim.App].
func (a *App) Stop(int, time.Duration) (time.Duration, int) { return a.Act.Stop, 143 }
