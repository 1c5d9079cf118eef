// Package probeverify finds out whether an application's health endpoints answer the three questions that Kubernetes asks, and not others.
//
//	report, err := probeverify.Run(ctx, probeverify.Options{Probes: probes, Command: []string{"./koreserver"}})
//
// It starts the application, injects one fault after the other, asks the endpoints all the while as the kubelet does, and fills a table: what
// each endpoint had to answer, what it did, and what that would do to a fleet.
//
// # Words
//
//	started    is the boot over? Once true it stays so
//	ready      may requests be sent to it?
//	live       is it stuck for good, so that a restart is the last resort?
//	row        one fault or one trap, with what was seen of each endpoint
//	truth      a row of the table of faults: booting, dependency down, overload, ...
//	trap       a row about the protocol: what the kubelet makes of redirects, stalled bodies, ...
//	holds      the answers were those that they had to be while the fault lasted; a longer fault may show more
//	breaks     an answer was another one
//	not checked  nothing is known, and the row says what is missing
//
// # What it leaves out
//
// It judges HTTP endpoints. gRPC, TCP and exec probes are not asked. Faults that need more rights than it has are approximated, which the row
// says, or not checked. Nothing is ever injected into a cluster.
//
// # What it leaves behind
//
// Nothing: the application runs in a process group of its own that is continued and killed in the end, also when ctx ends; on Linux it dies with
// this process. The group of its CPU bandwidth is removed, and dependencies are only ever reached through listeners of this process.
package probeverify
