// Package probesim is the kubelet's treatment of one pod as a step function: what its probes ask and when, what the kubelet concludes,
// when it kills, how long it waits, and when the pod is Ready. It holds no clock and draws no random number of its own: the caller
// keeps the time, and a [Pod] says when it next wants to be stepped.
//
// # Words
//
//   - kind: startup, readiness or liveness
//   - worker: the kubelet's goroutine for one kind of one container; its tick grid starts with the pod's first sync, not with the container
//   - incarnation: one start of a container, counted from 0
//   - result cache: what a worker last concluded about one incarnation; initially Unknown, Failure and Success for the three kinds
//   - sync: the kubelet compares what it sees with what it wants, and acts; it kills inside a sync, which blocks the next one
//   - relist: once a second the kubelet looks at the container runtime (PLEG); until then it does not know what happened
//   - back-off: the wait before a restart, doubled at each restart that had to wait or could have
//   - tie: several things that happen at one instant, in an order that the kubelet does not define; see [Chooser]
//
// The rules are those of Kubernetes 1.33 to 1.36. Comments name the kubelet's file; where versions differ, [Version] has a method that
// says so. The module conformance/kubelet compares this package with the unmodified kubelet.
//
// # Left out
//
// Ordinary init containers, in-place resize, static pods, container restart rules, the event-driven relist, a node short of memory.
package probesim
