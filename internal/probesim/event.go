package probesim

import "time"

// EventType is what an [Event] tells.
type EventType uint8

// The types of events.
const (
	ContainerStarted EventType = iota // an incarnation begins
	ContainerExited                   // it ends, with Code
	ProbeStarted                      // a probe of Kind begins; one that is tried again begins again
	ProbeEnded                        // it ends with Outcome; the kubelet's retries included
	ResultChanged                     // the result cache of Kind now holds Outcome (Errored stands for the initial Unknown)
	Killing                           // the kubelet begins to stop the container because of Kind
	BackingOff                        // it refuses to restart before Until
	StartedChanged                    // the container's status has another Started; On says which
	ReadyChanged                      // the pod has another Ready; On says which
	Synced                            // a sync of the pod has ended
	PodEnded                          // all containers are stopped for good
)

func (t EventType) String() string {
	return [...]string{"container started", "container exited", "probe started", "probe ended", "result", "killing", "back-off", "started", "ready", "synced", "pod ended"}[t]
}

// Event is something that happened to a pod. Which fields beyond At and Type have a meaning depends on the type; the others are zero.
type Event struct {
	At          time.Duration // instant, as in [NewPod]
	Type        EventType
	Container   int // index
	Incarnation int // counted from 0
	Kind        Kind
	Outcome     Outcome
	On          bool
	Code        int           // of the exit; 137 when it was killed at the end of its grace period
	Until       time.Duration // instant
}
